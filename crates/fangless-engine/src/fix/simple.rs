//! The actions on a call's callee and arguments, and the replacement of an expression.

use tree_sitter::Node;

use super::Site;
use super::draft::Draft;
use super::template::expand;
use super::tree::{
    Argument, ArgumentKind, Call, Shape, Source, binds_tightly, bound_value, decorator_of, display_entries,
    display_of, enclosing_statement, evaluated_once, is_atomic_text, is_only_one_of_suite, is_put_into,
    range_of, shape, simple_assignment, without_parentheses,
};
use crate::rule::schema::{ArgumentSelector, FixRecipe, SetItem};
use crate::text::TextRange;

/// Carries out every simple action that the recipe names; they may be combined on one call.
pub(super) fn build(recipe: &FixRecipe, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    if !recipe.wrap_parts.is_empty() {
        return super::rewrite::parts::wrap_all(&recipe.wrap_parts, site, draft);
    }
    if let Some(edits) = &recipe.edit_text {
        return super::rewrite::text::edit(edits, site, draft);
    }
    if let Some(pattern) = &recipe.remove_items {
        return super::rewrite::items::remove(pattern, site, draft);
    }
    if let Some(item) = &recipe.add_item {
        return super::rewrite::items::add(item, site, draft);
    }
    if let Some(item) = &recipe.add_first_item {
        return super::rewrite::items::add_first(item, site, draft);
    }
    if let Some(renaming) = &recipe.rename_module {
        return super::rewrite::module::rename(renaming, site, draft);
    }
    if let Some(guard) = &recipe.guard {
        return super::rewrite::guard::build(guard, site, draft);
    }
    if let Some(template) = &recipe.add_statement {
        return add_statement(template, site, draft);
    }
    if let Some(template) = &recipe.replace_with {
        return replace_with(template, site, draft);
    }
    if recipe.delete {
        return delete(site, draft);
    }
    if let Some(template) = &recipe.insert_before {
        let node = source.node(site.target)?;
        let statement = enclosing_statement(node);
        if !evaluated_once(node, statement) {
            return None;
        }
        let text = expand(template, site, draft)?;
        return draft.insert_lines(statement, &[text]);
    }
    let call = Call::meant(source, site.target, site.callee);
    if let Some(setting) = &recipe.set_item {
        return set_item(setting, &call?, site, draft);
    }
    if let Some(qualified) = &recipe.replace_callee {
        match &call {
            Some(call) => replace_callee(qualified, call.function, site, draft)?,
            None => replace_callee(qualified, source.node(site.target)?, site, draft)?,
        }
    }
    let changes_arguments = !recipe.remove_argument.is_empty()
        || !recipe.set_keyword.is_empty()
        || recipe.replace_argument.is_some()
        || recipe.wrap_argument.is_some();
    if !changes_arguments {
        return Some(());
    }
    let call = call?;
    if let Some(replacement) = &recipe.replace_argument {
        let text = expand(&replacement.with, site, draft)?;
        match (call.argument(source, &replacement.argument), &replacement.argument.keyword) {
            (Some(argument), _) => draft.replace_node(argument.value, text),
            (None, Some(keyword)) => add_keywords(&call, &[(keyword.to_string(), text)], &[], draft)?,
            (None, None) => return None,
        }
    }
    if let Some(wrapping) = &recipe.wrap_argument {
        let argument = wrapped_node(source, &call, &wrapping.argument, site)?;
        wrap(&wrapping.with, argument, draft)?;
    }
    let removed: Vec<Argument<'_>> =
        recipe.remove_argument.iter().filter_map(|selector| call.argument(source, selector)).collect();
    for argument in &removed {
        remove_argument(&call, argument, &removed, draft);
    }
    let mut added = Vec::new();
    for (name, value) in &recipe.set_keyword {
        let text = match value {
            toml::Value::String(template) => expand(template, site, draft)?,
            toml::Value::Boolean(true) => "True".to_owned(),
            toml::Value::Boolean(false) => "False".to_owned(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            _ => return None,
        };
        match call.keyword(source, name) {
            Some(argument) => draft.replace_node(argument.value, text),
            None => added.push((name.clone(), text)),
        }
    }
    if added.is_empty() { Some(()) } else { add_keywords(&call, &added, &removed, draft) }
}

/// Calls something else with the same arguments.
pub(super) fn replace_callee(
    qualified: &str,
    function: Node<'_>,
    site: &Site<'_>,
    draft: &mut Draft<'_, '_>,
) -> Option<()> {
    let source = draft.source;
    // `y.load` and `y.safe_load` are of one module, whatever it is called here.
    if let (Some(callee), Some(method)) = (site.callee, function.child_by_field_name("attribute"))
        && let (Some((old_module, old_name)), Some((new_module, new_name))) =
            (callee.rsplit_once('.'), qualified.rsplit_once('.'))
        && old_module == new_module
        && old_name == source.text_of(method)
    {
        draft.replace_node(method, new_name);
        return Some(());
    }
    if !matches!(shape(function), Shape::Name | Shape::Attribute) {
        return None;
    }
    let reference = draft.reference(qualified)?;
    draft.replace_node(function, reference);
    Some(())
}

fn wrapped_node<'t>(
    source: &'t Source<'_>,
    call: &Call<'t>,
    selector: &ArgumentSelector,
    site: &Site<'_>,
) -> Option<Node<'t>> {
    match call.argument(source, selector) {
        Some(argument) => Some(argument.value),
        None => source.node(site.argument?),
    }
}

/// Puts an expression into a call of a qualified name; what the name has in brackets are the call's further arguments.
pub(super) fn wrap(qualified: &str, node: Node<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let (qualified, further) = match qualified.split_once('(') {
        Some((name, rest)) => (name, format!(", {rest}")),
        None => (qualified, ")".to_owned()),
    };
    let reference = draft.reference(qualified)?;
    let inner = without_parentheses(node);
    if let Some(call) = Call::of(inner)
        && source.text_of(call.function) == reference
    {
        return None;
    }
    if matches!(source.text_of(node).chars().next(), Some('*')) {
        return None;
    }
    if further == ")" && inner.id() != node.id() && shape(node) == Shape::Parenthesised {
        draft.insert(node.start_byte() as u32, reference);
        return Some(());
    }
    draft.insert(node.start_byte() as u32, format!("{reference}("));
    draft.insert(node.end_byte() as u32, further);
    Some(())
}

/// Takes an argument out of a call, with the comma and the white space that go with it. A comment on a line of its own
/// stays; one behind the argument goes with it.
pub(super) fn remove_argument(
    call: &Call<'_>,
    argument: &Argument<'_>,
    removed: &[Argument<'_>],
    draft: &mut Draft<'_, '_>,
) {
    let source = draft.source;
    let range = range_of(argument.node);
    let comma = call.comma_after(argument);
    let goes = |node: Node<'_>| removed.iter().any(|other| other.node.id() == node.id());
    let position = call.arguments.iter().position(|other| other.node.id() == argument.node.id()).unwrap_or(0);
    let behind_go = call.arguments[position + 1..].iter().all(|other| goes(other.node));
    if let Some(last) = call.arguments.last().filter(|_| behind_go && removed.len() > 1)
        && !call.list.utf8_text(source.text.as_bytes()).unwrap_or("").contains('\n')
        && call.comma_after(last).is_none()
    {
        // A run up to the end goes at once, with the comma before its first.
        let previous_goes = position > 0 && goes(call.arguments[position - 1].node);
        if !previous_goes {
            let start = call.comma_before(argument).map_or(range.start, |comma| comma.start);
            draft.delete(TextRange::new(start, range_of(last.node).end));
        }
        return;
    }
    let line_start = source.line_start(range.start);
    let stands_alone = TextRange::new(line_start, range.start).slice(source.text).trim().is_empty();
    let end = comma.map_or(range.end, |comma| comma.end);
    let line_stop = source.line_stop(end);
    let behind = TextRange::new(end, line_stop).slice(source.text).trim();
    if stands_alone
        && line_start > call.list.start_byte() as u32
        && (behind.is_empty() || behind.starts_with('#'))
    {
        let next_line =
            source.text[line_stop as usize..].find('\n').map_or(line_stop, |at| line_stop + at as u32 + 1);
        draft.delete(TextRange::new(line_start, next_line));
        return;
    }
    if comma.is_some() {
        let spaces = source.text[end as usize..].len()
            - source.text[end as usize..].trim_start_matches([' ', '\t']).len();
        let is_last = call.arguments.last().is_some_and(|last| last.node.id() == argument.node.id());
        // `f(a, b,)` without `b` is `f(a,)`.
        if !is_last {
            draft.delete(TextRange::new(range.start, end + spaces as u32));
            return;
        }
        if let Some(before) = call.comma_before(argument) {
            draft.delete(TextRange::new(before.start, comma.map_or(range.end, |comma| comma.start)));
        } else {
            draft.delete(TextRange::new(range.start, end));
        }
        return;
    }
    // The last argument: the comma before goes too, unless the argument before it goes and takes its own comma along.
    let previous = call.arguments.iter().take_while(|other| other.node.id() != argument.node.id()).last();
    let previous_goes =
        previous.is_some_and(|previous| removed.iter().any(|other| other.node.id() == previous.node.id()));
    match call.comma_before(argument) {
        Some(before) if !previous_goes => draft.delete(TextRange::new(before.start, range.end)),
        _ => draft.delete(range),
    }
}

/// Adds keyword arguments behind the last argument, laid out as the call is.
pub(super) fn add_keywords(
    call: &Call<'_>,
    keywords: &[(String, String)],
    removed: &[Argument<'_>],
    draft: &mut Draft<'_, '_>,
) -> Option<()> {
    // What `**kwargs` holds is unknown: a keyword given twice is an error at run time.
    if call.has_double_splat() {
        return None;
    }
    let written: Vec<String> = keywords.iter().map(|(name, value)| format!("{name}={value}")).collect();
    add_arguments(call, &written, removed, draft);
    Some(())
}

/// Adds arguments, given as source, behind the last one.
pub(super) fn add_arguments(
    call: &Call<'_>,
    written: &[String],
    removed: &[Argument<'_>],
    draft: &mut Draft<'_, '_>,
) {
    let source = draft.source;
    if call.bare_generator {
        draft.insert(call.list.start_byte() as u32, "(");
        draft.insert(call.list.end_byte() as u32, format!(", {})", written.join(", ")));
        return;
    }
    let close = call.list.end_byte() as u32 - 1;
    let kept = |argument: &&Argument<'_>| !removed.iter().any(|other| other.node.id() == argument.node.id());
    let Some(last) = call.arguments.iter().rev().find(kept) else {
        if let Some(first) = removed.first() {
            // The place of what goes: `f(a)` becomes `f(b=1)`.
            draft.insert(range_of(first.node).start, written.join(", "));
        } else {
            draft.insert(close, written.join(", "));
        }
        return;
    };
    let end = last.node.end_byte() as u32;
    let comma = call.comma_after(last);
    let behind = comma.map_or(end, |comma| comma.end);
    let start = last.node.start_byte() as u32;
    let stands_alone = TextRange::new(source.line_start(start), start).slice(source.text).trim().is_empty();
    let own_lines = stands_alone && source.line_start(start) > call.list.start_byte() as u32;
    let is_last = call.arguments.last().is_some_and(|argument| argument.node.id() == last.node.id());
    if own_lines && source.line_start(close) > start {
        let indentation = source.indentation(start);
        let line_end = source.line_end();
        if comma.is_none() {
            draft.insert(end, ",");
        }
        let at = source.line_stop(behind);
        let lines: Vec<String> =
            written.iter().map(|argument| format!("{line_end}{indentation}{argument}")).collect();
        let tail = if comma.is_some() { "," } else { "" };
        draft.insert(at, format!("{}{tail}", lines.join(",")));
        return;
    }
    match comma {
        Some(comma) if is_last => draft.insert(comma.end, format!(" {},", written.join(", "))),
        // The comma behind the last kept argument goes with what is removed after it.
        _ => draft.insert(end, format!(", {}", written.join(", "))),
    }
}

/// Takes out the decorator or the statement at the site, with its lines. A suite that would be left empty gets a `pass`.
fn delete(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = source.node(site.target)?;
    if let Some(decorator) = decorator_of(node) {
        draft.delete(source.whole_lines(range_of(decorator))?);
        return Some(());
    }
    let statement = enclosing_statement(node);
    if range_of(statement) != site.target && !is_put_into(statement, node) {
        return None;
    }
    if is_only_one_of_suite(statement) {
        draft.replace_node(statement, "pass");
    } else {
        draft.delete(source.whole_lines(range_of(statement))?);
    }
    Some(())
}

/// Sets an item of a dictionary that is written in the call, or is what a name of the same function stands for.
fn set_item(setting: &SetItem, call: &Call<'_>, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let argument = call.argument(source, &setting.argument)?;
    let display = display_of(source, argument.value)?;
    let text = expand(&setting.with, site, draft)?;
    let entries = display_entries(source, display)?;
    if let Some((_, value)) = entries.iter().find(|(key, _)| *key == setting.key) {
        draft.replace_node(*value, text);
        return Some(());
    }
    let item = format!("\"{}\": {text}", setting.key);
    let Some((_, last)) = entries.last() else {
        draft.replace_node(display, format!("{{{item}}}"));
        return Some(());
    };
    let end = last.end_byte() as u32;
    let close = display.end_byte() as u32 - 1;
    let (start, behind) = (last.start_byte() as u32, TextRange::new(end, close).slice(source.text));
    if source.line_start(close) > start && source.line_start(start) > display.start_byte() as u32 {
        let line = format!("{}{}{item},", source.line_end(), source.indentation(start));
        if !behind.trim_start().starts_with(',') {
            draft.insert(end, ",");
        }
        draft.insert(source.line_stop(end), line);
        return Some(());
    }
    draft.insert(end, format!(", {item}"));
    Some(())
}

/// Puts source in place of the reported expression, the value that a statement assigns, or a statement.
fn replace_with(template: &str, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = source.node(site.target)?;
    let node = bound_value(node);
    let mut text = expand(template, site, draft)?;
    if binds_tightly(node) && !is_atomic_text(&text) {
        text = format!("({text})");
    }
    let range = if range_of(node).start >= site.target.start && range_of(node).end <= site.target.end {
        range_of(node)
    } else {
        site.target
    };
    let text = lines_fitted(source, range.start, &text);
    draft.replace(range, text);
    Some(())
}

/// Puts source behind the statement that assigns the reported expression to a name.
fn add_statement(template: &str, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let statement = enclosing_statement(source.node(site.target)?);
    let (target, _) = simple_assignment(statement)?;
    if shape(target) != Shape::Name {
        return None;
    }
    let text = expand(&template.replace("{name}", source.text_of(target)), site, draft)?;
    let start = range_of(statement).start;
    let end = source.end_of_logical_line(range_of(statement).end);
    // A statement behind this one on its line would change places with what is put in.
    let behind = TextRange::new(range_of(statement).end, end).slice(source.text).trim();
    if !(behind.is_empty() || behind.starts_with('#')) {
        return None;
    }
    let stop = source.line_stop(range_of(statement).end);
    let separator = format!("{}{}", source.line_end(), source.indentation(start));
    draft.insert(stop, format!("{separator}{}", lines_fitted(source, start, text.trim_end())));
    Some(())
}

/// The further lines of a text, indented as the line it begins on, with the file's line ends.
fn lines_fitted(source: &Source<'_>, start: u32, text: &str) -> String {
    let separator = format!("{}{}", source.line_end(), source.indentation(start));
    text.lines().collect::<Vec<_>>().join(&separator)
}

/// Whether an argument is one that may be moved or rewritten as it stands.
pub(super) fn is_plain(argument: &Argument<'_>) -> bool {
    matches!(argument.kind, ArgumentKind::Positional | ArgumentKind::Keyword)
}

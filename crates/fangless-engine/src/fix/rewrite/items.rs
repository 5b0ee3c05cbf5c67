//! Items of a list, a tuple, a set or a dictionary that is written down: some go, one is added. What would be left empty
//! stays: an empty list means something else.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::simple::remove_argument;
use crate::fix::tree::{
    Argument, Call, Shape, Source, bound_value, children, constant_of, display_elements, is_display,
    is_only_one_of_suite, item_assignments, literal_content, range_of, shape, without_parentheses,
};
use crate::rule::pattern::Pattern;
use crate::text::TextRange;

pub(in crate::fix) fn remove(pattern: &Pattern, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = without_parentheses(bound_value(source.node(site.target)?));
    let mut changed = false;
    let value = if shape(node) == Shape::Name {
        let matching =
            item_assignments(source, node).into_iter().filter(|(_, key)| matches(pattern, source, *key));
        for (statement, _) in matching {
            draft.delete(
                source.whole_lines(range_of(statement)).filter(|_| !is_only_one_of_suite(statement))?,
            );
            changed = true;
        }
        constant_of(source, node)?
    } else {
        node
    };
    if is_display(value) {
        changed |= remove_from(pattern, source, value, true, draft);
    } else if let Some(call) = Call::of(value).filter(|call| source.text_of(call.function) == "dict") {
        let named = |argument: &&Argument<'_>| {
            argument.keyword.is_some_and(|keyword| pattern.is_found_in(source.text_of(keyword)))
        };
        let removed: Vec<Argument<'_>> = call.arguments.iter().filter(named).copied().collect();
        for argument in &removed {
            remove_argument(&call, argument, &removed, draft);
        }
        changed |= !removed.is_empty();
    }
    changed.then_some(())
}

/// Puts an item behind the last one of the list or tuple that is reported.
pub(in crate::fix) fn add(item: &str, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let display = without_parentheses(bound_value(source.node(site.target)?));
    let items = display_elements(display)?;
    let last = range_of(*items.last()?);
    if items.iter().any(|other| source.text_of(*other).trim_matches(['"', '\'']) == item.trim_matches('"')) {
        return None;
    }
    let close = display.end_byte() as u32 - 1;
    let has_comma = TextRange::new(last.end, close).slice(source.text).trim_start().starts_with(',');
    if source.line_start(close) > last.start {
        if !has_comma {
            draft.insert(last.end, ",");
        }
        let line = format!("{}{}{item},", source.line_end(), source.indentation(last.start));
        draft.insert(source.line_stop(last.end), line);
    } else {
        draft.insert(last.end, format!(", {item}"));
    }
    Some(())
}

/// Puts an item before the first one of the list or tuple that is reported.
pub(in crate::fix) fn add_first(item: &str, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let display = without_parentheses(bound_value(source.node(site.target)?));
    let items = display_elements(display)?;
    let first = range_of(*items.first()?);
    let separator = if source.begins_line(first.start) {
        format!("{}{}", source.line_end(), source.indentation(first.start))
    } else {
        " ".to_owned()
    };
    draft.insert(first.start, format!("{item},{separator}"));
    Some(())
}

/// Whether something was taken out.
fn remove_from(
    pattern: &Pattern,
    source: &Source<'_>,
    display: Node<'_>,
    is_outermost: bool,
    draft: &mut Draft<'_, '_>,
) -> bool {
    let items = children(display);
    let goes: Vec<bool> = items.iter().map(|item| matches(pattern, source, *item)).collect();
    if !goes.contains(&true) {
        let mut changed = false;
        for item in items {
            let inner = item.child_by_field_name("value").unwrap_or(item);
            changed |= is_display(inner) && remove_from(pattern, source, inner, false, draft);
        }
        return changed;
    }
    let Some(last_kept) = goes.iter().rposition(|goes| !goes) else {
        if is_outermost {
            return false;
        }
        let empty = if display.kind() == "list" { "[]" } else { "()" };
        draft.replace_node(display, empty);
        return true;
    };
    for (at, item) in items.iter().enumerate().filter(|(at, _)| goes[*at]) {
        if at < last_kept {
            draft.delete(TextRange::new(range_of(*item).start, range_of(items[at + 1]).start));
        }
    }
    let kept = range_of(items[last_kept]);
    let one_left = display.kind() == "tuple" && goes.iter().filter(|goes| !**goes).count() == 1;
    if last_kept + 1 < items.len() {
        let tail = TextRange::new(kept.end, range_of(items[items.len() - 1]).end);
        let has_comma = source.text[tail.end as usize..display.end_byte()].contains(',');
        draft.replace(tail, if one_left && !has_comma { "," } else { "" });
    } else if one_left && !source.text[kept.end as usize..display.end_byte()].contains(',') {
        draft.insert(kept.end, ",");
    }
    true
}

fn matches(pattern: &Pattern, source: &Source<'_>, item: Node<'_>) -> bool {
    let named = item.child_by_field_name("key").unwrap_or(item);
    literal_content(source, named).is_some_and(|(content, _)| pattern.is_found_in(content.slice(source.text)))
}

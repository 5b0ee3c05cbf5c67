//! Edits in the text of literals: what a regular expression finds there is replaced. The literals are those that the
//! expression is written with, and those that a name in it stands for.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Call, Source, bound_value, children, constant_of, literal_content};
use crate::rule::schema::EditText;
use crate::text::TextRange;

/// Names in names are followed so far.
const MAX_DEPTH: usize = 4;
/// What is replaced may open the way for the next replacement.
const MAX_ROUNDS: usize = 8;

pub(in crate::fix) fn edit(recipe: &EditText, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = match &recipe.argument {
        Some(selector) => Call::at(source, site.target)?.argument(source, selector)?.value,
        None => bound_value(source.node(site.target)?),
    };
    let mut contents = Vec::new();
    collect(source, node, &mut contents, MAX_DEPTH);
    contents.sort();
    contents.dedup();
    let mut changed = false;
    for (content, quote) in contents {
        if let Some((range, text)) = edited(recipe, source, content, quote) {
            draft.replace(range, text);
            changed = true;
        }
    }
    changed.then_some(())
}

/// The stretches of text in quotes that an expression is made of, with the quotes.
fn collect<'t>(
    source: &'t Source<'_>,
    node: Node<'t>,
    contents: &mut Vec<(TextRange, &'t str)>,
    depth: usize,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Some(content) = literal_content(source, node) {
        contents.push(content);
        let values = children(node).into_iter().filter_map(|child| child.child_by_field_name("expression"));
        values.for_each(|value| collect(source, value, contents, depth));
        return;
    }
    match node.kind() {
        "identifier" => {
            if let Some(value) = constant_of(source, node) {
                collect(source, value, contents, depth);
            }
        }
        // Arguments are no part of the text; what `format` is called on is.
        "call" => {
            let receiver = node.child_by_field_name("function");
            if let Some(receiver) = receiver.and_then(|function| function.child_by_field_name("object")) {
                collect(source, receiver, contents, depth);
            }
        }
        "attribute" | "subscript" | "lambda" => {}
        _ => children(node).into_iter().for_each(|child| collect(source, child, contents, depth + 1)),
    }
}

/// The smallest range of the content that changes, and its new text.
fn edited(
    recipe: &EditText,
    source: &Source<'_>,
    content: TextRange,
    quote: &str,
) -> Option<(TextRange, String)> {
    let old = content.slice(source.text);
    let mut new = old.to_owned();
    for _ in 0..MAX_ROUNDS {
        let mut next = new.clone();
        for edit in &recipe.replace {
            next = edit.find.replaced_in(&next, &edit.with);
        }
        if next == new {
            break;
        }
        new = next;
    }
    if new == old {
        return None;
    }
    let count = |text: &str| quote.chars().next().map_or(0, |quote| text.matches(quote).count());
    if count(&new) > count(old) {
        return None;
    }
    let front: usize = old
        .chars()
        .zip(new.chars())
        .take_while(|(one, other)| one == other)
        .map(|(one, _)| one.len_utf8())
        .sum();
    let back: usize = old[front..]
        .chars()
        .rev()
        .zip(new[front..].chars().rev())
        .take_while(|(one, other)| one == other)
        .map(|(one, _)| one.len_utf8())
        .sum();
    let range = TextRange::new(content.start + front as u32, content.end - back as u32);
    Some((range, new[front..new.len() - back].to_owned()))
}

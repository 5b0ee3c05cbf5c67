//! `$where` with one comparison of a field becomes that comparison as an operator: what is compared with stays a value.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{ElementKind, Source, flatten, is_number, literal_content, pair_around};

/// The longer ones first.
const OPERATORS: [(&str, &str); 8] = [
    ("===", "$eq"),
    ("!==", "$ne"),
    ("==", "$eq"),
    ("!=", "$ne"),
    (">=", "$gte"),
    ("<=", "$lte"),
    (">", "$gt"),
    ("<", "$lt"),
];

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = source.node(site.target)?;
    let (pair, key) = pair_around(node)?;
    let (content, quote) = literal_content(source, key)?;
    if content.slice(source.text) != "$where" {
        return None;
    }
    let (field, operator, value) = comparison(source, node)?;
    draft.replace_node(pair, format!("{quote}{field}{quote}: {{{quote}{operator}{quote}: {value}}}"));
    Some(())
}

/// `this.field == 'value'`: the field, the operator, and source of the value.
fn comparison(source: &Source<'_>, node: tree_sitter::Node<'_>) -> Option<(String, &'static str, String)> {
    let pieces = flatten(source, node)?;
    let [hole] = pieces.holes[..] else { return None };
    let at = pieces.elements.iter().position(|element| matches!(element.kind, ElementKind::Hole(_)))?;
    let text = |elements: &[crate::fix::tree::Element]| -> String {
        let characters = elements.iter().filter_map(|element| match element.kind {
            ElementKind::Char(character) => Some(character),
            ElementKind::Hole(_) => None,
        });
        characters.collect()
    };
    let (before, after) = (text(&pieces.elements[..at]), text(&pieces.elements[at + 1..]));
    let before = before.trim();
    let before = before.strip_prefix("return ").unwrap_or(before).trim_start();
    let rest = before.strip_prefix("this.")?;
    let end = rest.find(|character: char| !(character.is_alphanumeric() || "_.".contains(character)))?;
    let (field, rest) = rest.split_at(end);
    let rest = rest.trim();
    let (spelled, operator) = OPERATORS.iter().find(|(spelled, _)| rest.starts_with(spelled))?;
    let open = rest[spelled.len()..].trim();
    let is_quoted = matches!(open, "'" | "\"");
    // Without quotes JavaScript compares with a number, which a text that holds one is not.
    let is_value = is_quoted || (open.is_empty() && (hole.is_number || is_number(source, hole.value)));
    let ends = after.trim_end().trim_end_matches(';').trim_end() == open;
    (is_value && ends && !field.is_empty())
        .then(|| (field.to_owned(), *operator, source.text_of(hole.value).to_owned()))
}

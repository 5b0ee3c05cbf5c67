//! Values with the names of sensitive ones do not go into the log.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Call, Shape, Source, flatten, interpolation_of, interpolations, last_name, literal_prefix, range_of,
    shape, without_parentheses,
};
use crate::rule::schema::NameKind;
use crate::secret::names::is_named;
use crate::text::TextRange;

const MASK: &str = "***";

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let mut found: Vec<Node<'_>> = Vec::new();
    for argument in &call.arguments {
        let value = without_parentheses(argument.value);
        let holes = match flatten(source, value) {
            Some(pieces) => pieces.holes.iter().map(|hole| hole.value).collect(),
            // What is formatted in its own way is put in all the same.
            None => interpolations(value),
        };
        found.extend(holes.into_iter().chain([value]).filter(|value| is_sensitive(source, *value)));
    }
    found.sort_by_key(|node| range_of(*node));
    found.dedup_by_key(|node| range_of(*node));
    let mut emptied: Vec<Node<'_>> = Vec::new();
    for value in &found {
        let Some(hole) = interpolation_of(*value) else {
            draft.replace_node(*value, format!("\"{MASK}\""));
            continue;
        };
        // In the text itself no format can be wrong for it.
        draft.replace_node(hole, MASK);
        emptied.extend(hole.parent().filter(|literal| {
            let masked = |value: &Node<'_>| found.iter().any(|other| range_of(*other) == range_of(*value));
            interpolations(*literal).iter().all(masked) && has_no_other_braces(source, *literal)
        }));
    }
    emptied.dedup_by_key(|literal| range_of(*literal));
    for literal in emptied {
        // Nothing is put into it any more.
        let prefix = literal_prefix(source, literal);
        let start = range_of(literal).start;
        let range = TextRange::new(start, start + prefix.len() as u32);
        draft.replace(range, prefix.replace(['f', 'F'], ""));
    }
    (!found.is_empty()).then_some(())
}

/// Whether the braces of a literal are those of the values that are put in.
fn has_no_other_braces(source: &Source<'_>, literal: Node<'_>) -> bool {
    let text = source.text_of(literal);
    !text.contains("{{") && !text.contains("}}")
}

fn is_sensitive(source: &Source<'_>, node: Node<'_>) -> bool {
    let node = without_parentheses(node);
    matches!(shape(node), Shape::Name | Shape::Attribute | Shape::Subscript)
        && last_name(source, node).is_some_and(|name| is_named(name, NameKind::Sensitive))
}

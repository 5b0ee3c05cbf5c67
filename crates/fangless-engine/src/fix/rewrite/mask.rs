//! Values with the names of sensitive ones do not go into the log.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Call, Shape, Source, flatten, last_name, range_of, shape, without_parentheses};
use crate::rule::schema::NameKind;
use crate::secret::names::is_named;

const MASK: &str = "\"***\"";

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let mut found: Vec<Node<'_>> = Vec::new();
    for argument in &call.arguments {
        let value = without_parentheses(argument.value);
        match flatten(source, value) {
            Some(pieces) => {
                found.extend(
                    pieces.holes.iter().map(|hole| hole.value).filter(|hole| is_sensitive(source, *hole)),
                );
            }
            None if is_sensitive(source, value) => found.push(value),
            None => {}
        }
    }
    found.sort_by_key(|node| range_of(*node));
    found.dedup_by_key(|node| range_of(*node));
    for value in &found {
        draft.replace_node(*value, MASK);
    }
    (!found.is_empty()).then_some(())
}

fn is_sensitive(source: &Source<'_>, node: Node<'_>) -> bool {
    let node = without_parentheses(node);
    matches!(shape(node), Shape::Name | Shape::Attribute | Shape::Subscript)
        && last_name(source, node).is_some_and(|name| is_named(name, NameKind::Sensitive))
}

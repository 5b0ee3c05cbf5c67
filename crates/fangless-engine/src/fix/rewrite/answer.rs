//! What a client may know of an error: a constant sentence; the detail goes to the log.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Shape, Source, answer_of, display_values, enclosing_statement, flatten, is_in_handler, shape,
    without_parentheses,
};

const SENTENCE: &str = "\"An internal error occurred.\"";

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = without_parentheses(answer_of(source.node(site.argument?)?));
    let told = match shape(node) {
        Shape::Dictionary => {
            display_values(node)?.into_iter().filter(|value| is_text_of_something(source, *value)).collect()
        }
        _ if is_text_of_something(source, node) => vec![node],
        _ => return None,
    };
    if told.is_empty() {
        return None;
    }
    for value in told {
        draft.replace_node(value, SENTENCE);
    }
    if is_in_handler(node) {
        let log = draft.reference("logging.exception")?;
        draft.insert_lines(enclosing_statement(node), &[format!("{log}(\"the request failed\")")])?;
    }
    Some(())
}

/// A text with values in it, or a call that makes one.
fn is_text_of_something(source: &Source<'_>, node: Node<'_>) -> bool {
    let node = without_parentheses(node);
    shape(node) == Shape::Call || flatten(source, node).is_some_and(|pieces| !pieces.holes.is_empty())
}

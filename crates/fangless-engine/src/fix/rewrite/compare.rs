//! `a == b` becomes a comparison that takes as long whatever is compared. It takes two texts of ASCII or two of bytes:
//! what is known to be text goes in as bytes, and what may be missing as an empty text, so that nothing fails which was
//! only unequal before.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{
    Source, comparison_of, is_atomic, is_look_up, is_of_environment, is_text, may_be_none,
    without_parentheses,
};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = source.node(site.target)?;
    let (left, right, negated) = comparison_of(without_parentheses(node))?;
    let reference = draft.reference("hmac.compare_digest")?;
    let as_bytes = is_text(source, left) || is_text(source, right);
    let side = |node| if as_bytes { encoded(source, node) } else { source.text_of(node).to_owned() };
    let (left, right) = (side(left), side(right));
    let not = if negated { "not " } else { "" };
    draft.replace(site.target, format!("{not}{reference}({left}, {right})"));
    Some(())
}

/// Source of a text as bytes.
fn encoded(source: &Source<'_>, node: Node<'_>) -> String {
    let text = source.text_of(node);
    // A secret that the process lacks must not equal a text that is empty.
    if may_be_none(source, node) && !is_of_environment(source, node) {
        return match text.strip_suffix(')') {
            Some(look_up) if is_look_up(source, node) && !look_up.trim_end().ends_with(',') => {
                format!("{look_up}, \"\").encode()")
            }
            _ => format!("({text} or \"\").encode()"),
        };
    }
    if is_atomic(node) { format!("{text}.encode()") } else { format!("({text}).encode()") }
}

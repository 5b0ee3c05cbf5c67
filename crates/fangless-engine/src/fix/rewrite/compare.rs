//! `a == b` becomes a comparison that takes as long whatever is compared.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{comparison_of, without_parentheses};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let node = source.node(site.target)?;
    let (left, right, negated) = comparison_of(without_parentheses(node))?;
    let reference = draft.reference("hmac.compare_digest")?;
    let (left, right) = (source.text_of(left), source.text_of(right));
    let not = if negated { "not " } else { "" };
    draft.replace(site.target, format!("{not}{reference}({left}, {right})"));
    Some(())
}

//! The permissive literal that a handler returns or assigns becomes the restrictive one.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::granted_literals;

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let mut found = Vec::new();
    granted_literals(draft.source.node(site.target)?, &mut found);
    // Two of them are two decisions: a person must look.
    let [literal] = found[..] else { return None };
    draft.replace_node(literal, "False");
    Some(())
}

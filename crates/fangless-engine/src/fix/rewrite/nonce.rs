//! A constant nonce becomes one for each message, which goes before what was locked with it: without it nobody could read
//! the message again.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Call, binds_tightly, enclosing_function, is_directly_in_class, range_of, uses_of};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let nonce = call.keyword(source, "nonce").or_else(|| call.positional(0))?;
    // Where a class begins, a comprehension may not bind a name.
    if is_directly_in_class(call.node) {
        return None;
    }
    let scope = enclosing_function(call.node).unwrap_or_else(|| source.root());
    let is_free = |name: &&str| {
        let mut uses = Vec::new();
        uses_of(source, scope, name, &mut uses);
        uses.is_empty()
    };
    let name = ["nonce", "fresh_nonce"].into_iter().find(is_free)?;
    let random = draft.reference("os.urandom")?;
    let (open, close) = if binds_tightly(call.node) { ("(", ")") } else { ("", "") };
    draft.insert(range_of(call.node).start, format!("{open}({name} := {random}(12)) + "));
    draft.replace_node(nonce.value, name);
    if !close.is_empty() {
        draft.insert(range_of(call.node).end, close);
    }
    Some(())
}

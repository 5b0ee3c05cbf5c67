//! A digest of a password becomes a hash that is made for passwords, where nothing is compared with it.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{Call, binds_tightly, method_call_on};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let [password] = call.arguments[..] else { return None };
    let digest = method_call_on(source, call.node, "hexdigest")?;
    // What is compared with an old digest would never be equal again.
    if binds_tightly(digest) || !Call::of(digest)?.arguments.is_empty() {
        return None;
    }
    let hasher = draft.reference("argon2.PasswordHasher")?;
    let password = source.text_of(password.value);
    let password = password.strip_suffix(".encode()").unwrap_or(password);
    draft.rewrite_node(digest, format!("{hasher}().hash({password})"));
    Some(())
}

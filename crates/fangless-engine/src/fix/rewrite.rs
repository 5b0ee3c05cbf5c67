//! Rewrites that need more than one template.

use super::Site;
use super::draft::Draft;
use crate::rule::schema::Rewrite;
use crate::text::TextRange;

/// Carries a rewrite out; none where it is not built yet or cannot be made with certainty.
pub(super) fn build(rewrite: Rewrite, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    match rewrite {
        Rewrite::FailClosed => fail_closed(site, draft),
        Rewrite::SecretToEnvironment => secret_to_environment(site, draft),
        Rewrite::SqlParameters | Rewrite::ShellToList | Rewrite::ShellQuote | Rewrite::RandomToSecrets => {
            None
        }
    }
}

/// The permissive literal at the statement's end becomes the restrictive one.
fn fail_closed(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let statement = site.target.slice(site.text);
    let at = statement.rfind("True")? as u32 + site.target.start;
    draft.replace(TextRange::new(at, at + 4), "False");
    Some(())
}

/// `KEY = "…"` becomes `KEY = os.environ["KEY"]`.
fn secret_to_environment(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let mut variable = String::new();
    for (index, word) in crate::secret::names::words(site.name?).iter().enumerate() {
        if index > 0 {
            variable.push('_');
        }
        variable.push_str(&word.to_uppercase());
    }
    if variable.is_empty() {
        return None;
    }
    let environment = draft.reference("os.environ")?;
    draft.replace(site.target, format!("{environment}[\"{variable}\"]"));
    Some(())
}

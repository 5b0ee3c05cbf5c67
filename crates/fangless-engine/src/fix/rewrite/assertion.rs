//! An assertion that guards something becomes a condition that stays when Python runs optimised.

use crate::fix::Site;
use crate::fix::draft::{Draft, step};
use crate::fix::tree::{assertion_of, enclosing_statement, negation_of, range_of};

/// What it raises says that something is not allowed.
pub(super) fn guarding(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let exception = if draft.imports("django") {
        draft.reference("django.core.exceptions.PermissionDenied")?
    } else {
        draft.reference("PermissionError")?
    };
    build(&exception, site, draft)
}

/// What it raises is what the assertion would.
pub(super) fn kept(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let exception = draft.reference("AssertionError")?;
    build(&exception, site, draft)
}

fn build(exception: &str, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let statement = enclosing_statement(source.node(site.target)?);
    let (test, message) = assertion_of(statement)?;
    let message = message.map_or(String::new(), |message| format!("({})", source.text_of(message)));
    let test = negation_of(source, test);
    let step = step(source.indentation(range_of(statement).start));
    draft.replace_by_lines(statement, &[format!("if {test}:"), format!("{step}raise {exception}{message}")])
}

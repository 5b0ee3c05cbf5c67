//! An assertion that guards something becomes a condition that stays when Python runs optimised.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{assertion_of, enclosing_statement, negation_of, range_of};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let statement = enclosing_statement(source.node(site.target)?);
    let (test, message) = assertion_of(statement)?;
    // What shares its line with something else stays as it is.
    source.whole_lines(range_of(statement))?;
    let exception = if draft.imports("django") {
        draft.reference("django.core.exceptions.PermissionDenied")?
    } else {
        draft.reference("PermissionError")?
    };
    let message = message.map_or(String::new(), |message| format!("({})", source.text_of(message)));
    let start = range_of(statement).start;
    let indentation = source.indentation(start);
    let step = if indentation.starts_with('\t') { "\t" } else { "    " };
    let test = negation_of(source, test);
    let end = source.line_end();
    draft.replace_node(statement, format!("if {test}:{end}{indentation}{step}raise {exception}{message}"));
    Some(())
}

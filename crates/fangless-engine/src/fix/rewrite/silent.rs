//! A handler that does nothing logs the exception first.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{is_continue, only_statement_of_handler};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let statement = only_statement_of_handler(source.node(site.target)?)?;
    let log = draft.reference("logging.exception")?;
    let line = format!("{log}(\"an error was ignored\")");
    if is_continue(statement) {
        return draft.insert_lines(statement, &[line]);
    }
    draft.replace_node(statement, line);
    Some(())
}

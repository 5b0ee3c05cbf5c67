//! The permissive literal that a handler returns or assigns becomes the restrictive one; a handler that lets the error go
//! by denies.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::{granted_literals, idle_statement, is_pass};

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let mut found = Vec::new();
    let node = draft.source.node(site.target)?;
    if let Some(statement) = idle_statement(node) {
        let line = draft.source.text_of(statement);
        let lines: &[&str] = if is_pass(statement) { &["return False"] } else { &[line, "return False"] };
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        return draft.replace_by_lines(statement, &lines);
    }
    granted_literals(node, &mut found);
    // Two of them are two decisions: a person must look.
    let [literal] = found[..] else { return None };
    draft.replace_node(literal, "False");
    Some(())
}

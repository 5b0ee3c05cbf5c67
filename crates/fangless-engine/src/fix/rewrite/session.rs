//! The visitor gets another session before the user is put into it. A session that lives in the cookie is emptied; one
//! that the server keeps under a key, as Django's, needs another key.

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::tree::enclosing_statement;

const IN_THE_COOKIE: [&str; 4] = ["flask", "quart", "starlette", "fastapi"];

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let session = site.name?;
    let renewal = if draft.imports("django") {
        "cycle_key"
    } else if session == "session" || IN_THE_COOKIE.iter().any(|package| draft.imports(package)) {
        "clear"
    } else {
        return None;
    };
    let statement = enclosing_statement(draft.source.node(site.target)?);
    draft.insert_lines(statement, &[format!("{session}.{renewal}()")])
}

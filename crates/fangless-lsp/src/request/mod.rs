//! One file per request. Each reads the newest state, waits for the engine where it must, and changes nothing.

pub(crate) mod code_action;
pub(crate) mod diagnostic;
pub(crate) mod hover;
pub(crate) mod workspace;

use std::sync::Arc;

use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::Uri;

use crate::publish::Outcome;
use crate::server::Shared;

/// The findings of the newest text, of a cell those of its notebook; an error for a document that is not open.
async fn current(shared: &Shared, uri: &Uri) -> Result<Arc<Outcome>> {
    let outcome = shared.results.current(&shared.documents.owner(uri), &shared.documents).await;
    outcome.ok_or_else(|| Error::invalid_params(format!("`{}` is not open", uri.as_str())))
}

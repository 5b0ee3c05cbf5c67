//! Notifications whose parameters cannot be read. The transport drops them without a word, and with an edit that is
//! dropped the server's text is no longer the client's. So they are looked at before it: numbers out of range are cut
//! to it, as positions outside of the text are; where that does not help, the server is told that it has lost the text.

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Request;
use tower_lsp::ls_types::{
    DidChangeConfigurationParams, DidChangeNotebookDocumentParams, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseNotebookDocumentParams,
    DidCloseTextDocumentParams, DidOpenNotebookDocumentParams, DidOpenTextDocumentParams, Uri,
};
use tracing::warn;

use crate::paths::notebook_key;

/// The method that stands for an edit that cannot be read.
pub(crate) const LOST: &str = "fangless/lost";

/// Which document is no longer known.
#[derive(Deserialize)]
pub(crate) struct LostParams {
    pub(crate) uri: Uri,
}

/// What is to be handed on in place of a message; nothing where it is good as it is, or nothing can be done.
pub(crate) fn in_place_of(message: &Request) -> Option<Vec<u8>> {
    let (method, params) = (message.method(), message.params()?);
    let error = read(method, params).err()?;
    let is_notebook = matches!(method, "notebookDocument/didOpen" | "notebookDocument/didChange");
    let is_edit = is_notebook || matches!(method, "textDocument/didOpen" | "textDocument/didChange");
    let mut cut = params.clone();
    if is_edit && cut_numbers(&mut cut) && read(method, &cut).is_ok() {
        warn!(method, %error, "numbers out of range are cut to it");
        return Some(json!({"jsonrpc": "2.0", "method": method, "params": cut}).to_string().into_bytes());
    }
    warn!(method, %error, "parameters that cannot be read; ignored");
    let document = if is_notebook { "notebookDocument" } else { "textDocument" };
    let uri = params.get(document)?.get("uri")?.as_str().filter(|_| is_edit)?;
    let key = uri.parse().ok().filter(|_| is_notebook).map(|uri| notebook_key(&uri));
    let uri = key.as_ref().map_or(uri, |key| key.as_str());
    Some(json!({"jsonrpc": "2.0", "method": LOST, "params": {"uri": uri}}).to_string().into_bytes())
}

fn read(method: &str, params: &Value) -> serde_json::Result<()> {
    match method {
        "textDocument/didOpen" => DidOpenTextDocumentParams::deserialize(params).map(drop),
        "textDocument/didChange" => DidChangeTextDocumentParams::deserialize(params).map(drop),
        "textDocument/didClose" => DidCloseTextDocumentParams::deserialize(params).map(drop),
        "notebookDocument/didOpen" => DidOpenNotebookDocumentParams::deserialize(params).map(drop),
        "notebookDocument/didChange" => DidChangeNotebookDocumentParams::deserialize(params).map(drop),
        "notebookDocument/didClose" => DidCloseNotebookDocumentParams::deserialize(params).map(drop),
        "workspace/didChangeConfiguration" => DidChangeConfigurationParams::deserialize(params).map(drop),
        "workspace/didChangeWatchedFiles" => DidChangeWatchedFilesParams::deserialize(params).map(drop),
        "workspace/didChangeWorkspaceFolders" => {
            DidChangeWorkspaceFoldersParams::deserialize(params).map(drop)
        }
        _ => Ok(()),
    }
}

/// The changes of a document's text, or of those of a notebook's cells.
fn changes(params: &mut Value) -> Vec<&mut Value> {
    if params.get("contentChanges").is_some() {
        let list = params.get_mut("contentChanges").and_then(Value::as_array_mut);
        return list.into_iter().flatten().collect();
    }
    let cells = params.pointer_mut("/change/cells/textContent").and_then(Value::as_array_mut);
    let lists = cells.into_iter().flatten().filter_map(|cell| cell.get_mut("changes")?.as_array_mut());
    lists.flatten().collect()
}

/// Cuts the numbers of the changes' ranges to what a number of the protocol may be; whether there were any.
fn cut_numbers(params: &mut Value) -> bool {
    let mut any = false;
    for change in changes(params) {
        for path in ["/range/start/line", "/range/start/character", "/range/end/line", "/range/end/character"]
        {
            if let Some(number) = change.pointer_mut(path)
                && let Some(found) = number.as_f64()
            {
                // A conversion of floats cuts to the range of the integer.
                #[expect(clippy::cast_sign_loss, reason = "what is negative becomes zero")]
                let cut = found as u32;
                any |= number.as_u64() != Some(u64::from(cut));
                *number = cut.into();
            }
        }
        // Says nothing that the range does not say.
        if let Some(change) = change.as_object_mut() {
            any |= change.remove("rangeLength").is_some();
        }
    }
    any
}

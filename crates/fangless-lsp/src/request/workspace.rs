//! `workspace/diagnostic`: every file of the workspace, or that it is as it was. Files without findings of which the
//! client was told nothing are left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tower_lsp::Client;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::notification::Notification;
use tower_lsp::ls_types::{
    Diagnostic, FullDocumentDiagnosticReport, ProgressToken, UnchangedDocumentDiagnosticReport, Uri,
    WorkspaceDiagnosticParams, WorkspaceDiagnosticReport, WorkspaceDiagnosticReportPartialResult,
    WorkspaceDiagnosticReportResult, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport, WorkspaceUnchangedDocumentDiagnosticReport,
};

use crate::progress::Progress;
use crate::scan::{TITLE, files};
use crate::server::Shared;

/// So many files come in one partial result.
const FILES_AT_ONCE: usize = 50;

/// A partial result goes out under the name of progress, with a value of its own shape.
enum PartialResult {}

#[derive(Serialize, Deserialize)]
struct PartialResultParams {
    token: ProgressToken,
    value: WorkspaceDiagnosticReportPartialResult,
}

impl Notification for PartialResult {
    type Params = PartialResultParams;
    const METHOD: &'static str = "$/progress";
}

pub(crate) async fn report(
    shared: &Arc<Shared>,
    client: &Client,
    params: WorkspaceDiagnosticParams,
) -> Result<WorkspaceDiagnosticReportResult> {
    let token = params.work_done_progress_params.work_done_token;
    let mut progress = Progress::begin(shared, client, token, TITLE).await;
    let mut previous: BTreeMap<Uri, String> =
        params.previous_result_ids.into_iter().map(|previous| (previous.uri, previous.value)).collect();
    let mut items = Vec::new();
    for uri in shared.documents.uris() {
        let Some(outcome) = shared.results.current(&uri, &shared.documents).await else { continue };
        let before = previous.remove(&uri);
        // What was lost stays as it was; other languages are others' business.
        if !outcome.lost && outcome.view.analysed {
            let version = Some(i64::from(outcome.view.version));
            items.extend(item(&uri, version, &outcome.diagnostics, &outcome.result_id, before));
        }
    }
    for file in files(shared, &mut progress).await?.iter() {
        if shared.documents.revision(&file.uri).is_none() {
            let before = previous.remove(&file.uri);
            items.extend(item(&file.uri, None, &file.diagnostics, &file.result_id, before));
        }
    }
    // Deleted, or excluded by now.
    items.extend(previous.keys().map(|uri| full(uri, None, &[], None)));
    if let Some(token) = params.partial_result_params.partial_result_token {
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(FILES_AT_ONCE));
            let value = WorkspaceDiagnosticReportPartialResult { items };
            let params = PartialResultParams { token: token.clone(), value };
            client.send_notification::<PartialResult>(params).await;
            items = rest;
        }
    }
    Ok(WorkspaceDiagnosticReport { items }.into())
}

/// What there is to say of a file; nothing where there is nothing and never was.
fn item(
    uri: &Uri,
    version: Option<i64>,
    diagnostics: &[Diagnostic],
    result_id: &str,
    before: Option<String>,
) -> Option<WorkspaceDocumentDiagnosticReport> {
    match before {
        Some(before) if before == result_id => {
            let result_id = result_id.to_string();
            let report = WorkspaceUnchangedDocumentDiagnosticReport {
                uri: uri.clone(),
                version,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
            };
            Some(report.into())
        }
        None if diagnostics.is_empty() => None,
        _ => Some(full(uri, version, diagnostics, Some(result_id.to_string()))),
    }
}

fn full(
    uri: &Uri,
    version: Option<i64>,
    diagnostics: &[Diagnostic],
    result_id: Option<String>,
) -> WorkspaceDocumentDiagnosticReport {
    WorkspaceFullDocumentDiagnosticReport {
        uri: uri.clone(),
        version,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id,
            items: diagnostics.to_vec(),
        },
    }
    .into()
}

//! `workspace/diagnostic`: every file of the workspace, or that it is as it was. Files without findings of which the
//! client was told nothing are left out. A client that takes parts is told of a file as soon as something is found in
//! it.

use std::collections::{BTreeMap, HashMap};
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
use crate::scan::{Files, Found, TITLE};
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
    let previous = params.previous_result_ids.into_iter().map(|previous| (previous.uri, previous.value));
    let mut report = Report {
        client,
        token: params.partial_result_params.partial_result_token,
        previous: previous.collect(),
        early: HashMap::new(),
        items: Vec::new(),
    };
    for uri in shared.documents.uris() {
        let Some(outcome) = shared.results.current(&uri, &shared.documents).await else { continue };
        for sheet in outcome.sheets(&uri) {
            let before = report.previous.remove(&sheet.uri);
            // What was lost stays as it was; other languages are others' business.
            if !outcome.lost && outcome.view.analysed {
                let version = Some(i64::from(sheet.version));
                report.add(&sheet.uri, version, &sheet.diagnostics, &sheet.result_id, before);
            }
        }
    }
    report.send().await;
    let mut files = Files::look(shared, &mut progress, report.token.is_some())?;
    let all = loop {
        match files.next().await? {
            Found::All(files) => break files,
            Found::Early(file) => {
                // Of a file that the client knows something of, half of what is found would take the rest away.
                if !report.previous.contains_key(&file.uri) && !shared.documents.has_open(&file.uri) {
                    report.add(&file.uri, None, &file.diagnostics, &file.result_id, None);
                    report.early.insert(file.uri, file.result_id);
                    report.send().await;
                }
            }
        }
    };
    for file in all.iter() {
        // A notebook's cells are told of in place of its file.
        if shared.documents.has_open(&file.uri) {
            continue;
        }
        let before = report.previous.remove(&file.uri);
        let early = report.early.remove(&file.uri);
        if early.as_ref() != Some(&file.result_id) {
            report.add(&file.uri, None, &file.diagnostics, &file.result_id, early.or(before));
        }
    }
    // Deleted, excluded, or a notebook that is open by now. What was opened as a text is asked about by itself.
    let known = report.previous.keys().chain(report.early.keys());
    let gone = known.filter(|uri| shared.documents.revision(uri).is_none());
    report.items.extend(gone.map(|uri| full(uri, None, &[], None)).collect::<Vec<_>>());
    report.send().await;
    Ok(WorkspaceDiagnosticReport { items: report.items }.into())
}

struct Report<'a> {
    client: &'a Client,
    /// The client takes parts.
    token: Option<ProgressToken>,
    /// What the client knew before, as far as nothing is said of it yet.
    previous: BTreeMap<Uri, String>,
    /// What was told before everything was known.
    early: HashMap<Uri, String>,
    items: Vec<WorkspaceDocumentDiagnosticReport>,
}

impl Report<'_> {
    /// Says what there is to say of a file; nothing where there is nothing and never was.
    fn add(
        &mut self,
        uri: &Uri,
        version: Option<i64>,
        diagnostics: &[Diagnostic],
        result_id: &str,
        before: Option<String>,
    ) {
        match before {
            Some(before) if before == result_id => {
                let result_id = result_id.to_string();
                let report = WorkspaceUnchangedDocumentDiagnosticReport {
                    uri: uri.clone(),
                    version,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
                };
                self.items.push(report.into());
            }
            None if diagnostics.is_empty() => {}
            _ => self.items.push(full(uri, version, diagnostics, Some(result_id.to_string()))),
        }
    }

    /// Sends what was added since, where the client takes parts.
    async fn send(&mut self) {
        let Some(token) = &self.token else { return };
        while !self.items.is_empty() {
            let rest = self.items.split_off(self.items.len().min(FILES_AT_ONCE));
            let items = std::mem::replace(&mut self.items, rest);
            let value = WorkspaceDiagnosticReportPartialResult { items };
            let params = PartialResultParams { token: token.clone(), value };
            self.client.send_notification::<PartialResult>(params).await;
        }
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

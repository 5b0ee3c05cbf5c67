//! `textDocument/diagnostic`: the diagnostics of the newest text, or that they are those of before.

use std::collections::{BTreeSet, HashMap};

use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::{
    DiagnosticServerCancellationData, DocumentDiagnosticParams, DocumentDiagnosticReport,
    DocumentDiagnosticReportKind, DocumentDiagnosticReportResult, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, Uri,
};

use super::current;
use crate::publish::Outcome;
use crate::server::Shared;

/// The protocol's number for "I gave up, keep what you have".
const SERVER_CANCELLED: i64 = -32802;

pub(crate) async fn report(
    shared: &Shared,
    params: DocumentDiagnosticParams,
) -> Result<DocumentDiagnosticReportResult> {
    let uri = params.text_document.uri;
    let outcome = current(shared, &uri).await?;
    if outcome.lost {
        return Err(lost());
    }
    let (items, result_id) = outcome.of(&uri);
    let related_documents = related(shared, &outcome);
    let report = if params.previous_result_id.as_ref() == Some(&result_id) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
        })
    } else {
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents,
            full_document_diagnostic_report: FullDocumentDiagnosticReport {
                result_id: Some(result_id),
                items,
            },
        })
    };
    Ok(report.into())
}

/// What is known of the other open documents that the findings' flows run through: an edit here may have changed it.
fn related(shared: &Shared, outcome: &Outcome) -> Option<HashMap<Uri, DocumentDiagnosticReportKind>> {
    if !shared.abilities().related_documents {
        return None;
    }
    let steps = outcome.findings.iter().flat_map(|finding| &finding.flow);
    let paths: BTreeSet<&str> = steps.map(|step| step.path.as_str()).collect();
    let others = paths.into_iter().filter(|path| *path != outcome.view.path);
    let reports: HashMap<Uri, DocumentDiagnosticReportKind> = others
        .filter_map(|path| {
            let uri = shared.documents.uri_of(path)?;
            let fresh = shared.results.get(&uri).filter(|other| {
                !other.lost && shared.documents.revision(&uri) == Some(other.view.revision)
            })?;
            let report = FullDocumentDiagnosticReport {
                result_id: Some(fresh.result_id.clone()),
                items: fresh.diagnostics.clone(),
            };
            Some((uri, DocumentDiagnosticReportKind::Full(report)))
        })
        .collect();
    (!reports.is_empty()).then_some(reports)
}

fn lost() -> Error {
    let data = DiagnosticServerCancellationData { retrigger_request: false };
    Error {
        code: ErrorCode::ServerError(SERVER_CANCELLED),
        message: "the analysis of this text failed; the server's log says why".into(),
        data: serde_json::to_value(data).ok(),
    }
}

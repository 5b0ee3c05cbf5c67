//! `textDocument/diagnostic`: the diagnostics of the newest text, or that they are those of before.

use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::{
    DiagnosticServerCancellationData, DocumentDiagnosticParams, DocumentDiagnosticReport,
    DocumentDiagnosticReportResult, FullDocumentDiagnosticReport, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
};

use super::current;
use crate::server::Shared;

/// The protocol's number for "I gave up, keep what you have".
const SERVER_CANCELLED: i64 = -32802;

pub(crate) async fn report(
    shared: &Shared,
    params: DocumentDiagnosticParams,
) -> Result<DocumentDiagnosticReportResult> {
    let outcome = current(shared, &params.text_document.uri).await?;
    if outcome.lost {
        return Err(lost());
    }
    let result_id = outcome.result_id.clone();
    let report = if params.previous_result_id.as_ref() == Some(&result_id) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
        })
    } else {
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport {
                result_id: Some(result_id),
                items: outcome.diagnostics.clone(),
            },
        })
    };
    Ok(report.into())
}

fn lost() -> Error {
    let data = DiagnosticServerCancellationData { retrigger_request: false };
    Error {
        code: ErrorCode::ServerError(SERVER_CANCELLED),
        message: "the analysis of this text failed; the server's log says why".into(),
        data: serde_json::to_value(data).ok(),
    }
}

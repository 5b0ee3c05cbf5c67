//! From the engine's words to the protocol's: findings to diagnostics, fixes to workspace edits. Pure; the only place
//! that decides how a finding looks in an editor.

use std::collections::{BTreeMap, HashMap};

use fangless_engine::{Certainty, Edit, Finding, FlowStep, Rule, Severity};
use ropey::Rope;
use serde_json::json;
use tower_lsp::ls_types::{
    CodeDescription, CreateFile, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    DocumentChangeOperation, DocumentChanges, Location, NumberOrString, OneOf,
    OptionalVersionedTextDocumentIdentifier, ResourceOp, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use crate::abilities::Abilities;
use crate::documents::View;
use crate::paths::file_uri;
use crate::position::{Encoding, range};
use crate::server::Shared;

/// The name under which editors list what the server says.
pub(crate) const SOURCE: &str = "fangless";
/// Where the pages of rules are published, `{rule}` standing for the name. Whoever builds Fangless for a place that has
/// them says so; a client may name a place of its own.
const RULE_PAGES: Option<&str> = option_env!("FANGLESS_RULE_PAGES");
/// Code that calls or needs what nobody looks after any more: obsolete functions, abandoned packages.
const OBSOLETE: [u16; 2] = [477, 1104];

/// What the conversion of one document's findings looks up.
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) rope: &'a Rope,
    /// The texts of the files that flows run through, by path.
    pub(crate) texts: &'a BTreeMap<String, Rope>,
}

impl Context<'_> {
    pub(crate) fn diagnostic(&self, finding: &Finding) -> Diagnostic {
        let abilities = self.shared.abilities();
        let rule = self.shared.rules.rule(&finding.rule);
        let related = || finding.flow.iter().filter_map(|step| self.related(step)).collect::<Vec<_>>();
        let related = abilities.related_information.then(related).filter(|steps| !steps.is_empty());
        Diagnostic {
            range: range(self.rope, finding.range, abilities.encoding),
            severity: Some(severity(finding.severity)),
            code: Some(NumberOrString::String(finding.rule.to_string())),
            code_description: rule
                .filter(|_| abilities.code_description)
                .and_then(|rule| page(rule, abilities)?.parse().ok())
                .map(|href| CodeDescription { href }),
            source: Some(SOURCE.to_string()),
            message: finding.message.clone(),
            related_information: related,
            tags: rule
                .filter(|rule| abilities.deprecated_tag && is_obsolete(rule))
                .map(|_| vec![DiagnosticTag::DEPRECATED]),
            data: Some(json!({
                "rule": finding.rule.as_str(),
                "certain": finding.certainty == Certainty::Certain,
            })),
        }
    }

    fn related(&self, step: &FlowStep) -> Option<DiagnosticRelatedInformation> {
        let text = self.texts.get(step.path.as_str())?;
        let uri = self.shared.documents.uri_of(&step.path).or_else(|| file_uri(&step.path))?;
        Some(DiagnosticRelatedInformation {
            location: Location { uri, range: range(text, step.range, self.shared.abilities().encoding) },
            message: step.note.clone(),
        })
    }
}

/// Where to read on about a rule: its page where pages are published, else that of its primary weakness in the catalogue
/// of weaknesses.
fn page(rule: &Rule, abilities: &Abilities) -> Option<String> {
    rule_page(&rule.definition.name, abilities)
        .or_else(|| rule.definition.cwe.first().map(|cwe| cwe_page(*cwe)))
}

/// The page of a rule, where pages are published.
pub(crate) fn rule_page(name: &str, abilities: &Abilities) -> Option<String> {
    abilities.rule_pages.as_deref().or(RULE_PAGES).map(|pages| pages.replace("{rule}", name))
}

/// Whether a rule is about what is out of date before all else.
fn is_obsolete(rule: &Rule) -> bool {
    rule.definition.cwe.first().is_some_and(|cwe| OBSOLETE.contains(cwe))
}

/// Where a CWE number is explained.
pub(crate) fn cwe_page(number: u16) -> String {
    format!("https://cwe.mitre.org/data/definitions/{number}.html")
}

const fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Critical | Severity::High => DiagnosticSeverity::ERROR,
        Severity::Medium => DiagnosticSeverity::WARNING,
        Severity::Low => DiagnosticSeverity::INFORMATION,
        Severity::Info => DiagnosticSeverity::HINT,
    }
}

/// Edits of one state of a document, in the form that the client takes.
pub(crate) fn workspace_edit(uri: &Uri, view: &View, edits: &[Edit], abilities: &Abilities) -> WorkspaceEdit {
    file_edit(uri, Some(view.version), None, &view.rope, edits, abilities)
}

/// The same for a file that need not be open, or be there.
pub(crate) fn file_edit(
    uri: &Uri,
    version: Option<i32>,
    create: Option<CreateFile>,
    rope: &Rope,
    edits: &[Edit],
    abilities: &Abilities,
) -> WorkspaceEdit {
    let edits = text_edits(rope, edits, abilities.encoding);
    if !abilities.document_changes {
        return WorkspaceEdit { changes: Some(HashMap::from([(uri.clone(), edits)])), ..Default::default() };
    }
    let edit = TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version },
        edits: edits.into_iter().map(OneOf::Left).collect(),
    };
    let changes = match create {
        None => DocumentChanges::Edits(vec![edit]),
        Some(create) => DocumentChanges::Operations(vec![
            DocumentChangeOperation::Op(ResourceOp::Create(create)),
            DocumentChangeOperation::Edit(edit),
        ]),
    };
    WorkspaceEdit { document_changes: Some(changes), ..Default::default() }
}

fn text_edits(rope: &Rope, edits: &[Edit], encoding: Encoding) -> Vec<TextEdit> {
    edits
        .iter()
        .map(|edit| TextEdit { range: range(rope, edit.range, encoding), new_text: edit.text.clone() })
        .collect()
}

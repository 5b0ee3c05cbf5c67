//! From the engine's words to the protocol's: findings to diagnostics, fixes to workspace edits. Pure; the only place
//! that decides how a finding looks in an editor.

use std::collections::{BTreeMap, HashMap};

use fangless_engine::text::TextRange;
use fangless_engine::{Certainty, Edit, Finding, FlowStep, Rule, Severity};
use fangless_project::notebook::Notebook as StoredNotebook;
use ropey::Rope;
use serde_json::json;
use tower_lsp::ls_types::{
    CodeDescription, CreateFile, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    DocumentChangeOperation, DocumentChanges, Location, NumberOrString, OneOf,
    OptionalVersionedTextDocumentIdentifier, Range, ResourceOp, TextDocumentEdit, TextEdit, Uri,
    WorkspaceEdit,
};

use crate::abilities::Abilities;
use crate::documents::View;
use crate::notebook::Notebook;
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

/// What the findings of one text stand in, as the client has it.
#[derive(Clone, Copy)]
pub(crate) enum Ground<'a> {
    Text(&'a Rope),
    /// The cells of an open notebook.
    Cells(&'a Notebook),
    /// A notebook that is not open, and the text of its file.
    File(&'a StoredNotebook, &'a Rope),
}

impl Ground<'_> {
    fn range(self, place: TextRange, encoding: Encoding) -> Range {
        match self {
            Self::Text(rope) => range(rope, place, encoding),
            Self::Cells(notebook) => notebook.range(place, encoding),
            Self::File(notebook, rope) => {
                let place = TextRange::new(notebook.in_file(place.start), notebook.in_file(place.end));
                range(rope, place, encoding)
            }
        }
    }

    /// The lines of the file of a notebook say nothing to who knows its cells.
    fn message(self, finding: &Finding) -> String {
        let place = match self {
            Self::File(notebook, _) => notebook.place(finding.range.start),
            Self::Text(_) | Self::Cells(_) => None,
        };
        place.map_or_else(
            || finding.message.clone(),
            |(cell, line, _)| format!("{} (cell {cell}, line {})", finding.message, line + 1),
        )
    }
}

/// What the conversion of one document's findings looks up.
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) path: &'a str,
    pub(crate) uri: &'a Uri,
    pub(crate) ground: Ground<'a>,
    /// The texts of the other files that flows run through, by path.
    pub(crate) texts: &'a BTreeMap<String, Rope>,
}

impl Context<'_> {
    pub(crate) fn diagnostic(&self, finding: &Finding) -> Diagnostic {
        let abilities = self.shared.abilities();
        let rule = self.shared.rules.rule(&finding.rule);
        let related = || finding.flow.iter().filter_map(|step| self.related(step)).collect::<Vec<_>>();
        let related = abilities.related_information.then(related).filter(|steps| !steps.is_empty());
        Diagnostic {
            range: self.ground.range(finding.range, abilities.encoding),
            severity: Some(severity(finding.severity)),
            code: Some(NumberOrString::String(finding.rule.to_string())),
            code_description: rule
                .filter(|_| abilities.code_description)
                .and_then(|rule| page(rule, abilities)?.parse().ok())
                .map(|href| CodeDescription { href }),
            source: Some(SOURCE.to_string()),
            message: self.ground.message(finding),
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
        let encoding = self.shared.abilities().encoding;
        let location = if step.path == self.path {
            let uri = match self.ground {
                Ground::Cells(notebook) => &notebook.cell_at(step.range.start)?.uri,
                Ground::Text(_) | Ground::File(..) => self.uri,
            };
            Location { uri: uri.clone(), range: self.ground.range(step.range, encoding) }
        } else {
            let text = self.texts.get(step.path.as_str())?;
            let uri = self.shared.documents.uri_of(&step.path).or_else(|| file_uri(&step.path))?;
            Location { uri, range: range(text, step.range, encoding) }
        };
        Some(DiagnosticRelatedInformation { location, message: step.note.clone() })
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

/// Edits of one state of a document, in the form that the client takes; nothing where they do not stay in the cells of
/// a notebook.
pub(crate) fn workspace_edit(
    uri: &Uri,
    view: &View,
    edits: &[Edit],
    abilities: &Abilities,
) -> Option<WorkspaceEdit> {
    let Some(notebook) = &view.notebook else {
        return Some(file_edit(uri, Some(view.version), None, &view.rope, edits, abilities));
    };
    let of_cells = notebook.edits(edits)?;
    let of_cells = of_cells.into_iter().map(|(cell, edits)| {
        (cell.uri.clone(), Some(cell.version), text_edits(&cell.rope, &edits, abilities.encoding))
    });
    Some(text_document_edits(of_cells, None, abilities))
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
    text_document_edits(std::iter::once((uri.clone(), version, edits)), create, abilities)
}

fn text_document_edits(
    edits: impl Iterator<Item = (Uri, Option<i32>, Vec<TextEdit>)>,
    create: Option<CreateFile>,
    abilities: &Abilities,
) -> WorkspaceEdit {
    if !abilities.document_changes {
        let changes: HashMap<Uri, Vec<TextEdit>> = edits.map(|(uri, _, edits)| (uri, edits)).collect();
        return WorkspaceEdit { changes: Some(changes), ..Default::default() };
    }
    let edits = edits.map(|(uri, version, edits)| TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
        edits: edits.into_iter().map(OneOf::Left).collect(),
    });
    let changes = match create {
        None => DocumentChanges::Edits(edits.collect()),
        Some(create) => {
            let create = DocumentChangeOperation::Op(ResourceOp::Create(create));
            DocumentChanges::Operations(
                std::iter::once(create).chain(edits.map(DocumentChangeOperation::Edit)).collect(),
            )
        }
    };
    WorkspaceEdit { document_changes: Some(changes), ..Default::default() }
}

fn text_edits(rope: &Rope, edits: &[Edit], encoding: Encoding) -> Vec<TextEdit> {
    edits
        .iter()
        .map(|edit| TextEdit { range: range(rope, edit.range, encoding), new_text: edit.text.clone() })
        .collect()
}

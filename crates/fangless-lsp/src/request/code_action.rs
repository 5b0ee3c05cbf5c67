//! `textDocument/codeAction` and `codeAction/resolve`: the fixes of the findings in a range, one action that makes
//! every safe fix of the file, cell or notebook, a comment that silences a finding, the line of the configuration that turns its rule
//! off, and the way to the flow where the client can show it.

use fangless_engine::text::TextRange;
use fangless_engine::{Applicability, Edit, Finding, Fix};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Command, Diagnostic, Uri,
    WorkspaceEdit,
};

use super::current;
use crate::disabling::Target;
use crate::documents::Revision;
use crate::proto::workspace_edit;
use crate::publish::Outcome;
use crate::queue::Question;
use crate::server::Shared;
use crate::suppression::{self, Comment};

/// Every safe fix of a file, in one action.
pub(crate) const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.fangless");
/// The same for all cells of a notebook. VS Code asks for it by a name that tells notebooks from cells.
pub(crate) const FIX_ALL_CELLS: CodeActionKind = CodeActionKind::new("notebook.source.fixAll.fangless");

/// Commands of the client: asking why a finding is to be ignored, and adding the comment; showing the flow of a finding.
const IGNORE_LINE: &str = "fangless.ignoreLine";
const SHOW_FLOW: &str = "fangless.showFlow";

/// What an action that is resolved later remembers.
#[derive(Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase")]
enum Later {
    FixAll {
        uri: Uri,
        revision: Revision,
        #[serde(flatten)]
        reach: Reach,
    },
    Disable {
        uri: Uri,
        rule: String,
    },
}

/// Which findings one action mends: of the document, or of the cell, unless it says otherwise.
#[derive(Default, Serialize, Deserialize)]
struct Reach {
    /// Only this rule's; all when absent.
    rule: Option<String>,
    /// Those of all cells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    everywhere: bool,
}

pub(crate) async fn list(shared: &Shared, params: CodeActionParams) -> Result<Vec<CodeActionOrCommand>> {
    let uri = params.text_document.uri;
    let outcome = current(shared, &uri).await?;
    let offset = |position| outcome.view.offset(&uri, position, shared.abilities().encoding);
    let (Some(start), Some(end)) = (offset(params.range.start), offset(params.range.end)) else {
        return Ok(Vec::new());
    };
    let range = TextRange::new(start.min(end), start.max(end));
    let only = params.context.only;
    let wants = |kind: &CodeActionKind| match &only {
        Some(kinds) => kinds.iter().any(|asked| contains(asked, kind)),
        None => true,
    };
    let here: Vec<(&Finding, &Diagnostic)> = outcome
        .findings
        .iter()
        .zip(&outcome.diagnostics)
        .filter(|(finding, _)| finding.range.touches(range) && outcome.view.is_in(&uri, finding.range))
        .collect();
    let is_notebook = outcome.view.notebook.is_some();
    let mut actions = Vec::new();
    if wants(&CodeActionKind::QUICKFIX) && !here.is_empty() {
        let findings = here.iter().map(|(finding, _)| (*finding).clone()).collect();
        let fixes = ask(shared, &uri, outcome.view.revision, findings).await?;
        for ((_, diagnostic), fixes) in here.iter().zip(&fixes) {
            for (index, fix) in fixes.iter().enumerate() {
                actions.extend(quick_fix(shared, &uri, &outcome, diagnostic, fix, index == 0));
            }
        }
        let rules = rules_of(&here);
        for rule in &rules {
            let several = outcome.findings.iter().filter(|finding| finding.rule == *rule).nth(1).is_some();
            let is_safe = |fix: &Fix| fix.applicability == Applicability::Safe;
            let of_rule = here.iter().zip(&fixes).filter(|((finding, _), _)| finding.rule == *rule);
            if several && of_rule.flat_map(|(_, fixes)| fixes).any(is_safe) {
                let what = if is_notebook { "notebook" } else { "file" };
                let title = format!("Fix all `{rule}` in this {what} (safe fixes)");
                let reach = Reach { rule: Some(rule.clone()), everywhere: is_notebook };
                let action = fix_all(shared, &uri, &outcome, CodeActionKind::QUICKFIX, title, reach);
                actions.extend(action.await?);
            }
        }
        for (finding, diagnostic) in &here {
            actions.extend(show_flow(shared, &uri, finding, diagnostic));
        }
        for (finding, diagnostic) in &here {
            actions.extend(suppress(shared, &uri, &outcome, finding, diagnostic));
        }
        for rule in &rules {
            actions.extend(disable(shared, &uri, &outcome, rule, &here));
        }
    }
    let any_here = outcome.findings.iter().any(|finding| outcome.view.is_in(&uri, finding.range));
    if wants(&FIX_ALL) && any_here {
        let what = if is_notebook { "cell" } else { "file" };
        let title = format!("Fangless: make all safe fixes in this {what}");
        actions.extend(fix_all(shared, &uri, &outcome, FIX_ALL, title, Reach::default()).await?);
    }
    if wants(&FIX_ALL_CELLS) && is_notebook && !outcome.findings.is_empty() {
        let title = "Fangless: make all safe fixes in this notebook".to_string();
        let reach = Reach { rule: None, everywhere: true };
        actions.extend(fix_all(shared, &uri, &outcome, FIX_ALL_CELLS, title, reach).await?);
    }
    // The user typed on in the meantime: the edits belong to a text that is gone.
    if shared.documents.revision(&shared.documents.owner(&uri)) != Some(outcome.view.revision) {
        return Err(Error::content_modified());
    }
    Ok(actions.into_iter().map(CodeActionOrCommand::CodeAction).collect())
}

pub(crate) async fn resolve(shared: &Shared, mut action: CodeAction) -> Result<CodeAction> {
    let Some(later) = action.data.clone().and_then(|data| serde_json::from_value::<Later>(data).ok()) else {
        return Ok(action);
    };
    let edit = match later {
        Later::FixAll { uri, revision, reach } => {
            let outcome = current(shared, &uri).await?;
            if outcome.view.revision != revision {
                return Err(Error::content_modified());
            }
            let edit = safe_edits(shared, &uri, &outcome, &reach).await?;
            if shared.documents.revision(&shared.documents.owner(&uri)) != Some(revision) {
                return Err(Error::content_modified());
            }
            edit
        }
        Later::Disable { uri, rule } => {
            let outcome = current(shared, &uri).await?;
            let target = Target::of(&outcome.settings, &outcome.view.path, shared.abilities());
            target.and_then(|target| target.edit(&rule, shared))
        }
    };
    action.edit = Some(edit.unwrap_or_default());
    Ok(action)
}

/// Whether a kind is the asked one or below it, as `source.fixAll.fangless` is below `source`.
fn contains(asked: &CodeActionKind, kind: &CodeActionKind) -> bool {
    let rest = kind.as_str().strip_prefix(asked.as_str());
    rest.is_some_and(|rest| asked.as_str().is_empty() || rest.is_empty() || rest.starts_with('.'))
}

/// The fixes of each finding, from the engine thread.
async fn ask(
    shared: &Shared,
    uri: &Uri,
    revision: Revision,
    findings: Vec<Finding>,
) -> Result<Vec<Vec<Fix>>> {
    let (reply, answer) = oneshot::channel();
    shared.queue.ask(Question { uri: shared.documents.owner(uri), revision, findings, reply });
    answer.await.ok().flatten().ok_or_else(Error::content_modified)
}

fn quick_fix(
    shared: &Shared,
    uri: &Uri,
    outcome: &Outcome,
    diagnostic: &Diagnostic,
    fix: &Fix,
    first: bool,
) -> Option<CodeAction> {
    let safe = fix.applicability == Applicability::Safe;
    let edit = workspace_edit(uri, &outcome.view, &fix.edits, shared.abilities())?;
    Some(CodeAction {
        title: fix.title.clone(),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic.clone()]),
        edit: Some(edit),
        is_preferred: Some(first && safe),
        ..CodeAction::default()
    })
}

fn suppress(
    shared: &Shared,
    uri: &Uri,
    outcome: &Outcome,
    finding: &Finding,
    diagnostic: &Diagnostic,
) -> Option<CodeAction> {
    let abilities = shared.abilities();
    let mut action = CodeAction {
        title: format!("Ignore `{}` on this line", finding.rule),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic.clone()]),
        is_preferred: Some(false),
        ..CodeAction::default()
    };
    match suppression::comment(&outcome.view.rope, finding)? {
        Comment::New(edit) if abilities.runs(IGNORE_LINE) => {
            let at = outcome.view.position(edit.range.start, abilities.encoding);
            let cell = outcome.view.notebook.as_ref().and_then(|notebook| notebook.cell_at(edit.range.start));
            let version = cell.map_or(outcome.view.version, |cell| cell.version);
            let comment = json!({
                "uri": uri, "version": version, "position": at, "text": edit.text,
                "rule": finding.rule.as_str(),
            });
            action.command = Some(command(&action.title, IGNORE_LINE, comment));
        }
        comment => {
            let edits = [comment.without_asking()];
            action.edit = Some(workspace_edit(uri, &outcome.view, &edits, abilities)?);
        }
    }
    Some(action)
}

/// The way to a finding's flow, where it has one and the client can show it.
fn show_flow(shared: &Shared, uri: &Uri, finding: &Finding, diagnostic: &Diagnostic) -> Option<CodeAction> {
    let shown = !finding.flow.is_empty() && shared.abilities().runs(SHOW_FLOW);
    shown.then(|| {
        let title = format!("Show the flow of `{}`", finding.rule);
        let place = json!({"uri": uri, "rule": finding.rule.as_str(), "range": diagnostic.range});
        CodeAction {
            command: Some(command(&title, SHOW_FLOW, place)),
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic.clone()]),
            is_preferred: Some(false),
            ..CodeAction::default()
        }
    })
}

fn command(title: &str, name: &str, argument: serde_json::Value) -> Command {
    Command { title: title.to_string(), command: name.to_string(), arguments: Some(vec![argument]) }
}

/// An action that turns a rule off for the whole project. Nothing where the client cannot make the edit.
fn disable(
    shared: &Shared,
    uri: &Uri,
    outcome: &Outcome,
    rule: &str,
    here: &[(&Finding, &Diagnostic)],
) -> Option<CodeAction> {
    let target = Target::of(&outcome.settings, &outcome.view.path, shared.abilities())?;
    let of_rule = here.iter().filter(|(finding, _)| finding.rule == rule);
    let mut action = CodeAction {
        title: format!("Turn `{rule}` off in `{}`", target.name()),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(of_rule.map(|(_, diagnostic)| (*diagnostic).clone()).collect()),
        is_preferred: Some(false),
        ..CodeAction::default()
    };
    if shared.abilities().resolves_edits {
        let later = Later::Disable { uri: uri.clone(), rule: rule.to_string() };
        action.data = serde_json::to_value(later).ok();
    } else {
        action.edit = Some(target.edit(rule, shared)?);
    }
    Some(action)
}

/// An action for all safe fixes; its edit comes later where the client can ask for it. Nothing where there is
/// nothing to fix and that is already known.
async fn fix_all(
    shared: &Shared,
    uri: &Uri,
    outcome: &Outcome,
    kind: CodeActionKind,
    title: String,
    reach: Reach,
) -> Result<Option<CodeAction>> {
    let mut action = CodeAction { title, kind: Some(kind), ..CodeAction::default() };
    if shared.abilities().resolves_edits {
        let revision = outcome.view.revision;
        let later = Later::FixAll { uri: uri.clone(), revision, reach };
        action.data = serde_json::to_value(later).ok();
    } else {
        let Some(edit) = safe_edits(shared, uri, outcome, &reach).await? else { return Ok(None) };
        action.edit = Some(edit);
    }
    Ok(Some(action))
}

/// The first safe fix of every finding, as far as they do not overlap.
async fn safe_edits(
    shared: &Shared,
    uri: &Uri,
    outcome: &Outcome,
    reach: &Reach,
) -> Result<Option<WorkspaceEdit>> {
    let counts = |finding: &&Finding| {
        (reach.everywhere || outcome.view.is_in(uri, finding.range))
            && reach.rule.as_ref().is_none_or(|rule| finding.rule == *rule)
    };
    let findings = outcome.findings.iter().filter(counts).cloned().collect();
    let fixes = ask(shared, uri, outcome.view.revision, findings).await?;
    let safe = |fixes: Vec<Fix>| fixes.into_iter().find(|fix| fix.applicability == Applicability::Safe);
    let edits = merge(fixes.into_iter().filter_map(safe));
    let edit = || workspace_edit(uri, &outcome.view, &edits, shared.abilities());
    Ok((!edits.is_empty()).then(edit).flatten())
}

/// Joins fixes into one list of edits. A fix that overlaps an earlier one is left for the next time; equal edits
/// (the same import, added by two fixes) are made once.
fn merge(fixes: impl Iterator<Item = Fix>) -> Vec<Edit> {
    let mut merged: Vec<Edit> = Vec::new();
    for fix in fixes {
        let new: Vec<Edit> = fix.edits.into_iter().filter(|edit| !merged.contains(edit)).collect();
        let free = |edit: &Edit| merged.iter().all(|other| !overlap(edit, other));
        if new.iter().all(free) {
            merged.extend(new);
        }
    }
    merged.sort();
    merged
}

/// Whether the order of two edits would matter.
fn overlap(one: &Edit, other: &Edit) -> bool {
    let (one, other) = (one.range, other.range);
    let same_place = one.is_empty() && other.is_empty() && one.start == other.start;
    same_place || (one.start < other.end && other.start < one.end)
}

fn rules_of(findings: &[(&Finding, &Diagnostic)]) -> Vec<String> {
    let mut rules: Vec<String> = findings.iter().map(|(finding, _)| finding.rule.to_string()).collect();
    rules.sort();
    rules.dedup();
    rules
}

#[cfg(test)]
mod tests {
    use fangless_engine::text::TextRange;

    use super::*;

    fn fix(edits: &[(u32, u32, &str)]) -> Fix {
        let edits = edits.iter().map(|(start, end, text)| Edit {
            range: TextRange::new(*start, *end),
            text: (*text).to_string(),
        });
        Fix { title: String::new(), applicability: Applicability::Safe, edits: edits.collect() }
    }

    fn merged(fixes: Vec<Fix>) -> Vec<(u32, u32, String)> {
        merge(fixes.into_iter())
            .into_iter()
            .map(|edit| (edit.range.start, edit.range.end, edit.text))
            .collect()
    }

    #[test]
    fn the_same_import_is_added_once() {
        let fixes =
            vec![fix(&[(0, 0, "import a\n"), (9, 10, "x")]), fix(&[(0, 0, "import a\n"), (3, 4, "y")])];
        let expected = [(0, 0, "import a\n"), (3, 4, "y"), (9, 10, "x")];
        assert_eq!(merged(fixes), expected.map(|(start, end, text)| (start, end, text.to_string())));
    }

    #[test]
    fn an_overlapping_fix_waits_as_a_whole() {
        let fixes = vec![fix(&[(3, 6, "x")]), fix(&[(0, 1, "z"), (5, 8, "y")]), fix(&[(6, 7, "w")])];
        let expected = [(3, 6, "x"), (6, 7, "w")];
        assert_eq!(merged(fixes), expected.map(|(start, end, text)| (start, end, text.to_string())));
    }

    #[test]
    fn a_kind_contains_what_is_below_it() {
        let contains = |asked: &'static str| contains(&CodeActionKind::new(asked), &FIX_ALL);
        assert!(contains("") && contains("source") && contains("source.fixAll"));
        assert!(contains("source.fixAll.fangless"));
        assert!(!contains("source.fix") && !contains("quickfix") && !contains("source.fixAll.fangless.more"));
    }
}

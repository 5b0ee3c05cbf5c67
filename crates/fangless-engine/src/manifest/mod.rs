//! Files of a project that are not Python: requirements and constraints for pip, `pyproject.toml`; of lock files only that
//! they are there; of Dockerfiles, pipelines and the like, their lines. Pure: text in, findings and edits out. Knows nothing
//! of Python code.

mod check;
mod contents;
mod edit;
mod lines;
mod names;
mod pyproject;
mod requirement;
mod requirements;

pub use names::{FileKind, is_checked, kind_of};

pub(crate) use check::Around;
pub(crate) use lines::{FoundLine, find as lines_found, first_of};

use smol_str::SmolStr;

use crate::checks;
use crate::finding::{Certainty, Edit, Finding, Fix};
use crate::rule::matching::RuleIndex;
use crate::rule::schema::FixRecipe;
use contents::Contents;

/// A manifest and what it says.
pub(crate) struct File {
    kind: FileKind,
    text: String,
    contents: Contents,
}

impl File {
    pub(crate) fn new(kind: FileKind, text: String) -> Self {
        let contents = read(kind, &text);
        Self { kind, text, contents }
    }

    /// Whether it is read line by line, whatever its format.
    pub(crate) fn is_text(&self) -> bool {
        self.kind == FileKind::Text
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Applies edits one after the other. Ranges beyond the text are cut to it; those inside a character are widened.
    pub(crate) fn edit(&mut self, edits: &[Edit]) {
        for edit in edits {
            self.text.replace_range(edit.range.on_characters(&self.text), &edit.text);
        }
        self.contents = read(self.kind, &self.text);
    }

    /// The files that this one names, and the lock files that may stand above it.
    pub(crate) fn wanted(&self, path: &str) -> Vec<SmolStr> {
        let included = self.contents.includes.iter().filter_map(|include| names::beside(path, &include.path));
        included.chain(names::lock_files_above(path, self.kind)).collect()
    }
}

fn read(kind: FileKind, text: &str) -> Contents {
    match kind {
        FileKind::Requirements | FileKind::Input | FileKind::Constraints => requirements::read(text, kind),
        FileKind::Pyproject => pyproject::read(text),
        FileKind::Lock | FileKind::Text => Contents::default(),
    }
}

/// What the other files say of this one's dependencies; `file` finds them.
pub(crate) fn around<'a>(path: &str, file: impl Fn(&SmolStr) -> Option<&'a File>) -> Around {
    let mut around = Around::default();
    let Some(own) = file(&path.into()) else { return around };
    around.is_for_developers = names::is_for_developers(path);
    around.has_lock = names::lock_files_above(path, own.kind).iter().any(|lock| file(lock).is_some());
    for include in own.contents.includes.iter().filter(|include| include.constrains) {
        match names::beside(path, &include.path).as_ref().and_then(&file) {
            Some(constraints) => {
                around.constrained.extend(constraints.contents.pinned().cloned());
            }
            None => around.is_constrained_elsewhere = true,
        }
    }
    around
}

/// The findings of a file, sorted by position; `lines` are those that rules found in it.
pub(crate) fn findings(index: &RuleIndex, file: &File, around: &Around, lines: &[FoundLine]) -> Vec<Finding> {
    if file.kind == FileKind::Lock {
        return Vec::new();
    }
    let finding = |rule: usize, range, severity, message| Finding {
        range,
        rule: index.names[rule].clone(),
        severity,
        certainty: Certainty::Certain,
        message,
        flow: Vec::new(),
        other_sources: 0,
        suppressed: None,
    };
    let mut findings: Vec<Finding> = check::run(index, file, around)
        .into_iter()
        .map(|found| finding(found.rule, found.subject.range(), found.severity, found.message))
        .collect();
    findings.extend(lines.iter().map(|line| {
        finding(line.rule, line.range, index.severity(line.rule), index.message(line.rule).to_owned())
    }));
    let secrets = checks::secrets_in(index, &file.text);
    findings.extend(
        secrets.into_iter().map(|(rule, range, message)| finding(rule, range, index.severity(rule), message)),
    );
    findings.sort();
    findings.dedup_by(|second, first| second.range == first.range && second.rule == first.rule);
    findings
}

/// The edits that remove a finding of the manifest's present text, the best first.
pub(crate) fn fixes(
    index: &RuleIndex,
    file: &File,
    around: &Around,
    finding: &Finding,
    recipes: &[FixRecipe],
) -> Vec<Fix> {
    let found = check::run(index, file, around)
        .into_iter()
        .find(|found| index.names[found.rule] == finding.rule && found.subject.range() == finding.range);
    let reported = finding.range.slice(&file.text);
    recipes
        .iter()
        .filter(|recipe| recipe.source_matches.as_ref().is_none_or(|pattern| pattern.is_found_in(reported)))
        .filter_map(|recipe| {
            let (edits, known) = match (&recipe.append, &recipe.edit_text) {
                (Some(lines), _) => (vec![lines::append(lines, &file.text)?], None),
                // The hash is that of what stands there now.
                (_, Some(_)) if found.as_ref().is_some_and(|found| found.subject.is_hashed()) => return None,
                (_, Some(edit)) => (vec![lines::edit_text(edit, finding.range, &file.text)?], None),
                _ => edit::build(recipe.manifest?, recipe, found.as_ref()?, file)?,
            };
            let applicability = known.unwrap_or(recipe.applicability);
            Some(Fix { title: recipe.title.clone(), applicability, edits })
        })
        .collect()
}

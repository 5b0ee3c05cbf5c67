//! The edit that turns a rule off for the project: one more entry of `ignore` in the configuration file that counts, or
//! in a new one.

use std::path::{Path, PathBuf};

use fangless_engine::Edit;
use fangless_engine::config::{parse_fangless_toml, parse_pyproject};
use fangless_engine::rule::schema::RuleDefinition;
use fangless_engine::text::TextRange;
use fangless_project::discovery::{FILE_NAMES, Settings};
use ropey::Rope;
use serde::Deserialize;
use toml::Spanned;
use tower_lsp::ls_types::{CreateFile, CreateFileOptions, Uri, WorkspaceEdit};

use crate::abilities::Abilities;
use crate::proto;
use crate::server::Shared;

/// The file that gets the entry.
pub(crate) struct Target {
    file: PathBuf,
    exists: bool,
}

impl Target {
    /// The file that counts; else the `pyproject.toml` beside which a new file would lie; else that new file, where
    /// the client can make one.
    pub(crate) fn of(settings: &Settings, document: &str, abilities: &Abilities) -> Option<Self> {
        if let Some(file) = &settings.file {
            return Some(Self { file: file.clone(), exists: true });
        }
        let [own, pyproject] = FILE_NAMES;
        // Outside of every workspace folder the paths are relative to the root of the disk.
        let folder = if settings.folder.parent().is_some() {
            settings.folder.as_path()
        } else {
            Path::new(document).parent().filter(|folder| folder.is_dir())?
        };
        let pyproject = folder.join(pyproject);
        if pyproject.is_file() {
            return Some(Self { file: pyproject, exists: true });
        }
        (abilities.creates_files && abilities.document_changes)
            .then(|| Self { file: folder.join(own), exists: false })
    }

    pub(crate) fn name(&self) -> String {
        self.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Nothing where the file is one that cannot be read, or has a shape that is not understood.
    pub(crate) fn edit(&self, rule: &str, shared: &Shared) -> Option<WorkspaceEdit> {
        let uri = Uri::from_file_path(&self.file)?;
        let open = shared.documents.view(&uri);
        let version = open.as_ref().map(|view| view.version);
        let text = match (open, self.exists) {
            (Some(view), _) => view.rope.to_string(),
            (None, true) => std::fs::read_to_string(&self.file).ok()?,
            (None, false) => String::new(),
        };
        let definitions: Vec<&RuleDefinition> = shared.rules.iter().map(|rule| &rule.definition).collect();
        let edit = ignoring(&text, &self.name(), rule, &definitions)?;
        let create = (!self.exists).then(|| CreateFile {
            uri: uri.clone(),
            options: Some(CreateFileOptions { overwrite: None, ignore_if_exists: Some(true) }),
            annotation_id: None,
        });
        Some(proto::file_edit(&uri, version, create, &Rope::from_str(&text), &[edit], shared.abilities()))
    }
}

#[derive(Deserialize)]
struct Pyproject {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    fangless: Option<Table>,
}

#[derive(Deserialize)]
struct Table {
    ignore: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The edit of a configuration's text after which it ignores the rule as well, and is right.
fn ignoring(text: &str, file_name: &str, rule: &str, rules: &[&RuleDefinition]) -> Option<Edit> {
    let is_pyproject = file_name == "pyproject.toml";
    let table = if is_pyproject {
        toml::from_str::<Pyproject>(text).ok()?.tool.and_then(|tools| tools.fangless)
    } else {
        Some(toml::from_str::<Table>(text).ok()?)
    };
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let entry = format!("ignore = [\"{rule}\"]{line_break}");
    let edit = match table {
        Some(Table { ignore: Some(list) }) => longer(text, &list, rule),
        Some(Table { ignore: None }) if !is_pyproject => {
            // Keys of the file itself stand before the first table.
            let at = header(text, "[").unwrap_or(text.len());
            insertion(text, at, entry, line_break)
        }
        Some(Table { ignore: None }) => match header(text, "[tool.fangless]") {
            Some(at) => {
                let end = text[at..].find('\n').map_or(text.len(), |length| at + length + 1);
                insertion(text, end, entry, line_break)
            }
            None => {
                let at = header(text, "[tool.fangless.")?;
                insertion(text, at, format!("[tool.fangless]{line_break}{entry}{line_break}"), line_break)
            }
        },
        None => {
            let gap = if text.trim().is_empty() { "" } else { line_break };
            insertion(text, text.len(), format!("{gap}[tool.fangless]{line_break}{entry}"), line_break)
        }
    };
    let mut after = text.to_string();
    after.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
    let config = if is_pyproject {
        parse_pyproject(&after, rules).ok()??
    } else {
        parse_fangless_toml(&after, rules).ok()?
    };
    config.ignore.iter().any(|name| name == rule).then_some(edit)
}

/// One more entry at the end of a list, on a line of its own where the last one has one.
fn longer(text: &str, list: &Spanned<Vec<Spanned<String>>>, rule: &str) -> Edit {
    let Some(last) = list.get_ref().last() else {
        let at = list.span().start + 1;
        return insertion(text, at, format!("\"{rule}\""), "");
    };
    let span = last.span();
    let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line_start..span.start];
    let separator = if before.trim().is_empty() && line_start > list.span().start {
        format!(",{}{before}", if text[..line_start].ends_with("\r\n") { "\r\n" } else { "\n" })
    } else {
        ", ".to_string()
    };
    insertion(text, span.end, format!("{separator}\"{rule}\""), "")
}

/// Where the first line stands that begins so.
fn header(text: &str, begins: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(begins) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// What is put at the end of a last line without an end begins with one.
fn insertion(text: &str, at: usize, new: String, line_break: &str) -> Edit {
    let missing = at == text.len() && !text.is_empty() && !text.ends_with('\n');
    let new = if missing { format!("{line_break}{new}") } else { new };
    Edit { range: TextRange::new(at as u32, at as u32), text: new }
}

#[cfg(test)]
mod tests {
    use fangless_engine::RuleSet;

    use super::*;

    fn after(name: &str, text: &str) -> Option<String> {
        let rules = RuleSet::builtin();
        let rules: Vec<&RuleDefinition> = rules.iter().map(|rule| &rule.definition).collect();
        let edit = ignoring(text, name, "sql-injection", &rules)?;
        let mut after = text.to_string();
        after.insert_str(edit.range.start as usize, &edit.text);
        Some(after)
    }

    #[test]
    fn a_list_grows_the_way_it_is_written() {
        for (text, expected) in [
            ("ignore = []\n", "ignore = [\"sql-injection\"]\n"),
            ("ignore = [\"CWE-78\"] # x\n", "ignore = [\"CWE-78\", \"sql-injection\"] # x\n"),
            ("ignore = [\"CWE-78\",]\n", "ignore = [\"CWE-78\", \"sql-injection\",]\n"),
            (
                "ignore = [\n  \"CWE-78\", # why\n]\n",
                "ignore = [\n  \"CWE-78\",\n  \"sql-injection\", # why\n]\n",
            ),
        ] {
            assert_eq!(after("fangless.toml", text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_list_is_begun_where_it_belongs() {
        let entry = "ignore = [\"sql-injection\"]\n";
        for (name, text, expected) in [
            ("fangless.toml", "", entry.to_string()),
            ("fangless.toml", "# x\nprofile = \"strict\"", format!("# x\nprofile = \"strict\"\n{entry}")),
            (
                "fangless.toml",
                "exclude = []\n[per-file-ignores]\n",
                format!("exclude = []\n{entry}[per-file-ignores]\n"),
            ),
            (
                "pyproject.toml",
                "[project]\nname = \"x\"",
                format!("[project]\nname = \"x\"\n\n[tool.fangless]\n{entry}"),
            ),
            (
                "pyproject.toml",
                "[tool.fangless] # x\nselect = [\"all\"]\n",
                format!("[tool.fangless] # x\n{entry}select = [\"all\"]\n"),
            ),
            (
                "pyproject.toml",
                "[tool.fangless.per-file-ignores]\n\"a\" = []\n",
                format!("[tool.fangless]\n{entry}\n[tool.fangless.per-file-ignores]\n\"a\" = []\n"),
            ),
        ] {
            assert_eq!(after(name, text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_or_not_understood_is_left_alone() {
        assert_eq!(after("fangless.toml", "ignore = [\n"), None);
        assert_eq!(after("fangless.toml", "profil = \"strict\"\n"), None);
        assert_eq!(after("pyproject.toml", "[tool]\nfangless = { select = [\"all\"] }\n"), None);
    }
}

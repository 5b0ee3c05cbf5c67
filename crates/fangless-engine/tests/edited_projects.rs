//! Projects as people write them, edited and typed: after each step the workspace is what a fresh one would be, over
//! findings that go through several files.
//!
//! `FANGLESS_STEPS` sets how many random edits are made (1,500 unless set).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fangless_engine::text::TextRange;
use fangless_engine::{Edit, Finding, RuleSet, Workspace};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// The texts of the Python files of a project, by their paths in it.
fn project(name: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects").join(name);
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("the projects are part of the repository");
        for path in entries.map(|entry| entry.expect("an entry of a folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                files.push((inside(&root, &path), std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    files.sort();
    files
}

fn inside(root: &Path, path: &PathBuf) -> String {
    let path = path.strip_prefix(root).expect("found below the root");
    format!("/{}", path.to_str().expect("our files have plain names").replace('\\', "/"))
}

fn fresh(rules: &Arc<RuleSet>, files: &[(String, String)]) -> Workspace {
    let mut workspace = Workspace::new(rules.clone());
    for (path, text) in files {
        workspace.set_file(path, text.clone());
    }
    workspace
}

fn findings(workspace: &Workspace, files: &[(String, String)]) -> Vec<(String, Vec<Finding>)> {
    files.iter().map(|(path, _)| (path.clone(), workspace.findings(path))).collect()
}

/// One way to change a file. The numbers choose the place, modulo what there is.
#[derive(Clone, Debug)]
enum Change {
    Insert {
        at: usize,
        text: &'static str,
    },
    Delete {
        at: usize,
        length: usize,
    },
    DeleteLine {
        line: usize,
    },
    RepeatLine {
        line: usize,
        after: usize,
    },
    /// A function or class of one file, to the end of another.
    Move {
        definition: usize,
        to: usize,
    },
    /// All occurrences of a word, in this file alone.
    Rename {
        word: usize,
    },
    RemoveImport {
        import: usize,
    },
    AddImport {
        import: &'static str,
    },
}

const FRAGMENTS: [&str; 14] = [
    "x",
    " ",
    "\n",
    "(",
    ")",
    "\"",
    "'''",
    ":",
    "=",
    ".",
    "return ",
    "    ",
    "\n\ndef added(value):\n    return value\n",
    "#",
];
const IMPORTS: [&str; 5] = [
    "import os\n",
    "from flask import request\n",
    "from bookshop import db, tools\n",
    "from bookshop.db import connect as execute\n",
    "from .tools import *\n",
];

fn change() -> impl Strategy<Value = Change> {
    let any = 0..usize::MAX;
    prop_oneof![
        4 => (any.clone(), proptest::sample::select(&FRAGMENTS[..])).prop_map(|(at, text)| Change::Insert { at, text }),
        2 => (any.clone(), 1..8_usize).prop_map(|(at, length)| Change::Delete { at, length }),
        2 => any.clone().prop_map(|line| Change::DeleteLine { line }),
        2 => (any.clone(), any.clone()).prop_map(|(line, after)| Change::RepeatLine { line, after }),
        1 => (any.clone(), any.clone()).prop_map(|(definition, to)| Change::Move { definition, to }),
        1 => any.clone().prop_map(|word| Change::Rename { word }),
        1 => any.clone().prop_map(|import| Change::RemoveImport { import }),
        1 => proptest::sample::select(&IMPORTS[..]).prop_map(|import| Change::AddImport { import }),
    ]
}

/// The starts of lines, and the end of the text.
fn lines(text: &str) -> Vec<usize> {
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    let mut starts: Vec<usize> = std::iter::once(0).chain(starts).chain([text.len()]).collect();
    starts.dedup();
    starts
}

/// The line that a number chooses.
fn line_at(text: &str, number: usize) -> (usize, usize) {
    let starts = lines(text);
    let number = number % (starts.len() - 1).max(1);
    (starts[number], starts.get(number + 1).copied().unwrap_or(text.len()))
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn edit(start: usize, end: usize, text: impl Into<String>) -> Edit {
    Edit { range: TextRange::new(start as u32, end as u32), text: text.into() }
}

/// The lines that begin so, each with what is indented below it.
fn blocks(text: &str, is_head: impl Fn(&str) -> bool) -> Vec<(usize, usize)> {
    let starts = lines(text);
    let at_margin =
        |start: usize| !matches!(text.as_bytes().get(start), Some(b' ' | b'\n' | b'#' | b')') | None);
    let heads = starts.iter().enumerate().filter(|(_, start)| is_head(&text[**start..]));
    heads
        .map(|(number, start)| {
            let end = starts[number + 1..].iter().copied().find(|start| at_margin(*start));
            (*start, end.unwrap_or(text.len()))
        })
        .collect()
}

/// The edits of a file that a change means, and what another file gets at its end. `None` where there is nothing to do.
fn edits(text: &str, change: &Change) -> (Vec<Edit>, Option<(usize, String)>) {
    match change {
        Change::Insert { at, text: new } => {
            let at = boundary(text, *at);
            (vec![edit(at, at, *new)], None)
        }
        Change::Delete { at, length } => {
            let at = boundary(text, *at);
            let end = boundary(text, (at + length).min(text.len()));
            (vec![edit(at, end.max(at), "")], None)
        }
        Change::DeleteLine { line } => {
            let (start, end) = line_at(text, *line);
            (vec![edit(start, end, "")], None)
        }
        Change::RepeatLine { line, after } => {
            let (start, end) = line_at(text, *line);
            let (_, place) = line_at(text, *after);
            (vec![edit(place, place, &text[start..end])], None)
        }
        Change::Move { definition, to } => {
            let found =
                blocks(text, |line| ["def ", "class ", "@"].iter().any(|word| line.starts_with(word)));
            let Some((start, end)) = found.get(definition % found.len().max(1)).copied() else {
                return (Vec::new(), None);
            };
            (vec![edit(start, end, "")], Some((*to, format!("\n\n{}", &text[start..end]))))
        }
        Change::Rename { word } => {
            let is_part = |character: char| character.is_alphanumeric() || character == '_';
            let mut words: Vec<&str> =
                text.split(|character| !is_part(character)).filter(|word| word.len() > 2).collect();
            words.sort_unstable();
            words.dedup();
            let Some(word) = words.get(word % words.len().max(1)) else { return (Vec::new(), None) };
            let places = text.match_indices(word).filter(|(at, _)| {
                !text[..*at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
            });
            // Each edit of a batch is in the text that the ones before it left: from the end, no place moves.
            let mut renamed: Vec<Edit> =
                places.map(|(at, _)| edit(at, at + word.len(), format!("{word}_2"))).collect();
            renamed.reverse();
            (renamed, None)
        }
        Change::RemoveImport { import } => {
            let found = blocks(text, |line| line.starts_with("import ") || line.starts_with("from "));
            match found.get(import % found.len().max(1)) {
                Some((start, end)) => (vec![edit(*start, *end, "")], None),
                None => (Vec::new(), None),
            }
        }
        Change::AddImport { import } => (vec![edit(0, 0, *import)], None),
    }
}

fn apply(workspace: &mut Workspace, files: &mut [(String, String)], file: usize, edits: &[Edit]) {
    if edits.is_empty() {
        return;
    }
    let path = files[file].0.clone();
    workspace.edit_file(&path, edits);
    files[file].1 = workspace.text(&path).expect("it was set").to_owned();
}

#[test]
fn any_edit_of_a_project_gives_what_a_fresh_one_gives() {
    let steps =
        std::env::var("FANGLESS_STEPS").map_or(1_500, |steps| steps.parse().expect("a number of edits"));
    let in_a_row = 12;
    let rules = Arc::new(RuleSet::builtin());
    let start = project("demo");
    assert!(!findings(&fresh(&rules, &start), &start).iter().all(|(_, found)| found.is_empty()));
    let config = Config { cases: steps / in_a_row as u32, failure_persistence: None, ..Config::default() };
    let strategy = proptest::collection::vec((0..start.len(), change()), 1..=2 * in_a_row);
    let result = TestRunner::new(config).run(&strategy, |changes| {
        let mut files = start.clone();
        let mut edited = fresh(&rules, &files);
        findings(&edited, &files);
        for (file, change) in &changes {
            let (here, elsewhere) = edits(&files[*file].1, change);
            apply(&mut edited, &mut files, *file, &here);
            if let Some((to, text)) = elsewhere {
                let to = to % files.len();
                let end = files[to].1.len();
                apply(&mut edited, &mut files, to, &[edit(end, end, text)]);
            }
            let expected = findings(&fresh(&rules, &files), &files);
            prop_assert_eq!(findings(&edited, &files), expected, "after {:?}", change);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Each file of the project is typed from its first character to its last, the others being there.
#[test]
fn a_file_typed_to_its_end_gives_what_a_fresh_one_gives() {
    let rules = Arc::new(RuleSet::builtin());
    let files = project("demo");
    let expected = findings(&fresh(&rules, &files), &files);
    let mut seen = 0;
    for (path, text) in &files {
        let mut workspace = fresh(&rules, &files);
        let whole = TextRange::new(0, text.len() as u32);
        workspace.edit_file(path, &[Edit { range: whole, text: String::new() }]);
        for (at, character) in text.char_indices() {
            let at = at as u32;
            workspace.edit_file(path, &[Edit { range: TextRange::new(at, at), text: character.to_string() }]);
            workspace.findings(path);
            if character == '\n' {
                let typed = workspace.text(path).expect("it was set").to_owned();
                let mut files = files.clone();
                files.iter_mut().find(|(other, _)| other == path).expect("one of them").1 = typed;
                let fresh = fresh(&rules, &files);
                assert_eq!(findings(&workspace, &files), findings(&fresh, &files), "{path} up to {at}");
                seen += 1;
            }
        }
        assert_eq!(findings(&workspace, &files), expected, "{path}");
    }
    assert!(seen > 300, "{seen} lines");
}

//! `fangless fix`: round after round, the fixes that do not overlap, until none is left.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fangless_engine::Fix;
use fangless_project::notebook::Notebook;
use similar::{ChangeTag, TextDiff};

use super::{Exit, has_error, print, print_messages};
use crate::analysis::{Loaded, LoadedFile, load, with_threads};
use crate::arguments::FixArguments;
use crate::messages::{Gravity, Message};
use crate::repair::{apply, choose};
use crate::report::counted;
use crate::report::redaction::Secrets;
use crate::source::encode;

/// A fix can make room for the next one; more rounds than this no text needs.
const MAX_ROUNDS: usize = 20;

struct Mended {
    text: String,
    /// The notebook whose program the text is.
    notebook: Option<Notebook>,
    fixes: usize,
    remaining: usize,
}

pub(crate) fn run(arguments: &FixArguments) -> anyhow::Result<Exit> {
    let working_directory = super::working_directory()?;
    with_threads(|| mend_all(arguments, &working_directory))?
}

fn mend_all(arguments: &FixArguments, working_directory: &Path) -> anyhow::Result<Exit> {
    let mut loaded = match load(&arguments.selection, working_directory) {
        Ok(loaded) => loaded,
        Err(message) => {
            print_messages(&[message]);
            return Ok(Exit::Error);
        }
    };
    let files = std::mem::take(&mut loaded.files);
    let mut messages = std::mem::take(&mut loaded.messages);
    let (mut applied, mut changed, mut remaining) = (0, 0, 0);
    let mut output = String::new();
    for file in &files {
        let before = loaded.workspace.text(&file.engine_path).unwrap_or_default().to_string();
        let secrets = if arguments.diff { loaded.secrets(&file.engine_path) } else { Secrets::default() };
        let mended = match mend(&mut loaded, file, &before, arguments.unsafe_fixes) {
            Ok(mended) => mended,
            Err(message) => {
                messages.push(message);
                continue;
            }
        };
        remaining += mended.remaining;
        // Fixed standard input goes to standard output, changed or not: an editor takes it from there.
        if file.is_stdin && !arguments.diff {
            output.push_str(on_disk(&mended.text, mended.notebook.as_ref()));
        }
        if mended.text == before {
            continue;
        }
        let (old, new) =
            (on_disk(&before, file.notebook.as_ref()), on_disk(&mended.text, mended.notebook.as_ref()));
        if arguments.diff {
            let secrets = match &file.notebook {
                Some(notebook) => secrets.moved(|offset| notebook.in_file(offset)),
                None => secrets,
            };
            output.push_str(&diff(old, new, &file.shown, &secrets));
        } else if !file.is_stdin
            && let Err(message) = write(file, new)
        {
            messages.push(message);
            continue;
        }
        applied += mended.fixes;
        changed += 1;
    }
    messages.sort();
    print_messages(&messages);
    print(&output)?;
    let verb = if arguments.diff { "would be fixed" } else { "fixed" };
    eprintln!("{} {verb} in {}, {remaining} left.", counted(applied, "finding"), counted(changed, "file"));
    let is_open = if arguments.diff { changed > 0 } else { remaining > 0 };
    Ok(if has_error(&messages) {
        Exit::Error
    } else if is_open {
        Exit::Found
    } else {
        Exit::Clean
    })
}

fn mend(loaded: &mut Loaded, file: &LoadedFile, text: &str, unsafe_too: bool) -> Result<Mended, Message> {
    let notebook = file.notebook.clone();
    let mut mended = Mended { text: text.to_string(), notebook, fixes: 0, remaining: 0 };
    let mut seen = HashSet::from([mended.text.clone()]);
    for _ in 0..MAX_ROUNDS {
        let findings: Vec<_> = loaded
            .findings(file, true)?
            .into_iter()
            .filter(|(finding, _)| finding.suppressed.is_none())
            .map(|(_, mut fixes)| {
                // What does not stay in its cell cannot be written.
                let is_written = |fix: &Fix| {
                    let notebook = mended.notebook.as_ref();
                    notebook.is_none_or(|notebook| notebook.program().edits(&fix.edits).is_some())
                };
                fixes.retain(is_written);
                fixes
            })
            .collect();
        mended.remaining = findings.len();
        let (edits, count) = choose(&findings, unsafe_too);
        let edited = match &mended.notebook {
            Some(notebook) => match notebook.edited(&edits) {
                Some(edited) => Some(edited),
                None => return Ok(mended),
            },
            None => None,
        };
        let next = match &edited {
            Some(edited) => edited.program().text(),
            None => apply(&mended.text, &edits),
        };
        // The second test: two fixes that undo each other would go on for ever.
        if count == 0 || !seen.insert(next.clone()) {
            return Ok(mended);
        }
        loaded.workspace.set_file(&file.engine_path, next.clone());
        mended.text = next;
        mended.notebook = edited;
        mended.fixes += count;
    }
    Ok(mended)
}

/// What the file holds: the JSON of a notebook, else the text.
fn on_disk<'a>(text: &'a str, notebook: Option<&'a Notebook>) -> &'a str {
    notebook.map_or(text, Notebook::json)
}

fn write(file: &LoadedFile, text: &str) -> Result<(), Message> {
    let error = |text: String| Message::new(Gravity::Error, &file.shown, text);
    let bytes = encode(text, file.encoding)
        .ok_or_else(|| error("cannot be written: a fix needs characters that Latin-1 lacks".to_string()))?;
    fs::write(&file.path, bytes).map_err(|failure| error(format!("cannot be written: {failure}")))
}

/// The lines that change, and three around each place. Secrets are masked: what is shown may end in a log.
fn diff(before: &str, after: &str, shown: &str, secrets: &Secrets) -> String {
    let (seen_before, seen_after) = (secrets.mask_source(before), secrets.mask(after));
    let lines = TextDiff::from_lines(before, after);
    // The same lines as these; only what they show is another.
    let seen = TextDiff::from_lines(&seen_before, &seen_after);
    let mut output = format!("--- a/{shown}\n+++ b/{shown}\n");
    for hunk in lines.unified_diff().context_radius(3).iter_hunks() {
        let _ = writeln!(output, "{}", hunk.header());
        for change in hunk.iter_changes() {
            let line = match (change.tag(), change.old_index(), change.new_index()) {
                (ChangeTag::Insert, _, Some(at)) => seen.new_slice(at),
                (_, Some(at), _) => seen.old_slice(at),
                _ => None,
            };
            let line = line.unwrap_or_default();
            let _ = write!(output, "{}{line}", change.tag());
            if !line.ends_with(['\n', '\r']) {
                output.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    output
}

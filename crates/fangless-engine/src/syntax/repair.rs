//! Repaired copies of a broken chunk, and the way back from their offsets to the original's.

use tree_sitter::Tree;

use crate::text::{Unclosed, UnclosedKind};

/// Copies parsed at most for one broken chunk.
const MAX_CANDIDATES: usize = 12;

/// What a repair replaced: `removed` bytes at `at` of the original by `added` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    at: u32,
    removed: u32,
    added: u32,
}

/// The difference between a chunk and its repaired copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    changes: Vec<Change>,
}

impl Repair {
    /// The offset in the original of an offset in the copy.
    pub fn to_original(&self, offset: u32) -> u32 {
        let mut shift = 0_i64;
        for change in &self.changes {
            let at = i64::from(change.at) - shift;
            let offset = i64::from(offset);
            if offset <= at {
                break;
            }
            if offset < at + i64::from(change.added) {
                return change.at + change.removed.min(u32::try_from(offset - at).unwrap_or(0));
            }
            shift += i64::from(change.removed) - i64::from(change.added);
        }
        u32::try_from(i64::from(offset) + shift).unwrap_or(0)
    }

    /// Text thrown away weighs more than text added.
    pub(super) fn cost(&self) -> u64 {
        self.changes.iter().map(|change| u64::from(change.removed) * 6 + u64::from(change.added)).sum()
    }
}

type Candidate = (String, Repair);

/// Repaired copies, the gentlest first.
pub(super) fn candidates(text: &str, unclosed: &[Unclosed], tree: &Tree) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut lines: Vec<usize> = unclosed.iter().map(|one| line_start(text, one.offset as usize)).collect();
    lines.dedup();
    if !unclosed.is_empty() {
        found.push(edited(text, &closers(text, unclosed)));
        // The line that opened what never closes, blanked.
        found.push(edited(text, &lines.iter().map(|line| blanked(text, *line)).collect::<Vec<_>>()));
    }
    let errors = error_lines(text, tree);
    for line in errors.iter().take(4) {
        if let Some(closed) = completed(text, *line) {
            found.push(edited(text, &[closed]));
        }
        found.push(edited(text, &[blanked(text, *line)]));
        if *line > 0 {
            let before = line_start(text, line - 1);
            found.push(edited(text, &[blanked(text, before)]));
        }
    }
    if let (Some(first), false) = (errors.first(), lines.is_empty()) {
        let mut both: Vec<_> = lines.iter().map(|line| blanked(text, *line)).collect();
        if !lines.contains(first) {
            both.push(blanked(text, *first));
        }
        both.sort_by_key(|change| change.0);
        found.push(edited(text, &both));
    }
    found.truncate(MAX_CANDIDATES);
    found
}

/// What must be inserted to close what is open, at the end of the line that opened it.
fn closers(text: &str, unclosed: &[Unclosed]) -> Vec<(usize, usize, String)> {
    let mut changes: Vec<(usize, usize, String)> = Vec::new();
    for one in unclosed.iter().rev() {
        let end = content_end(text, one.offset as usize);
        let closer = match one.kind {
            UnclosedKind::Bracket(b'(') => ")".to_owned(),
            UnclosedKind::Bracket(b'[') => "]".to_owned(),
            UnclosedKind::Bracket(_) => "}".to_owned(),
            UnclosedKind::Quote => {
                text[one.offset as usize..].chars().next().map(String::from).unwrap_or_default()
            }
            UnclosedKind::TripleQuote => text[one.offset as usize..].chars().take(3).collect(),
        };
        match changes.iter_mut().find(|change| change.0 == end) {
            Some(change) => change.2.push_str(&closer),
            None => changes.push((end, 0, closer)),
        }
    }
    for change in &mut changes {
        let line = line_start(text, change.0);
        if needs_body(text[line..change.0].trim_start()) {
            change.2.push_str(body(text, line));
        }
    }
    changes.sort_by_key(|change| change.0);
    changes
}

/// Whether a line is a header that wants a colon and a body.
fn needs_body(line: &str) -> bool {
    const HEADERS: [&str; 12] = [
        "def ", "class ", "if ", "for ", "while ", "with ", "elif ", "else", "try", "except", "finally",
        "async ",
    ];
    HEADERS.iter().any(|header| line.starts_with(header)) && !line.trim_end().ends_with(':')
}

/// A body for a header: none when an indented block follows it already.
fn body(text: &str, line: usize) -> &'static str {
    let next = next_line(text, line);
    let follows = text[next..].lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let deeper = indent_of(follows) > indent_of(&text[line..]);
    if deeper { ":" } else { ": pass" }
}

/// A half-typed header or expression, completed at its line's end.
fn completed(text: &str, line: usize) -> Option<(usize, usize, String)> {
    let end = content_end(text, line);
    let content = text[line..end].trim_start();
    let last = content.chars().next_back()?;
    let mut added = String::new();
    if content.starts_with("for ") && !content.contains(" in ") {
        added.push_str(if content.ends_with(" in") {
            " _"
        } else if content.trim_end().contains(' ') {
            " in _"
        } else {
            "_ in _"
        });
    } else if matches!(last, '.' | '=' | '+' | '-' | '*' | '/' | '%' | ',' | '@' | '|' | '&' | '<' | '>') {
        added.push_str(" _");
    } else if content.starts_with('@') {
        return None;
    }
    if needs_body(content) {
        added.push_str(body(text, line));
    } else if last == ':' {
        added.push_str(" pass");
    }
    (!added.is_empty()).then_some((end, 0, added))
}

/// A line replaced by `pass` at its own indentation.
fn blanked(text: &str, line: usize) -> (usize, usize, String) {
    let end = content_end(text, line);
    let indent = indent_of(&text[line..]).min(end - line);
    let content = &text[line + indent..end];
    // A header whose block follows keeps a header in its place, or the block would be out of place.
    let next = next_line(text, line);
    let follows = text[next..].lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let deeper = indent_of(follows) > indent;
    let replacement = if content.starts_with('@') {
        ""
    } else if deeper {
        "if _:"
    } else {
        "pass"
    };
    (line + indent, end - line - indent, replacement.to_owned())
}

fn edited(text: &str, changes: &[(usize, usize, String)]) -> Candidate {
    let mut copy = String::with_capacity(text.len() + 16);
    let mut repair = Repair::default();
    let mut at = 0;
    for (start, removed, added) in changes {
        if *start < at {
            continue;
        }
        copy.push_str(&text[at..*start]);
        copy.push_str(added);
        at = start + removed;
        repair.changes.push(Change {
            at: *start as u32,
            removed: *removed as u32,
            added: added.len() as u32,
        });
    }
    copy.push_str(&text[at..]);
    (copy, repair)
}

/// Beginnings of the lines on which errors start.
fn error_lines(text: &str, tree: &Tree) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            let mut add = |offset: usize| {
                let line = line_start(text, offset.min(text.len()));
                if !lines.contains(&line) {
                    lines.push(line);
                }
            };
            add(node.start_byte());
            if node.is_error() {
                add(node.end_byte());
            }
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                lines.sort_unstable();
                return lines;
            }
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .rposition(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(0, |found| found + 1)
}

fn next_line(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |found| at + found + 1)
}

/// The end of a line's content: before its trailing comment, white space and line end.
fn content_end(text: &str, at: usize) -> usize {
    let line = line_start(text, at);
    let end = text.as_bytes()[line..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(text.len(), |found| line + found);
    line + text[line..end].trim_end().len()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

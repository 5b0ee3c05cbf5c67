//! Text of a chunk in, tree out. A pure function of the text: what the parser's error recovery makes of an older
//! tree is never kept.

use std::cell::RefCell;
use std::sync::Arc;

use tree_sitter::{InputEdit, Parser, Point, Tree};

use super::repair::{self, Repair};
use super::rows;
use crate::text::Unclosed;

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(python_parser());
}

/// A chunk's tree.
#[derive(Clone, Debug)]
pub struct ParsedChunk {
    /// Of `text`, which is not always the chunk's: see `repair`.
    pub tree: Tree,
    /// The text as it was parsed.
    pub text: Arc<str>,
    /// Leads from offsets of `text` back to offsets of the chunk.
    pub repair: Repair,
}

impl ParsedChunk {
    /// Whether the text parses as it was typed.
    pub fn is_whole(&self) -> bool {
        self.repair.is_identity() && !self.tree.root_node().has_error()
    }
}

/// Parses a chunk; where it is half typed, a repaired copy of it.
pub fn parse(text: &str, unclosed: &[Unclosed]) -> ParsedChunk {
    let text = parser_text(text);
    if unclosed.is_empty() {
        let tree = parse_text(&text, None);
        if !tree.root_node().has_error() {
            return ParsedChunk { tree, text: text.into(), repair: Repair::default() };
        }
    }
    repair::best(&text, unclosed)
}

/// As `parse`, with the help of the tree of an earlier text of the chunk. Gives what `parse` gives.
pub fn reparse(text: &str, unclosed: &[Unclosed], old: &ParsedChunk) -> ParsedChunk {
    if !unclosed.is_empty() || !old.is_whole() {
        return parse(text, unclosed);
    }
    let text_now = parser_text(text);
    let Some(edit) = difference(&old.text, &text_now) else { return old.clone() };
    let mut tree = old.tree.clone();
    tree.edit(&edit);
    let tree = parse_text(&text_now, Some(&tree));
    // How the parser recovers from an error depends on the tree it started from.
    if tree.root_node().has_error() {
        return parse(text, unclosed);
    }
    ParsedChunk { tree, text: text_now.into(), repair: Repair::default() }
}

/// The text as the parser is given it. The parser takes a lone carriage return for a blank; Python for a line end. Keeps
/// all offsets.
fn parser_text(text: &str) -> std::borrow::Cow<'_, str> {
    if let Some(copy) = rows::blanked(text) {
        return without_lone_returns(&copy).into_owned().into();
    }
    without_lone_returns(text)
}

fn without_lone_returns(text: &str) -> std::borrow::Cow<'_, str> {
    let bytes = text.as_bytes();
    let lone = |at: usize| bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    if !(0..bytes.len()).any(lone) {
        return text.into();
    }
    let mut copy = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let lone = character == '\r' && characters.peek() != Some(&'\n');
        copy.push(if lone { '\n' } else { character });
    }
    copy.into()
}

pub(super) fn parse_text(text: &str, old: Option<&Tree>) -> Tree {
    PARSER.with_borrow_mut(|parser| {
        parser
            .parse(text, old)
            .expect("parsing ends without a tree only when it is cancelled, and nothing does")
    })
}

fn python_parser() -> Parser {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .expect("the grammar is compiled for this version of the parser");
    parser
}

/// The one edit that turns `old` into `new`: what is left between their common beginning and their common end.
fn difference(old: &str, new: &str) -> Option<InputEdit> {
    let (before, after) = (old.as_bytes(), new.as_bytes());
    let start = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    if start == before.len() && start == after.len() {
        return None;
    }
    let tail = before[start..]
        .iter()
        .rev()
        .zip(after[start..].iter().rev())
        .take_while(|(old, new)| old == new)
        .count();
    let (old_end, new_end) = (before.len() - tail, after.len() - tail);
    Some(InputEdit {
        start_byte: start,
        old_end_byte: old_end,
        new_end_byte: new_end,
        start_position: point(before, start),
        old_end_position: point(before, old_end),
        new_end_position: point(after, new_end),
    })
}

fn point(bytes: &[u8], at: usize) -> Point {
    let before = &bytes[..at];
    let row = before.split(|byte| *byte == b'\n').count() - 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    Point { row, column }
}

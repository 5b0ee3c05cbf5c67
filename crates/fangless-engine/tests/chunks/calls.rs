//! The calls of a text: what most rules look at, and so what must not be lost.

use fangless_engine::syntax::parse::{ParsedChunk, parse};
use fangless_engine::text::{ChunkSpan, Document, split};
use tree_sitter::{Parser, Tree};

/// A call: where it begins and ends in the file.
pub(crate) type Call = (u32, u32);

/// The calls of a file parsed in one piece, as it is.
pub(crate) fn of_whole(text: &str) -> (Vec<Call>, Tree) {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).expect("the grammar fits the parser");
    let tree = parser.parse(text, None).expect("nothing cancels the parser");
    (in_tree(&tree, |offset| offset), tree)
}

/// The calls of a file parsed chunk by chunk.
pub(crate) fn of_chunks(text: &str) -> Vec<Call> {
    split(text).iter().flat_map(|span| of_span(text, span)).collect()
}

pub(crate) fn of_span(text: &str, span: &ChunkSpan) -> Vec<Call> {
    of_parsed(&parse(span.range.slice(text), &span.unclosed), span.range.start)
}

#[allow(dead_code, reason = "the test that types half lines uses it")]
pub(crate) fn of_document(document: &Document) -> Vec<Vec<Call>> {
    document.chunks().iter().map(|chunk| of_span(document.text(), &chunk.span)).collect()
}

pub(crate) fn of_parsed(parsed: &ParsedChunk, start: u32) -> Vec<Call> {
    in_tree(&parsed.tree, |offset| start + parsed.repair.to_original(offset))
}

fn in_tree(tree: &Tree, place: impl Fn(u32) -> u32) -> Vec<Call> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.kind() == "call" {
            found.push((place(node.start_byte() as u32), place(node.end_byte() as u32)));
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                found.sort_unstable();
                return found;
            }
        }
    }
}

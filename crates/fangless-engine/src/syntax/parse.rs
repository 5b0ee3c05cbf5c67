//! Parsing a chunk. The result is a pure function of the chunk's text: where tree-sitter finds an error, repaired
//! copies are parsed and the best of them is taken.

use std::cell::RefCell;
use std::sync::Arc;

use tree_sitter::{Parser, Tree};

use super::repair::{Repair, candidates};
use crate::text::Unclosed;

/// A parsed chunk.
#[derive(Clone, Debug)]
pub struct ParsedChunk {
    pub tree: Tree,
    /// The text as it was parsed, after the repair.
    pub text: Arc<str>,
    pub repair: Repair,
}

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(new_parser());
}

fn new_parser() -> Parser {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .expect("the grammar and the parser are pinned to versions that fit each other");
    parser
}

fn parse_text(text: &str) -> Tree {
    PARSER.with_borrow_mut(|parser| {
        parser
            .parse(text, None)
            .expect("parsing stops early only by time-out or cancellation, and neither is set")
    })
}

/// Parses a chunk, repaired where it is broken.
pub fn parse(text: &str, unclosed: &[Unclosed]) -> ParsedChunk {
    let tree = parse_text(text);
    let plain = ParsedChunk { tree, text: text.into(), repair: Repair::default() };
    if !plain.tree.root_node().has_error() {
        return plain;
    }
    let mut best_cost = cost(&plain.tree);
    let mut best = plain;
    for (text, repair) in candidates(text, unclosed, &best.tree) {
        let tree = parse_text(&text);
        let cost = cost(&tree) + repair.cost();
        if cost < best_cost {
            best_cost = cost;
            best = ParsedChunk { tree, text: text.into(), repair };
            if !best.tree.root_node().has_error() && best_cost <= 1_000 {
                break;
            }
        }
    }
    best
}

/// How much of a tree is broken: bytes inside errors, and a little for each missing token.
fn cost(tree: &Tree) -> u64 {
    let mut total = 0;
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() {
            total += 1_000 + (node.end_byte() - node.start_byte()) as u64 * 10;
        } else if node.is_missing() {
            total += 1_000;
        }
        if node.has_error() && !node.is_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return total;
            }
        }
    }
}

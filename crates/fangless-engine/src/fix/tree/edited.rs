//! The tree of a text as a fix would leave it. Only what the edits touch is parsed anew, unless that leaves errors: how
//! many there are must not depend on the tree before.

use tree_sitter::{InputEdit, Parser, Point};

use super::{Source, error_count};
use crate::finding::Edit;
use crate::fix::apply;

/// Errors and missing tokens of the text after edits, which are sorted and do not overlap.
pub(in crate::fix) fn errors_after(source: &Source<'_>, edits: &[Edit]) -> Option<usize> {
    let before: &str = &source.analysed;
    let after = apply(before, edits);
    let mut tree = source.tree.clone();
    // From the last to the first: what stands before an edit is where it was.
    for edit in edits.iter().rev() {
        let (start, old_end) = (edit.range.start as usize, edit.range.end as usize);
        let start_position = point(before, start);
        tree.edit(&InputEdit {
            start_byte: start,
            old_end_byte: old_end,
            new_end_byte: start + edit.text.len(),
            start_position,
            old_end_position: point(before, old_end),
            new_end_position: behind(start_position, &edit.text),
        });
    }
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let quick = parser.parse(&after, Some(&tree))?;
    if !quick.root_node().has_error() {
        return Some(0);
    }
    Some(error_count(parser.parse(&after, None)?.root_node()))
}

fn point(text: &str, offset: usize) -> Point {
    behind(Point::new(0, 0), &text[..offset])
}

/// The point behind a text that begins at a point.
fn behind(start: Point, text: &str) -> Point {
    let rows = text.bytes().filter(|byte| *byte == b'\n').count();
    match text.rfind('\n') {
        Some(at) => Point::new(start.row + rows, text.len() - at - 1),
        None => Point::new(start.row, start.column + text.len()),
    }
}

//! Notebooks: cells that are one program, in their order. Nothing here knows the protocol or the command line; both
//! give cells and get them back.

mod file;
mod ipython;

use std::sync::Arc;

use fangless_engine::Edit;
use fangless_engine::text::TextRange;

pub use file::{Notebook, NotebookError};
pub use ipython::{Code, code};

/// What stands behind each cell in the program. The first line break ends the cell's last line; with the second a
/// backslash there does not reach into the next cell.
const GAP: &str = "\n\n";

/// The cells in Python as one program.
#[derive(Clone, Debug, Default)]
pub struct Program {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    /// Which of all cells it is.
    cell: usize,
    /// Where it begins in the program.
    start: u32,
    code: Arc<Code>,
}

impl Part {
    fn end(&self) -> u32 {
        self.start + self.code.text.len() as u32
    }
}

impl Program {
    /// Of the cells in Python, each with its number among all.
    pub fn new(cells: impl IntoIterator<Item = (usize, Arc<Code>)>) -> Self {
        let mut start = 0;
        let part = |(cell, code): (usize, Arc<Code>)| {
            let part = Part { cell, start, code };
            start = part.end() + GAP.len() as u32;
            part
        };
        Self { parts: cells.into_iter().map(part).collect() }
    }

    /// How many cells it is made of.
    pub fn cells(&self) -> usize {
        self.parts.len()
    }

    pub fn text(&self) -> String {
        text(&self.parts)
    }

    /// The cell that an offset of the program lies in, and where there. Behind a cell is its end.
    pub fn place(&self, offset: u32) -> Option<(usize, u32)> {
        let part = self.part_at(offset)?;
        Some((part.cell, part.code.begins + offset.min(part.end()) - part.start))
    }

    /// A range of the program in the cell that it begins in.
    pub fn range(&self, range: TextRange) -> Option<(usize, TextRange)> {
        let part = self.part_at(range.start)?;
        let in_cell = |offset: u32| part.code.begins + offset.clamp(part.start, part.end()) - part.start;
        Some((part.cell, TextRange::new(in_cell(range.start), in_cell(range.end))))
    }

    /// Where an offset of a cell lies in the program; nothing for a cell that is not part of it.
    pub fn offset(&self, cell: usize, offset: u32) -> Option<u32> {
        let part = self.parts.iter().find(|part| part.cell == cell)?;
        Some((part.start + offset.saturating_sub(part.code.begins)).min(part.end()))
    }

    /// Edits of the program as edits of its cells, in the same order; nothing where one does not stay in its cell.
    pub fn edits(&self, edits: &[Edit]) -> Option<Vec<(usize, Edit)>> {
        edits.iter().map(|edit| self.edit(edit)).collect()
    }

    fn edit(&self, edit: &Edit) -> Option<(usize, Edit)> {
        let part = self.part_at(edit.range.start)?;
        if edit.range.end > part.end() + GAP.len() as u32 {
            return None;
        }
        let (cell, range) = self.range(edit.range)?;
        // A line that is put in behind the last one begins with the line break that ends this one.
        let text = if edit.range.start > part.end() && !edit.text.is_empty() {
            format!("\n{}", edit.text.strip_suffix('\n').unwrap_or(&edit.text))
        } else {
            edit.text.clone()
        };
        Some((cell, Edit { range, text }))
    }

    /// What makes this program's text the text of another; nothing where they are the same.
    pub fn edit_to(&self, next: &Self) -> Option<Edit> {
        let alike = |pairs: &mut dyn Iterator<Item = (&Part, &Part)>| {
            let same = |(one, other): &(&Part, &Part)| {
                Arc::ptr_eq(&one.code, &other.code) || one.code.text == other.code.text
            };
            pairs.take_while(same).count()
        };
        let first = alike(&mut self.parts.iter().zip(&next.parts));
        let last = alike(&mut self.parts[first..].iter().rev().zip(next.parts[first..].iter().rev()));
        let (old_parts, new_parts) =
            (&self.parts[first..self.parts.len() - last], &next.parts[first..next.parts.len() - last]);
        let (old, new) = (text(old_parts), text(new_parts));
        let start = self.parts[..first].last().map_or(0, |part| part.end() + GAP.len() as u32);
        let mut before = old.bytes().zip(new.bytes()).take_while(|(one, other)| one == other).count();
        while !(old.is_char_boundary(before) && new.is_char_boundary(before)) {
            before -= 1;
        }
        let (old, new) = (&old[before..], &new[before..]);
        let mut after =
            old.bytes().rev().zip(new.bytes().rev()).take_while(|(one, other)| one == other).count();
        while !(old.is_char_boundary(old.len() - after) && new.is_char_boundary(new.len() - after)) {
            after -= 1;
        }
        let start = start + before as u32;
        let range = TextRange::new(start, start + (old.len() - after) as u32);
        let edit = Edit { range, text: new[..new.len() - after].to_string() };
        (!edit.range.is_empty() || !edit.text.is_empty()).then_some(edit)
    }

    /// The last part that begins at the offset or before.
    fn part_at(&self, offset: u32) -> Option<&Part> {
        let behind = self.parts.partition_point(|part| part.start <= offset);
        self.parts.get(behind.checked_sub(1)?)
    }
}

fn text(parts: &[Part]) -> String {
    parts.iter().flat_map(|part| [part.code.text.as_str(), GAP]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(cells: &[&str]) -> Program {
        let codes = cells.iter().enumerate();
        Program::new(codes.filter_map(|(at, cell)| Some((at, Arc::new(code(cell)?)))))
    }

    fn insertion(at: u32, text: &str) -> Edit {
        Edit { range: TextRange::new(at, at), text: text.to_string() }
    }

    #[test]
    fn places_lead_there_and_back() {
        let cells = ["%%time\nab", "%%bash\nls", "", "cé"];
        let program = program(&cells);
        assert_eq!(program.text(), "ab\n\n\n\ncé\n\n");
        assert_eq!(program.place(1), Some((0, 8)));
        assert_eq!(program.place(3), Some((0, 9)), "behind a cell is its end");
        assert_eq!(program.place(4), Some((2, 0)));
        assert_eq!(program.place(6), Some((3, 0)));
        assert_eq!(program.offset(0, 3), Some(0), "the magic is not in it");
        assert_eq!(program.offset(1, 0), None);
        assert_eq!(program.offset(3, 3), Some(9));
        assert_eq!(program.range(TextRange::new(1, 7)), Some((0, TextRange::new(8, 9))));
        assert_eq!(Program::default().place(0), None);
    }

    #[test]
    fn edits_go_into_their_cells() {
        let program = program(&["import os", "x = 1\n"]);
        let one = |edit: Edit| program.edits(&[edit]).map(|mut edits| edits.remove(0));
        assert_eq!(one(insertion(0, "import html\n")), Some((0, insertion(0, "import html\n"))));
        assert_eq!(one(insertion(10, "import html\n")), Some((0, insertion(9, "\nimport html"))));
        assert_eq!(one(insertion(17, "y\n")), Some((1, insertion(6, "y\n"))));
        let both = Edit { range: TextRange::new(3, 12), text: String::new() };
        assert_eq!(one(both), None);
    }

    #[test]
    fn one_edit_leads_from_any_program_to_any_other() {
        let some: [&[&str]; 8] = [
            &[],
            &[""],
            &["a = 1", "b = é", "c"],
            &["a = 1", "b = è", "c"],
            &["b = é", "a = 1", "c"],
            &["a = 1", "%%bash\n", "c"],
            &["a = 1", "a = 1", "c", "c"],
            &["!ls", "é"],
        ];
        for before in some.map(program) {
            for after in some.map(program) {
                let mut text = before.text();
                if let Some(edit) = before.edit_to(&after) {
                    text.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
                }
                assert_eq!(text, after.text());
                assert_eq!(before.edit_to(&after).is_none(), before.text() == after.text());
            }
        }
        let edit = program(&["a = 1", "b = ", "c"]).edit_to(&program(&["a = 1", "b = f", "c"]));
        assert_eq!(edit, Some(insertion(11, "f")), "a key is an edit of one character");
    }
}

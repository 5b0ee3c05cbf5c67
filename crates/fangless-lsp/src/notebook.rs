//! The notebooks of the client: their cells as it knows them, and the one program that they are to the engine. Knows
//! nothing of findings.

use std::collections::HashMap;
use std::sync::Arc;

use fangless_engine::Edit;
use fangless_engine::text::TextRange;
use fangless_project::notebook::{Code, Program, code};
use ropey::Rope;
use tower_lsp::ls_types::{
    NotebookCell, NotebookCellKind, NotebookDocumentCellChange, NotebookDocumentCellChangeStructure,
    Position, Range, TextDocumentContentChangeEvent, TextDocumentItem, Uri,
};
use tracing::warn;

use crate::position::{Encoding, offset, position, range, text_range};

/// One state of a notebook.
#[derive(Clone, Default)]
pub(crate) struct Notebook {
    cells: Vec<Cell>,
    program: Program,
}

#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) rope: Rope,
    is_code: bool,
    is_python: bool,
    /// Nothing where the cell is no part of the program.
    code: Option<Arc<Code>>,
}

impl Cell {
    fn new(cell: NotebookCell, document: TextDocumentItem) -> Self {
        let mut new = Self {
            uri: document.uri,
            version: document.version,
            rope: Rope::from_str(&document.text),
            is_code: cell.kind == NotebookCellKind::CODE,
            is_python: document.language_id.eq_ignore_ascii_case("python"),
            code: None,
        };
        new.read();
        new
    }

    /// Looks for the Python in the cell's newest text.
    fn read(&mut self) {
        let is_part = self.is_code && self.is_python;
        self.code = is_part.then(|| code(&self.rope.to_string())).flatten().map(Arc::new);
    }
}

impl Notebook {
    pub(crate) fn new(cells: Vec<NotebookCell>, documents: Vec<TextDocumentItem>) -> Self {
        let mut notebook = Self::default();
        notebook.insert(0, cells, documents, Vec::new());
        notebook.join();
        notebook
    }

    /// The notebook after a change of its cells.
    pub(crate) fn changed(&self, change: NotebookDocumentCellChange, encoding: Encoding) -> Self {
        let mut next = self.clone();
        if let Some(structure) = change.structure {
            next.restructure(structure);
        }
        for cell in change.data.into_iter().flatten() {
            if let Some(known) = next.cells.iter_mut().find(|known| known.uri == cell.document) {
                known.is_code = cell.kind == NotebookCellKind::CODE;
                known.read();
            }
        }
        for content in change.text_content.into_iter().flatten() {
            let Some(cell) = next.cells.iter_mut().find(|cell| cell.uri == content.document.uri) else {
                warn!(uri = content.document.uri.as_str(), "no cell of its notebook; its edit is ignored");
                continue;
            };
            cell.version = content.document.version;
            for change in content.changes {
                edit(&mut cell.rope, change, encoding);
            }
            cell.read();
        }
        next.join();
        next
    }

    fn restructure(&mut self, structure: NotebookDocumentCellChangeStructure) {
        let array = structure.array;
        let start = (array.start as usize).min(self.cells.len());
        let end = start.saturating_add(array.delete_count as usize).min(self.cells.len());
        let removed: Vec<Cell> = self.cells.drain(start..end).collect();
        let opened = structure.did_open.unwrap_or_default();
        self.insert(start, array.cells.unwrap_or_default(), opened, removed);
    }

    /// Puts cells in. One that is only moved was removed and is not opened anew: it keeps its text.
    fn insert(
        &mut self,
        at: usize,
        cells: Vec<NotebookCell>,
        opened: Vec<TextDocumentItem>,
        removed: Vec<Cell>,
    ) {
        let mut opened: HashMap<Uri, TextDocumentItem> =
            opened.into_iter().map(|document| (document.uri.clone(), document)).collect();
        let mut removed: HashMap<Uri, Cell> =
            removed.into_iter().map(|cell| (cell.uri.clone(), cell)).collect();
        let new = cells.into_iter().filter_map(|cell| match opened.remove(&cell.document) {
            Some(document) => Some(Cell::new(cell, document)),
            None => {
                let known = removed.remove(&cell.document);
                if known.is_none() {
                    warn!(uri = cell.document.as_str(), "a cell without a text; ignored");
                }
                let is_code = cell.kind == NotebookCellKind::CODE;
                known.map(|known| Cell { is_code, ..known })
            }
        });
        let new: Vec<Cell> = new.collect();
        self.cells.splice(at..at, new);
    }

    fn join(&mut self) {
        let codes = self.cells.iter().enumerate();
        self.program =
            Program::new(codes.filter_map(|(at, cell)| Some((at, Arc::clone(cell.code.as_ref()?)))));
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The text of the program.
    pub(crate) fn text(&self) -> String {
        self.program.text()
    }

    pub(crate) fn edit_to(&self, next: &Self) -> Option<Edit> {
        self.program.edit_to(&next.program)
    }

    /// The cell that an offset of the program lies in.
    pub(crate) fn cell_at(&self, offset: u32) -> Option<&Cell> {
        let (cell, _) = self.program.place(offset)?;
        self.cells.get(cell)
    }

    /// A range of the program in its cell.
    pub(crate) fn range(&self, place: TextRange, encoding: Encoding) -> Range {
        let found = self.program.range(place).and_then(|(at, place)| Some((self.cells.get(at)?, place)));
        found.map_or_else(Range::default, |(cell, place)| range(&cell.rope, place, encoding))
    }

    /// The same for an offset.
    pub(crate) fn position(&self, offset: u32, encoding: Encoding) -> Position {
        let found = self.program.place(offset).and_then(|(at, offset)| Some((self.cells.get(at)?, offset)));
        found.map_or_else(Position::default, |(cell, offset)| position(&cell.rope, offset as usize, encoding))
    }

    /// Where a place of a cell lies in the program; nothing where the cell is no part of it.
    pub(crate) fn offset(&self, cell: &Uri, position: Position, encoding: Encoding) -> Option<u32> {
        let at = self.cells.iter().position(|known| known.uri == *cell)?;
        self.program.offset(at, offset(&self.cells[at].rope, position, encoding) as u32)
    }

    /// Edits of the program as edits of its cells; nothing where one does not stay in its cell.
    pub(crate) fn edits(&self, edits: &[Edit]) -> Option<Vec<(&Cell, Vec<Edit>)>> {
        let mut by_cell: Vec<(usize, Vec<Edit>)> = Vec::new();
        for (cell, edit) in self.program.edits(edits)? {
            match by_cell.iter_mut().find(|(known, _)| *known == cell) {
                Some((_, edits)) => edits.push(edit),
                None => by_cell.push((cell, vec![edit])),
            }
        }
        Some(by_cell.into_iter().filter_map(|(at, edits)| Some((self.cells.get(at)?, edits))).collect())
    }
}

fn edit(rope: &mut Rope, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    match change.range {
        None => *rope = Rope::from_str(&change.text),
        Some(range) => replace(rope, text_range(rope, range, encoding), &change.text),
    }
}

/// Puts a text in the place of a range.
pub(crate) fn replace(rope: &mut Rope, range: TextRange, text: &str) {
    let start = rope.byte_to_char(range.start as usize);
    let end = rope.byte_to_char(range.end as usize);
    rope.remove(start..end);
    rope.insert(start, text);
}

//! The file of a notebook, as Jupyter keeps it: JSON, with the text of each cell as one string or a list of lines. What
//! an edit does not touch stays as it was, byte for byte.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use fangless_engine::Edit;
use fangless_engine::text::{LineIndex, TextRange};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{Program, code};

/// A notebook in Python.
#[derive(Clone, Debug)]
pub struct Notebook {
    json: String,
    cells: Vec<Cell>,
    program: Program,
}

#[derive(Clone, Debug)]
struct Cell {
    text: String,
    /// Where the JSON holds the text: the whole value, and each string in it.
    source: TextRange,
    strings: Vec<Piece>,
}

/// A string of the JSON.
#[derive(Clone, Debug)]
struct Piece {
    /// Where the string, quotes included, stands in the JSON.
    at: TextRange,
    /// Where what it says begins in the cell's text.
    start: u32,
}

/// Why a file is no notebook whose cells can be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotebookError {
    NotJson(String),
    /// Its cells stand where no Jupyter of the last ten years looks for them.
    Old,
    OtherLanguage(String),
}

impl fmt::Display for NotebookError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(formatter, "is no notebook: {error}"),
            Self::Old => {
                formatter.write_str("is a notebook of format 3 or older; save it with a newer Jupyter")
            }
            Self::OtherLanguage(name) => write!(formatter, "is a notebook in {name}, not in Python"),
        }
    }
}

#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    cells: Option<Vec<StoredCell<'a>>>,
    worksheets: Option<IgnoredAny>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct StoredCell<'a> {
    cell_type: Cow<'a, str>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    metadata: Option<CellMetadata>,
}

#[derive(Deserialize)]
struct Metadata {
    kernelspec: Option<KernelSpecification>,
    language_info: Option<LanguageInformation>,
}

#[derive(Deserialize)]
struct KernelSpecification {
    language: Option<String>,
}

#[derive(Deserialize)]
struct LanguageInformation {
    name: Option<String>,
}

#[derive(Deserialize)]
struct CellMetadata {
    /// VS Code's word on cells of another language.
    vscode: Option<VsCode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VsCode {
    language_id: Option<String>,
}

impl Metadata {
    fn language(self) -> Option<String> {
        let named = self.language_info.and_then(|language| language.name);
        named.or_else(|| self.kernelspec.and_then(|kernel| kernel.language))
    }
}

fn is_python(language: &str) -> bool {
    language.to_ascii_lowercase().contains("python")
}

impl Notebook {
    pub fn read(json: String) -> Result<Self, NotebookError> {
        let not_json = |error: serde_json::Error| NotebookError::NotJson(error.to_string());
        let stored: Stored = serde_json::from_str(&json).map_err(not_json)?;
        let language = stored.metadata.and_then(Metadata::language);
        if let Some(language) = language.filter(|language| !is_python(language)) {
            return Err(NotebookError::OtherLanguage(language));
        }
        let Some(stored_cells) = stored.cells else {
            return Err(if stored.worksheets.is_some() {
                NotebookError::Old
            } else {
                NotebookError::NotJson("it has no `cells`".to_string())
            });
        };
        let mut cells = Vec::with_capacity(stored_cells.len());
        let mut codes = Vec::new();
        for stored in &stored_cells {
            let cell = Cell::read(&json, stored.source).map_err(not_json)?;
            let language = stored
                .metadata
                .as_ref()
                .and_then(|metadata| metadata.vscode.as_ref()?.language_id.as_deref());
            if stored.cell_type == "code" && language.is_none_or(is_python) {
                codes.extend(code(&cell.text).map(|code| (cells.len(), Arc::new(code))));
            }
            cells.push(cell);
        }
        drop(stored_cells);
        Ok(Self { json, cells, program: Program::new(codes) })
    }

    /// The file's own text.
    pub fn json(&self) -> &str {
        &self.json
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The number of a cell from one, and line and column there, both from zero and the column in bytes; and the text
    /// of that line up to there.
    pub fn place(&self, offset: u32) -> Option<(usize, u32, &str)> {
        let (cell, offset) = self.program.place(offset)?;
        let text = &self.cells[cell].text;
        let place = LineIndex::new(text).line_column(offset);
        Some((cell + 1, place.line, TextRange::new(offset - place.column, offset).slice(text)))
    }

    /// Where an offset of the program stands in the JSON.
    pub fn in_file(&self, offset: u32) -> u32 {
        let Some((cell, offset)) = self.program.place(offset) else { return 0 };
        let cell = &self.cells[cell];
        let behind = cell.strings.partition_point(|piece| piece.start <= offset);
        let Some(piece) = behind.checked_sub(1).and_then(|at| cell.strings.get(at)) else {
            return cell.source.start;
        };
        let string = piece.at.slice(&self.json);
        piece.at.start + raw_length(string, offset - piece.start)
    }

    /// The notebook after edits of its program; nothing where one does not stay in its cell.
    pub fn edited(&self, edits: &[Edit]) -> Option<Self> {
        let mut json = self.json.clone();
        let mut of_cells = self.program.edits(edits)?;
        // From the end, so that what is still to be replaced stays where it is.
        of_cells.sort_by(|one, other| other.cmp(one));
        for edits in of_cells.chunk_by(|(one, _), (other, _)| one == other) {
            let cell = &self.cells[edits[0].0];
            let mut text = cell.text.clone();
            for (_, edit) in edits {
                text.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
            }
            let source = cell.source_of(&self.json, &text);
            json.replace_range(cell.source.start as usize..cell.source.end as usize, &source);
        }
        Self::read(json).ok()
    }
}

impl Cell {
    fn read(json: &str, source: Option<&RawValue>) -> serde_json::Result<Self> {
        let Some(source) = source else {
            return Ok(Self { text: String::new(), source: TextRange::new(0, 0), strings: Vec::new() });
        };
        let within = |value: &RawValue| {
            // A raw value is a part of the text that it was read from.
            let start = (value.get().as_ptr() as usize - json.as_ptr() as usize) as u32;
            TextRange::new(start, start + value.get().len() as u32)
        };
        let values: Vec<&RawValue> =
            if source.get().starts_with('[') { serde_json::from_str(source.get())? } else { vec![source] };
        let mut text = String::new();
        let mut strings = Vec::with_capacity(values.len());
        for value in values {
            strings.push(Piece { at: within(value), start: text.len() as u32 });
            text.push_str(&serde_json::from_str::<Cow<str>>(value.get())?);
        }
        Ok(Self { text, source: within(source), strings })
    }

    /// The JSON of a new text of the cell, in the manner of the present one; lines that stay are written as they were.
    fn source_of(&self, json: &str, text: &str) -> String {
        let source = self.source.slice(json);
        let Some(list) = source.strip_prefix('[') else { return string(text) };
        let (first, last) = match (self.strings.first(), self.strings.last()) {
            (Some(first), Some(last)) => (first.at.start, last.at.end),
            _ => return string(text),
        };
        let known: Vec<(&str, &str)> = self
            .strings
            .iter()
            .enumerate()
            .map(|(at, piece)| {
                let end = self.strings.get(at + 1).map_or(self.text.len(), |next| next.start as usize);
                (&self.text[piece.start as usize..end], piece.at.slice(json))
            })
            .collect();
        let written = |line: &str| {
            let same = known.iter().find(|(known, _)| *known == line);
            same.map_or_else(|| string(line), |(_, raw)| (*raw).to_string())
        };
        let before = &list[..(first - self.source.start) as usize - 1];
        let after = TextRange::new(last, self.source.end).slice(json);
        let lines: Vec<String> = text.split_inclusive('\n').map(written).collect();
        format!("[{before}{}{after}", lines.join(&format!(",{before}")))
    }
}

fn string(text: &str) -> String {
    // A text can always be written as JSON.
    serde_json::to_string(text).unwrap_or_default()
}

/// How much of a JSON string, its first quote included, says so many bytes.
fn raw_length(string: &str, bytes: u32) -> u32 {
    let mut said = 0;
    let mut at = 1;
    while said < bytes && at + 1 < string.len() {
        let rest = &string[at..];
        let (raw, decoded) = match rest.as_bytes() {
            [b'\\', b'u', ..] => {
                let unit = |from: usize| {
                    rest.get(from..from + 4).and_then(|digits| u16::from_str_radix(digits, 16).ok())
                };
                match unit(2) {
                    Some(0xD800..=0xDBFF) => (12, 4),
                    Some(unit) => (6, char::from_u32(u32::from(unit)).map_or(3, char::len_utf8)),
                    None => (6, 1),
                }
            }
            [b'\\', ..] => (2, 1),
            _ => rest.chars().next().map_or((1, 1), |character| (character.len_utf8(), character.len_utf8())),
        };
        at += raw;
        said += decoded as u32;
    }
    at as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTEBOOK: &str = r##"{
 "cells": [
  {"cell_type": "markdown", "metadata": {}, "source": ["# %%\n", "x = ("]},
  {
   "cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [],
   "source": [
    "import os\n",
    "a = \"\u00e9\ud83d\ude00\""
   ]
  },
  {"cell_type": "code", "metadata": {"vscode": {"languageId": "shellscript"}}, "source": "ls"},
  {"cell_type": "code", "source": "b = 'é'\nc"},
  {"cell_type": "code"}
 ],
 "metadata": {"kernelspec": {"language": "python", "name": "x"}},
 "nbformat": 4
}
"##;

    fn notebook() -> Notebook {
        Notebook::read(NOTEBOOK.to_string()).unwrap()
    }

    fn replacing(notebook: &Notebook, from: &str, to: &str) -> Edit {
        let start = notebook.program().text().find(from).unwrap() as u32;
        Edit { range: TextRange::new(start, start + from.len() as u32), text: to.to_string() }
    }

    #[test]
    fn the_python_of_the_cells_is_the_program() {
        let notebook = notebook();
        assert_eq!(notebook.program().text(), "import os\na = \"é😀\"\n\nb = 'é'\nc\n\n\n\n");
        assert_eq!(notebook.cells(), 5);
    }

    #[test]
    fn places_are_told_by_cell_and_found_in_the_file() {
        let notebook = notebook();
        let text = notebook.program().text();
        for (what, place, in_file) in [
            ("os", (2, 0, "import "), "os\\n"),
            ("\"\n", (2, 1, "a = \"é😀"), "\\\"\"\n   ]"),
            ("c\n", (4, 1, ""), "c\"}"),
        ] {
            let offset = text.find(what).unwrap() as u32;
            assert_eq!(notebook.place(offset), Some(place));
            assert_eq!(notebook.in_file(offset) as usize, NOTEBOOK.find(in_file).unwrap(), "{what}");
        }
    }

    #[test]
    fn an_edit_changes_the_lines_it_means_and_no_other_byte() {
        let notebook = notebook();
        let edits = [replacing(&notebook, "os", "re\nimport sys"), replacing(&notebook, "'é'", "\"é\"")];
        let after = notebook.edited(&edits).unwrap();
        let expected = NOTEBOOK
            .replace("\"import os\\n\"", "\"import re\\n\",\n    \"import sys\\n\"")
            .replace("'é'", "\\\"é\\\"");
        assert_eq!(after.json(), expected);
        assert_eq!(notebook.edited(&[]).unwrap().json(), NOTEBOOK);
        let both = replacing(&notebook, "\"\n\nb", "");
        assert!(notebook.edited(&[both]).is_none());
    }

    #[test]
    fn what_is_no_notebook_in_python_says_why() {
        let error = |json: &str| Notebook::read(json.to_string()).unwrap_err().to_string();
        assert!(error("{\"cells\": [").starts_with("is no notebook: EOF"));
        assert_eq!(error("{}"), "is no notebook: it has no `cells`");
        assert!(error("{\"worksheets\": []}").contains("format 3"));
        assert_eq!(
            error("{\"cells\": [], \"metadata\": {\"language_info\": {\"name\": \"R\"}}}"),
            "is a notebook in R, not in Python"
        );
    }
}

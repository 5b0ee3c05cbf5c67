//! What the client thinks the text is: edits applied to a plain string by a second, slower implementation of the
//! protocol's positions.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Utf8,
    Utf16,
    Utf32,
}

impl Unit {
    pub(crate) const ALL: [Self; 3] = [Self::Utf8, Self::Utf16, Self::Utf32];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    fn width(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// The lines of a text, each with its start and the end of its characters, line end excluded.
fn lines(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let width = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\r' | b'\n' => 1,
            _ => 0,
        };
        if width > 0 {
            lines.push((start, at));
            start = at + width;
        }
        at += width.max(1);
    }
    lines.push((start, text.len()));
    lines
}

pub(crate) fn offset(text: &str, position: &Value, unit: Unit) -> usize {
    let line = position["line"].as_u64().unwrap() as usize;
    let column = position["character"].as_u64().unwrap() as usize;
    let Some(&(start, end)) = lines(text).get(line) else { return text.len() };
    let mut left = column;
    for (at, character) in text[start..end].char_indices() {
        let width = unit.width(character);
        if left < width {
            return start + at;
        }
        left -= width;
    }
    end
}

pub(crate) fn position(text: &str, offset: usize, unit: Unit) -> Value {
    let lines = lines(text);
    let line = lines.iter().rposition(|(start, _)| *start <= offset).unwrap();
    let column: usize = text[lines[line].0..offset].chars().map(|character| unit.width(character)).sum();
    json!({"line": line, "character": column})
}

/// One change of a document, as `didChange` says it.
pub(crate) fn change(text: &str, change: &Value, unit: Unit) -> String {
    let new = change["text"].as_str().unwrap();
    let Some(range) = change.get("range") else { return new.to_string() };
    let (start, end) = (offset(text, &range["start"], unit), offset(text, &range["end"], unit));
    let (start, end) = (start.min(end), start.max(end));
    format!("{}{new}{}", &text[..start], &text[end..])
}

/// The edits of a workspace edit, all of which speak of the text before any of them.
pub(crate) fn text_edits(text: &str, edits: &Value, unit: Unit) -> String {
    let mut places: Vec<(usize, usize, &str)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            let start = offset(text, &range["start"], unit);
            (start, offset(text, &range["end"], unit), edit["newText"].as_str().unwrap())
        })
        .collect();
    places.sort_by_key(|place| place.0);
    let mut result = text.to_string();
    for (start, end, new) in places.into_iter().rev() {
        result.replace_range(start..end, new);
    }
    result
}

/// A small generator of pseudo-random numbers; the same ones in every run.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

//! Between the protocol's lines and columns and the engine's byte offsets. Lines end at `\n`, `\r\n` and `\r` only;
//! columns count what the client and the server agreed on. Every position has an offset: beyond the end of a line it
//! is the line's end, beyond the last line the text's end, inside a character the character's start.

use fangless_engine::text::TextRange;
use ropey::Rope;
use tower_lsp::ls_types::{Position, PositionEncodingKind, Range};

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// The client's first choice among those it offers; UTF-16 where it says nothing.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let known = |kind: &PositionEncodingKind| match kind.as_str() {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            "utf-32" => Some(Self::Utf32),
            _ => None,
        };
        offered.unwrap_or_default().iter().find_map(known).unwrap_or_default()
    }

    pub(crate) const fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }
}

/// The byte offset of a position.
pub(crate) fn offset(rope: &Rope, position: Position, encoding: Encoding) -> usize {
    let line = position.line as usize;
    if line >= rope.len_lines() {
        return rope.len_bytes();
    }
    let column = position.character as usize;
    let start = rope.line_to_char(line);
    let end = line_end(rope, line);
    let char_index = match encoding {
        Encoding::Utf8 => {
            let byte = rope.char_to_byte(start).saturating_add(column);
            rope.byte_to_char(byte.min(rope.char_to_byte(end)))
        }
        Encoding::Utf16 => {
            let unit = rope.char_to_utf16_cu(start).saturating_add(column);
            rope.utf16_cu_to_char(unit.min(rope.char_to_utf16_cu(end)))
        }
        Encoding::Utf32 => start.saturating_add(column).min(end),
    };
    rope.char_to_byte(char_index)
}

/// The position of a byte offset; offsets beyond the text are its end.
pub(crate) fn position(rope: &Rope, offset: usize, encoding: Encoding) -> Position {
    let offset = offset.min(rope.len_bytes());
    let char_index = rope.byte_to_char(offset);
    let line = rope.char_to_line(char_index);
    let start = rope.line_to_char(line);
    let column = match encoding {
        Encoding::Utf8 => rope.char_to_byte(char_index) - rope.char_to_byte(start),
        Encoding::Utf16 => rope.char_to_utf16_cu(char_index) - rope.char_to_utf16_cu(start),
        Encoding::Utf32 => char_index - start,
    };
    Position::new(line as u32, column as u32)
}

/// The protocol's range of a byte range.
pub(crate) fn range(rope: &Rope, range: TextRange, encoding: Encoding) -> Range {
    Range::new(position(rope, range.start as usize, encoding), position(rope, range.end as usize, encoding))
}

/// The byte range of the protocol's range; a range that ends before it starts is turned around.
pub(crate) fn text_range(rope: &Rope, range: Range, encoding: Encoding) -> TextRange {
    let start = offset(rope, range.start, encoding) as u32;
    let end = offset(rope, range.end, encoding) as u32;
    TextRange::new(start.min(end), start.max(end))
}

/// The character index at which the text of a line ends, before its line end.
pub(crate) fn line_end(rope: &Rope, line: usize) -> usize {
    let start = rope.line_to_char(line);
    if line + 1 >= rope.len_lines() {
        return rope.len_chars();
    }
    let end = rope.line_to_char(line + 1) - 1;
    if end > start && rope.char(end) == '\n' && rope.char(end - 1) == '\r' { end - 1 } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a\u{1F600}b\r\n\u{e9}\rlast\u{c}\u{2028}x\n";
    const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    fn at(line: u32, character: u32, encoding: Encoding) -> usize {
        offset(&Rope::from_str(TEXT), Position::new(line, character), encoding)
    }

    #[test]
    fn columns_count_the_units_of_the_encoding() {
        assert_eq!(at(0, 5, Encoding::Utf8), 5);
        assert_eq!(at(0, 3, Encoding::Utf16), 5);
        assert_eq!(at(0, 2, Encoding::Utf32), 5);
    }

    #[test]
    fn only_three_line_ends_count() {
        for encoding in ENCODINGS {
            assert_eq!(at(1, 0, encoding), 8);
            assert_eq!(at(2, 0, encoding), 11);
            assert_eq!(at(3, 0, encoding), TEXT.len());
        }
    }

    #[test]
    fn positions_outside_are_cut_to_the_line_and_the_text() {
        for encoding in ENCODINGS {
            assert_eq!(at(0, 99, encoding), 6, "before the line end, not inside it");
            assert_eq!(at(1, u32::MAX, encoding), 10);
            assert_eq!(at(4, 0, encoding), TEXT.len());
            assert_eq!(at(u32::MAX, u32::MAX, encoding), TEXT.len());
        }
    }

    #[test]
    fn inside_a_character_is_its_start() {
        assert_eq!(at(0, 2, Encoding::Utf16), 1);
        for inside in 2..5 {
            assert_eq!(at(0, inside, Encoding::Utf8), 1);
        }
    }

    #[test]
    fn every_character_has_a_position_that_leads_back() {
        let rope = Rope::from_str(TEXT);
        for encoding in ENCODINGS {
            for (start, character) in TEXT.char_indices() {
                if character == '\n' && TEXT[..start].ends_with('\r') {
                    continue;
                }
                assert_eq!(offset(&rope, position(&rope, start, encoding), encoding), start);
            }
        }
    }

    #[test]
    fn the_clients_order_decides() {
        let offered =
            [PositionEncodingKind::from("utf-7"), PositionEncodingKind::UTF32, PositionEncodingKind::UTF8];
        assert_eq!(Encoding::negotiate(Some(&offered)), Encoding::Utf32);
        assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
    }
}

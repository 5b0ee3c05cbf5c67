//! The end of a finished f-string, whose replacement fields may hold strings with the same quotes (Python 3.12).
//! Gives up where braces or quotes do not fit; the caller then takes it for a plain string.

use super::lead;
use super::literal::is_format_prefix;

/// How far a field is followed before giving up. Bounds the cost of quotes that never fit.
const LIMIT_SINGLE: usize = 4 << 10;
const LIMIT_TRIPLE: usize = 16 << 10;
/// Nested f-strings deeper than this are not followed.
const LIMIT_DEPTH: u32 = 8;

struct Walk<'text> {
    bytes: &'text [u8],
    limit: usize,
    reached: usize,
}

/// One past the closing quote, if all fits; and how far it looked.
pub(super) fn end_of(bytes: &[u8], quote: usize, mark: u8, triple: bool) -> (Option<usize>, usize) {
    let limit = (quote + if triple { LIMIT_TRIPLE } else { LIMIT_SINGLE }).min(bytes.len());
    let mut walk = Walk { bytes, limit, reached: quote };
    let end = walk.literal(quote, mark, triple, true, 0);
    (end, walk.reached.max(end.unwrap_or(0)) + 3)
}

impl Walk<'_> {
    fn byte(&mut self, at: usize) -> Option<u8> {
        self.reached = self.reached.max(at);
        if at < self.limit { Some(self.bytes[at]) } else { None }
    }

    /// From the first quote of a literal to one past its last.
    fn literal(&mut self, quote: usize, mark: u8, triple: bool, format: bool, depth: u32) -> Option<usize> {
        let width = if triple { 3 } else { 1 };
        let mut at = quote + width;
        loop {
            match self.byte(at)? {
                byte if byte == mark && (!triple || self.bytes[at..].starts_with(&[mark; 3])) => {
                    return Some(at + width);
                }
                b'\\' => {
                    at = match self.byte(at + 1)? {
                        b'{' if format => at + 1,
                        b'\n' | b'\r' => lead::next_line(self.bytes, at + 1),
                        _ => at + 2,
                    };
                }
                b'{' if format => {
                    at = if self.byte(at + 1)? == b'{' { at + 2 } else { self.field(at + 1, triple, depth)? };
                }
                b'\n' | b'\r' if !triple => return None,
                _ => at += 1,
            }
        }
    }

    /// From behind the opening brace of a field to one past its closing brace.
    fn field(&mut self, start: usize, lines: bool, depth: u32) -> Option<usize> {
        if depth >= LIMIT_DEPTH {
            return None;
        }
        let mut brackets = 0_u32;
        let mut at = start;
        loop {
            let byte = self.byte(at)?;
            match byte {
                b'"' | b'\'' => {
                    let triple = self.bytes[at..].starts_with(&[byte; 3]);
                    let word = self.bytes[start..at]
                        .iter()
                        .rposition(|byte| !lead::is_word(*byte))
                        .map_or(start, |before| start + before + 1);
                    let prefix = &self.bytes[word..at];
                    let format = prefix.len() <= 2 && is_format_prefix(prefix);
                    at = self.literal(at, byte, triple, format, depth + 1)?;
                }
                b'(' | b'[' | b'{' => {
                    brackets += 1;
                    at += 1;
                }
                b'}' if brackets == 0 => return Some(at + 1),
                b')' | b']' | b'}' => {
                    brackets = brackets.checked_sub(1)?;
                    at += 1;
                }
                b':' if brackets == 0 => return self.specification(at + 1, lines, depth),
                b'\n' | b'\r' if !lines => {
                    // Since Python 3.12 a field may go on, but no statement can begin in it.
                    at = lead::next_line(self.bytes, at);
                    let (statement, examined) =
                        lead::must_be_statement(self.bytes, &lead::lead(self.bytes, at));
                    self.reached = self.reached.max(examined);
                    if statement {
                        return None;
                    }
                }
                _ => at += 1,
            }
        }
    }

    /// From behind the colon of a field to one past its closing brace.
    fn specification(&mut self, start: usize, lines: bool, depth: u32) -> Option<usize> {
        let mut at = start;
        loop {
            match self.byte(at)? {
                b'{' => at = self.field(at + 1, lines, depth + 1)?,
                b'}' => return Some(at + 1),
                b'\n' | b'\r' if !lines => return None,
                _ => at += 1,
            }
        }
    }
}

//! Where a string literal ends, also where its end is missing.
//!
//! A string of one quote ends with its line. For a string of three quotes the next same three quotes are trusted,
//! unless something near says that they open another string. All that is asked is asked of the text between and
//! around the two, so that the answer does not depend on how often quotes occur elsewhere in the file.

use super::TextRange;
use super::format_string;
use super::lead::{self, Token};
use super::scan::UnclosedKind;

pub(super) struct Literal {
    pub(super) end: usize,
    pub(super) unclosed: Option<UnclosedKind>,
    /// One past the furthest byte looked at.
    pub(super) examined: usize,
}

/// Whether a word before a quote is a prefix of the string.
pub(super) fn is_prefix(word: &[u8]) -> bool {
    word.len() <= 2
        && word.iter().all(|byte| matches!(byte.to_ascii_lowercase(), b'r' | b'b' | b'f' | b'u' | b't'))
}

pub(super) fn is_format_prefix(prefix: &[u8]) -> bool {
    prefix.iter().any(|byte| matches!(byte.to_ascii_lowercase(), b'f' | b't'))
}

/// The comments of a text that begins outside of all strings, or within one that ends in it. A quote without its partner
/// is passed over: it is taken for the end of what began before the text.
pub(crate) fn comments(text: &str) -> Vec<TextRange> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'#' => {
                let end = lead::line_end(bytes, at);
                found.push(TextRange::new(at as u32, end as u32));
                at = end;
            }
            b'"' | b'\'' => {
                let word = bytes[..at].iter().rev().take_while(|byte| lead::is_word(**byte)).count();
                let prefix = Some(&bytes[at - word..at]).filter(|word| is_prefix(word)).unwrap_or_default();
                let literal = end_of(bytes, at, prefix);
                let width = if bytes[at..].starts_with(&[byte; 3]) { 3 } else { 1 };
                at = if literal.unclosed.is_some() { at + width } else { literal.end };
            }
            _ => at += 1,
        }
    }
    found
}

/// The end of the literal whose first quote is at `quote`.
pub(super) fn end_of(bytes: &[u8], quote: usize, prefix: &[u8]) -> Literal {
    let mark = bytes[quote];
    let triple = bytes[quote..].starts_with(&[mark; 3]);
    let mut examined = quote + 3;
    if is_format_prefix(prefix) {
        let (end, reached) = format_string::end_of(bytes, quote, mark, triple);
        examined = examined.max(reached);
        if let Some(end) = end {
            if !triple {
                return Literal { end, unclosed: None, examined };
            }
            let (closer, reached) = is_closer(bytes, quote, end - 3);
            examined = examined.max(reached);
            if closer {
                return Literal { end, unclosed: None, examined };
            }
        }
    }
    let mut literal = if triple { triple_end(bytes, quote, mark) } else { single_end(bytes, quote, mark) };
    literal.examined = literal.examined.max(examined).min(bytes.len() + 1);
    literal
}

fn single_end(bytes: &[u8], quote: usize, mark: u8) -> Literal {
    let mut at = quote + 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => {
                let escaped = at + 1;
                at = if matches!(bytes.get(escaped), Some(b'\n' | b'\r')) {
                    lead::next_line(bytes, escaped)
                } else {
                    (at + 2).min(bytes.len())
                };
            }
            Some(byte) if *byte == mark => return Literal { end: at + 1, unclosed: None, examined: at + 1 },
            None | Some(b'\n' | b'\r') => {
                let kind = UnclosedKind::Quote(char::from(mark));
                return Literal { end: at, unclosed: Some(kind), examined: at + 1 };
            }
            Some(_) => at += 1,
        }
    }
}

fn triple_end(bytes: &[u8], quote: usize, mark: u8) -> Literal {
    let mut at = quote + 3;
    let mut examined = bytes.len() + 1;
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == mark && bytes[at..].starts_with(&[mark; 3]) {
            let (closer, reached) = is_closer(bytes, quote, at);
            if closer {
                return Literal { end: at + 3, unclosed: None, examined: reached };
            }
            examined = reached;
            break;
        } else {
            at += 1;
        }
    }
    let kind = UnclosedKind::TripleQuote(char::from(mark));
    Literal { end: lead::line_end(bytes, quote + 3), unclosed: Some(kind), examined }
}

/// Whether the quotes at `closer` can end the string that begins at `opener`; and how far that looked.
fn is_closer(bytes: &[u8], opener: usize, closer: usize) -> (bool, usize) {
    let (follows, examined) = code_may_follow(bytes, closer + 3);
    (follows && !opens_in_new_code(bytes, opener, closer), examined)
}

/// Whether what stands at `at` can follow a string in code.
fn code_may_follow(bytes: &[u8], at: usize) -> (bool, usize) {
    let mut start = at;
    while matches!(bytes.get(start), Some(b' ' | b'\t')) {
        start += 1;
    }
    let Some(&byte) = bytes.get(start) else { return (true, bytes.len() + 1) };
    let next = bytes.get(start + 1).copied();
    let follows = match byte {
        _ if lead::is_word(byte) => {
            let end = lead::word_end(bytes, start);
            let word = &bytes[start..end];
            let quoted = matches!(bytes.get(end), Some(b'"' | b'\''));
            let follows = matches!(
                word,
                b"if"
                    | b"else"
                    | b"in"
                    | b"is"
                    | b"not"
                    | b"and"
                    | b"or"
                    | b"for"
                    | b"as"
                    | b"from"
                    | b"async"
            ) || (quoted && is_prefix(word));
            return (follows, end + 1);
        }
        b'$' | b'?' | b'`' | b'{' | b'~' | b'/' => false,
        b'!' => next == Some(b'=') || next.is_some_and(|byte| byte.is_ascii_alphabetic()),
        b'\\' => matches!(next, None | Some(b'\n' | b'\r')),
        b'<' => !next.is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'!' | b'/' | b'?')),
        b'=' => next != Some(b'=') || bytes.get(start + 2) != Some(&b'='),
        _ => true,
    };
    (follows, start + 3)
}

/// Whether the text between the two quotes reads as code that ends with the opening of another string: a
/// definition begins in it, at or left of the opener's line, and what precedes `closer` wants a string.
fn opens_in_new_code(bytes: &[u8], opener: usize, closer: usize) -> bool {
    // Not farther back than the opener: many strings may share one long line.
    let Some(end) = bytes[opener..closer].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) else {
        return false;
    };
    let line = opener + end + 1;
    let mut before = closer;
    while before > line && closer - before < 2 && bytes[before - 1].is_ascii_alphabetic() {
        before -= 1;
    }
    if !is_prefix(&bytes[before..closer]) {
        before = closer;
    }
    let code = bytes[line..before].trim_ascii();
    if code.is_empty() {
        // Where a docstring stands: deeper than the header line before it.
        let above = bytes[opener..line].trim_ascii_end();
        if above.last() != Some(&b':') {
            return false;
        }
        let header = lead::lead(bytes, line_start(bytes, opener + above.len()));
        let indent = lead::lead(bytes, line).indent;
        if indent <= header.indent || header.code_start < opener {
            return false;
        }
        if matches!(header.token, Token::Def | Token::Class) {
            return true;
        }
    } else if !wants_string(code) && !is_quoted(bytes, code, closer) {
        return false;
    }
    let indent = lead::lead(bytes, line_start(bytes, opener)).indent;
    let mut start = lead::line_end(bytes, opener + 3);
    while start < closer {
        start = lead::next_line(bytes, start);
        let lead = lead::lead(bytes, start);
        if lead.indent <= indent && lead.token.is_definition() && lead.code_start < closer {
            return true;
        }
        start = lead::line_end(bytes, start);
    }
    false
}

/// Whether the quotes at `closer` are only spoken of: in a comment, or in a string of other quotes.
fn is_quoted(bytes: &[u8], code: &[u8], closer: usize) -> bool {
    code.first() == Some(&b'#') || matches!(bytes.get(closer + 3), Some(b'"' | b'\''))
}

fn wants_string(code: &[u8]) -> bool {
    let start = code.iter().rposition(|byte| !lead::is_word(*byte)).map_or(0, |at| at + 1);
    matches!(code.last(), Some(b'=' | b'(' | b',' | b'[' | b'{' | b'+' | b'%' | b':'))
        || matches!(&code[start..], b"return" | b"yield" | b"in" | b"not" | b"and" | b"or" | b"print")
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |end| end + 1)
}

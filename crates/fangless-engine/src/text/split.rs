//! Cutting a file into chunks at its top level. A pure function of the text, linear, and local: what a chunk is never
//! depends on how the text came about, nor on more of it than the scanner had to look at.

use super::TextRange;

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// A run of statements, up to the next blank line or definition.
    Statements,
    Function,
    /// The header of a class and its body up to its first method.
    Class,
    /// A method of the class before it, or statements that follow one.
    Member,
}

/// What the scanner had to close by force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unclosed {
    /// Relative to the chunk.
    pub offset: u32,
    pub kind: UnclosedKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnclosedKind {
    Bracket(u8),
    Quote,
    TripleQuote,
}

/// One chunk of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkSpan {
    pub range: TextRange,
    pub kind: ChunkKind,
    pub unclosed: Vec<Unclosed>,
    /// How far from the chunk's start the scanner looked to decide about it.
    pub lookahead: u32,
}

/// Words that begin a statement and can stand in no expression: they end every bracket that is still open.
const STATEMENT_WORDS: [&str; 17] = [
    "def", "class", "import", "return", "while", "with", "try", "except", "finally", "raise", "del", "pass",
    "break", "continue", "global", "nonlocal", "assert",
];

/// Words that go on with the statement before them.
const CONTINUATIONS: [&str; 4] = ["else", "elif", "except", "finally"];

/// Cuts a text into chunks that cover it without gaps.
pub fn split(text: &str) -> Vec<ChunkSpan> {
    split_from(text, 0, |_| false)
}

/// Cuts from an offset that begins a chunk (one that is no member), until `stop` accepts such a beginning.
pub(super) fn split_from(text: &str, from: u32, stop: impl Fn(u32) -> bool) -> Vec<ChunkSpan> {
    let mut splitter = Splitter {
        bytes: text.as_bytes(),
        chunks: Vec::new(),
        start: from as usize,
        kind: None,
        body_indent: None,
        blank: false,
        decorated: false,
        unclosed: Vec::new(),
        seen: from as usize,
    };
    let mut at = from as usize;
    while at < splitter.bytes.len() {
        if at > from as usize && splitter.starts_chunk(at) == Some(true) && stop(at as u32) {
            splitter.finish(at);
            return splitter.chunks;
        }
        at = splitter.logical_line(at);
    }
    splitter.finish(at);
    splitter.chunks
}

struct Splitter<'a> {
    bytes: &'a [u8],
    chunks: Vec<ChunkSpan>,
    start: usize,
    /// `None` until the chunk has a statement.
    kind: Option<ChunkKind>,
    /// Indentation of the body of the class under way.
    body_indent: Option<usize>,
    /// A blank line came after the last statement.
    blank: bool,
    /// A decorator waits for its definition.
    decorated: bool,
    unclosed: Vec<Unclosed>,
    seen: usize,
}

impl Splitter<'_> {
    fn finish(&mut self, at: usize) {
        if at > self.start || self.chunks.is_empty() {
            self.chunks.push(ChunkSpan {
                range: TextRange::new(self.start as u32, at as u32),
                kind: self.kind.unwrap_or(ChunkKind::Statements),
                unclosed: std::mem::take(&mut self.unclosed),
                lookahead: (self.seen.max(at) - self.start) as u32,
            });
        }
        self.start = at;
    }

    /// Whether a line at column 0 begins a chunk that is no member; `None` when it is not at column 0.
    fn starts_chunk(&self, at: usize) -> Option<bool> {
        let word = word_at(self.bytes, at);
        let first = *self.bytes.get(at)?;
        if matches!(first, b' ' | b'\t' | b'\n' | b'\r' | b'#' | 0x0c) {
            return None;
        }
        if CONTINUATIONS.contains(&word) || matches!(first, b')' | b']' | b'}') || self.decorated {
            return Some(false);
        }
        Some(match self.kind {
            None => false,
            Some(ChunkKind::Statements) => self.blank || is_definition(self.bytes, at),
            Some(_) => true,
        })
    }

    /// Handles the logical line that begins at `at`; returns where the next one begins.
    fn logical_line(&mut self, at: usize) -> usize {
        let indent = indentation(self.bytes, at);
        let content = at + indent;
        match self.bytes.get(content) {
            None => return content,
            Some(b'\n' | b'\r') => {
                self.blank = true;
                return line_end(self.bytes, content);
            }
            Some(b'#') => return line_end(self.bytes, content),
            Some(_) => {}
        }
        if indent == 0 {
            if self.starts_chunk(at) == Some(true) {
                self.finish(at);
                self.kind = None;
            }
            if self.kind.is_none() || self.decorated {
                self.body_indent = None;
                self.kind = Some(match self.definition_word(at) {
                    "class" => ChunkKind::Class,
                    "def" | "async" => ChunkKind::Function,
                    _ if self.bytes[at] == b'@' => ChunkKind::Function,
                    _ => ChunkKind::Statements,
                });
            }
            self.decorated = self.bytes[at] == b'@';
        } else if matches!(self.kind, Some(ChunkKind::Class | ChunkKind::Member)) {
            self.member_line(at, indent);
        }
        self.blank = false;
        self.scan(content)
    }

    fn definition_word(&self, at: usize) -> &str {
        if is_definition(self.bytes, at) { word_at(self.bytes, at) } else { "" }
    }

    fn member_line(&mut self, at: usize, indent: usize) {
        let body = *self.body_indent.get_or_insert(indent);
        if indent != body {
            return;
        }
        if self.decorated {
            self.decorated = self.bytes[at + indent] == b'@';
            return;
        }
        let definition = is_definition(self.bytes, at + indent);
        let in_method = self.kind == Some(ChunkKind::Member)
            && is_definition(self.bytes, self.start + indentation(self.bytes, self.start));
        if definition || in_method && !CONTINUATIONS.contains(&word_at(self.bytes, at + indent)) {
            self.finish(at);
            self.kind = Some(ChunkKind::Member);
            self.decorated = self.bytes[at + indent] == b'@';
        }
    }

    /// Scans a logical line: to the line end outside of strings and brackets.
    fn scan(&mut self, mut at: usize) -> usize {
        let mut brackets: Vec<(usize, u8)> = Vec::new();
        let line_start = at;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            match byte {
                b'#' => {
                    at = line_end(self.bytes, at)
                        - usize::from(ends_line(self.bytes, line_end(self.bytes, at)));
                }
                b'\'' | b'"' => {
                    at = self.string(at, line_start);
                    continue;
                }
                b'(' | b'[' | b'{' => brackets.push((at, byte)),
                b')' | b']' | b'}' => {
                    brackets.pop();
                }
                b'\\' if matches!(self.bytes.get(at + 1), Some(b'\n' | b'\r')) => {
                    let next = line_end(self.bytes, at + 1);
                    if begins_statement(self.bytes, next) {
                        return next;
                    }
                    at = next;
                    continue;
                }
                b'\n' | b'\r' => {
                    let next = line_end(self.bytes, at);
                    if brackets.is_empty() {
                        return next;
                    }
                    if begins_statement(self.bytes, next) {
                        self.force(&brackets);
                        return next;
                    }
                    at = next;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        self.force(&brackets);
        self.bytes.len()
    }

    fn force(&mut self, brackets: &[(usize, u8)]) {
        for (at, bracket) in brackets {
            let offset = (at - self.start) as u32;
            self.unclosed.push(Unclosed { offset, kind: UnclosedKind::Bracket(*bracket) });
        }
    }

    /// Skips a string; returns the offset after it.
    fn string(&mut self, at: usize, line_start: usize) -> usize {
        let quote = self.bytes[at];
        let prefix = self.bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).take(3);
        let prefix: Vec<u8> = prefix.map(u8::to_ascii_lowercase).collect();
        let formatted = prefix.contains(&b'f') || prefix.contains(&b't');
        if self.bytes.get(at + 1) == Some(&quote) && self.bytes.get(at + 2) == Some(&quote) {
            return self.triple(at, quote, line_start);
        }
        let mut end = at + 1;
        let mut depth = 0_u32;
        while end < self.bytes.len() {
            match self.bytes[end] {
                b'\\' => {
                    // A backslash before `\r\n` takes both.
                    end += if self.bytes.get(end + 1) == Some(&b'\r')
                        && self.bytes.get(end + 2) == Some(&b'\n')
                    {
                        3
                    } else {
                        2
                    };
                    continue;
                }
                b'\n' | b'\r' => break,
                // Since 3.12 a replacement field may hold the quote itself.
                b'{' if formatted && self.bytes.get(end + 1) == Some(&b'{') => end += 1,
                b'{' if formatted => depth += 1,
                b'}' if formatted => depth = depth.saturating_sub(1),
                byte if byte == quote && (depth == 0 || !closes_later(self.bytes, end, quote)) => {
                    return end + 1;
                }
                _ => {}
            }
            end += 1;
        }
        self.unclosed.push(Unclosed { offset: (at - self.start) as u32, kind: UnclosedKind::Quote });
        end.min(self.bytes.len())
    }

    fn triple(&mut self, at: usize, quote: u8, line_start: usize) -> usize {
        let mut end = at + 3;
        let mut closer = None;
        while end < self.bytes.len() {
            if self.bytes[end] == b'\\' {
                end += 2;
                continue;
            }
            if self.bytes[end] == quote
                && self.bytes.get(end + 1) == Some(&quote)
                && self.bytes.get(end + 2) == Some(&quote)
            {
                closer = Some(end);
                break;
            }
            end += 1;
        }
        self.seen = self.seen.max((end + 4).min(self.bytes.len()));
        let trusted = closer.is_some_and(|closer| self.is_closer(at, closer, line_start));
        match closer {
            Some(closer) if trusted => closer + 3,
            _ => {
                self.unclosed
                    .push(Unclosed { offset: (at - self.start) as u32, kind: UnclosedKind::TripleQuote });
                let mut end = at + 3;
                while end < self.bytes.len() && !matches!(self.bytes[end], b'\n' | b'\r') {
                    end += 1;
                }
                end
            }
        }
    }

    /// Whether the delimiter at `closer` ends the string that begins at `opener`, or rather begins another one
    /// because the opener was never finished. Judged by what stands beside it.
    fn is_closer(&self, opener: usize, closer: usize, line_start: usize) -> bool {
        // After a string no name can follow directly, and a docstring begins just so.
        if self
            .bytes
            .get(closer + 3)
            .is_some_and(|byte| byte.is_ascii_alphabetic() && !follows_string(self.bytes, closer + 3))
        {
            return false;
        }
        let column = |at: usize| {
            let start = self.bytes[..at]
                .iter()
                .rposition(|byte| matches!(byte, b'\n' | b'\r'))
                .map_or(0, |found| found + 1);
            (start, indentation(self.bytes, start))
        };
        let (_, indent) = column(line_start);
        let mut line = line_end(self.bytes, opener);
        let mut swallows = false;
        while line < closer {
            let inner = indentation(self.bytes, line);
            swallows |= inner <= indent
                && is_definition(self.bytes, line + inner)
                && defines_by_shape(self.bytes, line + inner);
            line = line_end(self.bytes, line);
        }
        if !swallows {
            return true;
        }
        let (start, inner) = column(closer);
        let before = &self.bytes[start + inner..closer];
        let only_prefix = before.iter().all(u8::is_ascii_alphabetic) && before.len() <= 2;
        if only_prefix && inner > 0 {
            let previous = self.bytes[..start].iter().rev().find(|byte| !byte.is_ascii_whitespace());
            return previous != Some(&b':');
        }
        let trimmed = before.trim_ascii_end();
        !(trimmed.ends_with(b"=") || trimmed.ends_with(b"(") || trimmed.ends_with(b"return"))
    }
}

/// Whether the quote at `at`, inside a replacement field, has a partner before the field's end on its line.
fn closes_later(bytes: &[u8], at: usize, quote: u8) -> bool {
    let rest = &bytes[at + 1..];
    let line = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
    let rest = &rest[..line];
    match rest.iter().position(|byte| *byte == quote) {
        Some(next) => rest[next..].contains(&b'}'),
        None => false,
    }
}

/// Keywords that may follow a string without a space.
fn follows_string(bytes: &[u8], at: usize) -> bool {
    matches!(word_at(bytes, at), "if" | "else" | "in" | "is" | "and" | "or" | "not" | "for")
}

fn indentation(bytes: &[u8], at: usize) -> usize {
    bytes[at.min(bytes.len())..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | 0x0c)).count()
}

/// The offset after the line end at or behind `at`.
fn line_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => return at + 2,
            b'\n' | b'\r' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn ends_line(bytes: &[u8], at: usize) -> bool {
    at > 0 && matches!(bytes[at - 1], b'\n' | b'\r')
}

fn word_at(bytes: &[u8], at: usize) -> &str {
    let rest = &bytes[at.min(bytes.len())..];
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80)
        .count();
    std::str::from_utf8(&rest[..length]).unwrap_or("")
}

/// `def`, `class`, `async def` or a decorator.
fn is_definition(bytes: &[u8], at: usize) -> bool {
    match word_at(bytes, at) {
        "def" | "class" => true,
        "async" => word_at(bytes, at + 5 + indentation(bytes, at + 5)) == "def",
        "" => {
            bytes.get(at) == Some(&b'@')
                && bytes.get(at + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        }
        _ => false,
    }
}

/// A definition that looks like code rather than like prose that begins with the word "class".
fn defines_by_shape(bytes: &[u8], at: usize) -> bool {
    let end = line_end(bytes, at);
    let line = bytes[at..end].trim_ascii_end();
    line.first() == Some(&b'@') || line.ends_with(b":") || line.contains(&b'(')
}

/// Whether the line begins with a word that no expression can contain.
fn begins_statement(bytes: &[u8], at: usize) -> bool {
    let at = at + indentation(bytes, at);
    is_definition(bytes, at) || STATEMENT_WORDS.contains(&word_at(bytes, at))
}

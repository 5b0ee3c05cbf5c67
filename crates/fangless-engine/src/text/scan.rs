//! The light scanner: logical lines, told apart without a parser, also where the text is half typed. Knows comments,
//! strings, brackets and continuation lines; knows no grammar. What it decides depends on nothing before the line
//! it starts at, and `examined` says how far beyond it looked.

use super::lead::{self, Lead, Token};
use super::literal::{self, Literal};
use super::unfinished;

/// Something that was opened and not finished. Offsets count from the start of the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unclosed {
    pub kind: UnclosedKind,
    /// Where it was opened.
    pub offset: u32,
    /// Where its missing rest belongs: the end of the code of its line.
    pub complete_at: u32,
}

/// What is missing its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnclosedKind {
    /// `(`, `[` or `{`.
    Bracket(char),
    /// A string that should have ended on its line; `offset` names its quote, behind any prefix.
    Quote(char),
    /// A string opened by three quotes.
    TripleQuote(char),
    /// The line ends where something must follow: `x.`, `x =`, `for k in`, `from os`.
    Operand,
    /// `if x`, `def f()`: the colon is missing.
    Colon,
}

impl Unclosed {
    fn moved_back(self, by: u32) -> Self {
        Self { offset: self.offset - by, complete_at: self.complete_at - by, ..self }
    }
}

/// How many brackets a closer of another kind may leave open. Bounds the search for its partner.
const MAX_MISMATCHED: usize = 64;

struct OpenBracket {
    kind: u8,
    offset: usize,
    complete_at: Option<usize>,
}

/// A cursor that goes from logical line to logical line.
pub(super) struct Scanner<'text> {
    bytes: &'text [u8],
    text: &'text str,
    at: usize,
    /// One past the furthest byte looked at; one past the text's length where its end mattered.
    examined: usize,
    unclosed: Vec<Unclosed>,
    brackets: Vec<OpenBracket>,
}

impl<'text> Scanner<'text> {
    pub(super) fn new(text: &'text str, at: usize) -> Self {
        Self { bytes: text.as_bytes(), text, at, examined: at, unclosed: Vec::new(), brackets: Vec::new() }
    }

    /// The start of the line to come.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What the line to come begins with.
    pub(super) fn lead(&mut self) -> Lead {
        let lead = lead::lead(self.bytes, self.at);
        self.examined = self.examined.max(lead.examined);
        lead
    }

    /// How far it looked since the last call, and what it met that was not finished, counted from `start`.
    pub(super) fn take(&mut self, start: usize) -> (usize, Vec<Unclosed>) {
        let unclosed = std::mem::take(&mut self.unclosed);
        let examined = std::mem::replace(&mut self.examined, self.at);
        (examined, unclosed.into_iter().map(|item| item.moved_back(start as u32)).collect())
    }

    /// Goes to the end of the text.
    pub(super) fn finish(&mut self) {
        self.at = self.bytes.len();
        self.examined = self.at + 1;
    }

    fn record(&mut self, kind: UnclosedKind, offset: usize, complete_at: usize) {
        self.unclosed.push(Unclosed { kind, offset: offset as u32, complete_at: complete_at as u32 });
    }

    /// Goes to the end of a logical line that begins with `lead`.
    pub(super) fn consume(&mut self, lead: &Lead) {
        self.at = lead.code_start;
        if lead.token.is_empty_line() {
            self.at = lead::next_line(self.bytes, lead::line_end(self.bytes, self.at));
            self.examined = self.examined.max(self.at + 1);
            return;
        }
        let header = lead.token.is_header();
        let mut colon = false;
        let mut imports = false;
        // A backslash says that the line goes on, and it does not.
        let mut continued = false;
        // How many conditional expressions lack their `else`.
        let mut conditions = 0_i32;
        // The end of the last token, and where the header's colon would have to be.
        let mut code_end = self.at;
        let mut colon_at = None;
        loop {
            let Some(&byte) = self.bytes.get(self.at) else {
                self.examined = self.bytes.len() + 1;
                colon_at = self.close_all(code_end);
                break;
            };
            match byte {
                b'\n' | b'\r' => {
                    self.at = lead::next_line(self.bytes, self.at);
                    if self.brackets.is_empty() {
                        break;
                    }
                    for open in self.brackets.iter_mut().rev() {
                        if open.complete_at.is_some() {
                            break;
                        }
                        open.complete_at = Some(code_end);
                    }
                    if self.statement_follows(false, lead.indent) {
                        colon_at = self.close_all(code_end);
                        break;
                    }
                }
                b' ' | b'\t' | 0x0c => self.at += 1,
                b'#' => self.at = lead::line_end(self.bytes, self.at),
                b'\\' => {
                    let (backslash, next) = (self.at, self.at + 1);
                    code_end = next;
                    if matches!(self.bytes.get(next), Some(b'\n' | b'\r')) {
                        self.at = lead::next_line(self.bytes, next);
                        code_end = backslash;
                        if self.statement_follows(self.brackets.is_empty(), lead.indent) {
                            self.record(UnclosedKind::Operand, backslash, backslash);
                            continued = true;
                            colon_at = self.close_all(code_end);
                            break;
                        }
                    } else {
                        self.at = (next + 1).min(self.bytes.len());
                    }
                }
                b'"' | b'\'' => {
                    self.string(self.at, b"");
                    code_end = self.at;
                }
                b'(' | b'[' | b'{' => {
                    self.brackets.push(OpenBracket { kind: byte, offset: self.at, complete_at: None });
                    self.at += 1;
                    code_end = self.at;
                }
                b')' | b']' | b'}' => {
                    self.close(byte);
                    self.at += 1;
                    code_end = self.at;
                }
                b':' => {
                    self.at += 1;
                    code_end = self.at;
                    colon |= self.brackets.is_empty() && self.bytes.get(self.at) != Some(&b'=');
                }
                _ if lead::is_word(byte) => {
                    let start = self.at;
                    self.at = lead::word_end(self.bytes, start);
                    if matches!(self.bytes.get(self.at), Some(b'"' | b'\''))
                        && literal::is_prefix(&self.bytes[start..self.at])
                    {
                        self.string(self.at, &self.bytes[start..self.at]);
                    }
                    match &self.bytes[start..self.at] {
                        b"import" => imports = true,
                        b"if" if start > lead.code_start && self.brackets.is_empty() => conditions += 1,
                        b"else" if start > lead.code_start && self.brackets.is_empty() => conditions -= 1,
                        _ => {}
                    }
                    code_end = self.at;
                }
                _ => {
                    self.at += 1;
                    code_end = self.at;
                }
            }
        }
        self.examined = self.examined.max(self.at);
        let end = colon_at.unwrap_or(code_end);
        let wants_operand = match lead.token {
            Token::From if !imports => true,
            Token::Match { .. } if colon => false,
            _ if conditions > 0 => true,
            // An annotation; the colon of a header ends its line rightly.
            Token::Other if self.bytes[lead.code_start..code_end].last() == Some(&b':') => true,
            _ => unfinished::needs_operand(&self.text[lead.code_start..code_end]),
        };
        if colon_at.is_none() && !continued && wants_operand {
            self.record(UnclosedKind::Operand, code_end, code_end);
        }
        if header && !colon {
            self.record(UnclosedKind::Colon, lead.code_start, end);
        }
    }

    fn string(&mut self, quote: usize, prefix: &[u8]) {
        let Literal { end, unclosed, examined } = literal::end_of(self.bytes, quote, prefix);
        self.examined = self.examined.max(examined);
        self.at = end;
        if let Some(kind) = unclosed {
            self.record(kind, quote, end);
        }
    }

    fn close(&mut self, byte: u8) {
        let opener = match byte {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        // A closer that fits nothing near is left to the parser.
        if !self.brackets.iter().rev().take(MAX_MISMATCHED).any(|open| open.kind == opener) {
            return;
        }
        while let Some(open) = self.brackets.pop() {
            if open.kind == opener {
                return;
            }
            let complete_at = open.complete_at.unwrap_or(self.at);
            self.record(UnclosedKind::Bracket(char::from(open.kind)), open.offset, complete_at);
        }
    }

    /// Gives up on all open brackets. The place where the outermost should have been closed, if there was any.
    fn close_all(&mut self, code_end: usize) -> Option<usize> {
        let mut outermost = None;
        while let Some(open) = self.brackets.pop() {
            let complete_at = open.complete_at.unwrap_or(code_end);
            self.record(UnclosedKind::Bracket(char::from(open.kind)), open.offset, complete_at);
            outermost = Some(complete_at);
        }
        outermost
    }

    /// Whether the line to come can only be a new statement, whatever is still open.
    fn statement_follows(&mut self, continued: bool, indent: u32) -> bool {
        let lead = self.lead();
        if continued && lead.token == Token::Import {
            // `from x \` and then `import y`.
            return false;
        }
        if lead.token == Token::Decorator && lead.indent > indent {
            // The product of two matrices, gone on with.
            return false;
        }
        let (follows, examined) = lead::must_be_statement(self.bytes, &lead);
        self.examined = self.examined.max(examined);
        follows
    }
}

//! The split of a file into chunks: a pure function of its text, and of nothing but the text from a chunk's start on.

use super::TextRange;
use super::lead::Token;
use super::scan::{Scanner, Unclosed};

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// A run of statements at the top level.
    Statements,
    /// A function at the top level, its decorators included.
    Function,
    /// The header of a class at the top level, its decorators included, and its body up to its first definition.
    Class,
    /// A definition in the body of the class before it, or a run of statements behind one. Its text is indented.
    Member,
}

/// One chunk of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkSpan {
    pub range: TextRange,
    pub kind: ChunkKind,
    /// What is not finished in it, by the order in which the scanner gave up on it.
    pub unclosed: Vec<Unclosed>,
    /// How many bytes from its start on the decision about it (its end, its kind, what is unclosed) looked at. May
    /// be more than its length, and one more than the rest of the text, where the end of the text mattered.
    pub lookahead: u32,
}

/// Cuts a file into chunks that cover it without gaps, in order. An empty file has none.
pub fn split(text: &str) -> Vec<ChunkSpan> {
    Splitter::new(text, 0, Place::Top).collect()
}

/// Where a chunk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    /// In the body of a class.
    Member,
}

impl Place {
    pub(super) fn of(kind: ChunkKind) -> Self {
        if kind == ChunkKind::Member { Self::Member } else { Self::Top }
    }
}

/// Cuts from a chunk's start on.
pub(super) struct Splitter<'text> {
    scanner: Scanner<'text>,
    place: Place,
}

impl<'text> Splitter<'text> {
    /// `start` must be the start of a chunk, or a text's.
    pub(super) fn new(text: &'text str, start: usize, place: Place) -> Self {
        Self { scanner: Scanner::new(text, start), place }
    }

    /// Where the next chunk begins.
    pub(super) fn next_start(&self) -> (usize, Place) {
        (self.scanner.at(), self.place)
    }
}

impl Iterator for Splitter<'_> {
    type Item = ChunkSpan;

    fn next(&mut self) -> Option<ChunkSpan> {
        let start = self.scanner.at();
        let mut state = State::new(self.place);
        self.place = loop {
            let lead = self.scanner.lead();
            match lead.token {
                Token::End => {
                    // Blanks behind the last line end.
                    self.scanner.finish();
                    break Place::Top;
                }
                Token::Blank => state.blank = true,
                Token::Comment => {}
                token => {
                    if let Some(place) = state.boundary(token, lead.indent) {
                        break place;
                    }
                    state.enter(token, lead.indent);
                }
            }
            self.scanner.consume(&lead);
        };
        let end = self.scanner.at();
        if end == start {
            return None;
        }
        let (examined, unclosed) = self.scanner.take(start);
        Some(ChunkSpan {
            range: TextRange::new(start as u32, end as u32),
            kind: state.kind,
            unclosed,
            lookahead: (examined - start) as u32,
        })
    }
}

/// What the lines of a chunk so far say about the next.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, on its own")]
struct State {
    place: Place,
    kind: ChunkKind,
    /// A statement was seen.
    begun: bool,
    /// The last line at the chunk's own level was a decorator.
    decorated: bool,
    /// The chunk holds a definition, or a class header.
    defines: bool,
    /// A blank line was seen since the last statement.
    blank: bool,
    /// The indentation of the members of the class: known from the first line of its body on, or from the member.
    members: Option<u32>,
}

impl State {
    fn new(place: Place) -> Self {
        let kind = if place == Place::Member { ChunkKind::Member } else { ChunkKind::Statements };
        Self { place, kind, begun: false, decorated: false, defines: false, blank: false, members: None }
    }

    /// Whether a line begins the next chunk.
    fn boundary(&self, token: Token, indent: u32) -> Option<Place> {
        if !self.begun || !token.starts_statement() {
            return None;
        }
        let definition = token.is_definition();
        if indent == 0 && self.place == Place::Top {
            let same = self.decorated && definition;
            let cut = if self.kind == ChunkKind::Statements { definition || self.blank } else { !same };
            return cut.then_some(Place::Top);
        }
        if indent == 0 {
            return Some(Place::Top);
        }
        let level = match (self.place, self.kind) {
            (Place::Member, _) => self.members,
            (Place::Top, ChunkKind::Class) => Some(self.members.unwrap_or(indent)),
            (Place::Top, _) => None,
        };
        if level != Some(indent) {
            return None;
        }
        let cut = match self.place {
            Place::Top => definition,
            Place::Member if self.defines => !(self.decorated && definition),
            Place::Member => definition,
        };
        cut.then_some(Place::Member)
    }

    /// Takes a line into the chunk.
    fn enter(&mut self, token: Token, indent: u32) {
        self.blank = false;
        let own_level = match self.place {
            Place::Top => indent == 0,
            Place::Member => *self.members.get_or_insert(indent) == indent,
        };
        if own_level && token.starts_statement() {
            self.decorated = token == Token::Decorator;
            if !self.begun || self.defines {
                self.defines |= token.is_definition();
                if self.place == Place::Top && self.defines {
                    let class = token == Token::Class;
                    self.kind = if class { ChunkKind::Class } else { ChunkKind::Function };
                }
            }
        } else if self.kind == ChunkKind::Class && indent > 0 && self.members.is_none() {
            self.members = Some(indent);
        }
        self.begun = true;
    }
}

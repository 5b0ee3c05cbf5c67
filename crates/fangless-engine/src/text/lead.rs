//! What a line begins with: its indentation and its first word, as far as cutting a file into chunks asks.

/// The first token of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// The text is over.
    End,
    Blank,
    Comment,
    Def,
    Class,
    Decorator,
    /// `else`, `elif`, `except`, `finally`: goes on with the statement before it. Says whether an expression may
    /// hold the word (`else` can).
    Clause {
        in_expression: bool,
    },
    Closer,
    Import,
    /// `from`: begins an import, or goes on with a `yield` or `raise`.
    From,
    /// `match` or `case`; certain where another name follows, so that it cannot be a name itself.
    Match {
        certain: bool,
    },
    /// A compound statement whose first word no expression can hold: `while`, `with`, `try`.
    Block,
    /// `if`, `for`: begins a compound statement, or continues an expression.
    IfFor,
    /// A simple statement whose first word no expression can hold.
    Simple,
    Other,
}

impl Token {
    pub(super) fn is_empty_line(self) -> bool {
        matches!(self, Self::Blank | Self::Comment)
    }

    pub(super) fn is_definition(self) -> bool {
        matches!(self, Self::Def | Self::Class | Self::Decorator)
    }

    /// Whether a chunk may begin with it.
    pub(super) fn starts_statement(self) -> bool {
        !matches!(self, Self::End | Self::Blank | Self::Comment | Self::Clause { .. } | Self::Closer)
    }

    /// Whether a colon must follow on the same logical line.
    pub(super) fn is_header(self) -> bool {
        matches!(
            self,
            Self::Def
                | Self::Class
                | Self::Clause { .. }
                | Self::Block
                | Self::IfFor
                | Self::Match { certain: true }
        )
    }
}

/// How a line begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    pub(super) token: Token,
    /// As the parser counts it: one for a blank, eight for a tab.
    pub(super) indent: u32,
    /// Where its first token begins.
    pub(super) code_start: usize,
    /// One past the furthest byte looked at.
    pub(super) examined: usize,
}

/// Looks at the line that begins at `start`.
pub(super) fn lead(bytes: &[u8], start: usize) -> Lead {
    let mut at = start;
    let mut indent = 0;
    loop {
        match bytes.get(at) {
            Some(b' ') => indent += 1,
            Some(b'\t') => indent += 8,
            Some(0x0c) => indent = 0,
            // The byte order mark is no character of the line.
            Some(0xef) if bytes[at..].starts_with(b"\xef\xbb\xbf") => at += 2,
            _ => break,
        }
        at += 1;
    }
    let Some(&byte) = bytes.get(at) else {
        return Lead { token: Token::End, indent, code_start: at, examined: bytes.len() + 1 };
    };
    let mut examined = at + 1;
    let token = match byte {
        b'\n' | b'\r' => Token::Blank,
        b'#' => Token::Comment,
        b')' | b']' | b'}' => Token::Closer,
        b'@' => {
            examined = at + 2;
            if bytes.get(at + 1).is_some_and(|byte| is_word(*byte)) { Token::Decorator } else { Token::Other }
        }
        _ if byte.is_ascii_lowercase() => {
            let end = word_end(bytes, at);
            examined = end + 1;
            word(bytes, at, end, &mut examined)
        }
        _ => Token::Other,
    };
    Lead { token, indent, code_start: at, examined: examined.min(bytes.len() + 1) }
}

fn word(bytes: &[u8], start: usize, end: usize, examined: &mut usize) -> Token {
    let (next, next_end) = next_word(bytes, end);
    let mut named = |token: Token| {
        *examined = next + 1;
        if next_end > next || line_ends_at(bytes, next) { token } else { Token::Other }
    };
    match &bytes[start..end] {
        b"def" => named(Token::Def),
        b"class" => named(Token::Class),
        b"async" => {
            *examined = next_end + 1;
            match &bytes[next..next_end] {
                b"def" => Token::Def,
                b"with" => Token::Block,
                b"for" => Token::IfFor,
                // The rest is being typed; most often it will be a function.
                b"" if line_ends_at(bytes, next) => Token::Def,
                _ => Token::Other,
            }
        }
        b"else" => Token::Clause { in_expression: true },
        b"elif" | b"except" | b"finally" => Token::Clause { in_expression: false },
        b"import" => Token::Import,
        b"from" => Token::From,
        b"match" | b"case" => {
            // `match = 1`, `match.group()`, `match in x` and `match: str` are no statements of their own.
            *examined = next_end + 1;
            match bytes.get(next) {
                None | Some(b'=' | b',' | b':') => Token::Other,
                Some(b'.') if next == end => Token::Other,
                Some(_) => Token::Match { certain: next > end && may_be_name(&bytes[next..next_end]) },
            }
        }
        b"while" | b"with" | b"try" => Token::Block,
        b"if" | b"for" => Token::IfFor,
        b"return" | b"raise" | b"del" | b"pass" | b"break" | b"continue" | b"global" | b"nonlocal"
        | b"assert" => Token::Simple,
        _ => Token::Other,
    }
}

/// Whether a line with this lead can only be a new statement, whatever brackets are open; and how far it looked.
pub(super) fn must_be_statement(bytes: &[u8], lead: &Lead) -> (bool, usize) {
    match lead.token {
        Token::Def
        | Token::Class
        | Token::Decorator
        | Token::Import
        | Token::Block
        | Token::Simple
        | Token::Clause { in_expression: false } => (true, lead.examined),
        // `else` and `if` stand in expressions too, but not on a line that ends with a colon.
        Token::Clause { in_expression: true } | Token::IfFor => {
            let end = line_end(bytes, lead.code_start);
            (is_header_line(&bytes[lead.code_start..end]), end + 1)
        }
        Token::End
        | Token::Blank
        | Token::Comment
        | Token::Closer
        | Token::From
        | Token::Match { .. }
        | Token::Other => (false, lead.examined),
    }
}

/// Whether a line's code ends with a colon, with as many brackets closed as opened.
fn is_header_line(line: &[u8]) -> bool {
    let mut depth = 0_i32;
    let mut quote = None;
    let mut last = 0;
    for &byte in line {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, b'#') => break,
            (None, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    last == b':' && depth == 0 && quote.is_none()
}

/// Whether a word is there and is no operator.
fn may_be_name(word: &[u8]) -> bool {
    !matches!(word, b"" | b"in" | b"is" | b"and" | b"or" | b"not" | b"if" | b"for" | b"async")
}

/// Start and end of the word that follows `at` behind blanks; empty where none does.
fn next_word(bytes: &[u8], at: usize) -> (usize, usize) {
    let mut start = at;
    while matches!(bytes.get(start), Some(b' ' | b'\t')) {
        start += 1;
    }
    (start, word_end(bytes, start))
}

fn line_ends_at(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), None | Some(b'\n' | b'\r'))
}

/// Whether a byte can be part of a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

pub(super) fn word_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while bytes.get(at).is_some_and(|byte| is_word(*byte)) {
        at += 1;
    }
    at
}

/// Where the line that holds `at` ends, before its line end.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(bytes.len(), |length| at + length)
}

/// The start of the next line, given the offset of a line end.
pub(super) fn next_line(bytes: &[u8], line_end: usize) -> usize {
    let length = if bytes[line_end..].starts_with(b"\r\n") { 2 } else { 1 };
    (line_end + length).min(bytes.len())
}

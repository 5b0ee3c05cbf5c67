//! The structure of a regular expression as Python's `re` reads it.

use std::iter::Peekable;
use std::str::Chars;

/// Groups in groups are read so far.
const MAX_DEPTH: usize = 40;

/// A set of characters, as sorted ranges that do not touch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Set(Vec<(u32, u32)>);

const LAST: u32 = 0x0010_FFFF;

impl Set {
    fn of(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        Self(joined)
    }

    fn complement(&self) -> Self {
        let mut next = 0;
        let mut ranges = Vec::with_capacity(self.0.len() + 1);
        for (first, last) in &self.0 {
            if *first > next {
                ranges.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self(ranges)
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        let (mut one, mut two) = (0, 0);
        while let (Some(left), Some(right)) = (self.0.get(one), other.0.get(two)) {
            if left.0.max(right.0) <= left.1.min(right.1) {
                return true;
            }
            if left.1 < right.1 {
                one += 1;
            } else {
                two += 1;
            }
        }
        false
    }

    /// `\d`, `\w`, `\s` and their opposites. Letters beyond ASCII are all taken for letters.
    fn class(letter: char) -> Option<Self> {
        let set = match letter.to_ascii_lowercase() {
            'd' => Self::of(vec![(0x30, 0x39)]),
            'w' => Self::of(vec![(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, LAST)]),
            's' => Self::of(vec![(0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0)]),
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() { set.complement() } else { set })
    }

    fn one(character: char) -> Self {
        Self(vec![(character.into(), character.into())])
    }

    /// All but the line feed, or really all.
    fn any(with_line_feed: bool) -> Self {
        if with_line_feed { Self(vec![(0, LAST)]) } else { Self::one('\n').complement() }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Set(Set),
    /// A place in the text, what stands around it.
    Check,
    /// Something that is not told by the pattern alone, such as a reference back.
    Unknown,
    Concatenation(Vec<Node>),
    Alternatives(Vec<Node>),
    Repetition {
        inner: Box<Node>,
        minimum: u32,
        maximum: Option<u32>,
    },
    /// `(?>…)`, `a++`
    Atomic(Box<Node>),
}

/// None where it is no pattern.
pub(super) fn parse(pattern: &str) -> Option<Node> {
    let mut reader = Reader { rest: pattern.chars().peekable(), verbose: false, dot_is_all: false };
    let node = reader.alternatives(MAX_DEPTH)?;
    reader.rest.next().is_none().then_some(node)
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    verbose: bool,
    dot_is_all: bool,
}

impl Reader<'_> {
    fn eat(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    fn alternatives(&mut self, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        let mut branches = Vec::new();
        loop {
            let mut parts = Vec::new();
            while self.rest.peek().is_some_and(|next| !matches!(next, '|' | ')')) {
                if let Some(part) = self.repeated(depth)? {
                    parts.push(part);
                }
            }
            branches.push(Node::Concatenation(parts));
            if !self.eat('|') {
                break;
            }
        }
        if branches.len() == 1 { branches.pop() } else { Some(Node::Alternatives(branches)) }
    }

    /// One item with what says how often; nothing for a space that does not count.
    #[expect(clippy::option_option, reason = "no pattern, or no item of it")]
    fn repeated(&mut self, depth: usize) -> Option<Option<Node>> {
        let Some(mut node) = self.item(depth)? else { return Some(None) };
        loop {
            let (minimum, maximum) = match self.rest.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => match self.bounds() {
                    Some(bounds) => bounds,
                    None => return Some(Some(node)),
                },
                _ => return Some(Some(node)),
            };
            self.rest.next();
            node = Node::Repetition { inner: Box::new(node), minimum, maximum };
            if self.eat('+') {
                node = Node::Atomic(Box::new(node));
            } else {
                self.eat('?');
            }
        }
    }

    /// `{2,4}`, up to its closing brace. A brace that begins no such thing is a character, and is left where it is.
    fn bounds(&mut self) -> Option<(u32, Option<u32>)> {
        let ahead = self.rest.clone();
        let inner: String = ahead.skip(1).take_while(|one| *one != '}').take(24).collect();
        let bounds = match inner.split_once(',') {
            None => {
                let exactly = inner.parse().ok()?;
                (exactly, Some(exactly))
            }
            Some(("", "")) => return None,
            Some((least, "")) => (least.parse().ok()?, None),
            Some(("", most)) => (0, Some(most.parse().ok()?)),
            Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
        };
        // The closing brace is taken as the one character of the others.
        (0..=inner.chars().count()).for_each(|_| {
            self.rest.next();
        });
        Some(bounds)
    }

    #[expect(clippy::option_option, reason = "no pattern, or no item of it")]
    fn item(&mut self, depth: usize) -> Option<Option<Node>> {
        let next = self.rest.next()?;
        Some(Some(match next {
            '(' => return self.group(depth),
            '[' => Node::Set(self.set()?),
            '.' => Node::Set(Set::any(self.dot_is_all)),
            '^' | '$' => Node::Check,
            '\\' => self.escaped()?,
            '*' | '+' | '?' => return None,
            '#' if self.verbose => {
                while self.rest.next_if(|one| *one != '\n').is_some() {}
                return Some(None);
            }
            space if self.verbose && space.is_whitespace() => return Some(None),
            other => Node::Set(Set::one(other)),
        }))
    }

    fn escaped(&mut self) -> Option<Node> {
        let next = self.rest.next()?;
        if let Some(set) = Set::class(next) {
            return Some(Node::Set(set));
        }
        Some(match next {
            'A' | 'Z' | 'b' | 'B' => Node::Check,
            '1'..='9' => Node::Unknown,
            other => Node::Set(Set::one(self.literal(other)?)),
        })
    }

    /// What a letter behind a backslash stands for.
    fn literal(&mut self, letter: char) -> Option<char> {
        let digits = match letter {
            'n' => return Some('\n'),
            'r' => return Some('\r'),
            't' => return Some('\t'),
            'f' => return Some('\u{c}'),
            'v' => return Some('\u{b}'),
            'a' => return Some('\u{7}'),
            '0' => return Some('\0'),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Some(other),
        };
        let code: String = self.rest.by_ref().take(digits).collect();
        char::from_u32(u32::from_str_radix(&code, 16).ok()?)
    }

    /// Behind `[`.
    fn set(&mut self) -> Option<Set> {
        let is_negated = self.eat('^');
        let mut ranges = Vec::new();
        let mut is_first = true;
        loop {
            let next = self.rest.next()?;
            if next == ']' && !is_first {
                break;
            }
            is_first = false;
            let first = if next == '\\' {
                let letter = self.rest.next()?;
                if let Some(set) = Set::class(letter) {
                    ranges.extend(set.0);
                    continue;
                }
                if letter == 'b' { '\u{8}' } else { self.literal(letter)? }
            } else {
                next
            };
            let mut ahead = self.rest.clone();
            if ahead.next() != Some('-') || matches!(ahead.next(), None | Some(']')) {
                ranges.push((first.into(), first.into()));
                continue;
            }
            self.rest.next();
            let last = match self.rest.next()? {
                '\\' => {
                    let letter = self.rest.next()?;
                    self.literal(letter)?
                }
                other => other,
            };
            if last < first {
                return None;
            }
            ranges.push((first.into(), last.into()));
        }
        let set = Set::of(ranges);
        Some(if is_negated { set.complement() } else { set })
    }

    /// Behind `(`.
    #[expect(clippy::option_option, reason = "no pattern, or no item of it")]
    fn group(&mut self, depth: usize) -> Option<Option<Node>> {
        if !self.eat('?') {
            return Some(Some(self.inside(depth)?));
        }
        let node = match self.rest.next()? {
            ':' => self.inside(depth)?,
            '>' => Node::Atomic(Box::new(self.inside(depth)?)),
            '=' | '!' => self.around(depth)?,
            '<' => match self.rest.next()? {
                '=' | '!' => self.around(depth)?,
                _ => return None,
            },
            'P' => match self.rest.next()? {
                '<' => {
                    while self.rest.next()? != '>' {}
                    self.inside(depth)?
                }
                '=' => {
                    while self.rest.next()? != ')' {}
                    Node::Unknown
                }
                _ => return None,
            },
            '#' => {
                while self.rest.next()? != ')' {}
                return Some(None);
            }
            '(' => {
                while self.rest.next()? != ')' {}
                self.inside(depth)?
            }
            flag => {
                let mut flags = String::from(flag);
                while let Some(more) = self.rest.next_if(|one| one.is_ascii_alphabetic() || *one == '-') {
                    flags.push(more);
                }
                let before = (self.verbose, self.dot_is_all);
                let on = flags.split('-').next().unwrap_or_default();
                self.verbose |= on.contains('x');
                self.dot_is_all |= on.contains('s');
                if self.eat(')') {
                    return Some(None);
                }
                if !self.eat(':') {
                    return None;
                }
                let node = self.inside(depth)?;
                (self.verbose, self.dot_is_all) = before;
                node
            }
        };
        Some(Some(node))
    }

    fn inside(&mut self, depth: usize) -> Option<Node> {
        let node = self.alternatives(depth)?;
        self.eat(')').then_some(node)
    }

    /// What is looked at without being taken: a check, and whatever it costs inside.
    fn around(&mut self, depth: usize) -> Option<Node> {
        let inner = self.inside(depth)?;
        let optional = Node::Repetition { inner: Box::new(inner), minimum: 0, maximum: Some(0) };
        Some(Node::Concatenation(vec![Node::Atomic(Box::new(optional)), Node::Check]))
    }
}

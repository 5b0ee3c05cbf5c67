//! Repair of half-typed chunks: a few repaired copies are parsed, and the tree with the fewest errors is kept.
//!
//! The candidates, by preference: (a) what is missing, put where the scanner says it belongs; (b) the lines that
//! opened what never closes, blanked; (c) for a triple quote, each possible opener finished in turn; then, upon the
//! best so far, (d) the line of its first error blanked, and again. One half-typed chunk costs at most
//! three parses and one for each of `MAX_OPENERS` and of `MAX_ROUNDS`.

use std::ops::Range;

use tree_sitter::{Node, Tree};

use super::parse::{ParsedChunk, parse_text};
use crate::text::unfinished::{last_word, needs_operand};
use crate::text::{TextRange, Unclosed, UnclosedKind};

/// How many openers of triple quotes are tried.
const MAX_OPENERS: usize = 8;
/// How many times the line of the first error is blanked.
const MAX_ROUNDS: usize = 3;

/// One replacement in the original text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Patch {
    range: Range<usize>,
    text: String,
}

/// How the text that was parsed came from the original one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// Sorted, not overlapping.
    patches: Vec<Patch>,
}

impl Repair {
    /// Whether the text was parsed as it is.
    pub fn is_identity(&self) -> bool {
        self.patches.is_empty()
    }

    /// The offset in the original text of an offset in the parsed one. Inside of what the repair put there, the
    /// start of what it replaced.
    pub fn to_original(&self, offset: u32) -> u32 {
        let offset = offset as usize;
        // How much longer the parsed text is than the original, up to here.
        let (mut added, mut removed) = (0, 0);
        for patch in &self.patches {
            let start = patch.range.start + added - removed;
            if offset <= start {
                break;
            }
            if offset < start + patch.text.len() {
                return patch.range.start as u32;
            }
            added += patch.text.len();
            removed += patch.range.len();
        }
        (offset + removed - added) as u32
    }

    /// Whether the repair changed anything within a range of the original text, its borders included.
    pub fn touches(&self, range: TextRange) -> bool {
        self.ranges().any(|changed| changed.touches(range))
    }

    /// The ranges of the original text that were replaced; empty ones where something was only put in.
    pub fn ranges(&self) -> impl Iterator<Item = TextRange> + '_ {
        self.patches.iter().map(|patch| TextRange::new(patch.range.start as u32, patch.range.end as u32))
    }

    fn apply(&self, text: &str) -> String {
        let mut result = String::with_capacity(text.len() + 16);
        let mut at = 0;
        for patch in &self.patches {
            result.push_str(&text[at..patch.range.start]);
            result.push_str(&patch.text);
            at = patch.range.end;
        }
        result.push_str(&text[at..]);
        result
    }
}

/// A parsed copy and how bad it is.
struct Candidate {
    parsed: ParsedChunk,
    errors: usize,
}

impl Candidate {
    fn new(text: &str, patches: Vec<Patch>) -> Self {
        let repair = Repair { patches };
        let text = repair.apply(text);
        let tree = parse_text(&text, None);
        Self::of(tree, &text, repair)
    }

    fn of(tree: Tree, text: &str, repair: Repair) -> Self {
        let errors = error_weight(&tree);
        Self { parsed: ParsedChunk { tree, text: text.into(), repair }, errors }
    }
}

/// The best tree for a text that is not whole. `tree` is that of the text itself.
pub(super) fn best(tree: Tree, text: &str, unclosed: &[Unclosed]) -> ParsedChunk {
    let untouched = Candidate::of(tree, text, Repair::default());
    let mut candidates = Vec::new();
    if !unclosed.is_empty() {
        candidates.push(completion(text, unclosed));
        candidates.push(blanking(text, unclosed));
        candidates.extend(openers(text, unclosed));
    }
    let mut best: Option<Candidate> = None;
    for patches in candidates {
        let candidate = Candidate::new(text, patches);
        if best.as_ref().is_none_or(|best| candidate.errors < best.errors) {
            best = Some(candidate);
        }
        if best.as_ref().is_some_and(|best| best.errors == 0) {
            break;
        }
    }
    let mut best = match best {
        Some(best) if best.errors <= untouched.errors => best,
        _ => untouched,
    };
    // The line of the first error, on top of what was found.
    for _ in 0..MAX_ROUNDS {
        if best.errors == 0 {
            break;
        }
        let Some(candidate) = without_first_error(text, &best) else { break };
        if candidate.errors >= best.errors {
            break;
        }
        best = candidate;
    }
    best.parsed
}

/// The bytes that no rule of the grammar took, and the tokens that it missed.
fn error_weight(tree: &Tree) -> usize {
    let mut weight = 0;
    visit_errors(tree, |node| weight += if node.is_missing() { 1 } else { node.byte_range().len().max(1) });
    weight
}

/// Visits the outermost error nodes and all missing ones, in order.
fn visit_errors<'tree>(tree: &'tree Tree, mut visit: impl FnMut(Node<'tree>)) {
    if !tree.root_node().has_error() {
        return;
    }
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let found = node.is_error() || node.is_missing();
        if found {
            visit(node);
        }
        if !found && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// What is missing, put where it belongs.
fn completion(text: &str, unclosed: &[Unclosed]) -> Vec<Patch> {
    let mut items: Vec<&Unclosed> = unclosed.iter().collect();
    items.sort_by_key(|item| item.complete_at);
    let mut patches: Vec<Patch> = Vec::new();
    for group in items.chunk_by(|one, other| one.complete_at == other.complete_at) {
        let at = group[0].complete_at as usize;
        let line = line_of(text, at);
        let mut insert = String::new();
        let in_brackets = group.iter().any(|item| matches!(item.kind, UnclosedKind::Bracket(_)));
        if !group
            .iter()
            .any(|item| matches!(item.kind, UnclosedKind::Quote(_) | UnclosedKind::TripleQuote(_)))
        {
            insert.push_str(missing_operand(&text[line.start..at], in_brackets));
        }
        for item in group {
            match item.kind {
                UnclosedKind::Quote(quote) => {
                    let content = &text[item.offset as usize + 1..at];
                    let escaped = content.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
                    if escaped {
                        insert.push('\\');
                    }
                    insert.push_str(&missing_braces(text, item.offset as usize, content));
                    insert.push(quote);
                }
                UnclosedKind::TripleQuote(quote) => {
                    let content = text.get(item.offset as usize + 3..at).unwrap_or("");
                    if content.ends_with([quote, '\\']) {
                        insert.push(' ');
                    }
                    insert.push_str(&missing_braces(text, item.offset as usize, content));
                    insert.extend([quote; 3]);
                }
                UnclosedKind::Bracket('(') => insert.push(')'),
                UnclosedKind::Bracket('[') => insert.push(']'),
                UnclosedKind::Bracket(_) => insert.push('}'),
                UnclosedKind::Operand => {}
                UnclosedKind::Colon => insert.push_str(colon(&text[item.offset as usize..at], &insert)),
            }
        }
        patches.push(Patch { range: at..at, text: insert });
    }
    patches
}

/// The name that a line wants before it can be closed.
fn missing_operand(line: &str, in_brackets: bool) -> &'static str {
    let code = line.trim_end();
    if needs_operand(code) {
        return match last_word(code).0 {
            "for" => " _ in _",
            "lambda" => " : _",
            "def" | "class" => " _",
            "import" | "from" if code.trim_start() == "from" => " _ import _",
            _ => " _",
        };
    }
    if in_brackets {
        if code.ends_with(':') {
            return "_";
        }
        if let Some(comprehension) = code.rfind(" for ")
            && !code[comprehension..].contains(" in ")
        {
            return " in _";
        }
        return "";
    }
    let statement = code.trim_start();
    if statement.starts_with("from ") && !statement.contains(" import") {
        return " import _";
    }
    ""
}

/// What turns the head of a compound statement into a whole one. `inserted` closes what is open in it.
fn colon(head: &str, inserted: &str) -> &'static str {
    let code = head.trim_end();
    let bare = inserted.is_empty();
    let word = code.split(|character: char| !character.is_alphanumeric()).next().unwrap_or("");
    match word {
        "def" if bare && !code.contains('(') => "():",
        "def" if inserted == " _" => "():",
        "for" if bare && !code.contains(" in ") => " in _:",
        "if" | "elif" | "while" | "with" if bare && code == word => " _:",
        _ => ":",
    }
}

/// The braces that an unfinished f-string lacks.
fn missing_braces(text: &str, quote: usize, content: &str) -> String {
    let format = text[..quote].bytes().rev().take(2).any(|byte| matches!(byte, b'f' | b'F'));
    if !format {
        return String::new();
    }
    let plain = content.replace("{{", "").replace("}}", "");
    let open = plain.matches('{').count().saturating_sub(plain.matches('}').count());
    let operand =
        if open > 0 && (plain.ends_with('{') || needs_operand(plain.trim_end())) { "_" } else { "" };
    format!("{operand}{}", "}".repeat(open))
}

/// The lines that opened what never closes, blanked.
fn blanking(text: &str, unclosed: &[Unclosed]) -> Vec<Patch> {
    let mut lines: Vec<Range<usize>> =
        unclosed.iter().map(|item| line_of(text, item.offset as usize)).collect();
    lines.sort_by_key(|line| line.start);
    lines.dedup();
    lines.into_iter().filter_map(|line| blanked(text, line)).collect()
}

/// A line's code replaced by what keeps the lines around it in place.
fn blanked(text: &str, line: Range<usize>) -> Option<Patch> {
    let code = &text[line.clone()];
    let indent = code.len() - code.trim_start().len();
    let code = code.trim();
    if code.is_empty() {
        return None;
    }
    let first = code.split(|character: char| !character.is_alphanumeric() && character != '_').next();
    let replacement = if has_body(text, &line, indent) {
        match first.unwrap_or("") {
            "def" => "def _():",
            "class" => "class _:",
            "elif" => "elif _:",
            "else" => "else:",
            "try" => "try:",
            "except" => "except:",
            "finally" => "finally:",
            "for" => "for _ in _:",
            "while" => "while _:",
            "async" if code.contains("def") => "async def _():",
            _ => "if _:",
        }
    } else {
        "pass"
    };
    let start = line.start + indent;
    (code != replacement).then(|| Patch { range: start..start + code.len(), text: replacement.to_owned() })
}

/// Whether the next line with code is deeper.
fn has_body(text: &str, line: &Range<usize>, indent: usize) -> bool {
    text[line.end..]
        .split(['\n', '\r'])
        .skip(1)
        .find(|next| !next.trim().is_empty() && !next.trim_start().starts_with('#'))
        .is_some_and(|next| next.len() - next.trim_start().len() > indent)
}

/// Each line with a triple quote of the unfinished kind, finished on that line: the scanner may have trusted the
/// wrong ones.
fn openers(text: &str, unclosed: &[Unclosed]) -> Vec<Vec<Patch>> {
    let Some((quote, scanned)) = unclosed.iter().find_map(|item| match item.kind {
        UnclosedKind::TripleQuote(quote) => Some((quote, item.offset as usize)),
        _ => None,
    }) else {
        return Vec::new();
    };
    let delimiter = quote.to_string().repeat(3);
    let mut before: Vec<usize> = text[..scanned].match_indices(&delimiter).map(|(at, _)| at).collect();
    // The nearest first: one that is far away would have met its evidence before.
    before.reverse();
    let rest: Vec<Unclosed> =
        unclosed.iter().filter(|item| item.offset as usize != scanned).copied().collect();
    before
        .into_iter()
        .take(MAX_OPENERS)
        .map(|opener| {
            let line = line_of(text, opener);
            let mut items = rest.clone();
            items.push(Unclosed {
                kind: UnclosedKind::TripleQuote(quote),
                offset: opener as u32,
                complete_at: line.end as u32,
            });
            completion(text, &items)
        })
        .collect()
}

/// A copy of `best` in which the line of its first error is blanked too.
fn without_first_error(text: &str, best: &Candidate) -> Option<Candidate> {
    let mut first = None;
    visit_errors(&best.parsed.tree, |node| {
        first.get_or_insert(node.start_byte());
    });
    let at = best.parsed.repair.to_original(first? as u32) as usize;
    let line = line_of(text, at);
    let patch = blanked(text, line.clone())?;
    let mut patches: Vec<Patch> = best
        .parsed
        .repair
        .patches
        .iter()
        .filter(|other| other.range.end < line.start || other.range.start > line.end)
        .cloned()
        .collect();
    let place = patches.partition_point(|other| other.range.start < patch.range.start);
    patches.insert(place, patch);
    Some(Candidate::new(text, patches))
}

/// The line that holds `at`, without its end.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let bytes = text.as_bytes();
    let at = at.min(bytes.len());
    let start = bytes[..at].iter().rposition(line_end).map_or(0, |end| end + 1);
    let end = bytes[at..].iter().position(line_end).map_or(bytes.len(), |length| at + length);
    start..end
}

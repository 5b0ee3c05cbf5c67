//! Repair of half-typed chunks: a few repaired copies are parsed, and the tree with the fewest errors is kept.
//!
//! The candidates, by preference: (a) what is missing, put where the scanner says it belongs; (b) the lines that
//! opened what never closes, blanked; (c) for a triple quote, each possible opener finished in turn; then, upon the
//! best so far, (d) a line about its first error blanked, and again. One half-typed chunk costs at most
//! `3 + MAX_OPENERS + MAX_ROUNDS * (MAX_SUSPECTS + 3)` parses; nearly always one or two.

mod completion;

use std::ops::Range;

use tree_sitter::{Node, Tree};

use self::completion::completion;
use super::parse::{ParsedChunk, parse_text};
use crate::text::{TextRange, Unclosed, UnclosedKind, split};

/// A chunk beyond this length is completed, and not searched for its fault.
const MAX_LENGTH: usize = 256 << 10;
/// How many openers of triple quotes are tried.
const MAX_OPENERS: usize = 8;
/// How many errors within the first are looked at.
const MAX_SUSPECTS: usize = 4;
/// How many times a line about the first error is blanked.
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
    /// Where each of them begins in the text that was parsed.
    starts: Vec<usize>,
}

impl Repair {
    /// Leaves out what overlaps what comes before it.
    fn new(text: &str, mut patches: Vec<Patch>) -> Self {
        patches.sort_by_key(|patch| patch.range.start);
        let mut end = 0;
        patches.retain(|patch| {
            let fits = patch.range.start >= end && text.get(patch.range.clone()).is_some();
            if fits {
                end = patch.range.end;
            }
            fits
        });
        let (mut added, mut removed) = (0, 0);
        let starts = patches
            .iter()
            .map(|patch| {
                let start = patch.range.start + added - removed;
                added += patch.text.len();
                removed += patch.range.len();
                start
            })
            .collect();
        Self { patches, starts }
    }

    /// Whether the text was parsed as it is.
    pub fn is_identity(&self) -> bool {
        self.patches.is_empty()
    }

    /// The offset in the original text of an offset in the parsed one. Inside of what the repair put there, the
    /// start of what it replaced.
    pub fn to_original(&self, offset: u32) -> u32 {
        let place = offset as usize;
        let Some(last) = self.starts.partition_point(|start| *start < place).checked_sub(1) else {
            return offset;
        };
        let (patch, end) = (&self.patches[last], self.starts[last] + self.patches[last].text.len());
        (if place < end { patch.range.start } else { patch.range.end + place - end }) as u32
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
        let repair = Repair::new(text, patches);
        let text = repair.apply(text);
        let tree = parse_text(&text, None);
        let errors = error_weight(&tree);
        Self { parsed: ParsedChunk { tree, text: text.into(), repair }, errors }
    }
}

/// The best tree for a text that is not whole.
pub(super) fn best(text: &str, unclosed: &[Unclosed]) -> ParsedChunk {
    let mut best: Option<Candidate> = None;
    let small = text.len() <= MAX_LENGTH;
    let mut given = Vec::new();
    if !unclosed.is_empty() {
        given.push(completion(text, unclosed));
        if small {
            given.push(blanking(text, unclosed));
        }
    }
    let openers = openers(text, unclosed).take_while(|_| small);
    for patches in given.into_iter().chain(openers) {
        let candidate = Candidate::new(text, patches);
        if candidate.errors == 0 {
            return candidate.parsed;
        }
        if best.as_ref().is_none_or(|best| candidate.errors < best.errors) {
            best = Some(candidate);
        }
    }
    let mut best = match best {
        // Parsing much broken text takes its time, and what was completed is hardly ever worse.
        Some(best) if !small => best,
        Some(best) => Some(Candidate::new(text, Vec::new()))
            .filter(|untouched| untouched.errors < best.errors)
            .unwrap_or(best),
        None => Candidate::new(text, Vec::new()),
    };
    // The lines about the first error, on top of what was found.
    for _ in 0..if small { MAX_ROUNDS } else { 0 } {
        let mut better: Option<Candidate> = None;
        for line in suspects(text, &best) {
            let Some(candidate) = without_line(text, &best, &line) else { continue };
            if candidate.errors < better.as_ref().unwrap_or(&best).errors {
                let done = candidate.errors == 0;
                better = Some(candidate);
                if done {
                    break;
                }
            }
        }
        let Some(better) = better else { break };
        best = better;
        if best.errors == 0 {
            break;
        }
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

/// Each triple quote finished on its own line, and what is then missing completed: the scanner may have trusted the
/// wrong ones. The nearest to where it gave up first.
fn openers<'text>(text: &'text str, unclosed: &'text [Unclosed]) -> impl Iterator<Item = Vec<Patch>> + 'text {
    let given_up = unclosed.iter().find_map(|item| match item.kind {
        UnclosedKind::TripleQuote(quote) => Some((quote, item.offset as usize)),
        _ => None,
    });
    let mut places = Vec::new();
    for quote in ['"', '\''] {
        let end = match given_up {
            Some((given_up, offset)) if given_up == quote => offset,
            Some(_) => 0,
            None => text.len(),
        };
        let mut delimiters: Vec<usize> =
            text[..end].match_indices(&quote.to_string().repeat(3)).map(|(at, _)| at).collect();
        if given_up.is_some() || delimiters.len() % 2 == 1 {
            delimiters.reverse();
            places.extend(delimiters.into_iter().map(|at| (at, quote)));
        }
    }
    places.truncate(MAX_OPENERS);
    places.into_iter().map(|(opener, quote)| finished_at(text, line_of(text, opener).end, quote))
}

/// Ends a triple quote at the end of a line, and completes what is then missing.
fn finished_at(text: &str, end: usize, quote: char) -> Vec<Patch> {
    let closer = quote.to_string().repeat(3);
    let copy = format!("{}{closer}{}", &text[..end], &text[end..]);
    let original = |offset: u32| {
        let offset = offset as usize;
        (if offset <= end { offset } else { (offset - closer.len()).max(end) }) as u32
    };
    let items: Vec<Unclosed> = split(&copy)
        .into_iter()
        .flat_map(|span| span.unclosed.into_iter().map(move |item| (span.range.start, item)))
        .map(|(start, item)| Unclosed {
            offset: original(start + item.offset),
            complete_at: original(start + item.complete_at),
            ..item
        })
        .collect();
    let mut patches = completion(text, &items);
    let place = patches.partition_point(|patch| patch.range.start < end);
    match patches.get_mut(place) {
        Some(patch) if patch.range.start == end => patch.text.insert_str(0, &closer),
        _ => patches.insert(place, Patch { range: end..end, text: closer }),
    }
    patches
}

/// The lines that may be at fault for the first error: where it begins, where the first token begins that fits
/// nothing, the line before, and where it ends.
fn suspects(text: &str, best: &Candidate) -> Vec<Range<usize>> {
    let mut first: Option<Node> = None;
    visit_errors(&best.parsed.tree, |node| {
        first.get_or_insert(node);
    });
    let Some(first) = first else { return Vec::new() };
    let mut places = vec![first.start_byte()];
    // What recovery wrapped in one error node often begins far before the fault, with parts that are whole.
    let mut cursor = first.walk();
    places.extend(first.children(&mut cursor).filter(Node::is_error).map(|node| node.start_byte()));
    places.truncate(MAX_SUSPECTS);
    places.push(first.end_byte());
    let original = |place: usize| best.parsed.repair.to_original(place as u32) as usize;
    let mut lines: Vec<Range<usize>> =
        places.into_iter().map(|place| line_of(text, original(place))).collect();
    if let Some(before) = lines[0].start.checked_sub(1) {
        lines.insert(1, line_of(text, before));
    }
    let end = lines[lines.len() - 1].start;
    if let Some(before) = end.checked_sub(1) {
        lines.push(line_of(text, before));
    }
    let mut seen = Vec::new();
    lines.retain(|line| {
        let new = !seen.contains(line);
        seen.push(line.clone());
        new
    });
    lines
}

/// A copy of `best` in which a line is blanked too.
fn without_line(text: &str, best: &Candidate, line: &Range<usize>) -> Option<Candidate> {
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

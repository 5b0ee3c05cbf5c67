//! The headline: a half-typed line loses nothing but itself. Fragments are typed, letter by letter, at many places
//! of real files, and the calls outside the typed line are counted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use fangless_engine::text::{Document, TextRange};
use fangless_engine::{Edit, RuleSet, Workspace};
use tree_sitter::Node;

use crate::calls::{self, Call};
use crate::corpus;

/// Every prefix of each is typed at every place.
const FRAGMENTS: [&str; 52] = [
    "def half(x",
    "def half(self, name=None",
    "async def half(",
    "class Half",
    "class Half(Base",
    "@deco(",
    "@deco.route(\"/x",
    "x = (",
    "x = [1, 2",
    "d = {\"a\": ",
    "call(a, b",
    "call(a)[",
    "x = \"half",
    "x = 'it",
    "print(f\"{x",
    "f'{x!r",
    "\"\"\"Half a",
    "x = '''raw",
    "run(r\"\"\"pat",
    "for k in",
    "for k, v in d.items(",
    "while x",
    "if x",
    "if x == \"a\" and (",
    "elif x",
    "else",
    "with open(\"x",
    "try",
    "except E as",
    "return {",
    "x.",
    "x.y.z(",
    "import ",
    "from os import (",
    "raise Error(\"",
    "f(lambda x: (",
    "x = [i for i in",
    "x = y if",
    "x += ",
    "print(\"a\", end=",
    "x: dict[str, ",
    "match x",
    "case (a",
    "x y",
    "run(a b",
    "x = 5y",
    "x = = 1",
    "improt os",
    "a)",
    "}",
    "x = a if b else",
    "not",
];

/// `return` and `raise Error` are whole, and end the block they stand in: what comes after is never run. With an open
/// bracket they are being typed.
fn ends_a_block(typed: &str) -> bool {
    (typed.starts_with("return") || typed.starts_with("raise")) && !typed.contains(['{', '('])
}

const PLACES_IN_A_FILE: usize = 10;

/// A place to type at, and what is known of the untouched file.
struct Place<'text> {
    name: &'text str,
    text: &'text str,
    /// Where the statement's line begins that the typed line is put before.
    at: usize,
    indent: &'text str,
    /// The calls of each chunk of the untouched file.
    calls: &'text [(TextRange, Vec<Call>)],
}

#[derive(Default)]
struct Tally {
    states: usize,
    /// States in which calls were lost, and how many were.
    losing: usize,
    lost: usize,
    /// Losses in chunks that the typed line does not touch.
    elsewhere: Vec<String>,
    /// By fragment as typed so far: states that lost, and the worst of them.
    worst: BTreeMap<String, (usize, usize, String)>,
}

#[test]
fn a_half_typed_line_loses_nothing_but_itself() {
    let sources = corpus::to_type_in();
    let known: Vec<Vec<(TextRange, Vec<Call>)>> =
        sources.iter().map(|(_, text)| calls_by_chunk(text)).collect();
    let mut places = Vec::new();
    for ((name, text), calls) in sources.iter().zip(&known) {
        let (_, tree) = calls::of_whole(text);
        let mut starts = Vec::new();
        statements(tree.root_node(), text, &mut starts);
        let step = (starts.len() / PLACES_IN_A_FILE).max(1);
        for at in starts.into_iter().skip(step / 2).step_by(step).take(PLACES_IN_A_FILE) {
            let indent = &text[at..][..text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len()];
            places.push(Place { name, text, at, indent, calls });
        }
    }
    let halves: Vec<Vec<&Place>> = (0..2).map(|half| places.iter().skip(half).step_by(2).collect()).collect();
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let threads: Vec<_> = halves
            .iter()
            .map(|half| {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for place in half {
                        let mut seen = HashSet::new();
                        for fragment in FRAGMENTS {
                            type_at(place, fragment, &mut seen, &mut tally);
                        }
                    }
                    tally
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("typing does not panic")).collect()
    });

    let mut all = Tally::default();
    for tally in tallies {
        all.states += tally.states;
        all.losing += tally.losing;
        all.lost += tally.lost;
        all.elsewhere.extend(tally.elsewhere);
        for (fragment, (states, lost, place)) in tally.worst {
            let entry = all.worst.entry(fragment).or_default();
            entry.0 += states;
            if lost > entry.1 {
                (entry.1, entry.2) = (lost, place);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    let share = 100.0 * all.losing as f64 / all.states as f64;
    println!(
        "{} states at {} places of {} files: {} lose calls outside the typed line ({share:.2} %), {} calls in all",
        all.states,
        places.len(),
        sources.len(),
        all.losing,
        all.lost,
    );
    let mut worst: Vec<_> = all.worst.into_iter().collect();
    worst.sort_by_key(|(_, (states, lost, _))| std::cmp::Reverse((*states, *lost)));
    for (fragment, (states, lost, place)) in worst.iter().take(25) {
        println!("  {states:4} states, at most {lost:4} calls: {fragment:?} at {place}");
    }
    println!("{} losses in other chunks", all.elsewhere.len());
    for loss in all.elsewhere.iter().take(20) {
        println!("  {loss}");
    }
    assert!(all.states > 1_000, "enough was typed to say anything");
    assert!(all.losing * 200 < all.states, "{share:.2} % of the states lose calls outside the typed line");
    assert!(all.elsewhere.is_empty(), "a call in another chunk was lost");
}

/// The same for findings, at every statement of the demo application, in the profile that finds the most.
#[test]
fn a_half_typed_line_loses_no_finding() {
    let sources = corpus::demo();
    let mut workspace = Workspace::with_profile(Arc::new(RuleSet::builtin()), true);
    for (path, text) in &sources {
        workspace.set_file(path, text.clone());
    }
    let (mut states, mut places, mut lost) = (0, 0, Vec::new());
    for (path, text) in &sources {
        let known = workspace.findings(path);
        let (_, tree) = calls::of_whole(text);
        let mut starts = Vec::new();
        statements(tree.root_node(), text, &mut starts);
        for at in starts {
            places += 1;
            let line = &text[at..];
            let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
            // Each place takes its share of the fragments, so that all are typed in many surroundings.
            for fragment in FRAGMENTS.iter().skip(places % 5).step_by(5) {
                let start = at as u32;
                let insert = |workspace: &mut Workspace, at: u32, text: &str| {
                    workspace
                        .edit_file(path, &[Edit { range: TextRange::new(at, at), text: text.to_owned() }]);
                };
                insert(&mut workspace, start, &format!("{indent}\n"));
                let mut end = start + indent.len() as u32;
                for length in 1..=fragment.len() {
                    insert(&mut workspace, end, &fragment[length - 1..length]);
                    end += 1;
                    if ends_a_block(&fragment[..length]) {
                        continue;
                    }
                    states += 1;
                    let found = workspace.findings(path);
                    let moved =
                        |offset: u32| if offset >= start { offset + (end - start) + 1 } else { offset };
                    for finding in &known {
                        let is_there = found.iter().any(|other| {
                            other.rule == finding.rule && other.range.start == moved(finding.range.start)
                        });
                        if !is_there {
                            let typed = &fragment[..length];
                            let line = text[..at].matches('\n').count() + 1;
                            let of = text[..finding.range.start as usize].matches('\n').count() + 1;
                            lost.push(format!("{} of line {of}: {typed:?} at {path}:{line}", finding.rule));
                        }
                    }
                }
                let range = TextRange::new(start, end + 1);
                workspace.edit_file(path, &[Edit { range, text: String::new() }]);
            }
        }
        assert_eq!(workspace.text(path), Some(text.as_str()), "what was typed is taken out again");
    }
    println!("{states} states at {places} places: {} findings lost", lost.len());
    for loss in lost.iter().take(30) {
        println!("  {loss}");
    }
    assert!(states > 10_000 && places > 100, "enough was typed to say anything");
    assert!(lost.len() * 200 < states, "findings outside the typed line are lost");
}

fn calls_by_chunk(text: &str) -> Vec<(TextRange, Vec<Call>)> {
    let document = Document::new(text.to_owned());
    let ranges = document.chunks().iter().map(|chunk| chunk.span.range);
    ranges.zip(calls::of_document(&document)).collect()
}

/// The beginnings of the lines on which a statement begins.
fn statements(node: Node<'_>, text: &str, starts: &mut Vec<usize>) {
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        if matches!(node.kind(), "module" | "block") && child.kind() != "comment" {
            let start = child.start_byte();
            let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
            if text[line..start].trim().is_empty() {
                starts.push(line);
            }
        }
        statements(child, text, starts);
    }
}

/// Types a fragment on a line of its own, and looks at every state.
fn type_at(place: &Place, fragment: &'static str, seen: &mut HashSet<&'static str>, tally: &mut Tally) {
    let mut document = Document::new(place.text.to_owned());
    let mut parsed: HashMap<u64, Vec<Call>> = HashMap::new();
    let start = place.at as u32;
    let change = document.edit(TextRange::new(start, start), &format!("{}\n", place.indent));
    let mut end = start + place.indent.len() as u32;
    // What the edit only moved is what it was.
    let (old, new) = (place.calls, document.chunks());
    let before = old[..change.old.start].iter().zip(&new[..change.new.start]);
    let behind = old[change.old.end..].iter().zip(&new[change.new.end..]);
    for ((range, calls), chunk) in before.chain(behind) {
        parsed.insert(chunk.id, relative(calls, range.start));
    }
    document.mark_clean();
    for chunk in &document.chunks()[change.new] {
        parsed.remove(&chunk.id);
    }
    for length in 1..=fragment.len() {
        let typed = &fragment[..length];
        document.edit(TextRange::new(end, end), &fragment[length - 1..length]);
        end += 1;
        // Many begin alike.
        if !seen.insert(typed) {
            continue;
        }
        let inserted = end - start + 1;
        let mut found: Vec<Call> = Vec::new();
        for chunk in document.chunks() {
            let at = chunk.span.range.start;
            if chunk.changed {
                parsed.remove(&chunk.id);
            }
            let calls = parsed
                .entry(chunk.id)
                .or_insert_with(|| relative(&calls::of_span(document.text(), &chunk.span), at));
            found.extend(calls.iter().map(|(start, end)| (start + at, end + at)));
        }
        document.mark_clean();
        found.sort_unstable();
        let mut lost = 0;
        for (range, calls) in place.calls {
            let moved = |offset: u32| if offset >= start { offset + inserted } else { offset };
            let missing = calls
                .iter()
                .filter(|(from, to)| {
                    let to = if *to <= start { *to } else { *to + inserted };
                    found.binary_search(&(moved(*from), to)).is_err()
                })
                .count();
            lost += missing;
            if missing > 0 && !(range.start <= start && start <= range.end) {
                tally.elsewhere.push(format!("{missing} calls: {typed:?} at {}", position(place)));
            }
        }
        tally.states += 1;
        if lost > 0 {
            tally.losing += 1;
            tally.lost += lost;
            let entry = tally.worst.entry(typed.to_owned()).or_default();
            entry.0 += 1;
            if lost > entry.1 {
                (entry.1, entry.2) = (lost, position(place));
            }
        }
    }
}

fn relative(calls: &[Call], start: u32) -> Vec<Call> {
    calls.iter().map(|(from, to)| (from - start, to - start)).collect()
}

fn position(place: &Place) -> String {
    let line = place.text[..place.at].matches('\n').count() + 1;
    format!("{}:{line}", place.name)
}

//! The automaton of a loop: its states are the characters' places in the pattern.

use super::parse::{Node, Set};

/// Places of a loop that are looked at.
const MAX_PLACES: usize = 80;

/// `a{5}` counts as this many; what differs beyond is no matter of ambiguity.
const MAX_COPIES: u32 = 3;

/// Whether a text can go from one place of the loop back to it in two ways. A loop that holds what is not told by the
/// pattern alone, or is too large, is none.
pub(super) fn is_ambiguous(node: &Node) -> bool {
    let mut automaton = Automaton::default();
    let Some(_) = automaton.add(node) else { return false };
    let count = automaton.places.len();
    let reachable = automaton.reachable();
    let is_round = |from: usize, to: usize| reachable[from][to] && reachable[to][from];
    let twice = (0..count).any(|from| {
        automaton.next[from].iter().any(|(to, ways)| *ways > 1 && (from == *to || is_round(from, *to)))
    });
    twice || automaton.parts_and_meets(&is_round)
}

/// How a part of the pattern begins and ends.
struct Part {
    may_be_empty: bool,
    first: Vec<usize>,
    last: Vec<usize>,
}

#[derive(Default)]
struct Automaton {
    places: Vec<Set>,
    /// Where each place leads, and in how many ways.
    next: Vec<Vec<(usize, u8)>>,
}

impl Automaton {
    fn connect(&mut self, from: &[usize], to: &[usize]) {
        for one in from {
            for other in to {
                match self.next[*one].iter_mut().find(|(place, _)| place == other) {
                    Some((_, ways)) => *ways = ways.saturating_add(1),
                    None => self.next[*one].push((*other, 1)),
                }
            }
        }
    }

    fn add(&mut self, node: &Node) -> Option<Part> {
        let empty = Part { may_be_empty: true, first: Vec::new(), last: Vec::new() };
        match node {
            Node::Check => Some(empty),
            Node::Unknown | Node::Atomic(_) => {
                // What is only looked at takes nothing.
                let takes_nothing = matches!(node, Node::Atomic(inner)
                    if matches!(**inner, Node::Repetition { maximum: Some(0), .. }));
                takes_nothing.then_some(empty)
            }
            Node::Set(set) => {
                let place = self.places.len();
                (place < MAX_PLACES).then(|| {
                    self.places.push(set.clone());
                    self.next.push(Vec::new());
                    Part { may_be_empty: false, first: vec![place], last: vec![place] }
                })
            }
            Node::Concatenation(parts) => {
                parts.iter().try_fold(empty, |before, part| self.join(before, part))
            }
            Node::Alternatives(branches) => {
                let mut whole = Part { may_be_empty: false, first: Vec::new(), last: Vec::new() };
                for branch in branches {
                    let part = self.add(branch)?;
                    whole.may_be_empty |= part.may_be_empty;
                    whole.first.extend(part.first);
                    whole.last.extend(part.last);
                }
                Some(whole)
            }
            Node::Repetition { inner, minimum, maximum } => self.repeat(inner, *minimum, *maximum, empty),
        }
    }

    fn join(&mut self, before: Part, node: &Node) -> Option<Part> {
        let after = self.add(node)?;
        Some(self.follow(before, after))
    }

    /// One part and then the other.
    fn follow(&mut self, before: Part, after: Part) -> Part {
        self.connect(&before.last, &after.first);
        let mut first = before.first;
        if before.may_be_empty {
            first.extend(&after.first);
        }
        let mut last = after.last;
        if after.may_be_empty {
            last.extend(before.last);
        }
        Part { may_be_empty: before.may_be_empty && after.may_be_empty, first, last }
    }

    fn repeat(&mut self, inner: &Node, minimum: u32, maximum: Option<u32>, empty: Part) -> Option<Part> {
        let required = minimum.min(MAX_COPIES);
        let before = match maximum {
            // The last of the required ones is the one that goes round.
            None => (1..required).try_fold(empty, |before, _| self.join(before, inner))?,
            Some(_) => (0..required).try_fold(empty, |before, _| self.join(before, inner))?,
        };
        if maximum.is_none() {
            let mut round = self.add(inner)?;
            self.connect(&round.last.clone(), &round.first);
            round.may_be_empty |= minimum == 0;
            return Some(self.follow(before, round));
        }
        let optional = maximum.unwrap_or_default().saturating_sub(minimum).min(MAX_COPIES - 1);
        // `a{0,2}` is `(a(a)?)?`: the copies come one after the other, and each may be the last.
        let mut last = before.last.clone();
        let mut whole = before;
        let mut ends = whole.last.clone();
        let mut is_open = whole.may_be_empty;
        for _ in 0..optional {
            let copy = self.add(inner)?;
            self.connect(&last, &copy.first);
            if is_open {
                whole.first.extend(&copy.first);
            }
            is_open &= copy.may_be_empty;
            last.clone_from(&copy.last);
            ends.extend(copy.last);
        }
        whole.last = ends;
        Some(whole)
    }

    /// From each place, whether each other one can be reached.
    fn reachable(&self) -> Vec<Vec<bool>> {
        let count = self.places.len();
        (0..count)
            .map(|start| {
                let mut seen = vec![false; count];
                let mut open = vec![start];
                while let Some(place) = open.pop() {
                    for (next, _) in &self.next[place] {
                        if !seen[*next] {
                            seen[*next] = true;
                            open.push(*next);
                        }
                    }
                }
                seen
            })
            .collect()
    }

    /// Whether two runs over the same text begin at one place, part, and meet again, without leaving the round.
    fn parts_and_meets(&self, is_round: &dyn Fn(usize, usize) -> bool) -> bool {
        let count = self.places.len();
        let meets: Vec<Vec<bool>> = self
            .places
            .iter()
            .map(|one| self.places.iter().map(|other| one.meets(other)).collect())
            .collect();
        let mut forward = vec![false; count * count];
        let mut edges: Vec<(usize, usize)> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for place in (0..count).filter(|place| is_round(*place, *place)) {
            forward[place * count + place] = true;
            open.push(place * count + place);
        }
        while let Some(pair) = open.pop() {
            let (one, other) = (pair / count, pair % count);
            for (left, _) in &self.next[one] {
                for (right, _) in &self.next[other] {
                    if !meets[*left][*right] || !is_round(one, *left) || !is_round(other, *right) {
                        continue;
                    }
                    let next = left * count + right;
                    edges.push((pair, next));
                    if !forward[next] {
                        forward[next] = true;
                        open.push(next);
                    }
                }
            }
        }
        // From which of them the two meet again.
        let mut back = vec![Vec::new(); count * count];
        edges.iter().for_each(|(from, to)| back[*to].push(*from));
        let mut together: Vec<usize> =
            (0..count).map(|place| place * count + place).filter(|pair| forward[*pair]).collect();
        let mut meeting = vec![false; count * count];
        while let Some(pair) = together.pop() {
            for before in &back[pair] {
                if !meeting[*before] {
                    meeting[*before] = true;
                    together.push(*before);
                }
            }
        }
        (0..count * count).any(|pair| pair / count != pair % count && forward[pair] && meeting[pair])
    }
}

//! What a function does when it is called, found out once for all calls that pass alike values: which values come out,
//! what it leaves in its arguments, which sinks it reaches. The sources in what is passed are numbered, so that neither
//! where they stand nor the path so far makes two calls differ; the caller puts its own back in. A summary depends on
//! the function and on what is passed alone, never on who asks for it or on what was asked before.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};
use smol_str::SmolStr;

use super::bounds::MAX_FOLLOWED;
use super::evaluator::{Evaluator, Reads, Variables};
use super::event::{Observer, Passed, SinkEvent, Told};
use super::sink::{has_returned, is_direct};
use super::taint::{Location, Origin, Source, Step, TagSet, Taint};
use super::value::{Constant, FunctionReference, Piece, Shape, Value, changed_parts};
use crate::finding::StepKind;
use crate::syntax::ir::{Argument, ArgumentKind, Expression, ExpressionKind};
use crate::text::TextRange;

/// The chunk in which numbered sources stand.
const CALLER: u64 = u64::MAX;
/// The depth of a summary that holds for every depth that it needs.
const ANY_DEPTH: usize = usize::MAX;

/// What a call of a function does. Sources that came with the call are numbers.
#[derive(Default, Clone)]
pub(super) struct Summary {
    pub(super) value: Value,
    /// The parameters at each way out, with the truth of the returned value.
    pub(super) exits: Vec<(Option<bool>, Variables)>,
    /// Parameters that the body bound to something else.
    pub(super) rebound: Vec<SmolStr>,
    /// Variables of scopes around the body that it bound or changed.
    pub(super) outward: Vec<SmolStr>,
    /// Untrusted exceptions that leave the body.
    pub(super) thrown: Vec<Value>,
    sinks: Vec<SinkEvent>,
    told: Option<Told>,
    /// Statements that were evaluated for it.
    cost: usize,
    /// Calls inside calls that it needed.
    height: usize,
    /// A call was too deep to be followed.
    is_cut: bool,
    /// The latest version of any chunk when it was found out.
    as_of: u64,
    reads: Arc<Reads>,
}

/// What made calls that still do the same: what it read and cost now, and where the places are that it speaks of.
pub(super) struct Same {
    pub(super) reads: Reads,
    pub(super) cost: usize,
    pub(super) moves: Moves,
}

/// Places before an edit, and where each is after it.
pub(super) type Places = Vec<(Location, Location)>;

/// Where places are after an edit of the text before them.
#[derive(Default)]
pub struct Moves {
    now: FxHashMap<Location, Location>,
    before: FxHashMap<Location, Location>,
    any: bool,
}

impl Moves {
    /// `None` where that contradicts what was noted before: a place is in one place, and no two are in the same.
    fn note(&mut self, places: &[(Location, Location)]) -> Option<()> {
        for (old, new) in places {
            self.any |= old != new;
            let is_one = *self.now.entry(*old).or_insert(*new) == *new;
            if !is_one || *self.before.entry(*new).or_insert(*old) != *old {
                return None;
            }
        }
        Some(())
    }

    pub fn are_none(&self) -> bool {
        !self.any
    }

    /// Where a place is now.
    pub fn of(&self, old: Location) -> Location {
        self.now.get(&old).copied().unwrap_or(old)
    }
}

/// A call, and how deep the calls in it may be followed.
pub(super) type Key = (Arc<Call>, usize);

/// A call that was made, and what it was found to do.
#[derive(Clone)]
pub(super) struct Followed {
    call: Arc<Call>,
    /// How many calls deep it is in what made it.
    level: usize,
    pub(super) summary: Arc<Summary>,
    /// How many times its statements were counted.
    counted: usize,
}

/// A function and what it is called with.
pub(super) struct Call {
    hash: u64,
    function: FunctionReference,
    receiver: Option<Value>,
    passed: Vec<(Option<SmolStr>, ArgumentKind, Value)>,
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.function == other.function
            && self.receiver == other.receiver
            && self.passed == other.passed
    }
}

/// Not for a call that passes what is not equal to itself: that one is found out anew each time.
impl Eq for Call {}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

/// The sources that come with a call, in the order of their numbers.
#[derive(Default)]
pub(super) struct Incoming(Vec<Slot>);

struct Slot {
    source: Source,
    path: Option<Arc<Step>>,
    /// Passed as it is, not inside of a container.
    is_passed: bool,
}

/// The state of the evaluation of one summary, or of the unit that everything starts from.
pub(super) struct Effort {
    /// Statements that may still be evaluated in called functions.
    pub(super) statements_left: usize,
    /// Calls inside calls that may be followed at all, and that may still be.
    depth: usize,
    depth_left: usize,
    /// Calls inside calls that were followed.
    height: usize,
    is_cut: bool,
    /// Calls whose statements were counted: a loop or a condition asks for the same call again.
    counted: rustc_hash::FxHashSet<(FunctionReference, Location)>,
}

impl Effort {
    pub(super) fn new(depth: usize) -> Self {
        Self {
            statements_left: MAX_FOLLOWED,
            depth,
            depth_left: depth,
            height: 0,
            is_cut: false,
            counted: rustc_hash::FxHashSet::default(),
        }
    }

    /// The statements that were evaluated in called functions.
    pub(super) fn cost(&self) -> usize {
        MAX_FOLLOWED - self.statements_left
    }

    /// Whether no further call can be followed.
    pub(super) fn is_spent(&mut self) -> bool {
        self.is_cut |= self.depth_left == 0;
        self.depth_left == 0 || self.statements_left == 0
    }

    /// Goes into a call without a summary; gives what `ascend` wants back.
    pub(super) fn descend(&mut self) -> usize {
        self.depth_left -= 1;
        std::mem::take(&mut self.height)
    }

    pub(super) fn ascend(&mut self, height: usize) {
        self.depth_left += 1;
        self.height = height.max(self.height + 1);
    }
}

impl Evaluator<'_> {
    /// What a call does, and the sources that it brings; `None` where it is not followed.
    pub(super) fn summary(
        &mut self,
        function: FunctionReference,
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
        at: Location,
    ) -> Option<(Arc<Summary>, Incoming)> {
        if self.effort.is_spent() {
            return None;
        }
        let mut incoming = Incoming::default();
        let receiver = receiver.map(|receiver| incoming.numbered(receiver, true));
        let passed: Vec<Passed<'_>> = passed
            .iter()
            .map(|one| Passed { value: incoming.numbered(&one.value, true), ..one.clone() })
            .collect();
        let depth = self.effort.depth_left - 1;
        let call = Arc::new(Call::new(function, receiver, &passed));
        let summary = self.summary_of(&call, depth);
        let effort = &mut self.effort;
        effort.height = effort.height.max(summary.height + 1);
        effort.is_cut |= summary.is_cut;
        let is_counted = effort.counted.insert((function, at));
        if is_counted {
            effort.statements_left = effort.statements_left.saturating_sub(summary.cost);
        }
        let (level, counted) = (effort.depth - depth, usize::from(is_counted));
        let followed = Followed { call, level, summary: summary.clone(), counted };
        self.reads.note_call(followed);
        Some((summary, incoming))
    }

    /// What a call does when the calls in it may be followed so deep.
    fn summary_of(&mut self, call: &Arc<Call>, depth: usize) -> Arc<Summary> {
        let keys = [(call.clone(), ANY_DEPTH), (call.clone(), depth)];
        let fits = |summary: &Arc<Summary>| summary.height <= depth;
        if let Some(known) = keys.iter().find_map(|key| self.known_summary(key).filter(fits)) {
            return known;
        }
        let is_settled = self.loads.are_settled();
        for key in keys.iter().filter(|_| is_settled) {
            let Some(doubtful) = self.program.doubtful_summary(key).filter(fits) else { continue };
            if let Some(summary) = self.renewed_summary(&doubtful, depth) {
                self.program.remember_summary(key, &summary);
                return summary;
            }
            self.program.forget_summary(key);
        }
        let summary = Arc::new(self.summarize(call, depth));
        let key = (call.clone(), if summary.is_cut { depth } else { ANY_DEPTH });
        if is_settled {
            self.program.remember_summary(&key, &summary);
        } else {
            self.unsettled.summaries.insert(key, summary.clone());
        }
        summary
    }

    fn known_summary(&self, key: &Key) -> Option<Arc<Summary>> {
        self.program.known_summary(key).or_else(|| self.unsettled.summaries.get(key).cloned())
    }

    /// A summary of which nothing changed but functions that it calls, if what these do did not.
    fn renewed_summary(&mut self, doubtful: &Arc<Summary>, depth: usize) -> Option<Arc<Summary>> {
        let Same { reads, cost, moves } = self.same_calls(&doubtful.reads, doubtful.cost, depth)?;
        let summary = if moves.are_none() {
            (**doubtful).clone()
        } else {
            doubtful.relocated(self.observer, &mut |at| moves.of(at))
        };
        Some(Arc::new(Summary { reads: Arc::new(reads), cost, as_of: self.program.latest, ..summary }))
    }

    /// Looks at the calls of an evaluation again. Where each does what it did, so does what made them; then what it read
    /// and cost is told, and where the places are now. How many statements were looked at only matters once they are too
    /// many.
    pub(super) fn same_calls(&mut self, reads: &Reads, cost: usize, depth: usize) -> Option<Same> {
        let mut now = reads.clone();
        let mut moves = Moves::default();
        let mut own = cost;
        let mut called = 0;
        now.calls.clear();
        for followed in reads.calls.values() {
            let summary = self.summary_of(&followed.call, depth.checked_sub(followed.level)?);
            if !Arc::ptr_eq(&followed.summary, &summary) {
                moves.note(&self.difference(&followed.summary, &summary)?)?;
            }
            own = own.saturating_sub(followed.summary.cost * followed.counted);
            called += summary.cost * followed.counted;
            now.note_call(Followed { summary, ..followed.clone() });
        }
        let moves_none = moves.are_none();
        // What did not move must not be where something else went.
        let is_kept = |followed: &&Followed| !moves_none && now.calls.contains_key(&followed.address());
        for followed in reads.calls.values().filter(is_kept) {
            moves.note(&self.difference(&followed.summary, &followed.summary)?)?;
        }
        (cost < MAX_FOLLOWED && own + called < MAX_FOLLOWED).then_some(Same {
            reads: now,
            cost: own + called,
            moves,
        })
    }

    /// Where the places are now that a summary speaks of, if callers cannot tell it from the one before by anything but
    /// that, and by how much it costs. Many ask for the same two.
    fn difference(&self, before: &Arc<Summary>, now: &Arc<Summary>) -> Option<Arc<Places>> {
        let program = self.program;
        if let Some(known) = program.known_difference(before, now) {
            return known;
        }
        let difference = self.find_difference(before, now).map(Arc::new);
        program.remember_difference(before, now, difference.clone());
        difference
    }

    fn find_difference(&self, before: &Arc<Summary>, now: &Arc<Summary>) -> Option<Places> {
        if before.height != now.height || before.is_cut != now.is_cut {
            return None;
        }
        let (old, new) = (self.places(before), self.places(now));
        if old.len() != new.len() {
            return None;
        }
        let is_edited =
            |chunk: u64| self.program.chunks.get(&chunk).is_some_and(|info| info.version > before.as_of);
        let mut moves = Moves::default();
        for pair in old.into_iter().zip(new) {
            let may_be = pair.0 == pair.1 || (pair.0.chunk == pair.1.chunk && is_edited(pair.0.chunk));
            moves.note(may_be.then_some(&[pair])?)?;
        }
        let is_like = if moves.are_none() {
            Arc::ptr_eq(before, now) || self.is_like(before, now)
        } else {
            self.is_like(&before.relocated(self.observer, &mut |at| moves.of(at)), now)
        };
        is_like.then(|| moves.now.into_iter().collect())
    }

    fn is_like(&self, one: &Summary, other: &Summary) -> bool {
        let is_told_the_same = match (&one.told, &other.told) {
            (Some(one), Some(other)) => self.observer.is_same(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        is_told_the_same
            && one.value == other.value
            && one.exits == other.exits
            && one.rebound == other.rebound
            && one.outward == other.outward
            && one.thrown == other.thrown
            && one.sinks == other.sinks
    }

    /// The places that a summary speaks of.
    fn places(&self, summary: &Summary) -> Vec<Location> {
        let mut places = Vec::new();
        let _ = summary.relocated(self.observer, &mut |at| {
            places.push(at);
            at
        });
        places
    }

    /// Evaluates a function as if it were asked for first.
    fn summarize(&mut self, call: &Call, depth: usize) -> Summary {
        let Call { function, receiver, .. } = call;
        let arguments: Vec<Argument> = call.passed.iter().map(argument).collect();
        let passed = arguments.iter().zip(&call.passed);
        let passed: Vec<Passed<'_>> = passed
            .map(|(argument, (_, _, value))| Passed { argument, value: value.clone(), base: None })
            .collect();
        let frames = std::mem::take(&mut self.frames);
        let outer_reads = std::mem::take(&mut self.reads);
        let outer_effort = std::mem::replace(&mut self.effort, Effort::new(depth));
        let outer_heard = self.heard.replace(Vec::new());
        let muted = std::mem::take(&mut self.muted);
        let following = std::mem::replace(&mut self.following, 0);
        let before = self.observer.begin();
        self.reads.chunks.insert(function.chunk);
        let variables = self.parameters(*function, receiver.as_ref(), &passed);
        let mut summary =
            self.run_body(*function, receiver.as_ref(), variables, None, None).unwrap_or_default();
        summary.told = self.observer.end(before);
        self.following = following;
        self.muted = muted;
        summary.sinks = std::mem::replace(&mut self.heard, outer_heard).unwrap_or_default();
        let effort = std::mem::replace(&mut self.effort, outer_effort);
        summary.cost = effort.cost();
        summary.as_of = self.program.latest;
        summary.height = effort.height;
        summary.is_cut = effort.is_cut;
        summary.reads = Arc::new(std::mem::replace(&mut self.reads, outer_reads));
        self.frames = frames;
        summary
    }

    /// Tells what a summary tells, of the sources that the caller brings.
    pub(super) fn tell_summary(
        &mut self,
        summary: &Summary,
        incoming: &Incoming,
        at: Location,
        note: &SmolStr,
    ) {
        if self.muted > 0 {
            return;
        }
        if let Some(told) = &summary.told {
            self.observer.again(told);
        }
        for sink in &summary.sinks {
            let origin = incoming.origin(&sink.origin, at, note);
            self.hear(SinkEvent { origin, ..sink.clone() });
        }
    }

    /// Tells of a sink; what is being summarized keeps it for its callers.
    pub(super) fn hear(&mut self, event: SinkEvent) {
        match &mut self.heard {
            Some(heard) if heard.contains(&event) => {}
            Some(heard) => heard.push(event),
            None => self.observer.sink(event),
        }
    }
}

impl Summary {
    /// What a body that was evaluated just now does, as far as it is not told to the observer.
    pub(super) fn of_body(
        value: Value,
        exits: Vec<(Option<bool>, Variables)>,
        rebound: Vec<SmolStr>,
        outward: Vec<SmolStr>,
        thrown: Vec<Value>,
    ) -> Self {
        Self { value, exits, rebound, outward, thrown, ..Self::default() }
    }

    /// The tags that the body cleared of what a parameter was passed, on every way out with this truth.
    pub(super) fn cleared(&self, parameter: &str, truth: Option<bool>) -> Option<TagSet> {
        let mut exits = self
            .exits
            .iter()
            .filter(|(known, _)| truth.is_none() || known.is_none() || *known == truth)
            .map(|(_, state)| state)
            .peekable();
        exits.peek()?;
        Some(exits.fold(TagSet::ALL, |tags, state| {
            let after = state.get(parameter).map(Value::deep_taint).unwrap_or_default();
            after.origins().iter().fold(tags, |tags, origin| tags.intersection(origin.cleared))
        }))
    }

    /// With each place that it speaks of changed.
    fn relocated(&self, observer: &dyn Observer, change: &mut dyn FnMut(Location) -> Location) -> Self {
        let value = |value: &Value, change: &mut dyn FnMut(Location) -> Location| {
            map_taints(value, false, &mut |taint, _| taint.mapped(|origin| origin.relocated(change)))
        };
        let mut summary = self.clone();
        summary.value = value(&self.value, change);
        for (_, state) in &mut summary.exits {
            for (_, one) in state.iter_mut() {
                *one = value(one, change);
            }
        }
        for one in &mut summary.thrown {
            *one = value(one, change);
        }
        summary.sinks = self.sinks.iter().map(|sink| sink.relocated(change)).collect();
        summary.told = self.told.as_ref().map(|told| observer.relocated(told, change));
        summary
    }

    pub(super) fn reads(&self) -> &Arc<Reads> {
        &self.reads
    }
}

/// An argument that stands for one that was passed: what a function is given is told by its value.
fn argument((keyword, kind, _): &(Option<SmolStr>, ArgumentKind, Value)) -> Argument {
    let value = Expression { range: TextRange::default(), kind: ExpressionKind::Ellipsis };
    Argument { keyword: keyword.clone(), kind: *kind, value, range: TextRange::default() }
}

impl Followed {
    fn address(&self) -> usize {
        Arc::as_ptr(&self.summary) as usize
    }
}

impl Reads {
    /// Adds a call that was made.
    fn note_call(&mut self, followed: Followed) {
        let counted = followed.counted;
        let known = self.calls.entry(followed.address()).or_insert(Followed { counted: 0, ..followed });
        known.counted += counted;
    }
}

impl Call {
    fn new(function: FunctionReference, receiver: Option<Value>, passed: &[Passed<'_>]) -> Self {
        let passed: Vec<_> = passed
            .iter()
            .map(|one| (one.argument.keyword.clone(), one.argument.kind, one.value.clone()))
            .collect();
        let mut hasher = FxHasher::default();
        function.hash(&mut hasher);
        if let Some(receiver) = &receiver {
            hash_value(receiver, 2, &mut hasher);
        }
        for (keyword, _, value) in &passed {
            keyword.hash(&mut hasher);
            hash_value(value, 2, &mut hasher);
        }
        Self { hash: hasher.finish(), function, receiver, passed }
    }
}

/// Hashes what tells values apart, as far down as is worth it.
fn hash_value(value: &Value, depth: usize, hasher: &mut FxHasher) {
    std::mem::discriminant(&value.shape).hash(hasher);
    value.taint.origins().len().hash(hasher);
    match &value.shape {
        Shape::Constant(constant) => hash_constant(constant, hasher),
        Shape::External(name) | Shape::Instance(name) => name.hash(hasher),
        Shape::Function(reference) => reference.hash(hasher),
        Shape::Closure { function, captured } => {
            (function, captured.len()).hash(hasher);
            if depth > 0 {
                captured.iter().for_each(|(_, value)| hash_value(value, depth - 1, hasher));
            }
        }
        Shape::Class(reference) => reference.hash(hasher),
        Shape::Pieces(pieces) => pieces.len().hash(hasher),
        Shape::Choice(choices) => choices.len().hash(hasher),
        Shape::Sequence { items, .. } => {
            items.len().hash(hasher);
            if depth > 0 {
                items.iter().for_each(|item| hash_value(item, depth - 1, hasher));
            }
        }
        Shape::Mapping { entries, .. } => {
            entries.len().hash(hasher);
            if depth > 0 {
                entries.iter().for_each(|(_, value)| hash_value(value, depth - 1, hasher));
            }
        }
        Shape::Record { fields, .. } => {
            fields.len().hash(hasher);
            if depth > 0 {
                fields.iter().for_each(|(_, value)| hash_value(value, depth - 1, hasher));
            }
        }
        Shape::Object { class, attributes } => {
            (class, attributes.len()).hash(hasher);
            if depth > 0 {
                attributes.iter().for_each(|(_, value)| hash_value(value, depth - 1, hasher));
            }
        }
        _ => {}
    }
}

fn hash_constant(constant: &Constant, hasher: &mut FxHasher) {
    match constant {
        Constant::Text(text) => text.hash(hasher),
        Constant::Bytes(bytes) => bytes.hash(hasher),
        Constant::Integer(number) => number.hash(hasher),
        Constant::Float(number) => number.to_bits().hash(hasher),
        Constant::Boolean(value) => value.hash(hasher),
        Constant::None => {}
    }
}

impl Incoming {
    /// The value with a number in place of each source.
    fn numbered(&mut self, value: &Value, is_passed: bool) -> Value {
        map_taints(value, is_passed, &mut |taint, is_passed| {
            taint.mapped(|origin| self.number(origin, is_passed))
        })
    }

    fn number(&mut self, origin: &Origin, is_passed: bool) -> Origin {
        let is_known = |slot: &Slot| {
            let is_same_path = match (&slot.path, &origin.path) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (None, None) => true,
                _ => false,
            };
            slot.is_passed == is_passed && is_same_path && slot.source == origin.source
        };
        // Who made a value is what some rule asks for: it stays.
        if matches!(origin.source, Source::MadeBy { .. } | Source::Checked) {
            return origin.clone();
        }
        let slot = self.0.iter().position(is_known).unwrap_or_else(|| {
            self.0.push(Slot { source: origin.source.clone(), path: origin.path.clone(), is_passed });
            self.0.len() - 1
        });
        let number = self.0.iter().position(|slot| slot.source == origin.source).unwrap_or(slot);
        let source = match &origin.source {
            Source::Known { label, .. } => {
                Source::Known { label: *label, name: SmolStr::default(), at: place(number) }
            }
            Source::Parameter { .. } => Source::Parameter { index: number, name: SmolStr::default() },
            kept @ (Source::MadeBy { .. } | Source::Checked) => kept.clone(),
        };
        // What is asked of a path, of what it went through, is asked of its first step here.
        let kind = if has_returned(origin) {
            StepKind::Return
        } else if is_passed || !is_direct(origin) {
            StepKind::Call
        } else {
            StepKind::Source
        };
        let step = Step { at: place(slot), kind, note: SmolStr::default(), previous: None, length: 1 };
        Origin { source, cleared: origin.cleared, path: Some(Arc::new(step)) }
    }

    /// The value with the sources that the caller brings in place of their numbers.
    pub(super) fn actual(&self, value: &Value, at: Location, note: &SmolStr) -> Value {
        if self.0.is_empty() {
            return value.clone();
        }
        map_taints(value, false, &mut |taint, _| taint.mapped(|origin| self.origin(origin, at, note)))
    }

    fn origin(&self, origin: &Origin, at: Location, note: &SmolStr) -> Origin {
        let mut steps = Vec::new();
        let mut step = origin.path.as_deref();
        while let Some(one) = step {
            steps.push(one);
            step = one.previous.as_deref();
        }
        let slot = steps
            .pop()
            .filter(|first| first.at.chunk == CALLER)
            .and_then(|first| self.0.get(first.at.range.start as usize));
        let Some(slot) = slot else { return origin.clone() };
        let mut actual =
            Origin { source: slot.source.clone(), cleared: origin.cleared, path: slot.path.clone() };
        if slot.is_passed {
            actual = actual.step(at, StepKind::Call, note);
        }
        for step in steps.into_iter().rev() {
            actual = actual.step(step.at, step.kind, &step.note);
        }
        actual
    }
}

/// The place that stands for a number.
#[expect(clippy::cast_possible_truncation, reason = "a call has few arguments, each with few sources")]
fn place(number: usize) -> Location {
    Location { chunk: CALLER, range: TextRange::new(number as u32, number as u32) }
}

/// The value with each taint in it changed; what has none is handed on as it is.
fn map_taints(value: &Value, is_outer: bool, change: &mut impl FnMut(&Taint, bool) -> Taint) -> Value {
    mapped(value, is_outer, change).unwrap_or_else(|| value.clone())
}

/// `None` where there is no taint.
fn mapped(value: &Value, is_outer: bool, change: &mut impl FnMut(&Taint, bool) -> Taint) -> Option<Value> {
    let shape = match &value.shape {
        Shape::Pieces(pieces) => changed_parts(pieces, |piece| match piece {
            Piece::Hole(taint) if !taint.is_empty() => Some(Piece::Hole(change(taint, is_outer))),
            _ => None,
        })
        .map(Shape::Pieces),
        shape => shape.with_parts(&mut |part| mapped(part, false, change)),
    };
    if shape.is_none() && value.taint.is_empty() {
        return None;
    }
    let taint = if value.taint.is_empty() { Taint::default() } else { change(&value.taint, is_outer) };
    Some(Value { shape: shape.unwrap_or_else(|| value.shape.clone()), taint })
}

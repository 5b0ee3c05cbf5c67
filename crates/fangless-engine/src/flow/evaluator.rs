//! The evaluator's state and its entry points.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::answer::Held;
use super::bounds::{MAX_CALL_DEPTH, MAX_REEXPORTS};
use super::class::Lineage;
use super::event::{Observer, SinkEvent};
use super::function::Recent;
use super::given::Calls;
use super::modules::Loads;
use super::place::is_place;
use super::program::{Globals, Program};
use super::remember::Noted;
use super::summary::{Effort, Followed, Key, Moves, Summary};
use super::taint::{Location, TagSet, Taint};
use super::value::{Captured, ClassReference, FunctionReference, Shape, Value};
use crate::syntax::ir::{Expression, Ir, StatementKind};
use crate::text::{ChunkKind, TextRange};

/// What an evaluation read beside its own chunk.
#[derive(Default, Clone)]
pub struct Reads {
    /// Chunks of which everything counts.
    pub chunks: FxHashSet<u64>,
    /// Chunks of which everything counts but the bodies of their functions.
    pub headers: FxHashSet<u64>,
    pub modules: FxHashSet<SmolStr>,
    /// What was read for facts that were found out before, by the address of each.
    shared: FxHashMap<usize, Arc<Reads>>,
    /// The calls of which it counts what they do, by the address of each summary.
    pub(super) calls: FxHashMap<usize, Followed>,
}

impl Reads {
    /// Adds what a fact was found out from.
    pub(super) fn note(&mut self, reads: &Arc<Self>) {
        self.shared.entry(Arc::as_ptr(reads) as usize).or_insert_with(|| reads.clone());
    }

    /// All of it in one, with what was read to find out what the calls do.
    #[must_use]
    pub fn all(&self) -> Self {
        self.gathered(true)
    }

    /// All of it in one, but for the calls: whoever read this and made these calls finds the same as long as this is the
    /// same and they do the same.
    #[must_use]
    pub fn without_calls(&self) -> Self {
        self.gathered(false)
    }

    fn gathered(&self, with_calls: bool) -> Self {
        let mut all = Self::default();
        let mut seen = FxHashSet::default();
        let mut pending = vec![self];
        let mut is_counted = with_calls;
        while let Some(reads) = pending.pop() {
            all.chunks.extend(&reads.chunks);
            all.headers.extend(&reads.headers);
            all.modules.extend(reads.modules.iter().cloned());
            let calls = reads.calls.values().filter(|_| is_counted).map(|followed| followed.summary.reads());
            let inner = reads.shared.values().chain(calls);
            pending
                .extend(inner.filter(|reads| seen.insert(Arc::as_ptr(reads) as usize)).map(|reads| &**reads));
            // Calls that a fact was found out from are no calls of whoever asked for the fact.
            is_counted = true;
        }
        all
    }
}

/// The variables of a scope, in the order of their binding.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variables {
    entries: Vec<(SmolStr, Value)>,
    /// Where each stands, once there are many: generated modules have tens of thousands.
    places: FxHashMap<SmolStr, usize>,
}

impl Variables {
    /// Fewer are found faster one after the other.
    const FEW: usize = 64;

    fn place(&self, name: &str) -> Option<usize> {
        if self.entries.len() <= Self::FEW {
            return self.entries.iter().position(|(known, _)| known == name);
        }
        self.places.get(name).copied()
    }

    fn push(&mut self, name: SmolStr, value: Value) {
        self.entries.push((name, value));
        match self.entries.len() {
            few if few <= Self::FEW => {}
            many if many == Self::FEW + 1 => self.index(),
            many => drop(self.places.insert(self.entries[many - 1].0.clone(), many - 1)),
        }
    }

    fn index(&mut self) {
        let is_many = self.entries.len() > Self::FEW;
        let entries = self.entries.iter().enumerate().filter(|_| is_many);
        self.places = entries.map(|(place, (name, _))| (name.clone(), place)).collect();
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.place(name).map(|place| &self.entries[place].1)
    }

    pub(super) fn set(&mut self, name: &SmolStr, value: Value) {
        match self.place(name) {
            Some(place) => self.entries[place].1 = value,
            None => self.push(name.clone(), value),
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        // What one way found out of a place does not hold on the other.
        let stays = |(name, value): &(SmolStr, Value)| {
            !is_place(name) || !value.taint.is_clean() || other.get(name).is_some()
        };
        if !self.entries.iter().all(stays) {
            self.entries.retain(stays);
            self.index();
        }
        for (name, value) in other.entries {
            match self.place(&name) {
                Some(place) => {
                    let known = &mut self.entries[place].1;
                    if *known != value {
                        *known = known.join(&value);
                    }
                }
                None if is_place(&name) && value.taint.is_clean() => {}
                None => self.push(name, value),
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(SmolStr, Value)> {
        self.entries.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&SmolStr, &mut Value)> {
        self.entries.iter_mut().map(|(name, value)| (&*name, value))
    }

    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&SmolStr) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|(name, _)| is_kept(name));
        if self.entries.len() < before {
            self.index();
        }
    }

    pub(super) fn of(entries: &[(SmolStr, Value)]) -> Self {
        let mut variables = Self { entries: entries.to_vec(), places: FxHashMap::default() };
        variables.index();
        variables
    }

    pub(super) fn into_entries(self) -> Vec<(SmolStr, Value)> {
        self.entries
    }
}

/// Joins two states of which either may be unreachable.
pub(super) fn join_states(left: Option<Variables>, right: Option<Variables>) -> Option<Variables> {
    match (left, right) {
        (Some(mut left), Some(right)) => {
            left.join(right);
            Some(left)
        }
        (left, right) => left.or(right),
    }
}

/// One body under evaluation.
pub(super) struct Frame {
    pub(super) chunk: u64,
    pub(super) module: SmolStr,
    pub(super) ir: Arc<Ir>,
    pub(super) function: Option<FunctionReference>,
    /// The class whose body or method this is.
    pub(super) class: Option<ClassReference>,
    /// `None` where control cannot come.
    pub(super) state: Option<Variables>,
    pub(super) closure: Option<Arc<Variables>>,
    pub(super) returned: Option<Value>,
    /// States at each `return`, with what is known of the truth of the returned value.
    pub(super) exits: Vec<(Option<bool>, Variables)>,
    pub(super) breaks: Vec<Variables>,
    pub(super) continues: Vec<Variables>,
    /// What handlers of an enclosing `try` may see.
    pub(super) raised: Vec<Variables>,
    /// The last call of something that never returns.
    pub(super) ended_by: Option<TextRange>,
    /// The last calls of functions of the workspace that were passed something untrusted.
    pub(super) recent: Vec<Recent>,
    /// The sink that a returned value reaches, for web handlers.
    pub(super) returns_to: Option<crate::model::schema::Tag>,
    /// Functions defined in this body, evaluated at its end.
    pub(super) nested: Vec<FunctionReference>,
    pub(super) is_module: bool,
    /// Names, and the place whose object each is another name of.
    pub(super) aliases: Vec<(SmolStr, Expression)>,
    /// How many branches deep the statement stands that is evaluated.
    pub(super) branches: u32,
    /// Whether some variables are places in objects without known parts.
    pub(super) has_places: bool,
    /// Conditions that have a name.
    pub(super) noted: Vec<Noted>,
    /// How many conditions were named so far.
    pub(super) notes: usize,
    /// Texts in answers whose type is not yet known.
    pub(super) held: Vec<Held>,
    /// The call under evaluation whose result gets a name, and the name.
    pub(super) named_next: Option<(TextRange, SmolStr)>,
    /// The type that such a call says of the answer that it makes.
    pub(super) type_next: Option<SmolStr>,
    /// The statement under evaluation.
    pub(super) at: TextRange,
    /// What the function keeps of the scope in which it was defined, where it left that.
    pub(super) captured: Option<Captured>,
    /// Variables of scopes around this body that it bound or changed.
    pub(super) outward: Vec<SmolStr>,
    /// Untrusted exceptions that were raised, and the one that is handled now.
    pub(super) thrown: Vec<Value>,
    pub(super) handled: Option<Value>,
    /// Names that this body bound: a parameter among them no longer stands for what the caller passed.
    pub(super) rebound: Vec<SmolStr>,
}

pub(super) struct Evaluator<'a> {
    pub(super) program: &'a Program,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) frames: Vec<Frame>,
    pub(super) effort: Effort,
    /// Calls under way whose bodies are evaluated.
    pub(super) following: usize,
    /// Above zero while a loop is run ahead of its last pass: nothing is told to the observer.
    pub(super) muted: u32,
    pub(super) reads: Reads,
    pub(super) loads: Loads,
    /// What was found out while modules are under way.
    pub(super) unsettled: Unsettled,
    /// What the functions of the program are called with here.
    pub(super) calls: Calls,
    /// Sinks that the function under evaluation reaches, when it is looked at for its callers.
    pub(super) heard: Option<Vec<SinkEvent>>,
    /// A decorated function of which only that is wanted what its decorators pass on, and what they did so far.
    pub(super) awaited: Option<(FunctionReference, Option<Variables>)>,
}

/// What holds while the same modules are under way, and no longer.
#[derive(Default)]
pub(super) struct Unsettled {
    pub(super) summaries: FxHashMap<Key, Arc<Summary>>,
    pub(super) lineages: FxHashMap<ClassReference, (Arc<Lineage>, Arc<Reads>)>,
    pub(super) objects: FxHashMap<ClassReference, (Value, Arc<Reads>)>,
}

impl<'a> Evaluator<'a> {
    fn new(program: &'a Program, observer: &'a mut dyn Observer) -> Self {
        Self {
            program,
            observer,
            frames: Vec::new(),
            effort: Effort::new(MAX_CALL_DEPTH),
            following: 0,
            muted: 0,
            reads: Reads::default(),
            loads: Loads::default(),
            unsettled: Unsettled::default(),
            calls: Calls::default(),
            heard: None,
            awaited: None,
        }
    }

    /// Finds something out as if it were asked for first: what comes out does not depend on what is under way. Also
    /// tells what was read.
    pub(super) fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Reads) {
        let frames = std::mem::take(&mut self.frames);
        let outer_reads = std::mem::take(&mut self.reads);
        let effort = std::mem::replace(&mut self.effort, Effort::new(MAX_CALL_DEPTH));
        let following = std::mem::take(&mut self.following);
        self.muted += 1;
        let result = work(self);
        self.muted -= 1;
        self.following = following;
        self.effort = effort;
        self.frames = frames;
        (result, std::mem::replace(&mut self.reads, outer_reads))
    }

    pub(super) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a frame is pushed before anything is evaluated")
    }

    pub(super) fn frame_ref(&self) -> &Frame {
        self.frames.last().expect("a frame is pushed before anything is evaluated")
    }

    pub(super) fn location(&self, range: TextRange) -> Location {
        Location { chunk: self.frame_ref().chunk, range }
    }

    pub(super) fn new_frame(&self, chunk: u64) -> Option<Frame> {
        let info = self.program.chunks.get(&chunk)?;
        Some(Frame {
            chunk,
            module: info.module.clone(),
            ir: info.ir.clone(),
            function: None,
            class: None,
            state: Some(Variables::default()),
            closure: None,
            returned: None,
            exits: Vec::new(),
            breaks: Vec::new(),
            continues: Vec::new(),
            raised: Vec::new(),
            ended_by: None,
            recent: Vec::new(),
            returns_to: None,
            nested: Vec::new(),
            is_module: false,
            aliases: Vec::new(),
            branches: 0,
            has_places: false,
            noted: Vec::new(),
            notes: 0,
            held: Vec::new(),
            named_next: None,
            type_next: None,
            at: TextRange::default(),
            captured: None,
            outward: Vec::new(),
            thrown: Vec::new(),
            handled: None,
            rebound: Vec::new(),
        })
    }

    pub(super) fn lookup(&mut self, name: &str) -> Value {
        let frame = self.frame_ref();
        if let Some(value) = frame.state.as_ref().and_then(|state| state.get(name)) {
            let value = value.clone();
            return self.resolved(value);
        }
        if let Some(value) = frame.closure.as_ref().and_then(|closure| closure.get(name)) {
            let value = value.clone();
            return self.resolved(value);
        }
        let (module, is_module) = (frame.module.clone(), frame.is_module);
        if !is_module && let Some(value) = self.global(&module, name) {
            return value;
        }
        // What Python itself says of a module is nobody else's word.
        if matches!(name, "__file__" | "__name__" | "__package__" | "__path__") {
            return Value { taint: Taint::default().vouched(TagSet::ALL), ..Value::external(name) };
        }
        let models = self.program.models;
        if let Some(class) = models.undeclared_instance(name) {
            return Value::instance(class.clone());
        }
        Value::external(models.undeclared(name).unwrap_or(name))
    }

    /// The value of a module's global after the module ran; `None` where it has none of that name.
    pub(super) fn global(&mut self, module: &SmolStr, name: &str) -> Option<Value> {
        self.reads.modules.insert(module.clone());
        let value = self.module_globals(module)?.values.get(name).cloned()?;
        Some(self.resolved(value))
    }

    /// What an imported name stands for. Names that lead from file to file in a circle stand for nothing known.
    fn resolved(&mut self, value: Value) -> Value {
        let mut value = value;
        for _ in 0..MAX_REEXPORTS {
            let Shape::Imported { module, name, submodule } = &value.shape else { return value };
            let (module, name, submodule) = (module.clone(), name.clone(), submodule.clone());
            self.reads.modules.insert(module.clone());
            let found = self.module_globals(&module).and_then(|globals| globals.values.get(&name).cloned());
            value = match (found, submodule) {
                (Some(found), _) => found,
                (None, Some(path)) => Value::external(format!("file:{path}")),
                (None, None) => Value::unknown(),
            };
        }
        Value::unknown()
    }
}

/// The names that a module exports.
pub fn evaluate_globals(program: &Program, module: &SmolStr, observer: &mut dyn Observer) -> Arc<Globals> {
    Evaluator::new(program, observer).module_globals(module).unwrap_or_default()
}

/// What was read to evaluate something, and how many statements of called functions were looked at.
#[derive(Default)]
pub struct Account {
    pub reads: Reads,
    cost: usize,
}

/// The account of what read and called the same, if its calls still do the same: nothing else came out then, but for
/// where places are now.
pub fn renewed(
    program: &Program,
    account: &Account,
    observer: &mut dyn Observer,
) -> Option<(Account, Moves)> {
    let mut evaluator = Evaluator::new(program, observer);
    let same = evaluator.same_calls(&account.reads, account.cost, MAX_CALL_DEPTH)?;
    Some((Account { reads: same.reads, cost: same.cost }, same.moves))
}

/// What the evaluation of a chunk took, and what it calls.
#[derive(Default)]
pub struct Evaluated {
    pub account: Account,
    pub calls: Calls,
}

/// Evaluates a chunk: its statements, and every function of it with unknown arguments.
pub fn evaluate_chunk(program: &Program, chunk: u64, observer: &mut dyn Observer) -> Evaluated {
    let mut evaluator = Evaluator::new(program, observer);
    let Some(info) = program.chunks.get(&chunk) else { return Evaluated::default() };
    let Some(mut frame) = evaluator.new_frame(chunk) else { return Evaluated::default() };
    let class = (info.kind == ChunkKind::Member).then(|| owner(program, chunk)).flatten();
    frame.class = class;
    evaluator.reads.modules.insert(frame.module.clone());
    evaluator.reads.headers.extend(class.map(|class| class.chunk));
    let ir = frame.ir.clone();
    // Module-level names that other chunks bind are found among the module's globals.
    evaluator.frames.push(frame);
    evaluator.block(&ir.body);
    evaluator.tell_held();
    // A method does not see the other names of its class.
    let closure = if class.is_some() { Variables::default() } else { evaluator.closure() };
    evaluator.run_nested(&Arc::new(closure));
    evaluator.frames.pop();
    let account = Account { cost: evaluator.effort.cost(), reads: evaluator.reads };
    Evaluated { account, calls: evaluator.calls }
}

/// The class whose member a chunk is.
fn owner(program: &Program, chunk: u64) -> Option<ClassReference> {
    let info = program.chunks.get(&chunk)?;
    let order = program.modules.get(&info.module)?;
    let at = order.iter().position(|id| *id == chunk)?;
    order[..at].iter().rev().find_map(|id| {
        let candidate = program.chunks.get(id)?;
        (candidate.kind == ChunkKind::Class).then_some(())?;
        candidate.ir.body.iter().find_map(|statement| match statement.kind {
            StatementKind::Class(index) => Some(ClassReference { chunk: *id, index }),
            _ => None,
        })
    })
}

/// A dotted name as the program spells it.
pub fn spelled_name(expression: &Expression) -> Option<SmolStr> {
    use crate::syntax::ir::ExpressionKind;
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name.clone()),
        ExpressionKind::Attribute { value, name } => {
            spelled_name(value).map(|owner| format!("{owner}.{name}").into())
        }
        _ => None,
    }
}

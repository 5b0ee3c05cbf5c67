//! The evaluator's state and its entry points.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::bounds::{MAX_CALL_DEPTH, MAX_REEXPORTS};
use super::event::{Observer, SinkEvent};
use super::function::Recent;
use super::given::Calls;
use super::modules::Loads;
use super::program::{Globals, Program};
use super::summary::{Call, Effort, Summary};
use super::taint::Location;
use super::value::{ClassReference, FunctionReference, Shape, Value};
use crate::syntax::ir::{Expression, Ir, StatementKind};
use crate::text::{ChunkKind, TextRange};

/// What an evaluation read beside its own chunk.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reads {
    pub chunks: FxHashSet<u64>,
    pub modules: FxHashSet<SmolStr>,
    /// What was read for facts that were found out before, by the address of each.
    shared: FxHashMap<usize, Arc<Reads>>,
}

impl Reads {
    /// Adds what a fact was found out from.
    pub(super) fn note(&mut self, reads: &Arc<Self>) {
        self.shared.entry(Arc::as_ptr(reads) as usize).or_insert_with(|| reads.clone());
    }

    /// All of it in one.
    pub(super) fn all(&self) -> Self {
        let mut all = Self::default();
        let mut seen = FxHashSet::default();
        let mut pending = vec![self];
        while let Some(reads) = pending.pop() {
            all.chunks.extend(&reads.chunks);
            all.modules.extend(reads.modules.iter().cloned());
            pending.extend(
                reads.shared.iter().filter(|(address, _)| seen.insert(**address)).map(|(_, reads)| &**reads),
            );
        }
        all
    }
}

/// The variables of a scope, in the order of their binding.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variables(pub(super) Vec<(SmolStr, Value)>);

impl Variables {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn set(&mut self, name: &SmolStr, value: Value) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.clone(), value)),
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        for (name, value) in other.0 {
            match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => {
                    if *known != value {
                        *known = known.join(&value);
                    }
                }
                None => self.0.push((name, value)),
            }
        }
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
    /// Summaries found out while modules are under way: they hold no longer than that.
    pub(super) unsettled: FxHashMap<Arc<Call>, Arc<Summary>>,
    /// What the functions of the program are called with here.
    pub(super) calls: Calls,
    /// Sinks that the function under evaluation reaches, when it is looked at for its callers.
    pub(super) heard: Option<Vec<SinkEvent>>,
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
            unsettled: FxHashMap::default(),
            calls: Calls::default(),
            heard: None,
        }
    }

    /// Finds something out as if it were asked for first: what comes out does not depend on what is under way. Also
    /// tells what was read.
    pub(super) fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Reads) {
        let frames = std::mem::take(&mut self.frames);
        let unsettled = std::mem::take(&mut self.unsettled);
        let outer_reads = std::mem::take(&mut self.reads);
        let effort = std::mem::replace(&mut self.effort, Effort::new(MAX_CALL_DEPTH));
        let following = std::mem::take(&mut self.following);
        self.muted += 1;
        let result = work(self);
        self.muted -= 1;
        self.following = following;
        self.effort = effort;
        self.unsettled = unsettled;
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

/// What the evaluation of a chunk read, and what it calls.
#[derive(Default)]
pub struct Evaluated {
    pub reads: Reads,
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
    evaluator.reads.chunks.extend(class.map(|class| class.chunk));
    let ir = frame.ir.clone();
    // Module-level names that other chunks bind are found among the module's globals.
    evaluator.frames.push(frame);
    evaluator.block(&ir.body);
    // A method does not see the other names of its class.
    let closure = if class.is_some() { Variables::default() } else { evaluator.closure() };
    evaluator.run_nested(&Arc::new(closure));
    evaluator.frames.pop();
    Evaluated { reads: evaluator.reads.all(), calls: evaluator.calls }
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

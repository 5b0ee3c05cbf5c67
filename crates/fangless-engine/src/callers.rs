//! Which parameters only ever get constants from the calls that the program shows: those are no sources.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::flow::given::{Calls, Given};
use crate::flow::program::Program;
use crate::flow::taint::Location;
use crate::flow::value::FunctionReference;
use crate::syntax::ir::{ExpressionKind, Function};

/// How many callers of callers are asked.
const MAX_CALLERS: usize = 8;

/// Decorators after which a function is still called as it is written.
const TRANSPARENT: [&str; 10] = [
    "abstractmethod",
    "asynccontextmanager",
    "cache",
    "classmethod",
    "contextmanager",
    "final",
    "lru_cache",
    "override",
    "staticmethod",
    "wraps",
];

/// The calls of all chunks, by what they call.
#[derive(Default)]
pub(crate) struct Callers {
    given: FxHashMap<Location, FxHashMap<u64, Given>>,
    unresolved: FxHashMap<SmolStr, FxHashSet<u64>>,
    handed_on: FxHashMap<FunctionReference, FxHashSet<u64>>,
}

impl Callers {
    pub(crate) fn add(&mut self, chunk: u64, calls: &Calls) {
        for (parameter, given) in &calls.given {
            self.given.entry(*parameter).or_default().insert(chunk, given.clone());
        }
        for name in &calls.unresolved {
            self.unresolved.entry(name.clone()).or_default().insert(chunk);
        }
        for function in &calls.handed_on {
            self.handed_on.entry(*function).or_default().insert(chunk);
        }
    }

    pub(crate) fn remove(&mut self, chunk: u64, calls: &Calls) {
        for parameter in calls.given.keys() {
            if let Some(callers) = self.given.get_mut(parameter) {
                callers.remove(&chunk);
                if callers.is_empty() {
                    self.given.remove(parameter);
                }
            }
        }
        for name in &calls.unresolved {
            if let Some(callers) = self.unresolved.get_mut(name) {
                callers.remove(&chunk);
                if callers.is_empty() {
                    self.unresolved.remove(name);
                }
            }
        }
        for function in &calls.handed_on {
            if let Some(callers) = self.handed_on.get_mut(function) {
                callers.remove(&chunk);
                if callers.is_empty() {
                    self.handed_on.remove(function);
                }
            }
        }
    }

    /// Whether there are calls that give a parameter something, and each gives it a constant.
    pub(crate) fn give_constants(&self, program: &Program, parameter: Location) -> bool {
        self.are_constant(program, parameter, &mut Vec::new())
    }

    fn are_constant(&self, program: &Program, parameter: Location, asked: &mut Vec<Location>) -> bool {
        // A function that hands its parameter to itself adds nothing.
        if asked.contains(&parameter) {
            return true;
        }
        if asked.len() >= MAX_CALLERS {
            return false;
        }
        let Some(callers) = self.given.get(&parameter) else { return false };
        if !self.are_all_seen(program, parameter) {
            return false;
        }
        asked.push(parameter);
        let result = callers.values().all(|given| match given {
            Given::Harmless => true,
            Given::Parameters(others) => others.iter().all(|other| self.are_constant(program, *other, asked)),
            Given::Anything => false,
        });
        asked.pop();
        result
    }

    /// Whether a parameter belongs to a function that looks like a view, for it takes a request and gives an answer, but
    /// is one that views call: what is passed to it is found at its callers.
    pub(crate) fn help_a_view(&self, program: &Program, parameter: Location) -> bool {
        self.given.contains_key(&parameter)
            && function_of(program, parameter).is_some_and(|(function, _)| {
                let first = function.parameters.first();
                first.is_some_and(|first| {
                    first.range != parameter.range && program.models.first_parameter(&first.name).is_some()
                })
            })
            && self.are_all_seen(program, parameter)
    }

    /// Whether nobody but the calls that are known can call the function of a parameter.
    fn are_all_seen(&self, program: &Program, parameter: Location) -> bool {
        let Some((function, reference)) = function_of(program, parameter) else { return false };
        let is_special = function.name.starts_with("__") && function.name != "__init__";
        !self.handed_on.contains_key(&reference)
            && !self.unresolved.contains_key(&function.name)
            && !is_special
            && function.decorators.iter().all(|decorator| {
                let name = match &decorator.kind {
                    ExpressionKind::Call { function, .. } => &function.kind,
                    kind => kind,
                };
                matches!(name, ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. }
                    if TRANSPARENT.contains(&name.as_str()))
            })
    }
}

/// The function that a parameter belongs to.
fn function_of(program: &Program, parameter: Location) -> Option<(&Function, FunctionReference)> {
    let functions = &program.chunks.get(&parameter.chunk)?.ir.functions;
    let is_of = |function: &Function| function.parameters.iter().any(|one| one.range == parameter.range);
    let index = functions.iter().position(is_of)?;
    Some((&functions[index], FunctionReference { chunk: parameter.chunk, index }))
}

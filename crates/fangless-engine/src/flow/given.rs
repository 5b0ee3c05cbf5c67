//! What the functions of the program are called with, as far as a chunk's own statements call them.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::evaluator::Evaluator;
use super::event::Passed;
use super::function::{argument_for, has_decorator};
use super::taint::{Location, Origin, Source, TagSet, Taint};
use super::value::{FunctionReference, Piece, Shape, Value};
use crate::syntax::ir::{Expression, ExpressionKind, ParameterKind};

/// What a parameter is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Constants, numbers, what was chosen from a list.
    Harmless,
    /// What these parameters of the callers hold.
    Parameters(Vec<Location>),
    Anything,
}

impl Given {
    fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Anything, _) | (_, Self::Harmless) => {}
            (Self::Parameters(known), Self::Parameters(others)) => {
                known.extend(others);
                known.sort();
                known.dedup();
            }
            (_, other) => *self = other,
        }
    }
}

/// The calls that a chunk makes.
#[derive(Debug, Default)]
pub struct Calls {
    /// By the place of the parameter.
    pub given: FxHashMap<Location, Given>,
    /// Methods called on something unknown: any method of that name may be meant.
    pub unresolved: FxHashSet<SmolStr>,
    /// Functions that are handed on by name: who calls them with what is not seen.
    pub handed_on: FxHashSet<FunctionReference>,
}

impl Evaluator<'_> {
    /// Whether what is evaluated now stands for itself: not for the callers of a function, and not in advance.
    fn is_at_home(&self) -> bool {
        self.muted == 0 && self.heard.is_none()
    }

    /// Notes what a call gives to a function of the program.
    pub(super) fn note_given(
        &mut self,
        reference: FunctionReference,
        has_receiver: bool,
        passed: &[Passed<'_>],
    ) {
        if !self.is_at_home() {
            return;
        }
        let program = self.program;
        let Some((_, function)) = program.function(reference) else { return };
        let skip = usize::from(has_receiver && !has_decorator(function, "staticmethod"));
        for (index, parameter) in function.parameters.iter().enumerate().skip(skip) {
            let given = match parameter.kind {
                ParameterKind::Arguments | ParameterKind::KeywordArguments => Given::Anything,
                kind => match argument_for(&parameter.name, index - skip, kind, passed) {
                    Some(value) => given(&value),
                    None if parameter.default.as_ref().is_some_and(is_literal) => Given::Harmless,
                    None => Given::Anything,
                },
            };
            let place = Location { chunk: reference.chunk, range: parameter.range };
            match self.calls.given.get_mut(&place) {
                Some(known) => known.add(given),
                None => {
                    self.calls.given.insert(place, given);
                }
            }
        }
    }

    /// Notes that a method is called on something of which too little is known to say whose method it is.
    pub(super) fn note_unresolved(&mut self, method: &SmolStr) {
        if self.is_at_home() && !self.calls.unresolved.contains(method) {
            self.calls.unresolved.insert(method.clone());
        }
    }

    /// Notes a function that is named without being called.
    pub(super) fn note_handed_on(&mut self, value: &Value) {
        if !self.is_at_home() {
            return;
        }
        if let Shape::Function(function) | Shape::Bound { function, .. } = &value.shape {
            self.calls.handed_on.insert(*function);
        }
        if matches!(value.shape, Shape::Closure { .. }) {
            self.calls.handed_on.extend(value.as_function());
        }
    }
}

fn given(value: &Value) -> Given {
    if value.is_constant() {
        return Given::Harmless;
    }
    let taint = value.deep_taint();
    let mut parameters = Vec::new();
    for origin in taint.origins() {
        match origin.source {
            Source::Known { .. } => return Given::Anything,
            Source::Parameter { .. } => match first_step(origin) {
                Some(place) => parameters.push(place),
                None => return Given::Anything,
            },
            Source::MadeBy { .. } | Source::Checked => {}
        }
    }
    if !parameters.is_empty() {
        return Given::Parameters(parameters);
    }
    if is_harmless(value) { Given::Harmless } else { Given::Anything }
}

/// Where the path of a source begins.
fn first_step(origin: &Origin) -> Option<Location> {
    let mut step = origin.path.as_deref()?;
    while let Some(previous) = step.previous.as_deref() {
        step = previous;
    }
    Some(step.at)
}

/// Whether a value without sources is known to be harmless, and not only unknown.
fn is_harmless(value: &Value) -> bool {
    match &value.shape {
        Shape::Constant(_) | Shape::Choice(_) => true,
        Shape::Pieces(pieces) => pieces.iter().all(|piece| match piece {
            Piece::Text(_) => true,
            Piece::Hole(taint) => is_vouched(taint),
        }),
        Shape::Sequence { items, open } => !open && items.iter().all(is_harmless),
        Shape::Mapping { entries, open } => !open && entries.iter().all(|(_, value)| is_harmless(value)),
        _ => is_vouched(&value.taint),
    }
}

fn is_vouched(taint: &Taint) -> bool {
    taint.origins().iter().any(|origin| origin.source == Source::Checked && origin.cleared == TagSet::ALL)
}

fn is_literal(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Tuple(items) => items.iter().all(is_literal),
        kind => kind.is_plain_constant(),
    }
}

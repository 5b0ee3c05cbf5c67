//! Calls of workspace functions and classes, by evaluating their bodies with what was passed.

use std::sync::Arc;

use smol_str::SmolStr;

use super::bounds::MAX_CALL_DEPTH;
use super::evaluator::{Evaluator, Variables};
use super::event::Passed;
use super::remember::Moment;
use super::taint::{TagSet, Taint};
use super::value::{ClassReference, Constant, FunctionReference, Piece, Shape, Value};
use crate::finding::StepKind;
use crate::syntax::ir::{
    Argument, ArgumentKind, Expression, ExpressionKind, Function, Parameter, ParameterKind,
};

/// What a call of a workspace function did.
pub(super) struct Outcome {
    pub(super) value: Value,
    /// The parameters at each way out, with the truth of the returned value.
    pub(super) exits: Vec<(Option<bool>, Variables)>,
    /// Parameters that the body bound to something else.
    rebound: Vec<SmolStr>,
}

impl Outcome {
    /// What can be said of a call that is not followed.
    fn unknown(receiver: Option<&Value>, passed: &[Passed<'_>]) -> Self {
        let mut taint = receiver.map(Value::deep_taint).unwrap_or_default();
        for one in passed {
            taint.add(&one.value.deep_taint());
        }
        Self { value: Value::tainted(taint), exits: Vec::new(), rebound: Vec::new() }
    }
}

impl Evaluator<'_> {
    pub(super) fn construct(
        &mut self,
        class: ClassReference,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Value {
        let is_enum = self.is_enum(class);
        if is_enum {
            // `Color(text)` raises unless the text is a member: what comes out is one of a few constants.
            return Value {
                shape: Shape::Object { class, attributes: Arc::new([]) },
                taint: Taint::default(),
            };
        }
        let mut attributes: Vec<(SmolStr, Value)> = Vec::new();
        let initializer = self.class_attribute(class, "__init__");
        let Some(Value { shape: Shape::Function(reference), .. }) = initializer else {
            // A dataclass, a named tuple, a pydantic model: fields by keyword or in order.
            let names = self.field_names(class);
            let mut rest = Taint::default();
            for (at, one) in passed.iter().enumerate() {
                match one.argument.keyword.clone().or_else(|| names.get(at).cloned()) {
                    Some(name) => attributes.push((name, one.value.clone())),
                    None => rest.add(&one.value.deep_taint()),
                }
            }
            return Value { shape: Shape::Object { class, attributes: attributes.into() }, taint: rest };
        };
        let object =
            Value { shape: Shape::Object { class, attributes: Arc::new([]) }, taint: Taint::default() };
        let outcome = self.call_function(reference, Some(object.clone()), passed, whole);
        changed_receiver(self, reference, &outcome).unwrap_or(object)
    }

    pub(super) fn call_function(
        &mut self,
        reference: FunctionReference,
        receiver: Option<Value>,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Arc<Outcome> {
        self.reads.chunks.insert(reference.chunk);
        let program = self.program;
        let Some((_, function)) = program.function(reference) else {
            return Arc::new(Outcome::unknown(receiver.as_ref(), passed));
        };
        let key = (reference, self.location(whole.range));
        let moment = Moment { depth: self.frames.len(), is_muted: self.muted > 0 };
        // A nested function sees the variables around it, which what is passed does not tell.
        let is_apart = self.frame_ref().chunk != reference.chunk;
        let known = is_apart.then(|| self.remembered.find(key, receiver.as_ref(), passed, moment)).flatten();
        let outcome = match known {
            Some(known) => known,
            None => {
                let outcome = Arc::new(self.follow(reference, receiver.clone(), passed, whole));
                if is_apart {
                    self.remembered.put(key, receiver.clone(), passed, moment, outcome.clone());
                }
                outcome
            }
        };
        let is_static = has_decorator(function, "staticmethod");
        let skip = usize::from(receiver.is_some() && !is_static);
        self.update_arguments(function, skip, passed, &outcome.exits, &outcome.rebound);
        outcome
    }

    /// Evaluates the body of a function with what was passed.
    fn follow(
        &mut self,
        reference: FunctionReference,
        receiver: Option<Value>,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Outcome {
        let unknown = Outcome::unknown(receiver.as_ref(), passed);
        let program = self.program;
        let Some((info, function)) = program.function(reference) else { return unknown };
        let recursive = self.frames.iter().any(|frame| frame.function == Some(reference));
        let is_spent = self.calls_left == 0 || self.statements_left == 0;
        if recursive || is_spent || self.frames.len() > MAX_CALL_DEPTH {
            return unknown;
        }
        self.calls_left -= 1;
        let is_static = has_decorator(function, "staticmethod");
        let skip = usize::from(receiver.is_some() && !is_static);
        let note = format!("passed to `{}`", function.name);
        let at = self.location(whole.range);
        let mut variables = Variables::default();
        for (index, parameter) in function.parameters.iter().enumerate() {
            let value = if index < skip {
                receiver.clone().unwrap_or_default()
            } else {
                let selector = index - skip;
                match parameter.kind {
                    ParameterKind::Arguments => {
                        let rest: Vec<Value> = passed
                            .iter()
                            .filter(|one| one.argument.keyword.is_none())
                            .skip(selector)
                            .map(|one| one.value.clone())
                            .collect();
                        Value::sequence(rest, false)
                    }
                    ParameterKind::KeywordArguments => {
                        let named = passed.iter().filter_map(|one| {
                            let name = one.argument.keyword.as_ref()?;
                            (!function.parameters.iter().any(|known| known.name == *name))
                                .then(|| (Constant::Text(name.as_str().into()), one.value.clone()))
                        });
                        Value {
                            shape: Shape::Mapping { entries: named.collect(), open: false },
                            taint: Taint::default(),
                        }
                    }
                    _ => match argument_for(&parameter.name, selector, parameter.kind, passed) {
                        Some(value) => value,
                        None => match &parameter.default {
                            Some(default) => self.constant_default(default),
                            None => Value::unknown(),
                        },
                    },
                }
            };
            variables.set(&parameter.name, value.step(at, StepKind::Call, &note));
        }
        let Some(mut frame) = self.new_frame(reference.chunk) else { return unknown };
        // A nested function sees the variables of the scope that it is called in, when that is where it was defined.
        if self.frame_ref().chunk == reference.chunk {
            frame.closure = Some(Arc::new(self.closure()));
        }
        frame.function = Some(reference);
        frame.state = Some(variables);
        frame.class = match receiver.as_ref().map(|receiver| &receiver.shape) {
            Some(Shape::Object { class, .. } | Shape::Class(class)) => {
                Some(self.defining_class(*class, reference))
            }
            _ => None,
        };
        let ir = info.ir.clone();
        self.frames.push(frame);
        self.following += 1;
        if let Some(function) = ir.functions.get(reference.index) {
            self.block(&function.body);
        }
        self.following -= 1;
        let Some(frame) = self.frames.pop() else { return unknown };
        let mut exits = frame.exits;
        let mut value = frame.returned;
        if let Some(state) = frame.state {
            exits.push((Some(false), state));
            let none = Value::constant(Constant::None);
            value = Some(match value {
                Some(value) if function.is_generator => value,
                Some(value) => value.join(&none),
                None => none,
            });
        }
        let mut value = value.unwrap_or_default();
        if is_quoting(&function.name) {
            value = without_parameters(value);
        }
        let value = self.step(value, whole, StepKind::Return, &format!("returned by `{}`", function.name));
        Outcome { value, exits, rebound: frame.rebound }
    }

    fn constant_default(&mut self, default: &Expression) -> Value {
        match &default.kind {
            ExpressionKind::Text(_)
            | ExpressionKind::Bytes(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Boolean(_)
            | ExpressionKind::None => self.quietly(|evaluator| evaluator.expression(default)),
            _ => Value::unknown(),
        }
    }

    /// For each argument of a call of a workspace function, the tags that its body cleared on every way out with
    /// this truth (any way out when `None`).
    pub(super) fn cleared_by(&mut self, whole: &Expression, truth: Option<bool>) -> Option<Vec<TagSet>> {
        let ExpressionKind::Call { function, arguments } = &whole.kind else { return None };
        let callee = self.callee(function);
        let (reference, receiver) = match &callee.shape {
            Shape::Function(reference) => (*reference, None),
            Shape::Bound { receiver, function } => (*function, Some((**receiver).clone())),
            _ => return None,
        };
        let passed: Vec<Passed<'_>> = arguments.iter().map(|argument| self.pass(argument)).collect();
        if passed.iter().all(|one| one.value.deep_taint().is_clean()) {
            return None;
        }
        let skip = usize::from(receiver.is_some());
        let outcome = self.call_function(reference, receiver, &passed, whole);
        let program = self.program;
        let (_, definition) = program.function(reference)?;
        let exits: Vec<&Variables> = outcome
            .exits
            .iter()
            .filter(|(known, _)| truth.is_none() || known.is_none() || *known == truth)
            .map(|(_, state)| state)
            .collect();
        if exits.is_empty() {
            return None;
        }
        let mut result = Vec::new();
        for (at, one) in passed.iter().enumerate() {
            let parameter = parameter_of(definition, one.argument, at + skip);
            let before = one.value.deep_taint();
            let tags = match parameter {
                Some(parameter) if !before.is_empty() => exits.iter().fold(TagSet::ALL, |tags, state| {
                    let after = state.get(&parameter.name).map(Value::deep_taint).unwrap_or_default();
                    let here = after
                        .origins()
                        .iter()
                        .fold(TagSet::ALL, |tags, origin| tags.intersection(origin.cleared));
                    tags.intersection(here)
                }),
                _ => TagSet::EMPTY,
            };
            result.push(tags);
        }
        Some(result)
    }
}

/// A function that says that it quotes: what a caller may pass, if anyone does, is quoted by it.
fn is_quoting(name: &str) -> bool {
    name.contains("quote") || name.contains("escape")
}

fn without_parameters(value: Value) -> Value {
    match value.shape {
        Shape::Pieces(pieces) => {
            let pieces = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Hole(taint) => Piece::Hole(taint.without_parameters()),
                    Piece::Text(_) => piece.clone(),
                })
                .collect();
            Value { shape: Shape::Pieces(pieces), taint: value.taint.without_parameters() }
        }
        shape => Value { shape, taint: value.taint.without_parameters() },
    }
}

/// The receiver after the call: `self` at every way out, joined.
pub(super) fn changed_receiver(
    evaluator: &Evaluator<'_>,
    reference: FunctionReference,
    outcome: &Outcome,
) -> Option<Value> {
    let (_, function) = evaluator.program.function(reference)?;
    let name = &function.parameters.first()?.name;
    let joined = at_exits(&outcome.exits, name)?;
    matches!(joined.shape, Shape::Object { .. }).then_some(joined)
}

/// What a variable holds when the function ends, on any way out.
pub(super) fn at_exits(exits: &[(Option<bool>, Variables)], name: &str) -> Option<Value> {
    let mut values = exits.iter().filter_map(|(_, state)| state.get(name).cloned());
    let first = values.next()?;
    Some(values.fold(first, |joined, value| joined.join(&value)))
}

/// The parameter that an argument is passed for: by its name, or by its place in the call.
pub(super) fn parameter_of<'f>(
    function: &'f Function,
    argument: &Argument,
    place: usize,
) -> Option<&'f Parameter> {
    match &argument.keyword {
        Some(name) => function.parameters.iter().find(|parameter| parameter.name == *name),
        None => function.parameters.get(place),
    }
}

pub(super) fn has_decorator(function: &Function, name: &str) -> bool {
    function
        .decorators
        .iter()
        .any(|decorator| matches!(&decorator.kind, ExpressionKind::Name(known) if known == name))
}

fn argument_for(name: &str, position: usize, kind: ParameterKind, passed: &[Passed<'_>]) -> Option<Value> {
    if let Some(one) = passed.iter().find(|one| one.argument.keyword.as_deref() == Some(name)) {
        return Some(one.value.clone());
    }
    if kind == ParameterKind::KeywordOnly {
        return None;
    }
    let mut at = 0;
    for one in passed {
        match one.argument.kind {
            ArgumentKind::Positional if one.argument.keyword.is_none() => {
                if at == position {
                    return Some(one.value.clone());
                }
                at += 1;
            }
            ArgumentKind::Starred => return Some(Value::tainted(one.value.deep_taint())),
            ArgumentKind::DoubleStarred => {
                if let Shape::Mapping { entries, .. } = &one.value.shape {
                    let key = Constant::Text(name.into());
                    if let Some((_, value)) = entries.iter().find(|(known, _)| *known == key) {
                        return Some(value.clone());
                    }
                }
                return Some(Value::tainted(one.value.deep_taint()));
            }
            ArgumentKind::Positional => {}
        }
    }
    None
}

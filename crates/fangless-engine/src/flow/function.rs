//! Calls of workspace functions and classes, by evaluating their bodies with what was passed.

use std::sync::Arc;

use smol_str::SmolStr;

use super::answer::answer_of_type;
use super::bounds::MAX_RECENT;
use super::call::Called;
use super::evaluator::{Evaluator, Frame, Variables};
use super::event::Passed;
use super::summary::{Incoming, Summary};
use super::taint::{Location, TagSet, Taint};
use super::value::{Captured, ClassReference, Constant, FunctionReference, Piece, Shape, Value};
use crate::finding::StepKind;
use crate::model::schema::Tag;
use crate::syntax::ir::{
    Argument, ArgumentKind, Expression, ExpressionKind, Function, Parameter, ParameterKind,
};
use crate::text::TextRange;

/// What a call of a workspace function did.
pub(super) struct Outcome {
    pub(super) value: Value,
    summary: Arc<Summary>,
    incoming: Incoming,
    at: Location,
    note: SmolStr,
}

impl Outcome {
    /// What can be said of a call that is not followed.
    fn unknown(receiver: Option<&Value>, passed: &[Passed<'_>], at: Location) -> Self {
        let mut taint = receiver.map(Value::deep_taint).unwrap_or_default();
        for one in passed {
            taint.add(&one.value.deep_taint());
        }
        Self {
            // Whether it is a text at all, which a page could be made of, is not known.
            value: Value::tainted(taint.cleared(TagSet::of(&[Tag::Html]))),
            summary: Arc::default(),
            incoming: Incoming::default(),
            at,
            note: SmolStr::default(),
        }
    }

    /// What the body left in a variable around it, with what that was before where not every way out changes it.
    pub(super) fn left_in(&self, name: &str, before: impl FnOnce() -> Value) -> Option<Value> {
        let after = self.after(name)?;
        let is_always = self.summary.exits.iter().all(|(_, state)| state.get(name).is_some());
        Some(if is_always { after } else { before().join(&after) })
    }

    /// The tags that the body cleared of what a parameter was passed, on every way out with this truth.
    pub(super) fn cleared(&self, parameter: &str, truth: Option<bool>) -> Option<TagSet> {
        self.summary.cleared(parameter, truth)
    }

    pub(super) fn outward(&self) -> &[SmolStr] {
        &self.summary.outward
    }

    /// Whether the body bound a parameter to something else: it no longer stands for what the caller passed.
    pub(super) fn binds(&self, parameter: &SmolStr) -> bool {
        self.summary.rebound.contains(parameter)
    }

    /// What a parameter holds when the function ends, on any way out.
    pub(super) fn after(&self, parameter: &str) -> Option<Value> {
        let mut values = self.summary.exits.iter().filter_map(|(_, state)| state.get(parameter));
        let first = values.next()?.clone();
        let joined = values.fold(first, |joined, value| joined.join(value));
        Some(self.incoming.actual(&joined, self.at, &self.note))
    }

    /// What a variable holds on every way out, where it is the same constant on all.
    pub(super) fn always(&self, variable: &str) -> Option<Value> {
        let mut values = self.summary.exits.iter().map(|(_, state)| state.get(variable));
        let first = values.next()??;
        (first.is_constant() && values.all(|value| value == Some(first))).then(|| first.clone())
    }
}

/// A call of a function of the workspace that was passed something untrusted.
pub(super) struct Recent {
    /// The whole call.
    pub(super) call: TextRange,
    function: FunctionReference,
    /// Parameters before those that arguments are passed for.
    skip: usize,
    /// The arguments that are untrusted.
    untrusted: Vec<TextRange>,
    summary: Arc<Summary>,
    /// What the object is at each way out on which the method gives something true or false.
    receivers: Vec<(bool, Value)>,
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
        let made = self.newly_made(class, passed, whole);
        let initializer = self.class_attribute(class, "__init__");
        let Some(Value { shape: Shape::Function(reference), .. }) = initializer else {
            if let Some(made) = made {
                return made;
            }
            // A dataclass, a named tuple, a pydantic model: fields by keyword or in order.
            let names = self.field_names(class);
            let mut rest = Taint::default();
            for (at, one) in passed.iter().enumerate() {
                match one.argument.keyword.clone().or_else(|| names.get(at).cloned()) {
                    Some(name) => attributes.push((name, one.value.clone())),
                    None => rest.add(&one.value.deep_taint()),
                }
            }
            return self.made(class, attributes, rest, whole);
        };
        let object = made.unwrap_or_else(|| empty(class));
        let outcome = self.call_function(reference, Some(object.clone()), passed, whole);
        changed_receiver(self, reference, &outcome).unwrap_or(object)
    }

    /// What `__new__` of a class gives, where that is one of its objects.
    fn newly_made(
        &mut self,
        class: ClassReference,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Option<Value> {
        let maker = self.class_attribute(class, "__new__")?;
        let Shape::Function(reference) = maker.shape else { return None };
        let own = Value { shape: Shape::Class(class), taint: Taint::default() };
        let made = self.call_function(reference, Some(own), passed, whole).value;
        matches!(made.shape, Shape::Object { .. }).then_some(made)
    }

    pub(super) fn call_function(
        &mut self,
        reference: FunctionReference,
        receiver: Option<Value>,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Outcome {
        self.call_closure(reference, None, receiver, passed, whole)
    }

    /// Calls a function that has, or has not, kept variables of the scope in which it was defined.
    pub(super) fn call_closure(
        &mut self,
        reference: FunctionReference,
        captured: Option<&Captured>,
        receiver: Option<Value>,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Outcome {
        self.reads.headers.insert(reference.chunk);
        self.note_given(reference, receiver.is_some(), passed);
        let at = self.location(whole.range);
        let mut unknown = Outcome::unknown(receiver.as_ref(), passed, at);
        let program = self.program;
        let Some((_, function)) = program.function(reference) else { return unknown };
        if is_quoting(&function.name) {
            unknown.value = without_parameters(unknown.value);
        }
        if self.is_awaited(reference, receiver.as_ref(), passed) {
            return unknown;
        }
        // A function that calls itself does what it does without that.
        let is_same = |frame: &Frame| {
            frame.function == Some(reference) && (captured.is_none() || frame.captured.as_ref() == captured)
        };
        if self.frames.iter().any(is_same) {
            return unknown;
        }
        let note: SmolStr = format!("passed to `{}`", function.name).into();
        let outcome = if function.is_nested {
            self.follow(reference, captured, receiver.as_ref(), passed, at, &note)
        } else {
            self.summary(reference, receiver.as_ref(), passed, at).map(|(summary, incoming)| {
                self.tell_summary(&summary, &incoming, at, &note);
                let value = incoming.actual(&summary.value, at, &note);
                Outcome { value, summary, incoming, at, note: note.clone() }
            })
        };
        let Some(mut outcome) = outcome else { return unknown };
        let returned = format!("returned by `{}`", function.name);
        outcome.value = self.step(outcome.value, whole, StepKind::Return, &returned);
        let is_static = has_decorator(function, "staticmethod");
        let skip = usize::from(receiver.is_some() && !is_static);
        self.update_arguments(function, skip, passed, &outcome);
        for (at, one) in passed.iter().enumerate() {
            if let Some(parameter) = parameter_of(function, one.argument, at + skip) {
                self.take_type(&one.argument.value, &parameter.name, &outcome);
            }
        }
        self.keep_outward(reference, captured, &outcome);
        for exception in &outcome.summary.thrown {
            let exception = outcome.incoming.actual(exception, at, &outcome.note);
            self.throw(exception);
        }
        outcome
    }

    /// Evaluates the body of a function that stands in another one, with the variables around it.
    fn follow(
        &mut self,
        reference: FunctionReference,
        captured: Option<&Captured>,
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
        at: Location,
        note: &SmolStr,
    ) -> Option<Outcome> {
        if self.effort.is_spent() {
            return None;
        }
        self.reads.chunks.insert(reference.chunk);
        let height = self.effort.descend();
        let mut variables = self.parameters(reference, receiver, passed);
        for (_, value) in variables.iter_mut() {
            *value = std::mem::take(value).step(at, StepKind::Call, note);
        }
        // It sees the variables of the scope that it is called in, when that is where it was defined.
        let is_here = self.frame_ref().chunk == reference.chunk;
        let closure = match captured {
            Some(captured) => Some(Arc::new(Variables::of(captured))),
            None => is_here.then(|| Arc::new(self.closure())),
        };
        let summary = self.run_body(reference, receiver, variables, closure, captured.cloned());
        self.effort.ascend(height);
        let summary = Arc::new(summary?);
        let value = summary.value.clone();
        Some(Outcome { value, summary, incoming: Incoming::default(), at, note: note.clone() })
    }

    /// The parameters of a function with what is passed for them.
    pub(super) fn parameters(
        &mut self,
        reference: FunctionReference,
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
    ) -> Variables {
        let program = self.program;
        let mut variables = Variables::default();
        let Some((_, function)) = program.function(reference) else { return variables };
        let is_static = has_decorator(function, "staticmethod");
        let skip = usize::from(receiver.is_some() && !is_static);
        for (index, parameter) in function.parameters.iter().enumerate() {
            let value = if index < skip {
                receiver.cloned().unwrap_or_default()
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
                            Some(default) => self.constant_default(reference.chunk, default),
                            None => self.not_passed(reference.chunk, parameter, selector),
                        },
                    },
                }
            };
            variables.set(&parameter.name, value);
        }
        variables
    }

    /// Evaluates the body of a function.
    pub(super) fn run_body(
        &mut self,
        reference: FunctionReference,
        receiver: Option<&Value>,
        variables: Variables,
        closure: Option<Arc<Variables>>,
        captured: Option<Captured>,
    ) -> Option<Summary> {
        let program = self.program;
        let (info, function) = program.function(reference)?;
        let mut frame = self.new_frame(reference.chunk)?;
        frame.closure = closure;
        frame.captured = captured;
        frame.function = Some(reference);
        frame.state = Some(variables);
        frame.class = match receiver.map(|receiver| &receiver.shape) {
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
        self.tell_held();
        self.following -= 1;
        self.seal_results();
        let frame = self.frames.pop()?;
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
        // Of the variables only the parameters can be anyone else's.
        let is_parameter = |name: &SmolStr| {
            let name = answer_of_type(name).unwrap_or(name);
            function.parameters.iter().any(|parameter| parameter.name == name)
        };
        let mut outward = frame.outward;
        outward.extend(function.outer_names.iter().cloned());
        outward.retain(|name| exits.iter().any(|(_, state)| state.get(name).is_some()));
        for (_, state) in &mut exits {
            state.retain(|name| is_parameter(name) || outward.contains(name));
        }
        let mut rebound = frame.rebound;
        rebound.retain(is_parameter);
        let mut value = value.unwrap_or_default();
        if is_quoting(&function.name) {
            value = without_parameters(value);
        }
        Some(Summary::of_body(value, exits, rebound, outward, frame.thrown))
    }

    /// A parameter that nothing is known to be passed for: what its annotation, or its name, says.
    fn not_passed(&mut self, chunk: u64, parameter: &Parameter, position: usize) -> Value {
        match &parameter.annotation {
            Some(annotation) => {
                let Some(frame) = self.new_frame(chunk) else { return Value::unknown() };
                self.frames.push(frame);
                let value = self.typed(annotation, Taint::default());
                self.frames.pop();
                value
            }
            None if position == 0 => match self.program.models.first_parameter(&parameter.name) {
                Some(class) => Value::instance(class.clone()),
                None => Value::unknown(),
            },
            _ => Value::unknown(),
        }
    }

    /// The default of a parameter of a function in a chunk, where it is a constant.
    fn constant_default(&mut self, chunk: u64, default: &Expression) -> Value {
        let frame = default.kind.is_plain_constant().then(|| self.new_frame(chunk)).flatten();
        let Some(frame) = frame else { return Value::unknown() };
        self.frames.push(frame);
        let value = self.quietly(|evaluator| evaluator.expression(default));
        self.frames.pop();
        value
    }

    /// Remembers what a call checked of what it was passed.
    pub(super) fn note_call(&mut self, called: &Called<'_>, function: FunctionReference, outcome: &Outcome) {
        let untrusted: Vec<TextRange> = called
            .passed
            .iter()
            .filter(|one| !one.value.deep_taint().is_clean())
            .map(|one| one.argument.range)
            .collect();
        let of_untrusted = called.receiver.is_some_and(|receiver| {
            matches!(receiver.shape, Shape::Object { .. }) && !receiver.deep_taint().is_clean()
        });
        if called.is_indirect || (untrusted.is_empty() && !of_untrusted) {
            return;
        }
        let receivers = if of_untrusted { self.receivers_after(function, outcome) } else { Vec::new() };
        let call = called.whole.range;
        let skip = usize::from(called.receiver.is_some());
        let recent = &mut self.frame().recent;
        recent.retain(|one| one.call != call);
        if recent.len() >= MAX_RECENT {
            recent.remove(0);
        }
        recent.push(Recent { call, function, skip, untrusted, summary: outcome.summary.clone(), receivers });
    }

    fn receivers_after(&self, function: FunctionReference, outcome: &Outcome) -> Vec<(bool, Value)> {
        let own = self.program.function(function).and_then(|(_, function)| function.parameters.first());
        let Some(own) = own else { return Vec::new() };
        let exits = outcome.summary.exits.iter().filter_map(|(truth, state)| {
            let receiver = outcome.incoming.actual(state.get(&own.name)?, outcome.at, &outcome.note);
            Some(((*truth)?, receiver))
        });
        exits.collect()
    }

    /// What the object of a method call is once that gave something true, or false.
    pub(super) fn receiver_after(&self, call: &Expression, truth: bool) -> Option<Value> {
        let recent = self.frame_ref().recent.iter().find(|one| one.call == call.range)?;
        let mut receivers = recent.receivers.iter().filter(|(known, _)| *known == truth).map(|(_, one)| one);
        let first = receivers.next()?.clone();
        Some(receivers.fold(first, |joined, one| joined.join(one)))
    }

    /// For each argument of a call of a workspace function that was evaluated just now, the tags that its body cleared on
    /// every way out with this truth (any way out when `None`).
    pub(super) fn cleared_by(
        &mut self,
        whole: &Expression,
        arguments: &[Argument],
        truth: Option<bool>,
    ) -> Option<Vec<TagSet>> {
        let recent = self.frame_ref().recent.iter().find(|one| one.call == whole.range)?;
        let (_, definition) = self.program.function(recent.function)?;
        let cleared = arguments.iter().enumerate().map(|(at, argument)| {
            let parameter = parameter_of(definition, argument, at + recent.skip)
                .filter(|_| recent.untrusted.contains(&argument.range));
            match parameter {
                Some(parameter) => recent.summary.cleared(&parameter.name, truth),
                None => Some(TagSet::EMPTY),
            }
        });
        cleared.collect()
    }
}

/// An object of a class before anything is bound in it.
pub(super) fn empty(class: ClassReference) -> Value {
    Value { shape: Shape::Object { class, attributes: Arc::new([]) }, taint: Taint::default() }
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
    let joined = outcome.after(&function.parameters.first()?.name)?;
    matches!(joined.shape, Shape::Object { .. }).then_some(joined)
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

pub(super) fn argument_for(
    name: &str,
    position: usize,
    kind: ParameterKind,
    passed: &[Passed<'_>],
) -> Option<Value> {
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

//! Functions that leave the scope in which they were defined, with what they see of its variables; what a body changes
//! in the scopes around it; decorators, which are functions of functions.

use super::bounds::{MAX_CAPTURE_DEPTH, MAX_THROWN};
use super::evaluator::{Evaluator, Variables};
use super::event::Passed;
use super::function::Outcome;
use super::guard::called;
use super::value::{Captured, FunctionReference, Shape, Value};
use crate::syntax::ir::{
    Argument, ArgumentKind, Expression, ExpressionKind, Function, ParameterKind, Statement, StatementKind,
};

impl Evaluator<'_> {
    /// A value that leaves the present body, or goes to another: its functions keep what they see here.
    pub(super) fn sealed(&self, value: Value) -> Value {
        if self.frame_ref().function.is_none() {
            return value;
        }
        value.with_functions(&mut |function| self.seal(function, MAX_CAPTURE_DEPTH)).unwrap_or(value)
    }

    fn seal(&self, function: FunctionReference, depth: usize) -> Option<Shape> {
        let frame = self.frame_ref();
        let program = self.program;
        let definition = frame.ir.functions.get(function.index).filter(|_| function.chunk == frame.chunk)?;
        if !definition.is_nested || program.function(function).is_none() {
            return None;
        }
        let seen = |name: &str| {
            let own = frame.state.as_ref().or_else(|| frame.exits.last().map(|(_, state)| state));
            own.and_then(|state| state.get(name))
                .or_else(|| frame.closure.as_ref().and_then(|closure| closure.get(name)))
        };
        let is_parameter = |name: &str| definition.parameters.iter().any(|one| one.name == name);
        let captured = definition.names.iter().filter(|name| !is_parameter(name)).filter_map(|name| {
            let value = seen(name)?;
            let is_itself = matches!(value.shape, Shape::Function(other) if other == function);
            let inner = match depth.checked_sub(1).filter(|_| !is_itself) {
                Some(depth) => value.with_functions(&mut |other| self.seal(other, depth)),
                None => None,
            };
            Some((name.clone(), inner.unwrap_or_else(|| value.clone())))
        });
        Some(Shape::Closure { function, captured: captured.collect() })
    }

    /// What the present body returns, and leaves in its parameters, keeps what it sees here.
    pub(super) fn seal_results(&mut self) {
        if let Some(returned) = self.frame().returned.take() {
            let returned = self.sealed(returned);
            self.frame().returned = Some(returned);
        }
        let mut exits = std::mem::take(&mut self.frame().exits);
        for (_, state) in &mut exits {
            self.seal_parameters(state);
        }
        self.frame().exits = exits;
        if let Some(mut state) = self.frame().state.take() {
            let copy = state.clone();
            self.frame().state = Some(copy);
            self.seal_parameters(&mut state);
            self.frame().state = Some(state);
        }
    }

    fn seal_parameters(&self, state: &mut Variables) {
        let Some((_, function)) = self.frame_ref().function.and_then(|one| self.program.function(one)) else {
            return;
        };
        for parameter in &function.parameters {
            let sealed = state.get(&parameter.name).and_then(|value| {
                value.with_functions(&mut |function| self.seal(function, MAX_CAPTURE_DEPTH))
            });
            if let Some(sealed) = sealed {
                state.set(&parameter.name, sealed);
            }
        }
    }

    /// What a callee left in variables of scopes around it that the present body sees as well.
    pub(super) fn keep_outward(
        &mut self,
        function: FunctionReference,
        captured: Option<&Captured>,
        outcome: &Outcome,
    ) {
        if outcome.outward().is_empty() {
            return;
        }
        let program = self.program;
        let Some((info, definition)) = program.function(function) else { return };
        if info.module != self.frame_ref().module {
            return;
        }
        for name in outcome.outward() {
            if captured.is_some_and(|captured| captured.iter().any(|(known, _)| known == name)) {
                continue;
            }
            let frame = self.frame_ref();
            let is_bound = frame.state.as_ref().is_some_and(|state| state.get(name).is_some());
            let is_own = is_bound && !frame.outward.contains(name) && !frame.is_module;
            // A variable of the same name that is this body's own is another one, unless the callee stands in it.
            if is_own && !definition.is_nested {
                continue;
            }
            let before = self.lookup(name);
            let Some(after) = outcome.left_in(name, || before) else { continue };
            self.set(name, after);
            if !is_own {
                self.note_outward(name);
            }
        }
    }

    /// Remembers that the present body changed a variable of a scope around it.
    pub(super) fn note_outward(&mut self, name: &smol_str::SmolStr) {
        let frame = self.frame();
        if frame.function.is_some() && !frame.outward.contains(name) {
            frame.outward.push(name.clone());
        }
    }

    /// Remembers an untrusted exception.
    pub(super) fn throw(&mut self, exception: Value) {
        let is_untrusted = !exception.deep_taint().is_clean();
        let thrown = &mut self.frame().thrown;
        if is_untrusted && thrown.len() < MAX_THROWN && !thrown.contains(&exception) {
            thrown.push(exception);
        }
    }

    /// A function under its decorators, given what each of these is. Those of libraries leave it what it is.
    pub(super) fn decorated(
        &mut self,
        reference: FunctionReference,
        function: &Function,
        decorators: &[Value],
    ) -> Value {
        let mut value = Value { shape: Shape::Function(reference), ..Value::default() };
        for (decorator, written) in decorators.iter().zip(&function.decorators).rev() {
            let is_known = match &decorator.shape {
                Shape::Function(_) | Shape::Closure { .. } | Shape::Class(_) => true,
                Shape::Object { class, .. } => self.class_attribute(*class, "__call__").is_some(),
                _ => false,
            };
            if !is_known {
                continue;
            }
            let nothing = Expression { range: written.range, kind: ExpressionKind::Ellipsis };
            let argument = Argument::of(&nothing);
            let passed = [Passed { argument: &argument, value: value.clone(), base: None }];
            let made = self.quietly(|evaluator| evaluator.apply(decorator, &passed, written, written, true));
            let is_callable = match &made.shape {
                Shape::Closure { function, .. } => !self.forwards(*function),
                Shape::Function(_) => true,
                Shape::Object { class, .. } => self.class_attribute(*class, "__call__").is_some(),
                _ => false,
            };
            if is_callable {
                value = Value { shape: made.shape, ..Value::default() };
            }
        }
        value
    }

    /// A function that `singledispatch` parts by the type of its first argument gives what any of its parts gives.
    pub(super) fn dispatched(
        &mut self,
        reference: FunctionReference,
        passed: &[Passed<'_>],
        whole: &Expression,
        value: Value,
    ) -> Value {
        let program = self.program;
        let Some((info, function)) = program.function(reference) else { return value };
        if !function.decorators.iter().any(|decorator| called(decorator).starts_with("singledispatch")) {
            return value;
        }
        self.reads.modules.insert(info.module.clone());
        let chunks = program.modules.get(&info.module).cloned().unwrap_or_default();
        let mut value = value;
        for chunk in chunks {
            let Some(other) = program.chunks.get(&chunk) else { continue };
            for (index, part) in other.ir.functions.iter().enumerate() {
                if part.decorators.iter().any(|decorator| registers(decorator, &function.name)) {
                    let part = FunctionReference { chunk, index };
                    value = value.join(&self.call_function(part, None, passed, whole).value);
                }
            }
        }
        value
    }

    /// Whether a wrapper hands on what it is called with as it is, and gives back what comes: it changes nothing.
    fn forwards(&self, wrapper: FunctionReference) -> bool {
        let Some((_, function)) = self.program.function(wrapper) else { return false };
        let is_open = |kind| function.parameters.iter().any(|one| one.kind == kind);
        let is_plain = function.parameters.iter().all(|one| {
            matches!(one.kind, ParameterKind::Arguments | ParameterKind::KeywordArguments)
                || matches!(one.name.as_str(), "self" | "cls")
        });
        let mut returned = Vec::new();
        find_returns(&function.body, &mut returned);
        is_plain
            && is_open(ParameterKind::Arguments)
            && !returned.is_empty()
            && returned.iter().all(|value| hands_on(function, value))
    }

    /// What the decorators of a function pass on to it when they are called with these arguments.
    pub(super) fn passed_on(
        &mut self,
        reference: FunctionReference,
        decorated: &Value,
        variables: &Variables,
    ) -> Option<Variables> {
        let Shape::Closure { .. } = decorated.shape else { return None };
        if self.awaited.is_some() || decorated.as_function() != Some(reference) {
            return None;
        }
        let (_, function) = self.program.function(reference)?;
        let nothing = Expression { range: function.name_range, kind: ExpressionKind::Ellipsis };
        let arguments: Vec<Argument> = function
            .parameters
            .iter()
            .map(|parameter| {
                let plain = Argument::of(&nothing);
                match parameter.kind {
                    ParameterKind::Arguments => Argument { kind: ArgumentKind::Starred, ..plain },
                    ParameterKind::KeywordArguments => {
                        Argument { kind: ArgumentKind::DoubleStarred, ..plain }
                    }
                    ParameterKind::KeywordOnly => Argument { keyword: Some(parameter.name.clone()), ..plain },
                    ParameterKind::Normal | ParameterKind::PositionalOnly => plain,
                }
            })
            .collect();
        let passed: Vec<Passed<'_>> = arguments
            .iter()
            .zip(&function.parameters)
            .map(|(argument, parameter)| {
                let value = variables.get(&parameter.name).cloned().unwrap_or_default();
                Passed { argument, value, base: None }
            })
            .collect();
        self.awaited = Some((reference, None));
        self.quietly(|evaluator| evaluator.apply(decorated, &passed, &nothing, &nothing, true));
        let mut passed_on = self.awaited.take().and_then(|(_, passed_on)| passed_on)?;
        // What is handed on as it came is still what the caller passes, without a way through the decorators.
        for (name, value) in passed_on.iter_mut() {
            if let Some(original) = variables.get(name).filter(|original| is_as_it_came(original, value)) {
                *value = original.clone();
            }
        }
        Some(passed_on)
    }

    /// Whether a call is one of which only that is wanted what it passes.
    pub(super) fn is_awaited(
        &mut self,
        reference: FunctionReference,
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
    ) -> bool {
        if self.awaited.as_ref().is_none_or(|(awaited, _)| *awaited != reference) {
            return false;
        }
        let variables = self.parameters(reference, receiver, passed);
        if let Some((_, known)) = &mut self.awaited {
            match known {
                Some(known) => known.join(variables),
                None => *known = Some(variables),
            }
        }
        true
    }
}

/// Whether a value came through with the sources that it had, none of them harmless for more than before.
fn is_as_it_came(before: &Value, after: &Value) -> bool {
    if after.shape != Shape::Unknown {
        return false;
    }
    let (before, after) = (before.deep_taint(), after.deep_taint());
    let (before, after) = (before.origins(), after.origins());
    !before.is_empty()
        && before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(one, other)| one.source == other.source && one.cleared == other.cleared)
}

/// `@name.register`, `@name.register(int)`
fn registers(decorator: &Expression, name: &str) -> bool {
    let function = match &decorator.kind {
        ExpressionKind::Call { function, .. } => function,
        _ => decorator,
    };
    matches!(&function.kind, ExpressionKind::Attribute { value, name: method }
        if method == "register" && matches!(&value.kind, ExpressionKind::Name(known) if known == name))
}

fn find_returns<'b>(body: &'b [Statement], found: &mut Vec<&'b Expression>) {
    for statement in body {
        if let StatementKind::Return(Some(value)) = &statement.kind {
            found.push(value);
        }
        for block in statement.blocks() {
            find_returns(block, found);
        }
    }
}

/// `fn(*args, **kwargs)` with the wrapper's own parameters, or a name that is bound to that and to nothing else.
fn hands_on(function: &Function, value: &Expression) -> bool {
    let ExpressionKind::Name(name) = &value.kind else { return is_handed_on(function, value) };
    let mut bound = Vec::new();
    find_bound(&function.body, name, &mut bound);
    !bound.is_empty() && bound.iter().all(|value| is_handed_on(function, value))
}

/// A call with the wrapper's own parameters as they are, awaited or not.
fn is_handed_on(function: &Function, value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Await(inner) => is_handed_on(function, inner),
        ExpressionKind::Call { arguments, .. } => {
            arguments.len() == function.parameters.len()
                && function.parameters.iter().zip(arguments).all(|(parameter, argument)| {
                    let spread = match &argument.value.kind {
                        ExpressionKind::Starred(inner) => inner,
                        _ => &argument.value,
                    };
                    argument.keyword.is_none()
                        && matches!(&spread.kind, ExpressionKind::Name(name) if *name == parameter.name)
                })
        }
        _ => false,
    }
}

fn find_bound<'b>(body: &'b [Statement], wanted: &str, found: &mut Vec<&'b Expression>) {
    for statement in body {
        if let StatementKind::Assign { targets, value } = &statement.kind {
            let is_wanted =
                |target: &Expression| matches!(&target.kind, ExpressionKind::Name(name) if name == wanted);
            if targets.iter().any(is_wanted) {
                found.push(value);
            }
        }
        for block in statement.blocks() {
            find_bound(block, wanted, found);
        }
    }
}

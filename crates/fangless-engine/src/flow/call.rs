//! Calls: of library code by its models, of workspace functions by evaluating their bodies.

use std::sync::Arc;

use smol_str::SmolStr;

use super::bounds::MAX_CALL_DEPTH;
use super::evaluator::{Evaluator, Variables};
use super::event::{BindingEvent, BindingKind, CallEvent, Passed, SinkEvent};
use super::library;
use super::taint::{Location, Origin, Source, TagSet, Taint};
use super::value::{ClassReference, FunctionReference, Shape, Value};
use crate::finding::StepKind;
use crate::model::schema::{HandlerRow, Tag};
use crate::rule::schema::ArgumentSelector;
use crate::syntax::ir::{
    Argument, ArgumentKind, Expression, ExpressionKind, Function, ParameterKind, Statement,
};

/// What a call of a workspace function did.
struct Outcome {
    value: Value,
    /// The parameters at each way out, with the truth of the returned value.
    exits: Vec<(Option<bool>, Variables)>,
}

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        whole: &Expression,
        function: &Expression,
        arguments: &[Argument],
    ) -> Value {
        let callee = self.callee(function);
        let passed: Vec<Passed<'_>> = arguments.iter().map(|argument| self.pass(argument)).collect();
        let (method, receiver) = match &callee.shape {
            Shape::Method { receiver, name } => (Some(name.clone()), Some(receiver.clone())),
            _ => (None, None),
        };
        let models = self.program.models;
        let qualified: Option<SmolStr> = match &callee.shape {
            Shape::External(name) => Some(name.clone()),
            Shape::Method { receiver, name } => library::member_name(receiver, name)
                .map(|dotted| SmolStr::new(models.canonical(&dotted)))
                .or_else(|| self.inherited_method(receiver, name)),
            _ => None,
        };
        let at = self.location(whole.range);
        self.tell_call(at, function, qualified.as_deref(), method.as_deref(), receiver.as_deref(), &passed);
        let result = self.dispatch(
            whole,
            function,
            &callee,
            qualified.as_deref(),
            method.as_deref(),
            receiver.as_deref(),
            &passed,
        );
        match &qualified {
            Some(name) => self.made_by(name, at, result),
            None => result,
        }
    }

    fn pass<'e>(&mut self, argument: &'e Argument) -> Passed<'e> {
        let value = self.expression(&argument.value);
        let base = match &value.shape {
            Shape::Class(class) => self.external_base(*class, 0),
            _ => None,
        };
        Passed { argument, value, base }
    }

    /// The callee, without asking whether reading it is a source.
    fn callee(&mut self, function: &Expression) -> Value {
        match &function.kind {
            ExpressionKind::Attribute { value, name } => {
                let owner = self.expression(value);
                if let ExpressionKind::Call { function: inner, .. } = &value.kind
                    && matches!(&inner.kind, ExpressionKind::Name(called) if called == "super")
                {
                    return self.super_method(name);
                }
                self.attribute(&owner, name)
            }
            ExpressionKind::Name(name) => self.lookup(name),
            _ => self.expression(function),
        }
    }

    fn super_method(&mut self, name: &SmolStr) -> Value {
        let Some(class) = self.frame_ref().class else { return Value::unknown() };
        for base in self.bases(class) {
            match base.shape {
                Shape::Class(base) => {
                    if let Some(value) = self.class_attribute(base, name) {
                        let receiver = self.lookup("self");
                        if matches!(value.shape, Shape::Function(_))
                            && matches!(receiver.shape, Shape::Object { .. })
                        {
                            return Value {
                                shape: Shape::Method { receiver: Arc::new(receiver), name: name.clone() },
                                taint: Taint::default(),
                            };
                        }
                        return value;
                    }
                }
                Shape::External(base) => return Value::external(format!("{base}.{name}")),
                _ => {}
            }
        }
        Value::unknown()
    }

    /// A method that a workspace class inherits from a library class.
    fn inherited_method(&mut self, receiver: &Value, name: &str) -> Option<SmolStr> {
        let Shape::Object { class, .. } = &receiver.shape else { return None };
        if self.class_attribute(*class, name).is_some() {
            return None;
        }
        self.external_base(*class, 0).map(|base| format!("{base}.{name}").into())
    }

    pub(super) fn external_base(&mut self, class: ClassReference, depth: usize) -> Option<SmolStr> {
        if depth > 8 {
            return None;
        }
        self.bases(class).into_iter().find_map(|base| match base.shape {
            Shape::External(name) if name != "object" => Some(name),
            Shape::Class(base) => self.external_base(base, depth + 1),
            _ => None,
        })
    }

    fn tell_call(
        &mut self,
        at: Location,
        function: &Expression,
        qualified: Option<&str>,
        method: Option<&str>,
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
    ) {
        if self.muted > 0 {
            return;
        }
        for one in passed {
            if let Some(keyword) = &one.argument.keyword {
                let event = BindingEvent {
                    at: self.location(one.argument.range),
                    kind: BindingKind::Keyword,
                    name: keyword,
                    qualified: qualified.map(|callee| format!("{callee}({keyword})").into()),
                    value: &one.value,
                    expression: &one.argument.value,
                    statement: self.location(one.argument.range),
                };
                self.observer.binding(&event);
            }
        }
        let assumed = self.assumed(function);
        let event = CallEvent { at, function, qualified, method, receiver, arguments: passed, assumed };
        self.observer.call(&event);
        self.tell_sinks(&event);
    }

    fn tell_sinks(&mut self, event: &CallEvent<'_>) {
        let models = self.program.models;
        let by_name = event.qualified.map_or(&[][..], |name| models.sinks(name));
        // `g.connection.execute`: an attribute of something that the models don't know is a method like any other.
        let last = event
            .qualified
            .filter(|name| name.matches('.').count() > 1)
            .and_then(|name| name.rsplit('.').next());
        let by_method = match (event.method.or(last), by_name.is_empty()) {
            (Some(method), true) if is_open(event.receiver) => models.sinks_of_method(method),
            _ => &[],
        };
        for sink in by_name.iter().chain(by_method) {
            if !sink.when.iter().all(|condition| self.observer.holds(condition, event)) {
                continue;
            }
            if let (true, Some(receiver)) = (sink.argument.is_empty(), event.receiver) {
                let callee = event.qualified.or(event.method).unwrap_or_default().to_owned();
                self.tell_sink(sink.tag, receiver, event.at, event.at, &callee, event.assumed.clone());
            }
            for selector in &sink.argument {
                let Some(passed) = select(selector, event.arguments) else { continue };
                if by_name.is_empty() && sink.tag == Tag::Sql && !looks_like_sql(&passed.value) {
                    continue;
                }
                let argument = self.location(passed.argument.value.range);
                let callee = event.qualified.or(event.method).unwrap_or_default().to_owned();
                self.tell_sink(sink.tag, &passed.value, event.at, argument, &callee, event.assumed.clone());
            }
        }
    }

    fn tell_sink(
        &mut self,
        tag: Tag,
        value: &Value,
        at: Location,
        argument: Location,
        callee: &str,
        assumed: Option<SmolStr>,
    ) {
        if matches!(tag, Tag::Request | Tag::Redirect) && has_fixed_host(value) {
            return;
        }
        for origin in value.deep_taint().origins() {
            if origin.cleared.contains(tag) || matches!(origin.source, Source::MadeBy { .. }) {
                continue;
            }
            let note = format!("reaches `{callee}`");
            let origin = origin.step(at, StepKind::Sink, &note);
            self.observer.sink(SinkEvent { tag, at, argument, callee, origin, assumed: assumed.clone() });
        }
    }

    /// What a web handler returns.
    pub(super) fn tell_return(
        &mut self,
        tag: Tag,
        value: &Value,
        statement: &Statement,
        expression: &Expression,
    ) {
        if self.muted > 0 {
            return;
        }
        let at = self.location(statement.range);
        let argument = self.location(expression.range);
        // `return body, status, headers`: only the body is shown.
        let body = match (&value.shape, &expression.kind) {
            (Shape::Sequence { items, .. }, ExpressionKind::Tuple(_)) => {
                items.first().cloned().unwrap_or_default()
            }
            _ => value.clone(),
        };
        if matches!(body.shape, Shape::Mapping { .. } | Shape::Sequence { .. } | Shape::Instance(_)) {
            return;
        }
        for tag in [tag, Tag::ErrorText] {
            self.tell_sink(tag, &body, at, argument, "the response", None);
        }
    }

    /// The well-known module that an undeclared name was taken for.
    fn assumed(&mut self, function: &Expression) -> Option<SmolStr> {
        let mut root = function;
        while let ExpressionKind::Attribute { value, .. } = &root.kind {
            root = value;
        }
        let ExpressionKind::Name(name) = &root.kind else { return None };
        let frame = self.frame_ref();
        if frame.state.as_ref().is_some_and(|state| state.get(name).is_some())
            || frame.closure.as_ref().is_some_and(|closure| closure.get(name).is_some())
        {
            return None;
        }
        let module = frame.module.clone();
        if self.global(&module, name).is_some() {
            return None;
        }
        let known = self.program.models.undeclared(name)?;
        (known != "open" && !root_is_builtin(name)).then(|| known.into())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call, taken apart by `call`")]
    fn dispatch(
        &mut self,
        whole: &Expression,
        function: &Expression,
        callee: &Value,
        qualified: Option<&str>,
        method: Option<&str>,
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
    ) -> Value {
        match &callee.shape {
            Shape::Function(reference) => {
                return self.call_function(*reference, None, passed, whole).value;
            }
            Shape::Class(class) => return self.construct(*class, passed, whole),
            _ => {}
        }
        if let (Some(receiver), Some(method)) = (receiver, method) {
            if let Shape::Object { class, .. } = &receiver.shape
                && let Some(Value { shape: Shape::Function(reference), .. }) =
                    self.class_attribute(*class, method)
            {
                return self.call_method(reference, receiver, function, passed, whole);
            }
            let values: Vec<Value> = passed.iter().map(|one| one.value.clone()).collect();
            if let Some((changed, result)) = library::mutate(receiver, method, &values) {
                if let ExpressionKind::Attribute { value: place, .. } = &function.kind {
                    self.rebind(place, changed);
                }
                return result;
            }
            if method == "format"
                && let Some(text) = receiver.as_text()
            {
                return format_call(text, passed);
            }
            if let Some(result) = library::read(receiver, method, &values) {
                return result;
            }
        }
        self.call_library(whole, function, callee, qualified, method, receiver, passed)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call, taken apart by `call`")]
    fn call_library(
        &mut self,
        whole: &Expression,
        function: &Expression,
        callee: &Value,
        qualified: Option<&str>,
        method: Option<&str>,
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
    ) -> Value {
        let models = self.program.models;
        let at = self.location(whole.range);
        if let Some(label) = qualified.and_then(|name| models.source_call(name)) {
            let name = super::evaluator::spelled_name(function)
                .unwrap_or_else(|| qualified.unwrap_or_default().into());
            return self.source_value(label, &name, at);
        }
        let mut taint = receiver.map(Value::deep_taint).unwrap_or_default();
        taint.add(&callee.taint);
        for one in passed {
            taint.add(&one.value.deep_taint());
        }
        if let Some(tags) = qualified.and_then(|name| models.sanitizer(name)) {
            taint = taint.cleared(tags);
        } else if let Some(tags) = method.and_then(|method| models.sanitizer_method(method)) {
            taint = taint.cleared(tags);
        }
        if let Some(row) = qualified.and_then(|name| models.propagate(name)) {
            taint = Taint::default();
            for selector in &row.from {
                if let Some(one) = select(selector, passed) {
                    taint.add(&one.value.deep_taint());
                }
            }
        }
        match qualified {
            Some("str") if passed.len() == 1 => {
                let text = library::to_text(&passed[0].value);
                return super::guard::cleared(text, TagSet::of(&[Tag::Nosql]));
            }
            Some(
                "list" | "tuple" | "set" | "sorted" | "reversed" | "frozenset" | "copy.copy"
                | "copy.deepcopy",
            ) if passed.len() == 1
                && matches!(passed[0].value.shape, Shape::Sequence { .. } | Shape::Mapping { .. }) =>
            {
                return passed[0].value.clone();
            }
            Some("dict") => {
                let mut entries = Vec::new();
                let mut open = false;
                for one in passed {
                    match (&one.argument.keyword, &one.value.shape) {
                        (Some(name), _) => {
                            entries.push((
                                super::value::Constant::Text(name.as_str().into()),
                                one.value.clone(),
                            ));
                        }
                        (None, Shape::Mapping { entries: more, open: other }) => {
                            entries.extend(more.iter().cloned());
                            open |= other;
                        }
                        _ => open = true,
                    }
                }
                let taint = if open { taint } else { Taint::default() };
                return Value { shape: Shape::Mapping { entries: entries.into(), open }, taint };
            }
            // What passes a value on to another callable: `partial(f, x)`, `to_thread(f, x)`, `executor.submit(f, x)`.
            Some("functools.partial") => {}
            _ => {}
        }
        self.call_back(qualified, method, passed, whole);
        let class = qualified.and_then(|name| {
            models.returns(name).cloned().or_else(|| {
                let last = name.rsplit('.').next().unwrap_or_default();
                (receiver.is_none() && last.chars().next().is_some_and(char::is_uppercase))
                    .then(|| name.into())
            })
        });
        let shape = match class.as_deref() {
            Some("str" | "bytes" | "int" | "bool" | "float") | None => Shape::Unknown,
            Some(class) => Shape::Instance(class.into()),
        };
        let note = qualified.or(method).unwrap_or("a call");
        let mut result =
            self.step(Value { shape, taint }, whole, StepKind::Call, &format!("through `{note}`"));
        if matches!(class.as_deref(), Some("int" | "bool" | "float")) {
            result.taint = Taint::default();
        }
        result
    }

    /// A callback passed by name to something that runs it with the other arguments.
    fn call_back(
        &mut self,
        qualified: Option<&str>,
        method: Option<&str>,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) {
        let name = qualified.or(method).unwrap_or_default();
        let runs =
            name.ends_with("to_thread") || name.ends_with("submit") || name.ends_with("run_in_executor");
        let Some(at) = passed.iter().position(|one| matches!(one.value.shape, Shape::Function(_))) else {
            return;
        };
        if runs && let Shape::Function(reference) = passed[at].value.shape {
            self.call_function(reference, None, &passed[at + 1..], whole);
        }
    }

    fn call_method(
        &mut self,
        reference: FunctionReference,
        receiver: &Value,
        function: &Expression,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Value {
        let outcome = self.call_function(reference, Some(receiver.clone()), passed, whole);
        if let ExpressionKind::Attribute { value: place, .. } = &function.kind
            && let Some(changed) = changed_receiver(self, reference, &outcome)
        {
            self.rebind(place, changed);
        }
        outcome.value
    }

    fn construct(&mut self, class: ClassReference, passed: &[Passed<'_>], whole: &Expression) -> Value {
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

    fn field_names(&mut self, class: ClassReference) -> Vec<SmolStr> {
        use crate::syntax::ir::StatementKind;
        let mut names = Vec::new();
        for (_, ir, statements) in self.program.class_body(class) {
            for statement in statements.of(&ir) {
                if let StatementKind::AnnotatedAssign { target, .. } = &statement.kind
                    && let ExpressionKind::Name(name) = &target.kind
                {
                    names.push(name.clone());
                }
            }
        }
        names
    }

    fn call_function(
        &mut self,
        reference: FunctionReference,
        receiver: Option<Value>,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Outcome {
        self.reads.chunks.insert(reference.chunk);
        let mut taint = receiver.as_ref().map(Value::deep_taint).unwrap_or_default();
        for one in passed {
            taint.add(&one.value.deep_taint());
        }
        let unknown = Outcome { value: Value::tainted(taint), exits: Vec::new() };
        let program = self.program;
        let Some((info, function)) = program.function(reference) else { return unknown };
        let recursive = self.frames.iter().any(|frame| frame.function == Some(reference));
        if recursive || self.calls_left == 0 || self.frames.len() > MAX_CALL_DEPTH {
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
                            (!function.parameters.iter().any(|known| known.name == *name)).then(|| {
                                (super::value::Constant::Text(name.as_str().into()), one.value.clone())
                            })
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
            let stepped = Value { taint: value.taint.step(at, StepKind::Call, &note), shape: value.shape };
            variables.set(&parameter.name, stepped);
        }
        let Some(mut frame) = self.new_frame(reference.chunk) else { return unknown };
        // A nested function sees the variables of the scope that it is called in, when that is where it was defined.
        if self.frame_ref().chunk == reference.chunk {
            frame.closure = Some(Arc::new(self.closure()));
        }
        frame.function = Some(reference);
        frame.state = Some(variables);
        frame.class = receiver.as_ref().and_then(|receiver| match &receiver.shape {
            Shape::Object { class, .. } => Some(*class),
            _ => None,
        });
        let ir = info.ir.clone();
        self.frames.push(frame);
        if let Some(function) = ir.functions.get(reference.index) {
            self.block(&function.body);
        }
        let Some(frame) = self.frames.pop() else { return unknown };
        let mut exits = frame.exits;
        let mut value = frame.returned;
        if let Some(state) = frame.state {
            exits.push((Some(false), state));
            let none = Value::constant(super::value::Constant::None);
            value = Some(match value {
                Some(value) if function.is_generator => value,
                Some(value) => value.join(&none),
                None => none,
            });
        }
        let value = self.step(
            value.unwrap_or_default(),
            whole,
            StepKind::Return,
            &format!("returned by `{}`", function.name),
        );
        Outcome { value, exits }
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
    pub(super) fn cleared_by(
        &mut self,
        function: &Expression,
        arguments: &[Argument],
        truth: Option<bool>,
    ) -> Option<Vec<TagSet>> {
        let callee = self.callee(function);
        let (reference, receiver) = match &callee.shape {
            Shape::Function(reference) => (*reference, None),
            Shape::Method { receiver, name } => match &receiver.shape {
                Shape::Object { class, .. } => match self.class_attribute(*class, name)?.shape {
                    Shape::Function(reference) => (reference, Some((**receiver).clone())),
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        let passed: Vec<Passed<'_>> = arguments.iter().map(|argument| self.pass(argument)).collect();
        if passed.iter().all(|one| one.value.deep_taint().is_empty()) {
            return None;
        }
        let skip = usize::from(receiver.is_some());
        let outcome = self.call_function(reference, receiver, &passed, function);
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
            let parameter = match &one.argument.keyword {
                Some(name) => definition.parameters.iter().find(|parameter| parameter.name == *name),
                None => definition.parameters.get(at + skip),
            };
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

    /// Evaluates a function with unknown arguments, as its framework or anyone may call it.
    pub(super) fn run_function(&mut self, reference: FunctionReference, closure: &Arc<Variables>) {
        let program = self.program;
        let Some((info, function)) = program.function(reference) else { return };
        let handler = self.handler_of(function);
        let class = self.frame_ref().class;
        let Some(mut frame) = self.new_frame(reference.chunk) else { return };
        frame.function = Some(reference);
        frame.class = class;
        frame.closure = Some(closure.clone());
        frame.returns_to = handler.as_ref().and_then(|handler| handler.returns);
        let mut variables = Variables::default();
        let in_method = class.is_some()
            && !has_decorator(function, "staticmethod")
            && self.frame_ref().function.is_none();
        for (index, parameter) in function.parameters.iter().enumerate() {
            let at = Location { chunk: reference.chunk, range: parameter.range };
            let value = if in_method && index == 0 {
                self.self_value(class)
            } else {
                let position = index - usize::from(in_method);
                self.parameter_value(function, parameter, position, handler.as_ref(), at)
            };
            variables.set(&parameter.name, value);
        }
        frame.state = Some(variables);
        let ir = info.ir.clone();
        self.frames.push(frame);
        if let Some(function) = ir.functions.get(reference.index) {
            self.block(&function.body);
        }
        // Functions defined inside see the variables as they are where the body ends; a body that always returns
        // leaves those of its last way out.
        if self.frame_ref().state.is_none() {
            let last = self.frame_ref().exits.last().map(|(_, state)| state.clone());
            self.frame().state = last;
        }
        self.run_nested();
        self.frames.pop();
    }

    fn self_value(&mut self, class: Option<ClassReference>) -> Value {
        let Some(class) = class else { return Value::unknown() };
        let object =
            Value { shape: Shape::Object { class, attributes: Arc::new([]) }, taint: Taint::default() };
        let Some(Value { shape: Shape::Function(reference), .. }) = self.class_attribute(class, "__init__")
        else {
            return object;
        };
        // What the constructor leaves in the object, whatever it was called with.
        let calls_left = self.calls_left;
        let whole = Expression { range: crate::text::TextRange::default(), kind: ExpressionKind::None };
        let outcome =
            self.quietly(|evaluator| evaluator.call_function(reference, Some(object.clone()), &[], &whole));
        self.calls_left = calls_left;
        changed_receiver(self, reference, &outcome).unwrap_or(object)
    }

    fn parameter_value(
        &mut self,
        function: &Function,
        parameter: &crate::syntax::ir::Parameter,
        position: usize,
        handler: Option<&HandlerRow>,
        at: Location,
    ) -> Value {
        if let Some(handler) = handler {
            if let Some(class) = handler.parameter.get(&position.to_string()).and_then(toml::Value::as_str) {
                return Value::instance(class);
            }
            if let Some(label) = handler.label {
                let value = self.source_value(label, &parameter.name, at);
                return match &parameter.annotation {
                    Some(annotation) => self.typed(annotation, value.taint),
                    None if self.route_converts(function, &parameter.name) => Value::unknown(),
                    None => value,
                };
            }
        }
        let source = Source::Parameter { index: position, name: parameter.name.clone() };
        let origin = Origin { source, cleared: TagSet::EMPTY, path: None };
        let note = format!("`{}` is a parameter", parameter.name);
        let taint = Taint::from(origin.step(at, StepKind::Source, &note));
        match &parameter.annotation {
            Some(annotation) => self.typed(annotation, taint),
            None => match &parameter.default {
                Some(Expression {
                    kind: ExpressionKind::Integer(_) | ExpressionKind::Float(_) | ExpressionKind::Boolean(_),
                    ..
                }) => Value::unknown(),
                _ => Value::tainted(taint),
            },
        }
    }

    /// `/user/<int:id>`: the route lets only a number through.
    fn route_converts(&mut self, function: &Function, name: &str) -> bool {
        function.decorators.iter().any(|decorator| {
            let ExpressionKind::Call { arguments, .. } = &decorator.kind else { return false };
            arguments.iter().any(|argument| match &argument.value.kind {
                ExpressionKind::Text(path) => {
                    ["int", "float", "uuid"].iter().any(|kind| path.contains(&format!("<{kind}:{name}>")))
                }
                _ => false,
            })
        })
    }

    /// A value that its annotation describes: of a library class, or free of taint where no attack fits the type.
    pub(super) fn typed(&mut self, annotation: &Expression, taint: Taint) -> Value {
        let inner = match &annotation.kind {
            ExpressionKind::Subscript { value, index } => {
                let name = self.quietly(|evaluator| evaluator.expression(value));
                match &name.shape {
                    Shape::External(name) if name.ends_with("Optional") || name.ends_with("Annotated") => {
                        match &index.kind {
                            ExpressionKind::Tuple(items) => items.first().unwrap_or(index),
                            _ => index,
                        }
                    }
                    Shape::External(name) if name.ends_with("Literal") => return Value::unknown(),
                    _ => return Value::tainted(taint),
                }
            }
            ExpressionKind::Binary { left, .. } => left,
            _ => annotation,
        };
        let value = self.quietly(|evaluator| evaluator.expression(inner));
        match &value.shape {
            Shape::External(name) => match name.as_str() {
                "int" | "float" | "bool" | "uuid.UUID" | "datetime.date" | "datetime.datetime"
                | "decimal.Decimal" => Value::unknown(),
                "str" | "bytes" | "dict" | "list" | "object" | "typing.Any" => Value::tainted(taint),
                class if class.contains('.') => Value { shape: Shape::Instance(class.into()), taint },
                _ => Value::tainted(taint),
            },
            Shape::Class(class) if self.is_enum(*class) => Value::unknown(),
            Shape::Class(class) => {
                let shape = Shape::Object { class: *class, attributes: Arc::new([]) };
                Value { shape, taint }
            }
            _ => Value::tainted(taint),
        }
    }

    /// The framework that calls a function, by its decorators, its name or its class.
    fn handler_of(&mut self, function: &Function) -> Option<HandlerRow> {
        let models = self.program.models;
        for decorator in &function.decorators {
            let callee = match &decorator.kind {
                ExpressionKind::Call { function, .. } => &**function,
                _ => decorator,
            };
            let value = self.quietly(|evaluator| evaluator.callee(callee));
            let (qualified, method): (Option<SmolStr>, Option<SmolStr>) = match &value.shape {
                Shape::External(name) => (Some(name.clone()), name.rsplit('.').next().map(SmolStr::new)),
                Shape::Method { receiver, name } => {
                    (library::member_name(receiver, name), Some(name.clone()))
                }
                _ => (None, None),
            };
            for handler in models.handlers() {
                let matches = handler.decorator.iter().any(|wanted| match wanted.strip_prefix("*.") {
                    Some(name) => method.as_deref() == Some(name) && qualified.is_none(),
                    None => qualified.as_ref() == Some(wanted),
                });
                if matches {
                    return Some(handler.clone());
                }
            }
        }
        let class = self.frame_ref().class;
        let base = class.and_then(|class| self.external_base(class, 0));
        models
            .handlers()
            .iter()
            .find(|handler| {
                let by_base = base.as_ref().is_some_and(|base| handler.base.contains(base))
                    && (handler.method.is_empty() || handler.method.contains(&function.name));
                by_base || handler.function.contains(&function.name)
            })
            .cloned()
    }
}

/// The receiver after the call: `self` at every way out, joined.
fn changed_receiver(
    evaluator: &Evaluator<'_>,
    reference: FunctionReference,
    outcome: &Outcome,
) -> Option<Value> {
    let (_, function) = evaluator.program.function(reference)?;
    let name = &function.parameters.first()?.name;
    let mut exits = outcome.exits.iter().filter_map(|(_, state)| state.get(name).cloned());
    let first = exits.next()?;
    let joined = exits.fold(first, |joined, value| joined.join(&value));
    matches!(joined.shape, Shape::Object { .. }).then_some(joined)
}

fn has_decorator(function: &Function, name: &str) -> bool {
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
                    let key = super::value::Constant::Text(name.into());
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

/// The argument that a selector names.
pub fn select<'p, 'a>(selector: &ArgumentSelector, passed: &'p [Passed<'a>]) -> Option<&'p Passed<'a>> {
    if let Some(keyword) = &selector.keyword
        && let Some(one) = passed.iter().find(|one| one.argument.keyword.as_ref() == Some(keyword))
    {
        return Some(one);
    }
    let position = usize::from(selector.position?);
    let mut at = 0;
    for one in passed {
        match one.argument.kind {
            ArgumentKind::Starred => return Some(one),
            ArgumentKind::Positional if one.argument.keyword.is_none() => {
                if at == position {
                    return Some(one);
                }
                at += 1;
            }
            _ => {}
        }
    }
    None
}

fn format_call(template: &str, passed: &[Passed<'_>]) -> Value {
    let mut positional = Vec::new();
    let mut named = Vec::new();
    let mut rest = Taint::default();
    for one in passed {
        match (&one.argument.keyword, one.argument.kind) {
            (Some(name), _) => named.push((name.clone(), one.value.clone())),
            (None, ArgumentKind::Positional) => positional.push(one.value.clone()),
            _ => rest.add(&one.value.deep_taint()),
        }
    }
    library::format(template, &positional, &named, &rest)
}

/// A receiver of which nothing is known: only then does a method's name alone say what it is.
fn is_open(receiver: Option<&Value>) -> bool {
    receiver.is_none_or(|receiver| {
        matches!(
            receiver.shape,
            Shape::Unknown | Shape::Method { .. } | Shape::External(_) | Shape::Instance(_)
        )
    })
}

fn root_is_builtin(name: &str) -> bool {
    matches!(
        name,
        "open" | "eval" | "exec" | "compile" | "input" | "print" | "getattr" | "setattr" | "__import__"
    )
}

/// Text that reads as SQL, as far as it is known.
fn looks_like_sql(value: &Value) -> bool {
    use super::value::{Constant, Piece};
    let text = match &value.shape {
        Shape::Constant(Constant::Text(text)) => text.to_ascii_lowercase(),
        Shape::Pieces(pieces) => {
            let mut text = String::new();
            for piece in pieces.iter() {
                match piece {
                    Piece::Text(part) => text.push_str(&part.to_ascii_lowercase()),
                    Piece::Hole(_) => text.push('?'),
                }
            }
            text
        }
        _ => return false,
    };
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    match first {
        "select" => text.contains("from"),
        "insert" | "replace" => text.contains("into"),
        "update" => text.contains(" set"),
        "delete" => text.contains("from"),
        "create" | "alter" | "drop" | "truncate" => words.next().is_some(),
        "with" => text.contains("select"),
        "exec" | "execute" | "call" | "grant" | "pragma" => true,
        _ => false,
    }
}

/// A URL whose scheme and host are constant: what follows can only choose the path.
fn has_fixed_host(value: &Value) -> bool {
    use super::value::Piece;
    let Shape::Pieces(pieces) = &value.shape else { return false };
    let Some(Piece::Text(start)) = pieces.first() else { return false };
    match start.split_once("://") {
        Some((_, rest)) => rest.contains(['/', '?', '#']),
        // A path of this site, but not `//host`.
        None => start.len() > 1 && start.starts_with('/') && !start.starts_with("//"),
    }
}

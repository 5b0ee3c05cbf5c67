//! Calls: what is called, and calls of library code by its models.

use std::sync::Arc;

use smol_str::SmolStr;

use super::builtin;
use super::evaluator::Evaluator;
use super::event::{Passed, select};
use super::library;
use super::taint::{TagSet, Taint};
use super::value::{ClassReference, FunctionReference, Shape, Value};
use crate::finding::StepKind;
use crate::model::schema::{Tag, Target};
use crate::syntax::ir::{Argument, ArgumentKind, Expression, ExpressionKind};

/// A call, taken apart.
pub(super) struct Called<'c> {
    pub(super) whole: &'c Expression,
    pub(super) function: &'c Expression,
    pub(super) callee: &'c Value,
    /// Qualified name of the callee, where it is known.
    pub(super) qualified: Option<&'c str>,
    pub(super) method: Option<&'c str>,
    pub(super) receiver: Option<&'c Value>,
    pub(super) passed: &'c [Passed<'c>],
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
            // A class without a constructor of its own is made as its base is.
            Shape::Class(class) if self.class_attribute(*class, "__init__").is_none() => {
                self.external_base(*class, 0)
            }
            _ => None,
        };
        let at = self.location(whole.range);
        let called = Called {
            whole,
            function,
            callee: &callee,
            qualified: qualified.as_deref(),
            method: method.as_deref(),
            receiver: receiver.as_deref(),
            passed: &passed,
        };
        self.tell_call(&called);
        let result = self.dispatch(&called);
        match &qualified {
            Some(name) => {
                if models.never_returns(name) {
                    self.frame().ended_by = Some(whole.range);
                }
                self.made_by(name, at, result)
            }
            None => result,
        }
    }

    pub(super) fn pass<'e>(&mut self, argument: &'e Argument) -> Passed<'e> {
        let value = self.expression(&argument.value);
        let base = match &value.shape {
            Shape::Class(class) => self.external_base(*class, 0),
            _ => None,
        };
        Passed { argument, value, base }
    }

    /// The callee, without asking whether reading it is a source.
    pub(super) fn callee(&mut self, function: &Expression) -> Value {
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
            // `declarative_base()`, `db.Model`
            Shape::Instance(name) => Some(name),
            Shape::Method { receiver, name } => library::member_name(&receiver, &name),
            Shape::Class(base) => self.external_base(base, depth + 1),
            _ => None,
        })
    }

    fn dispatch(&mut self, called: &Called<'_>) -> Value {
        let Called { whole, function, callee, method, receiver, passed, .. } = *called;
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
            let values = match method {
                "update" => builtin::with_keywords(passed),
                _ => builtin::values(passed),
            };
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
            if let ExpressionKind::Attribute { value: place, .. } = &function.kind {
                self.gather(place, called);
            }
        }
        self.call_library(called)
    }

    fn call_library(&mut self, called: &Called<'_>) -> Value {
        let Called { whole, function, callee, qualified, method, receiver, passed } = *called;
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
        if let Some(row) =
            qualified.and_then(|name| models.propagate(name)).filter(|row| row.to == Target::Result)
        {
            taint = Taint::default();
            for selector in &row.from {
                if let Some(one) = select(selector, passed) {
                    taint.add(&one.value.deep_taint());
                }
            }
        }
        if let Some(tags) = qualified.and_then(|name| models.sanitizer(name)) {
            taint = taint.cleared(tags);
        } else if let Some(tags) = method.and_then(|method| models.sanitizer_method(method)) {
            taint = taint.cleared(tags);
        }
        if method == Some("replace") && passed.first().is_some_and(|one| is_line_end(&one.value)) {
            taint = taint.cleared(TagSet::of(&[Tag::Log, Tag::Header]));
        }
        if let Some(result) = qualified.and_then(|name| self.built_in(name, passed)) {
            return result;
        }
        self.call_back(called);
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
    fn call_back(&mut self, called: &Called<'_>) {
        let Called { whole, passed, .. } = *called;
        let name = called.qualified.or(called.method).unwrap_or_default();
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
            && let Some(changed) = super::function::changed_receiver(self, reference, &outcome)
        {
            self.rebind(place, changed);
        }
        outcome.value
    }
}

/// What `replace` takes out so that a text stays on its line.
fn is_line_end(value: &Value) -> bool {
    matches!(value.as_text(), Some("\n" | "\r\n"))
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

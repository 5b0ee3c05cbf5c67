//! Calls: what is called, and calls of library code by its models.

use smol_str::SmolStr;

use super::builtin;
use super::character;
use super::evaluator::Evaluator;
use super::event::{CallEvent, Passed, select};
use super::function::Outcome;
use super::library;
use super::special;
use super::taint::{TagSet, Taint};
use super::value::{ClassReference, Constant, FunctionReference, Shape, Value};
use crate::finding::StepKind;
use crate::model::Models;
use crate::model::schema::{Label, Tag, Target};
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
    /// The program names the function elsewhere than in front of the arguments: no fix can edit it here.
    pub(super) is_indirect: bool,
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
        let Some(spread) = spread(&passed) else {
            return self.apply(&callee, &passed, whole, function, false);
        };
        let passed: Vec<Passed<'_>> = spread
            .iter()
            .map(|(argument, value, base)| Passed { argument, value: value.clone(), base: base.clone() })
            .collect();
        self.apply(&callee, &passed, whole, function, false)
    }

    /// Calls a value. `is_indirect` where the program names the function elsewhere than in front of the arguments.
    pub(super) fn apply(
        &mut self,
        callee: &Value,
        passed: &[Passed<'_>],
        whole: &Expression,
        function: &Expression,
        is_indirect: bool,
    ) -> Value {
        if let Shape::Partial(partial) = &callee.shape {
            return self.apply_partial(&partial.clone(), passed, whole, function);
        }
        let (method, receiver) = match &callee.shape {
            Shape::Method { receiver, name } => (Some(name.clone()), Some(receiver.clone())),
            Shape::Bound { receiver, function } => {
                let program = self.program;
                let name = program.function(*function).map(|(_, function)| function.name.clone());
                (name, Some(receiver.clone()))
            }
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
                self.external_base(*class).filter(|base| !self.is_made_safe(*class, base))
            }
            // An object of a library that is called itself: `XPathEvaluator(root)("//a")`.
            Shape::Instance(class) => {
                Some(SmolStr::from(format!("{class}.__call__"))).filter(|name| !models.sinks(name).is_empty())
            }
            _ => None,
        };
        let at = self.location(whole.range);
        let called = Called {
            whole,
            function,
            callee,
            qualified: qualified.as_deref(),
            method: method.as_deref(),
            receiver: receiver.as_deref(),
            passed,
            is_indirect,
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
            None => self.as_modelled(callee, result),
        }
    }

    pub(super) fn pass<'e>(&mut self, argument: &'e Argument) -> Passed<'e> {
        let value = self.expression(&argument.value);
        let value = self.sealed(value);
        let base = match &value.shape {
            Shape::Class(class) => self.external_base(*class),
            _ => None,
        };
        Passed { argument, value, base }
    }

    /// The callee, without asking whether reading it is a source.
    pub(super) fn callee(&mut self, function: &Expression) -> Value {
        match &function.kind {
            ExpressionKind::Attribute { value, name } => {
                let owner = self.expression(value);
                if is_super(value) {
                    return self.super_attribute(name);
                }
                let callee = self.attribute(&owner, name);
                self.property(callee, function)
            }
            ExpressionKind::Name(name) => self.lookup(name),
            _ => self.expression(function),
        }
    }

    /// `find_class` of an unpickler: the class decides itself what the dangerous method of its base may do.
    fn is_made_safe(&mut self, class: ClassReference, base: &str) -> bool {
        let models = self.program.models;
        models.safe_when_overridden(base).any(|method| self.class_attribute(class, method).is_some())
    }

    /// A method that a workspace class inherits from a library class.
    fn inherited_method(&mut self, receiver: &Value, name: &str) -> Option<SmolStr> {
        let Shape::Object { class, .. } = &receiver.shape else { return None };
        if self.class_attribute(*class, name).is_some() {
            return None;
        }
        self.external_base(*class)
            .filter(|base| !self.is_made_safe(*class, base))
            .map(|base| format!("{base}.{name}").into())
    }

    fn dispatch(&mut self, called: &Called<'_>) -> Value {
        let Called { whole, function, callee, method, receiver, passed, .. } = *called;
        match &callee.shape {
            Shape::Function(reference) => {
                let outcome = self.call_function(*reference, None, passed, whole);
                self.note_call(called, *reference, &outcome);
                let value = self.as_declared(*reference, None, outcome.value);
                return self.dispatched(*reference, passed, whole, value);
            }
            Shape::Closure { function: reference, captured } => {
                let outcome = self.call_closure(*reference, Some(captured), None, passed, whole);
                self.note_call(called, *reference, &outcome);
                return outcome.value;
            }
            Shape::Bound { receiver, function: reference } => {
                let outcome = self.call_method(*reference, receiver, function, passed, whole);
                self.note_call(called, *reference, &outcome);
                return self.as_declared(*reference, Some(receiver), outcome.value);
            }
            Shape::Class(class) => return self.construct(*class, passed, whole),
            Shape::Object { class, .. } => {
                if let Some(method) = self.class_attribute(*class, "__call__")
                    && let Shape::Bound { receiver, function: reference } = self.bound(method, callee).shape
                {
                    return self.call_function(reference, Some((*receiver).clone()), passed, whole).value;
                }
            }
            _ => {}
        }
        if let Some(made) = made_by_hand(function, passed).or_else(|| self.call_of_base(called)) {
            return made;
        }
        if let Some(Shape::Object { class, .. }) = receiver.map(|receiver| &receiver.shape)
            && method == Some("start")
            && let Some(runner) = self.runner(*class)
        {
            let object = receiver.cloned();
            return self.call_function(runner, object, &[], whole).value;
        }
        self.note_type_by_call(function, passed);
        self.update_dictionary(function, passed);
        if let Shape::Method { receiver, name } = &callee.shape
            && matches!(receiver.shape, Shape::Unknown | Shape::Method { .. } | Shape::Object { .. })
        {
            self.note_unresolved(name);
        }
        if let (Some(receiver), Some(method)) = (receiver, method) {
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
            if let ("format", Some(text)) = (method, receiver.as_text()) {
                // `{0.name}` asks the object itself.
                let shown: Vec<Passed<'_>> = if text.contains(['.', '[']) {
                    passed.to_vec()
                } else {
                    let values =
                        passed.iter().map(|one| (one, self.shown(one.value.clone(), special::FORMATTED)));
                    values.map(|(one, value)| Passed { value, ..one.clone() }).collect()
                };
                return format_call(text, &shown);
            }
            if let ("format_map", Some(text), [mapping]) = (method, receiver.as_text(), values.as_slice())
                && let Shape::Mapping { entries, .. } = &mapping.shape
            {
                let named: Vec<_> = entries
                    .iter()
                    .filter_map(|(key, value)| match key {
                        Constant::Text(key) => Some((SmolStr::new(key), value.clone())),
                        _ => None,
                    })
                    .collect();
                return library::format(text, &[], &named, &mapping.taint);
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

    /// What `start` of a thread's or process's own class runs.
    fn runner(&mut self, class: ClassReference) -> Option<FunctionReference> {
        let base = self.external_base(class)?;
        if !matches!(base.rsplit('.').next(), Some("Thread" | "Process")) {
            return None;
        }
        match self.class_attribute(class, "run")?.shape {
            Shape::Function(function) => Some(function),
            _ => None,
        }
    }

    /// The result of a function of the project, harmless where the configuration says so.
    fn as_declared(&self, reference: FunctionReference, receiver: Option<&Value>, value: Value) -> Value {
        let Some(tags) = self.declared_sanitizer(reference, receiver) else { return value };
        let mut value = super::narrow::cleared(value, tags);
        value.taint = value.taint.vouched(tags);
        value
    }

    /// What the configuration says that a function of the project makes data harmless for.
    fn declared_sanitizer(&self, reference: FunctionReference, receiver: Option<&Value>) -> Option<TagSet> {
        let program = self.program;
        if program.sanitizers.is_empty() {
            return None;
        }
        let (info, function) = program.function(reference)?;
        let class = match receiver.map(|receiver| &receiver.shape) {
            Some(Shape::Object { class, .. } | Shape::Class(class)) => program.class(*class),
            _ => None,
        };
        let file = info.module.strip_suffix("/__init__.py").or_else(|| info.module.strip_suffix(".py"))?;
        let is_meant = |callee: &str| {
            let mut parts = callee.rsplit('.');
            let own = parts.next() == Some(&function.name);
            let inside = class.as_ref().is_none_or(|(_, class)| parts.next() == Some(&class.name));
            let mut folders = file.rsplit('/');
            own && inside && parts.all(|part| folders.next() == Some(part))
        };
        program.sanitizers.iter().find(|(callee, _)| is_meant(callee)).map(|(_, tags)| *tags)
    }

    fn call_library(&mut self, called: &Called<'_>) -> Value {
        let Called { whole, function, callee, qualified, method, receiver, passed, .. } = *called;
        let models = self.program.models;
        let at = self.location(whole.range);
        if let Some(label) = qualified.and_then(|name| models.source_call(name, !passed.is_empty())) {
            let name = super::evaluator::spelled_name(function)
                .unwrap_or_else(|| qualified.unwrap_or_default().into());
            let clears = models.source_clears(qualified.unwrap_or_default());
            let mut value = self.source_value(label, &name, at);
            value.taint = value.taint.cleared(clears);
            return if label == Label::Cli { self.with_options(value) } else { value };
        }
        match qualified {
            Some("print") => self.print_into(passed),
            Some("setattr") => self.tell_set(whole, passed),
            _ => self.note_option(called),
        }
        let mut taint = receiver.map(Value::deep_taint).unwrap_or_default();
        taint.add(&callee.taint);
        if let (Some("get" | "pop"), Some(key)) =
            (method, passed.first().and_then(|key| key.value.as_constant()))
        {
            taint = taint.under(key);
        }
        let is_lookup = is_lookup_by_keyword(receiver, method);
        let is_key = |one: &Passed<'_>| is_lookup && one.argument.keyword.is_some();
        let mut given = Taint::default();
        for one in passed.iter().skip(kept_from(models, qualified, method)).filter(|one| !is_key(one)) {
            given.add(&one.value.deep_taint());
        }
        if !carries_text(receiver, method) {
            taint = taint.without_parameters();
            // What an object makes of a text is hardly that text as it was: it renders, stores or looks up.
            given = given.without_parameters().cleared(TagSet::of(&[Tag::Html]));
        } else if receiver.is_none() && matches!(callee.shape, Shape::Unknown) {
            given = given.cleared(TagSet::of(&[Tag::Html]));
        }
        taint.add(&given);
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
            taint = taint.cleared(tags).vouched(tags);
        } else if let Some(tags) = method.and_then(|method| models.sanitizer_method(method)) {
            taint = taint.cleared(tags).vouched(tags);
        }
        if let Some(tags) = qualified.and_then(|name| self.program.sanitizers.get(name)) {
            taint = taint.cleared(*tags).vouched(*tags);
        }
        let harmless = self.cleared_by_arguments(called);
        if !harmless.is_empty() {
            taint = taint.cleared(harmless).vouched(harmless);
        }
        let let_through = self.let_through(called);
        if !let_through.is_empty() {
            taint = taint.cleared(let_through);
        }
        if method == Some("replace") && passed.len() >= 2 {
            taint = taint.cleared(replaced(&passed[0].value, &passed[1].value));
        }
        if qualified.and_then(|name| models.propagate(name)).is_some_and(|row| row.decodes) {
            taint = taint.decoded();
        }
        if let Some(result) = qualified.and_then(|name| self.built_in(name, passed)) {
            return result;
        }
        if let Some(result) = self.chosen(called).or_else(|| self.iterator_call(called)) {
            return result;
        }
        if let Some(result) = self.call_back(called) {
            return result;
        }
        let class = qualified.and_then(|name| {
            models.returns(name).cloned().or_else(|| {
                let last = name.rsplit('.').next().unwrap_or_default();
                (receiver.is_none() && last.chars().next().is_some_and(char::is_uppercase))
                    .then(|| name.into())
            })
        });
        let compiled = class.as_deref() == Some(library::PATTERN);
        let shape = match class.as_deref() {
            Some(_) if compiled && passed.first().is_some_and(|one| one.value.as_text().is_some()) => {
                Shape::Pattern(passed[0].value.as_text().unwrap_or_default().into())
            }
            Some("str" | "bytes" | "int" | "bool" | "float") | None => Shape::Unknown,
            Some(class) => Shape::Instance(class.into()),
        };
        let note = qualified.or(method).unwrap_or("a call");
        let mut result =
            self.step(Value { shape, taint }, whole, StepKind::Call, &format!("through `{note}`"));
        if matches!(class.as_deref(), Some("int" | "bool" | "float")) {
            result.taint = Taint::default().vouched(TagSet::ALL);
        }
        result
    }

    /// What a match of a regular expression, or a text in which it replaced all that it matches, is harmless for.
    fn let_through(&self, called: &Called<'_>) -> TagSet {
        let Some((module, function)) = called.qualified.and_then(|name| name.rsplit_once('.')) else {
            return TagSet::EMPTY;
        };
        let (pattern, arguments) = match called.receiver.map(|receiver| &receiver.shape) {
            Some(Shape::Pattern(pattern)) => (Some(&**pattern), called.passed),
            _ if matches!(module, "re" | "regex") => (
                called.passed.first().and_then(|one| one.value.as_text()),
                called.passed.get(1..).unwrap_or_default(),
            ),
            _ => (None, called.passed),
        };
        let Some(pattern) = pattern else { return TagSet::EMPTY };
        match function {
            "match" | "search" | "fullmatch" | "findall" | "finditer" => character::harmless_match(pattern),
            "sub" | "subn" => match arguments.first().and_then(|one| one.value.as_text()) {
                Some(replacement) => character::harmless_replaced(pattern, replacement),
                None => TagSet::EMPTY,
            },
            _ => TagSet::EMPTY,
        }
    }

    /// `args.get("page", type=int)`: what a call makes harmless where its arguments say so.
    fn cleared_by_arguments(&self, called: &Called<'_>) -> TagSet {
        let Called { whole, function, qualified, method, receiver, passed, is_indirect, .. } = *called;
        let conversions = self.program.models.conversions(qualified, method);
        if conversions.is_empty() {
            return TagSet::EMPTY;
        }
        let at = self.location(whole.range);
        let event = CallEvent {
            at,
            function,
            qualified,
            method,
            receiver,
            arguments: passed,
            assumed: None,
            is_indirect,
            branches: self.frame_ref().branches,
        };
        conversions
            .iter()
            .filter(|one| one.when.iter().all(|condition| self.observer.holds(condition, &event)))
            .fold(TagSet::EMPTY, |tags, one| tags.union(one.clears))
    }

    fn call_method(
        &mut self,
        reference: FunctionReference,
        receiver: &Value,
        function: &Expression,
        passed: &[Passed<'_>],
        whole: &Expression,
    ) -> Outcome {
        let outcome = self.call_function(reference, Some(receiver.clone()), passed, whole);
        let program = self.program;
        let own = program.function(reference).and_then(|(_, function)| function.parameters.first());
        if let (ExpressionKind::Attribute { value: place, .. }, Some(own)) = (&function.kind, own) {
            self.take_type(place, &own.name, &outcome);
        }
        if let ExpressionKind::Attribute { value: place, .. } = &function.kind
            && let Some(changed) = super::function::changed_receiver(self, reference, &outcome)
        {
            match self.own_receiver_name().filter(|_| is_super(place)) {
                Some(name) => self.set(&name, changed),
                None => self.rebind(place, changed),
            }
        }
        outcome
    }
}

/// `object.__new__(cls)`, `super().__new__(cls)`: an object in which nothing is bound yet.
fn made_by_hand(function: &Expression, passed: &[Passed<'_>]) -> Option<Value> {
    let ExpressionKind::Attribute { name, .. } = &function.kind else { return None };
    match &passed.first().filter(|_| name == "__new__")?.value.shape {
        Shape::Class(class) => Some(super::function::empty(*class)),
        _ => None,
    }
}

/// The first argument that is part of the result of a method of which only the name is known: a lookup gives what
/// lies under the key, not the key.
fn kept_from(models: &Models, qualified: Option<&str>, method: Option<&str>) -> usize {
    // `Item.objects.filter(name=name)` of a model whose file is not known: what comes out is the database's.
    if qualified.is_some_and(|name| name.split('.').skip(1).any(|part| models.is_manager(part))) {
        return usize::MAX;
    }
    match method.filter(|_| qualified.is_none()) {
        Some("get" | "pop") => 1,
        Some(method) if models.is_lookup(method) => usize::MAX,
        _ => 0,
    }
}

/// `rooms.get(pk=number)`: a dictionary's `get` takes no keyword, and what a database's gives is the database's.
fn is_lookup_by_keyword(receiver: Option<&Value>, method: Option<&str>) -> bool {
    method == Some("get")
        && receiver.is_some_and(|receiver| matches!(receiver.shape, Shape::Unknown | Shape::Method { .. }))
}

/// Whether a call gives back text that it was given. A method of an object that came in as a parameter does not: what
/// it gives is the object's, and no caller need have passed it.
fn carries_text(receiver: Option<&Value>, method: Option<&str>) -> bool {
    receiver.is_none_or(|receiver| matches!(receiver.shape, Shape::Constant(_) | Shape::Pieces(_)))
        || method.is_some_and(library::is_text_method)
}

/// The arguments with what `*` and `**` spread, where that is known; `None` where nothing is.
fn spread(passed: &[Passed<'_>]) -> Option<Vec<(Argument, Value, Option<SmolStr>)>> {
    let is_known = |one: &Passed<'_>| match (&one.argument.kind, &one.value.shape) {
        (ArgumentKind::Starred, Shape::Sequence { open, .. }) => !open,
        (ArgumentKind::DoubleStarred, Shape::Mapping { .. }) => true,
        _ => false,
    };
    if !passed.iter().any(is_known) {
        return None;
    }
    let mut all = Vec::new();
    for one in passed {
        let range = one.argument.value.range;
        let plain = Argument { kind: ArgumentKind::Positional, range, ..one.argument.clone() };
        match &one.value.shape {
            Shape::Sequence { items, .. } if is_known(one) => {
                all.extend(items.iter().map(|item| (plain.clone(), item.clone(), None)));
            }
            Shape::Mapping { entries, open } if is_known(one) => {
                for (key, value) in entries.iter() {
                    if let Constant::Text(key) = key {
                        let keyword = Some(SmolStr::new(key));
                        all.push((Argument { keyword, ..plain.clone() }, value.clone(), None));
                    }
                }
                if *open {
                    all.push((one.argument.clone(), one.value.clone(), None));
                }
            }
            _ => all.push((one.argument.clone(), one.value.clone(), one.base.clone())),
        }
    }
    Some(all)
}

/// `super()`, with or without arguments.
pub(super) fn is_super(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Call { function, .. }
        if matches!(&function.kind, ExpressionKind::Name(called) if called == "super"))
}

/// What a text is harmless for once `replace` took something out of it.
fn replaced(old: &Value, new: &Value) -> TagSet {
    match (old.as_text(), new.as_text()) {
        (Some("\n" | "\r\n"), Some(_)) => TagSet::of(&[Tag::Log, Tag::Header]),
        (Some(quote @ ("'" | "\"")), Some(new)) if !new.contains(quote) => TagSet::of(&[Tag::Xpath]),
        // The name of a table or column within quotes.
        (Some(quote @ ("\"" | "`" | "]")), Some(new)) if new == quote.repeat(2) => TagSet::of(&[Tag::Sql]),
        (Some("<"), Some(new)) if !new.contains('<') => TagSet::of(&[Tag::Html]),
        _ => TagSet::EMPTY,
    }
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

//! Telling the observer of calls and of the sinks that untrusted data reaches through them.

use smol_str::SmolStr;

use super::answer::{Shown, says_other};
use super::call::Called;
use super::evaluator::Evaluator;
use super::event::{BindingEvent, BindingKind, CallEvent, Passed, SinkEvent, select};
use super::library::member_name;
use super::place::root;
use super::taint::{Location, Origin, Source, Taint};
use super::value::{Constant, Piece, Shape, Value};
use crate::finding::StepKind;
use crate::model::Models;
use crate::model::schema::{Page, Tag};
use crate::syntax::ir::{Argument, Expression, ExpressionKind, Statement};

/// Where something reaches a sink.
pub(super) struct Sunk<'s> {
    at: Location,
    argument: Location,
    callee: &'s str,
    assumed: Option<SmolStr>,
    /// The name of the answer that it becomes part of.
    answer: Option<SmolStr>,
    /// The answer is a page only where the program says so.
    needs_type: bool,
    /// An address that begins with a slash lies below one that the client has.
    below_base: bool,
}

impl<'s> Sunk<'s> {
    pub(super) fn at(at: Location, argument: Location, callee: &'s str, assumed: Option<SmolStr>) -> Self {
        Self { at, argument, callee, assumed, answer: None, needs_type: false, below_base: false }
    }

    pub(super) fn in_answer(self, answer: Option<SmolStr>) -> Self {
        Self { answer, ..self }
    }

    fn below_base(self, below_base: bool) -> Self {
        Self { below_base, ..self }
    }

    pub(super) fn needing_type(self, needs_type: bool) -> Self {
        Self { needs_type, ..self }
    }
}

impl Evaluator<'_> {
    pub(super) fn tell_call(&mut self, called: &Called<'_>) {
        let Called { whole, function, qualified, method, receiver, passed, is_indirect, .. } = *called;
        let at = self.location(whole.range);
        if self.muted > 0 {
            return;
        }
        for one in passed.iter().filter(|_| !is_indirect) {
            // What `**` spread is bound where the dictionary was made.
            let is_written = one.argument.range != one.argument.value.range;
            if let Some(keyword) = one.argument.keyword.as_ref().filter(|_| is_written) {
                let event = BindingEvent {
                    at: self.location(one.argument.range),
                    kind: BindingKind::Keyword,
                    name: keyword,
                    qualified: qualified.map(|callee| format!("{callee}({keyword})").into()),
                    value: &one.value,
                    expression: &one.argument.value,
                    statement: self.location(one.argument.range),
                    place: None,
                };
                self.observer.binding(&event);
            }
        }
        self.tell_config_call(function, qualified, passed);
        let assumed = self.assumed(function);
        let branches = self.frame_ref().branches;
        let event = CallEvent {
            at,
            function,
            qualified,
            method,
            receiver,
            arguments: passed,
            assumed,
            is_indirect,
            branches,
        };
        self.observer.call(&event);
        self.tell_sinks(&event);
    }

    pub(super) fn tell_sinks(&mut self, event: &CallEvent<'_>) {
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
        let answer = self.answer_of(event);
        for sink in by_name.iter().chain(by_method) {
            if !sink.when.iter().all(|condition| self.observer.holds(condition, event)) {
                continue;
            }
            let answer = match self.shown_in(sink, event, answer.as_ref()) {
                Shown::Now => None,
                Shown::Never => continue,
                Shown::ByTypeOf(name) => Some(name),
            };
            if let (true, Some(receiver)) = (sink.argument.is_empty(), event.receiver) {
                let callee = event.qualified.or(event.method).unwrap_or_default().to_owned();
                let sunk = Sunk::at(event.at, event.at, &callee, event.assumed.clone());
                self.tell_sink(sink.tag, receiver, &sunk);
            }
            for selector in &sink.argument {
                let Some(passed) = select(selector, event.arguments) else { continue };
                // Behind `--` a command takes nothing for an option.
                let mut before = event.arguments.iter().take_while(|one| !std::ptr::eq(*one, passed));
                if sink.tag == Tag::Argument && before.any(|one| one.value.as_text() == Some("--")) {
                    continue;
                }
                let is_statement = sink.tag == Tag::Sql && !sink.is_fragment;
                if by_name.is_empty() && is_statement && !looks_like_sql(&passed.value) {
                    continue;
                }
                let argument = self.location(passed.argument.value.range);
                let callee = event.qualified.or(event.method).unwrap_or_default().to_owned();
                let sunk = Sunk::at(event.at, argument, &callee, event.assumed.clone())
                    .in_answer(answer.clone())
                    .needing_type(sink.page == Some(Page::WhereSaid))
                    .below_base(sink.below_base);
                self.tell_sink(sink.tag, &passed.value, &sunk);
            }
        }
    }

    /// The name of the answer that a call puts text into: what it is called on, or what its result is bound to next.
    fn answer_of(&self, event: &CallEvent<'_>) -> Option<SmolStr> {
        let next = self.frame_ref().named_next.as_ref();
        if let Some((_, name)) = next.filter(|(range, _)| *range == event.at.range) {
            return Some(name.clone());
        }
        match &event.function.kind {
            ExpressionKind::Attribute { value, .. } if event.receiver.is_some() => root(value).cloned(),
            _ => None,
        }
    }

    pub(super) fn tell_sink(&mut self, tag: Tag, value: &Value, sunk: &Sunk<'_>) {
        let Sunk { at, argument, callee, .. } = *sunk;
        let dangerous_for = tag;
        let tag = match tag {
            Tag::Request if has_fixed_host(value) || sunk.below_base && begins_with_slash(value) => {
                Tag::RequestPath
            }
            Tag::Redirect if has_fixed_host(value) => return,
            tag => tag,
        };
        // `getattr(self, f"do_{name}")`: the prefix says which attributes may be meant.
        if tag == Tag::Reflection
            && matches!(&value.shape, Shape::Pieces(pieces)
                if matches!(pieces.first(), Some(Piece::Text(prefix)) if prefix.len() > 2 && prefix.ends_with('_')))
        {
            return;
        }
        // What is not a text is answered as JSON.
        if tag == Tag::Html && matches!(value.shape, Shape::Mapping { .. }) {
            return;
        }
        let taint = match tag {
            Tag::Argument | Tag::Cell => beginning(value),
            Tag::Nosql => operators(value, self.program.models),
            Tag::Request | Tag::Redirect => before_query(value),
            _ => value.deep_taint(),
        };
        for origin in taint.origins() {
            if origin.cleared.contains(dangerous_for)
                || origin.source.label().is_none()
                || (matches!(tag, Tag::MassAssignment | Tag::TrustBoundary) && !is_direct(origin))
            {
                continue;
            }
            // A parameter that is the whole statement is what its caller wrote; and the names of tables and users can't
            // be parameters of a statement that defines them.
            if tag == Tag::Sql
                && matches!(origin.source, Source::Parameter { .. })
                && (is_whole(value) || is_definition(value))
            {
                continue;
            }
            let note = format!("reaches `{callee}`");
            let origin = origin.step(at, StepKind::Sink, &note);
            let assumed = sunk.assumed.clone();
            let event = SinkEvent { tag, at, argument, callee: callee.into(), origin, assumed };
            self.tell_or_hold(event, sunk.answer.clone(), sunk.needs_type);
        }
    }

    /// `owner[key] = value`, for which models may know the sink `__setitem__`.
    pub(super) fn tell_item(
        &mut self,
        owner: &Value,
        key: &Expression,
        value: &Value,
        expression: &Expression,
        at: Location,
    ) {
        let models = self.program.models;
        let Some(name) =
            member_name(owner, "__setitem__").or_else(|| self.inherited_member(owner, "__setitem__"))
        else {
            return;
        };
        let sinks = models.sinks(&name);
        if sinks.is_empty() {
            return;
        }
        let key_value = self.quietly(|evaluator| evaluator.expression(key));
        for sink in sinks {
            if !self.holds_for(&sink.when, &name, key, &[(key, &key_value), (expression, value)]) {
                continue;
            }
            for selector in &sink.argument {
                let (given, place) = match selector.position {
                    Some(0) => (&key_value, key.range),
                    Some(1) => (value, expression.range),
                    _ => continue,
                };
                let argument = self.location(place);
                self.tell_sink(sink.tag, given, &Sunk::at(at, argument, &name, None));
            }
        }
    }

    /// `owner[key]` as it is read, which models know as the sink `__getitem__`.
    pub(super) fn tell_lookup(&mut self, owner: &Value, key: &Value, index: &Expression, whole: &Expression) {
        if self.muted > 0 || !matches!(owner.shape, Shape::Instance(_)) {
            return;
        }
        let Some(name) = member_name(owner, "__getitem__") else { return };
        if self.program.models.sinks(&name).is_empty() {
            return;
        }
        let argument = Argument::of(index);
        let passed = [Passed { argument: &argument, value: key.clone(), base: None }];
        self.tell_sinks(&CallEvent {
            at: self.location(whole.range),
            function: whole,
            qualified: Some(&name),
            method: Some("__getitem__"),
            receiver: Some(owner),
            arguments: &passed,
            assumed: None,
            is_indirect: true,
            branches: self.frame_ref().branches,
        });
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
        if let Shape::Sequence { items, .. } = &value.shape {
            self.tell_location(items, at, argument);
        }
        self.tell_gateway(&body, at, argument);
        if matches!(body.shape, Shape::Instance(_)) {
            return;
        }
        // What becomes JSON is no HTML, and shown all the same.
        let is_text = !matches!(body.shape, Shape::Mapping { .. } | Shape::Sequence { .. })
            && !matches!(&value.shape, Shape::Sequence { items, .. } if says_other(items))
            && !self.presently_other();
        if is_text && tag != Tag::ErrorText {
            self.tell_sink(tag, &body, &Sunk::at(at, argument, "the response", None));
        }
        self.tell_sink(Tag::ErrorText, &body, &Sunk::at(at, argument, "the response", None));
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

/// The taint of what decides how the texts of a value begin: an option of a command, a formula in a cell.
fn beginning(value: &Value) -> Taint {
    match &value.shape {
        Shape::Pieces(pieces) => match pieces.first() {
            Some(Piece::Hole(taint)) => taint.clone(),
            _ => Taint::default(),
        },
        Shape::Sequence { items, .. } => {
            let mut taint = value.taint.clone();
            for item in items.iter() {
                // Behind `--` a command takes nothing for an option.
                if item.as_text() == Some("--") {
                    return taint;
                }
                taint.add(&beginning(item));
            }
            taint
        }
        Shape::Mapping { entries, .. } => {
            let mut taint = value.taint.clone();
            entries.iter().for_each(|(_, item)| taint.add(&beginning(item)));
            taint
        }
        _ => value.deep_taint(),
    }
}

/// The taint of what may hold operators of a query: what stands behind `$eq` is taken literally. A text holds none, but
/// a script or a query in a language of its own is one.
fn operators(value: &Value, models: &Models) -> Taint {
    match &value.shape {
        Shape::Mapping { entries, .. } => {
            let mut taint = value.taint.clone();
            for (key, item) in entries.iter() {
                match key {
                    Constant::Text(key) if models.is_literal_operator(key) => {}
                    Constant::Text(key) if models.is_script_operator(key) => {
                        taint.add(&item.deep_taint().dangerous_for(Tag::Nosql));
                    }
                    _ if matches!(item.shape, Shape::Pieces(_)) => {}
                    _ => taint.add(&operators(item, models)),
                }
            }
            taint
        }
        Shape::Pieces(_) => value.deep_taint().dangerous_for(Tag::Nosql),
        Shape::Sequence { items, .. } => {
            let mut taint = if items.is_empty() { value.taint.clone() } else { Taint::default() };
            let not_texts = items.iter().filter(|item| !matches!(item.shape, Shape::Pieces(_)));
            not_texts.for_each(|item| taint.add(&operators(item, models)));
            taint
        }
        _ => value.deep_taint(),
    }
}

/// Whether nothing that could have chosen or checked lies between the source and here.
pub(super) fn is_direct(origin: &Origin) -> bool {
    let mut step = origin.path.as_deref();
    while let Some(one) = step {
        let called = one.note.trim_end_matches('`').rsplit(['`', '.']).next().unwrap_or_default();
        let copies = matches!(called, "get" | "getlist" | "get_json" | "to_dict" | "dict" | "copy" | "strip");
        if matches!(one.kind, StepKind::Call | StepKind::Return) && !copies {
            return false;
        }
        step = one.previous.as_deref();
    }
    true
}

/// A text in lower case, with a question mark for each part that is not known.
fn known_text(value: &Value) -> Option<String> {
    match &value.shape {
        Shape::Constant(Constant::Text(text)) => Some(text.to_ascii_lowercase()),
        Shape::Pieces(pieces) => {
            let mut text = String::new();
            for piece in pieces.iter() {
                match piece {
                    Piece::Text(part) => text.push_str(&part.to_ascii_lowercase()),
                    Piece::Hole(_) => text.push('?'),
                }
            }
            Some(text)
        }
        _ => None,
    }
}

/// Text of which nothing is known, and which was handed on as it came.
fn is_whole(value: &Value) -> bool {
    value.shape == Shape::Unknown && !value.taint.origins().iter().any(has_returned)
}

/// Whether it came out of a function of the workspace on its way.
pub(super) fn has_returned(origin: &Origin) -> bool {
    let mut step = origin.path.as_deref();
    while let Some(one) = step {
        if matches!(one.kind, StepKind::Return) {
            return true;
        }
        step = one.previous.as_deref();
    }
    false
}

/// A statement that defines something, or grants rights.
fn is_definition(value: &Value) -> bool {
    known_text(value).is_some_and(|text| {
        matches!(
            text.split_whitespace().next(),
            Some("create" | "alter" | "drop" | "truncate" | "grant" | "revoke" | "pragma" | "use" | "set")
        )
    })
}

/// Text that reads as SQL, as far as it is known.
fn looks_like_sql(value: &Value) -> bool {
    let Some(text) = known_text(value) else { return false };
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

/// What decides which server a URL means: nothing that stands behind its `?` or `#`.
fn before_query(value: &Value) -> Taint {
    let Shape::Pieces(pieces) = &value.shape else { return value.deep_taint() };
    let query =
        pieces.iter().position(|piece| matches!(piece, Piece::Text(text) if text.contains(['?', '#'])));
    let Some(query) = query.filter(|query| *query > 0) else { return value.deep_taint() };
    let mut taint = Taint::default();
    for piece in &pieces[..query] {
        if let Piece::Hole(hole) = piece {
            taint.add(hole);
        }
    }
    taint
}

fn begins_with_slash(value: &Value) -> bool {
    matches!(&value.shape, Shape::Pieces(pieces) if matches!(pieces.first(), Some(Piece::Text(start)) if start.starts_with('/')))
}

/// A URL whose scheme and host are constant: what follows can only choose the path.
fn has_fixed_host(value: &Value) -> bool {
    let Shape::Pieces(pieces) = &value.shape else { return false };
    let Some(Piece::Text(start)) = pieces.first() else { return false };
    match start.split_once("://") {
        Some((_, rest)) => rest.contains(['/', '?', '#']),
        // A path of this site, but not `//host`.
        None => start.len() > 1 && start.starts_with('/') && !start.starts_with("//"),
    }
}

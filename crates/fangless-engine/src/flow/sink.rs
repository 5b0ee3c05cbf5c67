//! Telling the observer of calls and of the sinks that untrusted data reaches through them.

use smol_str::SmolStr;

use super::call::Called;
use super::evaluator::Evaluator;
use super::event::{BindingEvent, BindingKind, CallEvent, SinkEvent, select};
use super::taint::{Location, Source};
use super::value::{Constant, Piece, Shape, Value};
use crate::finding::StepKind;
use crate::model::schema::Tag;
use crate::syntax::ir::{Expression, ExpressionKind, Statement};

impl Evaluator<'_> {
    pub(super) fn tell_call(&mut self, called: &Called<'_>) {
        let Called { whole, function, qualified, method, receiver, passed, .. } = *called;
        let at = self.location(whole.range);
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
        self.tell_config_call(function, qualified, passed);
        let assumed = self.assumed(function);
        let event = CallEvent { at, function, qualified, method, receiver, arguments: passed, assumed };
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
    let Shape::Pieces(pieces) = &value.shape else { return false };
    let Some(Piece::Text(start)) = pieces.first() else { return false };
    match start.split_once("://") {
        Some((_, rest)) => rest.contains(['/', '?', '#']),
        // A path of this site, but not `//host`.
        None => start.len() > 1 && start.starts_with('/') && !start.starts_with("//"),
    }
}

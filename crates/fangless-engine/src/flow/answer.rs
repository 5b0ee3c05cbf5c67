//! Answers that are put together by several statements: what their type is in the end decides whether the text in them
//! is a page.

use smol_str::SmolStr;

use super::evaluator::{Evaluator, Variables};
use super::event::{CallEvent, Passed, SinkEvent};
use super::library::member_name;
use super::place::root;
use super::sink::Sunk;
use super::taint::Location;
use super::value::{Shape, Value};
use crate::model::schema::Tag;
use crate::syntax::ir::{Argument, Expression, ExpressionKind};
use crate::text::TextRange;

/// A text in an answer, not yet told: the answer's type may still be set.
pub(super) struct Held {
    /// The name of the answer.
    name: SmolStr,
    event: SinkEvent,
    /// Such an answer is a page only where the program says so.
    needs_type: bool,
}

const TYPE: &str = "type";

impl Evaluator<'_> {
    /// Tells of a text in an answer, now or when the answer's type is known.
    pub(super) fn tell_or_hold(&mut self, event: SinkEvent, name: Option<SmolStr>, needs_type: bool) {
        match name.filter(|_| event.tag == Tag::Html) {
            Some(name) => self.frame().held.push(Held { name, event, needs_type }),
            None => self.hear(event),
        }
    }

    /// The end of a body: tells what was held back, but for the answers that are no pages on any way out.
    pub(super) fn tell_held(&mut self) {
        let held = std::mem::take(&mut self.frame().held);
        for one in held {
            let types = self.types_of(&one.name);
            let says_page = types.iter().any(|kind| kind.as_deref().is_some_and(is_page));
            let says_other = !types.is_empty()
                && types.iter().all(|kind| kind.as_deref().is_some_and(|kind| !is_page(kind)));
            if if one.needs_type { says_page } else { !says_other } {
                self.hear(one.event);
            }
        }
    }

    /// The types that an answer has at the ways out of the body; `None` for one that is not known.
    fn types_of(&self, name: &str) -> Vec<Option<String>> {
        let frame = self.frame_ref();
        let states: Vec<&Variables> =
            frame.exits.iter().map(|(_, state)| state).chain(frame.state.as_ref()).collect();
        let is_local = states.iter().any(|state| state.get(name).is_some());
        let variable = Self::fact_of(name, TYPE);
        states
            .into_iter()
            .filter(|state| !is_local || state.get(name).is_some())
            .map(|state| state.get(&variable).and_then(Value::as_text).map(str::to_owned))
            .collect()
    }

    /// The program says what type an answer has.
    fn set_type(&mut self, name: &SmolStr, kind: &Value) {
        let kind = match &kind.shape {
            // `falcon.MEDIA_HTML`: the constant's name says it.
            Shape::External(constant) => Value::text(constant.rsplit('.').next().unwrap_or_default()),
            _ => kind.clone(),
        };
        if kind.as_text().is_some() {
            self.frame().has_places = true;
            let variable = Self::fact_of(name, TYPE);
            self.set(&variable, kind);
        }
    }

    /// `answer.mimetype = "text/plain"`, `answer.headers["Content-Type"] = "text/plain"`
    pub(super) fn note_type(&mut self, target: &Expression, value: &Value) {
        let Some(name) = root(target) else { return };
        let says_type = match &target.kind {
            ExpressionKind::Attribute { name, .. } => self.program.models.is_type_of_answer(name),
            ExpressionKind::Subscript { index, .. } => is_header_name(index),
            _ => false,
        };
        if says_type {
            self.set_type(name, value);
        }
    }

    /// `answer = Response(mimetype="text/plain")`
    pub(super) fn note_type_of_new(&mut self, target: &Expression, call: &Expression) {
        let (ExpressionKind::Name(name), ExpressionKind::Call { arguments, .. }) = (&target.kind, &call.kind)
        else {
            return;
        };
        let says_type = |argument: &&Argument| {
            argument.keyword.as_ref().is_some_and(|keyword| self.program.models.is_type_of_answer(keyword))
        };
        let Some(kind) = arguments.iter().find(says_type) else { return };
        let kind = self.quietly(|evaluator| evaluator.expression(&kind.value));
        self.set_type(name, &kind);
    }

    /// `self.set_header("Content-Type", "text/plain")`, whatever the method is called.
    pub(super) fn note_type_by_call(&mut self, function: &Expression, passed: &[Passed<'_>]) {
        let ExpressionKind::Attribute { value, .. } = &function.kind else { return };
        let [key, kind, ..] = passed else { return };
        if let Some(name) = root(value).filter(|_| is_header_name(&key.argument.value)) {
            self.set_type(name, &kind.value);
        }
    }

    /// `answer.text = value`: what models say of that attribute.
    pub(super) fn tell_attribute(
        &mut self,
        owner: &Value,
        target: &Expression,
        value: &Value,
        expression: &Expression,
        at: Location,
    ) {
        let ExpressionKind::Attribute { name, .. } = &target.kind else { return };
        let Some(qualified) = member_name(owner, name).or_else(|| self.inherited_member(owner, name)) else {
            return;
        };
        let models = self.program.models;
        let qualified = SmolStr::new(models.canonical(&qualified));
        let argument = self.location(expression.range);
        for sink in models.bound_sinks(&qualified) {
            let needs_type = !self.holds_for(&sink.when, &qualified, target, &[(expression, value)]);
            let sunk = Sunk::at(at, argument, &qualified, None).in_answer(root(target).cloned());
            self.tell_sink(sink.tag, value, &sunk.needing_type(needs_type));
        }
    }

    /// Whether conditions hold for a binding: what is bound is the first argument, or the key and then the value.
    pub(super) fn holds_for(
        &self,
        conditions: &[crate::rule::schema::Condition],
        qualified: &str,
        target: &Expression,
        bound: &[(&Expression, &Value)],
    ) -> bool {
        if conditions.is_empty() {
            return true;
        }
        let arguments: Vec<Argument> = bound.iter().map(|(expression, _)| Argument::of(expression)).collect();
        let passed: Vec<Passed<'_>> = arguments
            .iter()
            .zip(bound)
            .map(|(argument, (_, value))| Passed { argument, value: (*value).clone(), base: None })
            .collect();
        let event = CallEvent {
            at: self.location(TextRange::default()),
            function: target,
            qualified: Some(qualified),
            method: None,
            receiver: None,
            arguments: &passed,
            assumed: None,
            is_indirect: false,
            branches: self.frame_ref().branches,
        };
        conditions.iter().all(|condition| self.observer.holds(condition, &event))
    }

    /// A member that an object of the workspace inherits from a library class.
    pub(super) fn inherited_member(&mut self, owner: &Value, name: &str) -> Option<SmolStr> {
        let Shape::Object { class, .. } = &owner.shape else { return None };
        self.external_base(*class).map(|base| format!("{base}.{name}").into())
    }
}

fn is_header_name(key: &Expression) -> bool {
    matches!(&key.kind, ExpressionKind::Text(text) if text.eq_ignore_ascii_case("content-type"))
}

/// Whether a browser shows a text of this type as a page.
fn is_page(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["html", "svg", "/xml", "+xml"].iter().any(|part| kind.contains(part))
}

/// The name that the value of an expression is bound to next, and the place of the expression.
pub(super) fn bound_next(targets: &[Expression], value: &Expression) -> Option<(TextRange, SmolStr)> {
    match (targets, &value.kind) {
        ([Expression { kind: ExpressionKind::Name(name), .. }], ExpressionKind::Call { .. }) => {
            Some((value.range, name.clone()))
        }
        _ => None,
    }
}

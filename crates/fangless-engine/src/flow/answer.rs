//! Answers that are put together by several statements: what their type is in the end decides whether the text in them
//! is a page.

use smol_str::SmolStr;

use super::evaluator::{Evaluator, Variables};
use super::event::{CallEvent, Passed, SinkEvent, select};
use super::function::Outcome;
use super::library::member_name;
use super::place::root;
use super::sink::Sunk;
use super::taint::Location;
use super::value::{Constant, Shape, Value};
use crate::model::index::Sink;
use crate::model::schema::{Page, Tag};
use crate::rule::schema::ArgumentSelector;
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

/// The fact about an answer: its type.
const TYPE: &str = "type";
/// The name of what stands for the present answer. No name of the program is like it.
const PRESENT: &str = "\u{1}answer";
const HEADERS: &str = "headers";
const CONTENT_TYPE: &str = "content-type";

/// When a text is shown as a page.
pub(super) enum Shown {
    Now,
    Never,
    /// It depends on what the answer of this name is in the end.
    ByTypeOf(SmolStr),
}

/// What a call says of the type of an answer.
enum Said {
    Nothing,
    /// Something that is not known.
    Unknown,
    Kind(SmolStr),
}

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
            let mut types = self.types_of(&one.name);
            if types.iter().any(Option::is_none)
                && let Some(prepared) = self.prepared_type(&one.name)
            {
                types
                    .iter_mut()
                    .filter(|kind| kind.is_none())
                    .for_each(|kind| *kind = Some(prepared.clone()));
            }
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
    fn set_type(&mut self, name: &str, kind: &Value) {
        if let Some(kind) = kind_of(kind) {
            self.frame().has_places = true;
            let variable = Self::fact_of(name, TYPE);
            self.set(&variable, Value::text(&kind));
        }
    }

    /// The name of the answer that a place lies in. What stands for the present answer is one, wherever it is spelled.
    fn answer_at(&mut self, place: &Expression) -> Option<SmolStr> {
        let mut part = place;
        while let ExpressionKind::Attribute { .. } | ExpressionKind::Name(_) = &part.kind {
            let value = self.quietly(|evaluator| evaluator.expression(part));
            if let Some(name) = qualified_name(&value)
                && self.program.models.is_present_answer(&name)
            {
                return Some(PRESENT.into());
            }
            match &part.kind {
                ExpressionKind::Attribute { value, .. } => part = value,
                _ => break,
            }
        }
        root(place).cloned()
    }

    /// `answer.mimetype = "text/plain"`, `answer.headers["Content-Type"] = "text/plain"`, `answer.headers = {…}`
    pub(super) fn note_type(&mut self, target: &Expression, value: &Value) {
        let (owner, kind) = match &target.kind {
            ExpressionKind::Attribute { value: owner, name }
                if self.program.models.is_type_of_answer(name) =>
            {
                (owner, value)
            }
            ExpressionKind::Attribute { value: owner, name } if name == HEADERS => {
                let Some(kind) = header(value, CONTENT_TYPE) else { return };
                (owner, kind)
            }
            ExpressionKind::Subscript { value: owner, index } if is_header_name(index) => (owner, value),
            _ => return,
        };
        if let Some(name) = self.answer_at(owner) {
            self.set_type(&name, kind);
        }
    }

    /// Evaluates what the targets are bound to next.
    pub(super) fn named(&mut self, targets: &[Expression], value: &Expression) -> Value {
        self.frame().named_next = bound_next(targets, value);
        let result = self.expression(value);
        self.frame().named_next = None;
        result
    }

    /// `answer = Response(mimetype="text/plain")`
    pub(super) fn note_type_of_new(&mut self, target: &Expression) {
        let kind = self.frame_ref().type_next.clone();
        if let (ExpressionKind::Name(name), Some(kind)) = (&target.kind, kind) {
            self.set_type(name, &Value::text(&kind));
        }
    }

    /// `self.set_header("Content-Type", "text/plain")`, `answer.headers.update({…})`, whatever the method is called.
    pub(super) fn note_type_by_call(&mut self, function: &Expression, passed: &[Passed<'_>]) {
        let ExpressionKind::Attribute { value, .. } = &function.kind else { return };
        let kind = match passed {
            [key, kind, ..] if is_header_name(&key.argument.value) => kind.value.clone(),
            [headers] if names_headers(value) => match header(&headers.value, CONTENT_TYPE) {
                Some(kind) => kind.clone(),
                None => return,
            },
            _ => return,
        };
        if let Some(name) = self.answer_at(value) {
            self.set_type(&name, &kind);
        }
    }

    /// A function of the workspace said what type the answer has that it was passed, or that it is a method of.
    pub(super) fn take_type(&mut self, place: &Expression, parameter: &SmolStr, outcome: &Outcome) {
        if let ExpressionKind::Name(name) = &place.kind
            && !outcome.binds(parameter)
            && let Some(kind) = outcome.always(&Self::fact_of(parameter, TYPE))
        {
            self.set_type(name, &kind);
        }
    }

    /// The type that the class of a handler gives to its answers before the method that answers is called.
    fn prepared_type(&mut self, name: &str) -> Option<String> {
        let class = self.frame_ref().class.filter(|_| self.own_receiver_name().as_deref() == Some(name))?;
        let models = self.program.models;
        models.prepares_answer().iter().find_map(|method| {
            let Shape::Function(reference) = self.class_attribute(class, method)?.shape else { return None };
            let (_, function) = self.program.function(reference)?;
            let own = &function.parameters.first()?.name;
            let receiver = self.self_value(Some(class));
            let call = Expression { range: TextRange::default(), kind: ExpressionKind::Ellipsis };
            let outcome =
                self.quietly(|evaluator| evaluator.call_function(reference, Some(receiver), &[], &call));
            outcome.always(&Self::fact_of(own, TYPE))?.as_text().map(str::to_owned)
        })
    }

    /// When the text that a sink of a call puts into an answer is shown as a page.
    pub(super) fn shown_in(&mut self, sink: &Sink, event: &CallEvent<'_>, answer: Option<&SmolStr>) -> Shown {
        let Some(page) = sink.page else { return Shown::Now };
        let said = self.said_type(event.arguments, &sink.says_type);
        let is_named_next =
            self.frame_ref().named_next.as_ref().is_some_and(|(range, _)| *range == event.at.range);
        if let (true, Said::Kind(kind)) = (is_named_next, &said) {
            self.frame().type_next = Some(kind.clone());
        }
        let is_page = match (said, answer) {
            (Said::Unknown, _) => false,
            (_, Some(name)) => return Shown::ByTypeOf(name.clone()),
            (Said::Kind(kind), None) => is_page(&kind),
            (Said::Nothing, None) => page == Page::ByDefault,
        };
        if is_page { Shown::Now } else { Shown::Never }
    }

    /// What the arguments of a call say of the type of the answer that it makes.
    fn said_type(&self, passed: &[Passed<'_>], selectors: &[ArgumentSelector]) -> Said {
        let models = self.program.models;
        let named = passed.iter().filter(|one| {
            let keyword = one.argument.keyword.as_ref();
            keyword.is_some_and(|keyword| keyword == HEADERS || models.is_type_of_answer(keyword))
        });
        let placed = selectors.iter().filter_map(|selector| select(selector, passed));
        let mut said = Said::Nothing;
        for one in named.chain(placed) {
            let kind = match &one.value.shape {
                Shape::Mapping { .. } => header(&one.value, CONTENT_TYPE),
                Shape::Constant(Constant::Text(_)) | Shape::External(_) => Some(&one.value),
                Shape::Constant(_) | Shape::Sequence { .. } => None,
                _ if one.argument.keyword.as_deref() == Some(HEADERS) => None,
                _ => Some(&one.value),
            };
            match kind.map(kind_of) {
                Some(Some(kind)) => return Said::Kind(kind),
                Some(None) => said = Said::Unknown,
                None => {}
            }
        }
        said
    }

    /// Whether the program said that the present answer is no page.
    pub(super) fn presently_other(&self) -> bool {
        let state = self.frame_ref().state.as_ref();
        let kind = state.and_then(|state| state.get(&Self::fact_of(PRESENT, TYPE)));
        kind.and_then(Value::as_text).is_some_and(|kind| !is_page(kind))
    }

    /// `return "", 302, {"Location": target}`
    pub(super) fn tell_location(&mut self, items: &[Value], at: Location, argument: Location) {
        for target in items.iter().skip(1).filter_map(|item| header(item, "location")) {
            self.tell_sink(Tag::Redirect, target, &Sunk::at(at, argument, "the response", None));
        }
    }

    /// `return {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": text}`: what a gateway makes an
    /// answer of.
    pub(super) fn tell_gateway(&mut self, answer: &Value, at: Location, argument: Location) {
        let (Some(_), Some(headers)) = (header(answer, "statuscode"), header(answer, HEADERS)) else {
            return;
        };
        let sunk = Sunk::at(at, argument, "the response", None);
        if let Some(target) = header(headers, "location") {
            self.tell_sink(Tag::Redirect, target, &sunk);
        }
        let kind = header(headers, CONTENT_TYPE).and_then(kind_of);
        if let (Some(body), true) = (header(answer, "body"), kind.is_some_and(|kind| is_page(&kind))) {
            self.tell_sink(Tag::Html, body, &sunk);
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
            if !self.holds_for(&sink.when, &qualified, target, &[(expression, value)]) {
                continue;
            }
            let answer = root(target).filter(|_| sink.page.is_some()).cloned();
            let sunk = Sunk::at(at, argument, &qualified, None).in_answer(answer);
            self.tell_sink(sink.tag, value, &sunk.needing_type(sink.page == Some(Page::WhereSaid)));
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
    matches!(&key.kind, ExpressionKind::Text(text) if text.eq_ignore_ascii_case(CONTENT_TYPE))
}

fn names_headers(place: &Expression) -> bool {
    matches!(&place.kind, ExpressionKind::Attribute { name, .. } if name == HEADERS)
}

/// An item of a mapping, in whatever case its key is written.
fn header<'v>(headers: &'v Value, name: &str) -> Option<&'v Value> {
    let Shape::Mapping { entries, .. } = &headers.shape else { return None };
    let is_it = |key: &Constant| matches!(key, Constant::Text(key) if key.eq_ignore_ascii_case(name));
    entries.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value)
}

/// `return body, 200, {"Content-Type": "text/plain"}`
pub(super) fn says_other(items: &[Value]) -> bool {
    let kinds = items.iter().skip(1).filter_map(|item| header(item, CONTENT_TYPE));
    kinds.filter_map(kind_of).any(|kind| !is_page(&kind))
}

/// The type that a value names. Of `falcon.MEDIA_HTML` the constant's name says it.
fn kind_of(value: &Value) -> Option<SmolStr> {
    match &value.shape {
        Shape::External(constant) => constant.rsplit('.').next().map(SmolStr::new),
        _ => value.as_text().map(SmolStr::new),
    }
}

/// Whether a browser shows a text of this type as a page, with the scripts in it: also XML, where elements of HTML may
/// stand.
fn is_page(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["html", "svg", "/xml", "+xml"].iter().any(|part| kind.contains(part))
}

/// The qualified name of an object of a library.
fn qualified_name(value: &Value) -> Option<SmolStr> {
    match &value.shape {
        Shape::External(name) | Shape::Instance(name) => Some(name.clone()),
        Shape::Method { receiver, name } => member_name(receiver, name),
        _ => None,
    }
}

/// The name of the answer whose type a variable says.
pub(super) fn answer_of_type(variable: &str) -> Option<&str> {
    Evaluator::owner_of_fact(variable, TYPE)
}

/// The name that the value of an expression is bound to next, and the place of the expression.
fn bound_next(targets: &[Expression], value: &Expression) -> Option<(TextRange, SmolStr)> {
    match (targets, &value.kind) {
        ([Expression { kind: ExpressionKind::Name(name), .. }], ExpressionKind::Call { .. }) => {
            Some((value.range, name.clone()))
        }
        _ => None,
    }
}

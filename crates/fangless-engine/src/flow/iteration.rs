//! What stands for many values: loops, comprehensions, the elements of what can be iterated over.

use std::sync::Arc;

use super::bounds::{MAX_CHOICES, MAX_UNROLLED};
use super::each::{cleared_between, loop_name};
use super::evaluator::{Evaluator, Variables, join_states};
use super::library::{put, with_taint};
use super::taint::{TagSet, Taint};
use super::value::{Constant, Shape, Value};
use crate::finding::StepKind;
use crate::syntax::ir::{Clause, ComprehensionKind, Expression, ExpressionKind, Statement};

impl Evaluator<'_> {
    pub(super) fn while_loop(&mut self, test: &Expression, body: &[Statement], orelse: &[Statement]) {
        let truth = self.expression(test).truth();
        if truth == Some(false) {
            self.block(orelse);
            return;
        }
        let before = self.frame_ref().state.clone();
        let breaks = self.run_loop(body, |evaluator| {
            evaluator.expression(test);
            evaluator.assume(test, true);
        });
        let after_body = self.frame().state.take();
        // A condition that holds at first may fail later; only one that is written as true never does.
        self.frame().state = match truth {
            _ if is_always(test) => None,
            Some(true) => after_body,
            _ => join_states(before, after_body),
        };
        if self.frame_ref().state.is_some() {
            self.assume(test, false);
            self.block(orelse);
        }
        self.join_breaks(breaks);
    }

    pub(super) fn for_loop(
        &mut self,
        target: &Expression,
        iterable: &Expression,
        body: &[Statement],
        orelse: &[Statement],
    ) {
        let items = self.expression(iterable);
        let runs = match items.shape {
            Shape::Sequence { .. } | Shape::Mapping { .. } | Shape::Constant(_) => items.truth(),
            _ => self.is_never_empty(&items).then_some(true),
        };
        if runs == Some(false) {
            self.block(orelse);
            return;
        }
        let element = self.element_of(&items);
        let before = self.frame_ref().state.clone();
        let breaks = self.run_loop(body, |evaluator| {
            evaluator.bind(target, element.clone());
            if let Some(name) = loop_name(target) {
                evaluator.frame().rebound.retain(|known| known != name);
            }
        });
        let after_body = self.frame().state.take();
        let checked = self.checked_in_loop(target, &items, after_body.as_ref()).filter(|_| breaks.is_empty());
        self.frame().state = match runs {
            Some(_) => after_body,
            None => join_states(before, after_body),
        };
        if let Some(tags) = checked
            && self.frame_ref().state.is_some()
        {
            self.clear(iterable, tags);
        }
        self.block(orelse);
        self.join_breaks(breaks);
    }

    /// Whether a value came out of a call that raises where it finds nothing: `socket.getaddrinfo(host, port)`.
    pub(super) fn is_never_empty(&self, value: &Value) -> bool {
        let taint = value.deep_taint();
        let mut last = taint.origins().iter().filter_map(|origin| origin.path.as_deref());
        last.any(|step| {
            let through = std::iter::successors(Some(step), |step| step.previous.as_deref())
                .find(|step| step.kind != StepKind::Assignment);
            through
                .and_then(|step| step.note.split('`').nth(1))
                .is_some_and(|callee| self.program.models.is_never_empty(callee))
        })
    }

    /// What every element was found harmless for by a loop that goes on with the good ones only.
    fn checked_in_loop(
        &mut self,
        target: &Expression,
        whole: &Value,
        after: Option<&Variables>,
    ) -> Option<TagSet> {
        let name = loop_name(target)?;
        if whole.deep_taint().is_clean() || self.frame_ref().rebound.iter().any(|known| known == name) {
            return None;
        }
        let left = after?.get(name)?.deep_taint();
        Some(cleared_between(&whole.deep_taint(), &left)).filter(|tags| !tags.is_empty())
    }

    fn join_breaks(&mut self, breaks: Vec<Variables>) {
        for state in breaks {
            let current = self.frame().state.take();
            self.frame().state = join_states(current, Some(state));
        }
    }

    /// Runs a loop's body twice: once silently, to learn what later rounds start from, and once for the observer.
    /// Returns the states at its breaks.
    fn run_loop(&mut self, body: &[Statement], mut start: impl FnMut(&mut Self)) -> Vec<Variables> {
        let outer_breaks = std::mem::take(&mut self.frame().breaks);
        let outer_continues = std::mem::take(&mut self.frame().continues);
        let before = self.frame_ref().state.clone();
        if self.muted == 0 {
            self.muted += 1;
            start(self);
            self.block(body);
            self.muted -= 1;
            let mut after = self.frame().state.take();
            for state in std::mem::take(&mut self.frame().continues) {
                after = join_states(after, Some(state));
            }
            self.frame().breaks.clear();
            self.frame().state = widened(before.as_ref(), join_states(before.clone(), after));
        }
        start(self);
        self.block(body);
        let mut after = self.frame().state.take();
        for state in std::mem::replace(&mut self.frame().continues, outer_continues) {
            after = join_states(after, Some(state));
        }
        if self.muted > 0 {
            // One round tells what may change, not what it changes to.
            after = widened(before.as_ref(), after);
        }
        self.frame().state = after;
        std::mem::replace(&mut self.frame().breaks, outer_breaks)
    }

    pub(super) fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &Expression,
        value: Option<&Expression>,
        clauses: &[Clause],
    ) -> Value {
        let before = self.frame_ref().state.clone();
        let mut first = None;
        for clause in clauses {
            match clause {
                Clause::For { target, iterable } => {
                    let items = self.expression(iterable);
                    let item = self.element_of(&items);
                    self.bind(target, item);
                    first.get_or_insert(items);
                }
                Clause::If(test) => {
                    self.expression(test);
                    self.assume(test, true);
                }
            }
        }
        let mut result = self.expression(element);
        if kind == ComprehensionKind::Dictionary
            && let Some(value) = value
        {
            result.taint.add(&self.expression(value).deep_taint());
            result = Value::tainted(result.deep_taint());
        }
        self.frame().state.clone_from(&before);
        let unrolled = first.and_then(|items| self.unrolled(kind, (element, value), clauses, &items));
        self.frame().state = before;
        if let Some(unrolled) = unrolled {
            return unrolled;
        }
        match kind {
            ComprehensionKind::Dictionary => {
                Value { shape: Shape::Mapping { entries: Arc::new([]), open: true }, taint: result.taint }
            }
            _ => Value::sequence(vec![result], true),
        }
    }

    /// A comprehension over few known elements, element by element.
    fn unrolled(
        &mut self,
        kind: ComprehensionKind,
        (element, value): (&Expression, Option<&Expression>),
        clauses: &[Clause],
        iterated: &Value,
    ) -> Option<Value> {
        let (Clause::For { target, .. }, tests) = clauses.split_first()? else { return None };
        let items = self.items_of(iterated).filter(|items| items.len() <= MAX_UNROLLED)?;
        let before = self.frame_ref().state.clone();
        let (mut values, mut entries) = (Vec::new(), Vec::new());
        for item in items {
            self.frame().state.clone_from(&before);
            let made = self.quietly(|evaluator| {
                evaluator.bind(target, item);
                for test in tests {
                    let Clause::If(test) = test else { return None };
                    if !evaluator.expression(test).truth()? {
                        return Some(None);
                    }
                }
                let first = evaluator.expression(element);
                Some(Some((first, value.map(|value| evaluator.expression(value)))))
            })?;
            match made {
                Some((key, Some(value))) => put(&mut entries, key.as_constant()?.clone(), value),
                Some((value, None)) => values.push(value),
                None => {}
            }
        }
        let result = match kind {
            ComprehensionKind::Dictionary => Value {
                shape: Shape::Mapping { entries: entries.into(), open: false },
                taint: Taint::default(),
            },
            _ => Value::sequence(values, false),
        };
        Some(with_taint(result, &iterated.taint))
    }

    /// All elements of an iterable in order, where they are known.
    pub(super) fn items_of(&mut self, value: &Value) -> Option<Vec<Value>> {
        match &value.shape {
            Shape::Sequence { items, open: false } => Some(items.to_vec()),
            Shape::Mapping { entries, open: false } => {
                Some(entries.iter().map(|(key, _)| Value::constant(key.clone())).collect())
            }
            Shape::Constant(Constant::Text(text)) if text.len() <= MAX_UNROLLED => {
                Some(text.chars().map(|one| Value::text(one.encode_utf8(&mut [0; 4]))).collect())
            }
            _ => self.tuple_items(value),
        }
    }

    /// Any element of an iterable.
    pub(super) fn element_of(&mut self, value: &Value) -> Value {
        match &value.shape {
            Shape::Sequence { items, .. } => with_taint(joined(items), &value.taint),
            Shape::Mapping { entries, open } => {
                let keys: Vec<Constant> = entries.iter().map(|(key, _)| key.clone()).collect();
                match (open, keys.len()) {
                    (false, 1) => Value::constant(keys[0].clone()),
                    (false, count) if count > 1 && count <= MAX_CHOICES => {
                        Value { shape: Shape::Choice(keys.into()), taint: Taint::default() }
                    }
                    _ => Value::tainted(value.taint.clone()),
                }
            }
            Shape::Instance(class) => match self.program.models.returns(&format!("{class}.__iter__")) {
                Some(item) => Value { shape: Shape::Instance(item.clone()), taint: value.deep_taint() },
                None => Value::tainted(value.deep_taint()),
            },
            _ => match self.tuple_items(value) {
                Some(items) => joined(&items),
                None => Value::tainted(value.deep_taint()),
            },
        }
    }
}

fn joined(items: &[Value]) -> Value {
    match items.split_first() {
        Some((first, rest)) => rest.iter().fold(first.clone(), |known, item| known.join(item)),
        None => Value::unknown(),
    }
}

/// `while True`, `while 1`.
fn is_always(test: &Expression) -> bool {
    match &test.kind {
        ExpressionKind::Boolean(value) => *value,
        ExpressionKind::Integer(number) => *number != 0,
        ExpressionKind::Not(inner) => matches!(inner.kind, ExpressionKind::Boolean(false)),
        _ => false,
    }
}

/// The state of a loop that may run on: what one round changed may be anything of its kind in later ones.
fn widened(before: Option<&Variables>, after: Option<Variables>) -> Option<Variables> {
    let Some(before) = before else { return after };
    let mut after = after?;
    for (name, value) in after.iter_mut() {
        if let Some(old) = before.get(name)
            && old != value
        {
            *value = widened_value(old, std::mem::take(value));
        }
    }
    Some(after)
}

fn widened_value(before: &Value, after: Value) -> Value {
    let is_truth = |constants: &[Constant]| constants.iter().all(|one| matches!(one, Constant::Boolean(_)));
    let shape = match (&before.shape, after.shape) {
        (old, new) if *old == new => new,
        (Shape::Constant(_) | Shape::Choice(_), Shape::Constant(constant)) => {
            match (
                before.choices().contains(&constant),
                is_truth(before.choices()) && is_truth(std::slice::from_ref(&constant)),
            ) {
                (true, _) => Shape::Constant(constant),
                (_, true) => Shape::Choice(Arc::new([Constant::Boolean(false), Constant::Boolean(true)])),
                _ => Shape::Unknown,
            }
        }
        (Shape::Constant(_) | Shape::Choice(_), Shape::Choice(constants)) if !is_truth(&constants) => {
            Shape::Unknown
        }
        (Shape::Object { attributes: old, .. }, Shape::Object { class, attributes }) => {
            let attributes = attributes.iter().map(|(name, value)| {
                let value = match old.iter().find(|(known, _)| known == name) {
                    Some((_, old)) if old != value => widened_value(old, value.clone()),
                    _ => value.clone(),
                };
                (name.clone(), value)
            });
            Shape::Object { class, attributes: attributes.collect() }
        }
        (Shape::Mapping { entries: old, .. }, Shape::Mapping { entries, open }) => {
            let entries = entries.iter().map(|(key, value)| {
                let value = match old.iter().find(|(known, _)| known == key) {
                    Some((_, old)) if old != value => widened_value(old, value.clone()),
                    _ => value.clone(),
                };
                (key.clone(), value)
            });
            Shape::Mapping { entries: entries.collect(), open }
        }
        (_, new) => new,
    };
    Value { shape, taint: after.taint }
}

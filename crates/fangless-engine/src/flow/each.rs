//! Checks of each element: a loop that leaves at a bad one, `all(one in ALLOWED for one in names)`, a set that lies in
//! another. What holds of every element holds of the whole.

use smol_str::SmolStr;

use super::evaluator::Evaluator;
use super::taint::{TagSet, Taint};
use super::value::Value;
use crate::model::schema::Tag;
use crate::syntax::ir::{Clause, Expression, ExpressionKind};

impl Evaluator<'_> {
    /// What the elements were found harmless for, from what is left of the taint of one.
    pub(super) fn cleared_of_each(&mut self, target: &Expression, whole: &Value) -> TagSet {
        let ExpressionKind::Name(name) = &target.kind else { return TagSet::EMPTY };
        let left = self.lookup(name).deep_taint();
        cleared_between(&whole.deep_taint(), &left)
    }

    /// `all(…)` where it is true, `any(…)` where it is false: the test, or its contrary, holds of each element.
    pub(super) fn assume_each(&mut self, generator: &Expression, truth: bool) {
        let Some((target, iterable, test)) = test_of_each(generator) else { return };
        let before = self.frame_ref().state.clone();
        let whole = self.quietly(|evaluator| evaluator.expression(iterable));
        let element = self.element_of(&whole);
        self.bind_element(target, element);
        self.assume(test, truth);
        let tags = self.cleared_of_each(target, &whole);
        self.frame().state = before;
        if !matches!(iterable.kind, ExpressionKind::Call { .. }) {
            self.clear(iterable, tags);
        }
        // What was looked up for a host says where requests to that host go.
        if tags.contains(Tag::Request) && self.is_never_empty(&whole) {
            self.clear_origins(iterable, TagSet::of(&[Tag::Request]));
        }
    }

    /// `any(…)` where it is true, `all(…)` where it is false: there is an element of which the test holds, or not.
    pub(super) fn assume_one(&mut self, generator: &Expression, truth: bool) {
        let Some((target, iterable, test)) = test_of_each(generator) else { return };
        let ExpressionKind::Name(name) = &target.kind else { return };
        let hidden = self.frame_ref().state.as_ref().and_then(|state| state.get(name)).cloned();
        let whole = self.quietly(|evaluator| evaluator.expression(iterable));
        let element = self.element_of(&whole);
        self.bind_element(target, element);
        self.assume(test, truth);
        if let Some(state) = &mut self.frame().state {
            state.retain(|known| known != name);
            if let Some(hidden) = hidden {
                state.set(name, hidden);
            }
        }
    }

    fn bind_element(&mut self, target: &Expression, element: Value) {
        if let ExpressionKind::Name(name) = &target.kind {
            self.set(name, element);
        }
    }
}

/// The name, the whole and the test of `TEST for NAME in WHOLE`.
fn test_of_each(generator: &Expression) -> Option<(&Expression, &Expression, &Expression)> {
    let ExpressionKind::Comprehension { element, clauses, .. } = &generator.kind else { return None };
    match clauses.as_slice() {
        [Clause::For { target, iterable }] => Some((target, iterable, element)),
        _ => None,
    }
}

/// The tags that each source of the whole lost on the way.
pub(super) fn cleared_between(whole: &Taint, left: &Taint) -> TagSet {
    let mut sources = whole.origins().iter().filter(|origin| origin.source.label().is_some()).peekable();
    if sources.peek().is_none() {
        return TagSet::EMPTY;
    }
    sources.fold(TagSet::ALL, |tags, origin| {
        match left.origins().iter().find(|one| one.source == origin.source) {
            Some(one) => tags.intersection(one.cleared),
            None => tags,
        }
    })
}

/// The name that a loop binds, where it binds one.
pub(super) fn loop_name(target: &Expression) -> Option<&SmolStr> {
    match &target.kind {
        ExpressionKind::Name(name) => Some(name),
        _ => None,
    }
}

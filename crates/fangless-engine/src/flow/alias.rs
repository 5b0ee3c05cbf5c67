//! Names of one mutable object: a change through one of them is seen through the others. Known within one body, for
//! names bound to other names, attributes and elements; and through the arguments of a call.

use super::evaluator::Evaluator;
use super::event::Passed;
use super::function::{Outcome, parameter_of};
use super::value::{Shape, Value};
use crate::syntax::ir::{Expression, ExpressionKind, Function, ParameterKind};

impl Evaluator<'_> {
    /// Remembers that two places hold one object, where the value can be changed in place.
    pub(super) fn note_alias(&mut self, target: &Expression, source: &Expression, value: &Value) {
        if !is_mutable(value) || !is_place(target) || !is_place(source) {
            return;
        }
        let (name, place) = match (&target.kind, &source.kind) {
            (ExpressionKind::Name(name), _) => (name, source),
            (_, ExpressionKind::Name(name)) => (name, target),
            _ => return,
        };
        let alias = (name.clone(), place.clone());
        self.frame().aliases.push(alias);
    }

    /// A name that is bound anew is no other name of anything any more.
    pub(super) fn forget_aliases(&mut self, name: &str) {
        let frame = self.frame();
        // At the top level of a module there are no parameters.
        if frame.function.is_some() && !frame.rebound.iter().any(|known| known == name) {
            frame.rebound.push(name.into());
        }
        frame.aliases.retain(|(alias, place)| alias != name && root(place) != Some(name));
    }

    /// An attribute or element that gets another object leaves the old one to its other names.
    pub(super) fn forget_place(&mut self, target: &Expression) {
        self.frame().aliases.retain(|(_, place)| !is_same_or_below(place, target));
    }

    /// Shows a change made through one name under the other names of the object, and of what is in it.
    pub(super) fn update_aliases(&mut self, name: &str, value: &Value) {
        if self.frame_ref().aliases.is_empty() {
            return;
        }
        // Each alias is followed once: names that stand for each other would go round for ever.
        let aliases = std::mem::take(&mut self.frame().aliases);
        for (alias, place) in &aliases {
            if alias == name {
                self.rebind(place, value.clone());
            } else if root(place) == Some(name) {
                let now = self.quietly(|evaluator| evaluator.expression(place));
                self.set(alias, now);
            }
        }
        self.frame().aliases = aliases;
    }

    /// What a callee left in the containers and objects that it was passed.
    pub(super) fn update_arguments(
        &mut self,
        function: &Function,
        skip: usize,
        passed: &[Passed<'_>],
        outcome: &Outcome,
    ) {
        for (at, one) in passed.iter().enumerate() {
            let Some(parameter) = parameter_of(function, one.argument, at + skip) else { continue };
            let is_one =
                !matches!(parameter.kind, ParameterKind::Arguments | ParameterKind::KeywordArguments);
            if !is_one || !is_place(&one.argument.value) || outcome.binds(&parameter.name) {
                continue;
            }
            if !is_mutable(&one.value) {
                continue;
            }
            let Some(after) = outcome.after(&parameter.name) else { continue };
            if is_mutable(&after) && after.shape != one.value.shape {
                self.rebind(&one.argument.value, after);
            }
        }
    }
}

fn is_mutable(value: &Value) -> bool {
    matches!(
        value.shape,
        Shape::Sequence { .. }
            | Shape::Mapping { .. }
            | Shape::Object { .. }
            | Shape::Record { is_tuple: false, .. }
            | Shape::Sections(_)
    )
}

/// A name, or attributes and elements below one: reading it twice gives the same object.
fn is_place(expression: &Expression) -> bool {
    root(expression).is_some()
}

fn root(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name),
        ExpressionKind::Attribute { value, .. } => root(value),
        ExpressionKind::Subscript { value, index }
            if matches!(index.kind, ExpressionKind::Text(_) | ExpressionKind::Integer(_)) =>
        {
            root(value)
        }
        _ => None,
    }
}

/// Whether a place is another one, or lies in what that holds, wherever each is written.
fn is_same_or_below(place: &Expression, other: &Expression) -> bool {
    let is_same = match (&place.kind, &other.kind) {
        (ExpressionKind::Name(one), ExpressionKind::Name(other)) => one == other,
        (
            ExpressionKind::Attribute { value, name },
            ExpressionKind::Attribute { value: other, name: wanted },
        ) => name == wanted && is_same_or_below(value, other) && is_same_or_below(other, value),
        (
            ExpressionKind::Subscript { value, index },
            ExpressionKind::Subscript { value: other, index: wanted },
        ) => index.kind == wanted.kind && is_same_or_below(value, other) && is_same_or_below(other, value),
        _ => false,
    };
    is_same
        || match &place.kind {
            ExpressionKind::Attribute { value, .. } | ExpressionKind::Subscript { value, .. } => {
                is_same_or_below(value, other)
            }
            _ => false,
        }
}

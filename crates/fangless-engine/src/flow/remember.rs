//! Conditions that have a name: `valid = name in ALLOWED`, `match = PATTERN.fullmatch(name)`. A later `if valid` says of
//! `name` what the condition itself would.

use std::sync::Arc;

use smol_str::SmolStr;

use super::bounds::MAX_NOTED;
use super::evaluator::Evaluator;
use super::guard::called;
use super::narrow::is_digest;
use super::value::Value;
use crate::syntax::ir::{Expression, ExpressionKind};

/// A name, and the expression that it was bound to.
pub(super) struct Noted {
    name: SmolStr,
    expression: Arc<Expression>,
    number: usize,
}

impl Evaluator<'_> {
    /// A name is bound to what may say something of the values in it.
    pub(super) fn note_condition(&mut self, targets: &[Expression], value: &Expression, result: &Value) {
        let [Expression { kind: ExpressionKind::Name(name), .. }] = targets else { return };
        let is_condition = match &value.kind {
            ExpressionKind::Compare { .. } | ExpressionKind::Not(_) | ExpressionKind::Logical { .. } => true,
            ExpressionKind::Call { function, .. } => {
                !result.taint.is_clean()
                    || matches!(called(function), "match" | "fullmatch" | "search")
                    || is_digest(function)
                    || self.frame_ref().recent.iter().any(|recent| recent.call == value.range)
            }
            ExpressionKind::Attribute { .. } => !result.taint.is_clean(),
            _ => false,
        };
        if !is_condition || result.is_constant() || mentions(value, name) {
            return;
        }
        let frame = self.frame();
        if frame.noted.len() >= MAX_NOTED {
            frame.noted.remove(0);
        }
        frame.notes += 1;
        let number = frame.notes;
        frame.noted.push(Noted { name: name.clone(), expression: Arc::new(value.clone()), number });
    }

    /// A name is bound anew: what was said of it, or by it, no longer holds.
    pub(super) fn forget_conditions(&mut self, name: &str) {
        self.frame().noted.retain(|one| one.name != name && !mentions(&one.expression, name));
    }

    /// Behind a branch only the conditions are known that were named before it.
    pub(super) fn forget_conditions_since(&mut self, number: usize) {
        self.frame().noted.retain(|one| one.number <= number);
    }

    pub(super) fn noted_condition(&self, name: &str) -> Option<Arc<Expression>> {
        self.frame_ref().noted.iter().find(|one| one.name == name).map(|one| one.expression.clone())
    }
}

/// Whether an expression reads a name; what is not looked into may.
fn mentions(expression: &Expression, name: &str) -> bool {
    let any = |parts: &[Expression]| parts.iter().any(|part| mentions(part, name));
    match &expression.kind {
        ExpressionKind::Name(known) => known == name,
        ExpressionKind::Attribute { value, .. } => mentions(value, name),
        ExpressionKind::Subscript { value, index } => mentions(value, name) || mentions(index, name),
        ExpressionKind::Call { function, arguments } => {
            mentions(function, name) || arguments.iter().any(|argument| mentions(&argument.value, name))
        }
        ExpressionKind::Binary { left, right, .. } => mentions(left, name) || mentions(right, name),
        ExpressionKind::Not(inner) | ExpressionKind::Negative(inner) | ExpressionKind::Await(inner) => {
            mentions(inner, name)
        }
        ExpressionKind::Logical { values, .. } => any(values),
        ExpressionKind::Compare { left, rest } => {
            mentions(left, name) || rest.iter().any(|(_, right)| mentions(right, name))
        }
        ExpressionKind::List(items) | ExpressionKind::Tuple(items) | ExpressionKind::Set(items) => any(items),
        kind => !kind.is_plain_constant(),
    }
}

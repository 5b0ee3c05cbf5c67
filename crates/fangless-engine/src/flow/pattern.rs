//! `match`: which cases can be taken, and what they bind.

use super::evaluator::{Evaluator, join_states};
use super::narrow::cleared;
use super::taint::TagSet;
use super::value::{Shape, Value};
use crate::syntax::ir::{Case, CompareOperator, Expression, Pattern};

impl Evaluator<'_> {
    pub(super) fn match_statement(&mut self, subject: &Expression, cases: &[Case]) {
        let value = self.expression(subject);
        let before = self.frame_ref().state.clone();
        let mut after = None;
        let mut exhausted = false;
        for case in cases {
            let matched = self.pattern_matches(&case.pattern, &value);
            if matched == Some(false) {
                continue;
            }
            self.frame().state.clone_from(&before);
            self.bind_pattern(&case.pattern, &value, Some(subject));
            let mut guarded = Some(true);
            if let Some(guard) = &case.guard {
                guarded = self.expression(guard).truth();
                if guarded == Some(false) {
                    continue;
                }
                self.assume(guard, true);
            }
            self.block(&case.body);
            let state = self.frame().state.take();
            after = join_states(after, state);
            if matched == Some(true) && guarded == Some(true) {
                exhausted = true;
                break;
            }
        }
        self.frame().state = if exhausted { after } else { join_states(after, before) };
    }

    fn pattern_matches(&mut self, pattern: &Pattern, value: &Value) -> Option<bool> {
        match pattern {
            Pattern::Wildcard | Pattern::Capture(_) => Some(true),
            Pattern::Value(expression) => {
                let wanted = self.expression(expression);
                self.decide(CompareOperator::Equal, &wanted, value)
            }
            Pattern::Or(patterns) => {
                let mut all_false = true;
                for pattern in patterns {
                    match self.pattern_matches(pattern, value) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => all_false = false,
                    }
                }
                all_false.then_some(false)
            }
            Pattern::As(inner, _) => self.pattern_matches(inner, value),
            Pattern::Sequence(patterns) => {
                if !value.choices().is_empty() {
                    return Some(false);
                }
                let items = self.elements(value)?;
                if items.len() != patterns.len() {
                    return Some(false);
                }
                let answers = patterns.iter().zip(&items);
                all(answers.map(|(pattern, item)| self.pattern_matches(pattern, item)).collect())
            }
            Pattern::Mapping(wanted) => {
                let Shape::Mapping { entries, open } = &value.shape else { return None };
                let mut answers = Vec::new();
                for (key, pattern) in wanted {
                    let key = self.expression(key);
                    let entry =
                        key.as_constant().and_then(|key| entries.iter().find(|(known, _)| known == key));
                    answers.push(match entry {
                        Some((_, item)) => self.pattern_matches(pattern, item),
                        None if *open || key.as_constant().is_none() => None,
                        None => Some(false),
                    });
                }
                all(answers)
            }
            Pattern::Structure(_) => None,
        }
    }

    /// What a sequence pattern is held against.
    fn elements(&mut self, value: &Value) -> Option<Vec<Value>> {
        match &value.shape {
            Shape::Sequence { items, open: false } => Some(items.to_vec()),
            _ => self.tuple_items(value),
        }
    }

    fn bind_pattern(&mut self, pattern: &Pattern, value: &Value, subject: Option<&Expression>) {
        match pattern {
            Pattern::Capture(name) => self.set(name, value.clone()),
            Pattern::As(inner, name) => {
                self.bind_pattern(inner, value, subject);
                let value =
                    if is_literal(inner) { cleared(value.clone(), TagSet::ALL) } else { value.clone() };
                self.set(name, value);
            }
            Pattern::Value(_) | Pattern::Or(_) if is_literal(pattern) => {
                if let Some(subject) = subject {
                    self.clear(subject, TagSet::ALL);
                }
            }
            Pattern::Sequence(patterns) => {
                let items = self.elements(value).filter(|items| items.len() == patterns.len());
                for (at, pattern) in patterns.iter().enumerate() {
                    let item = match &items {
                        Some(items) => items[at].clone(),
                        None => self.element_of(value),
                    };
                    self.bind_pattern(pattern, &item, None);
                }
            }
            Pattern::Mapping(entries) => {
                for (key, pattern) in entries {
                    let key = self.expression(key);
                    let item = super::library::item(value, &key);
                    self.bind_pattern(pattern, &item, None);
                }
            }
            Pattern::Structure(names) => {
                for name in names {
                    self.set(name, Value::tainted(value.deep_taint()));
                }
            }
            _ => {}
        }
    }
}

/// A pattern that only certain constants match.
fn is_literal(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Value(_) => true,
        Pattern::Or(patterns) => patterns.iter().all(is_literal),
        Pattern::As(inner, _) => is_literal(inner),
        _ => false,
    }
}

/// Whether all hold, where that is certain.
fn all(answers: Vec<Option<bool>>) -> Option<bool> {
    if answers.contains(&Some(false)) {
        return Some(false);
    }
    answers.iter().all(Option::is_some).then_some(true)
}

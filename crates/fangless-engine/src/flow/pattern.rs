//! `match`: which cases can be taken, and what they bind.

use smol_str::SmolStr;

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
            Pattern::Star(_) => Some(true),
            Pattern::Sequence(patterns) => {
                if !value.choices().is_empty() {
                    return Some(false);
                }
                let items = self.elements(value)?;
                let Some(parts) = parts_of(patterns, &items) else { return Some(false) };
                all(parts.iter().map(|(pattern, item)| self.pattern_matches(pattern, item)).collect())
            }
            Pattern::Mapping { entries: wanted, .. } => {
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
            Pattern::Class { class, positional, keywords } => {
                let class = self.quietly(|evaluator| evaluator.expression(class));
                let mut answers = vec![self.is_of_class(value, &class)];
                for (pattern, field) in self.fields_for(value, &class, positional, keywords) {
                    answers.push(self.pattern_matches(pattern, &field));
                }
                all(answers)
            }
            Pattern::Structure(_) => None,
        }
    }

    /// Whether a value is an object of a class, where that is certain.
    fn is_of_class(&mut self, value: &Value, class: &Value) -> Option<bool> {
        match (&value.shape, &class.shape) {
            (Shape::Object { class: own, .. }, Shape::Class(class)) => {
                let class = *class;
                Some(self.lineage(*own).classes.contains(&class))
            }
            (Shape::Constant(_), Shape::Class(_)) => Some(false),
            (Shape::Constant(constant), Shape::External(name)) if is_built_in(name) => {
                Some(constant.type_name() == name || (constant.type_name() == "bool" && name == "int"))
            }
            (Shape::Pieces(_), Shape::External(name)) if is_built_in(name) => Some(name == "str"),
            _ => None,
        }
    }

    /// What each pattern inside of a class pattern is held against.
    fn fields_for<'p>(
        &mut self,
        value: &Value,
        class: &Value,
        positional: &'p [Pattern],
        keywords: &'p [(SmolStr, Pattern)],
    ) -> Vec<(&'p Pattern, Value)> {
        // `str(name)`: the value itself.
        if let (Shape::External(name), [only]) = (&class.shape, positional)
            && is_built_in(name)
        {
            let tags = match name.as_str() {
                "int" | "float" | "bool" => TagSet::ALL,
                _ => TagSet::EMPTY,
            };
            return vec![(only, cleared(value.clone(), tags))];
        }
        let names = match &value.shape {
            Shape::Object { class, .. } => match self.class_attribute(*class, "__match_args__") {
                Some(Value { shape: Shape::Sequence { items, .. }, .. }) => {
                    items.iter().filter_map(|item| item.as_text().map(SmolStr::new)).collect()
                }
                _ => self.field_names(*class),
            },
            Shape::Record { fields, .. } => fields.iter().map(|(name, _)| name.clone()).collect(),
            _ => Vec::new(),
        };
        let named = keywords.iter().map(|(name, pattern)| (Some(name.clone()), pattern));
        let in_order = positional.iter().enumerate().map(|(at, pattern)| (names.get(at).cloned(), pattern));
        let wanted: Vec<_> = in_order.chain(named).collect();
        let here = self.here();
        wanted
            .into_iter()
            .map(|(name, pattern)| {
                let field = match (&value.shape, name) {
                    (Shape::Object { .. } | Shape::Record { .. }, Some(name)) => {
                        let read = self.attribute(value, &name);
                        self.property(read, &here)
                    }
                    _ => Value::tainted(value.deep_taint()),
                };
                (pattern, field)
            })
            .collect()
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
            Pattern::Star(Some(name)) => self.set(name, value.clone()),
            Pattern::Sequence(patterns) => {
                let items = self.elements(value).unwrap_or_default();
                let parts = parts_of(patterns, &items);
                for (at, pattern) in patterns.iter().enumerate() {
                    let item = match &parts {
                        Some(parts) => parts[at].1.clone(),
                        None if matches!(pattern, Pattern::Star(_)) => {
                            Value::sequence(vec![self.element_of(value)], true)
                        }
                        None => self.element_of(value),
                    };
                    self.bind_pattern(pattern, &item, None);
                }
            }
            Pattern::Mapping { entries, rest } => {
                let mut left = value.clone();
                for (key, pattern) in entries {
                    let key = self.expression(key);
                    let item = super::library::item(value, &key);
                    left = super::library::without_item(left, &key);
                    self.bind_pattern(pattern, &item, None);
                }
                if let Some(name) = rest {
                    self.set(name, left);
                }
            }
            Pattern::Class { class, positional, keywords } => {
                let class = self.expression(class);
                for (pattern, field) in self.fields_for(value, &class, positional, keywords) {
                    self.bind_pattern(pattern, &field, None);
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

fn is_built_in(name: &str) -> bool {
    matches!(
        name,
        "str"
            | "bytes"
            | "int"
            | "float"
            | "bool"
            | "list"
            | "dict"
            | "tuple"
            | "set"
            | "frozenset"
            | "bytearray"
    )
}

/// What each pattern of a sequence is held against; `None` where there are too few or too many elements.
fn parts_of<'p>(patterns: &'p [Pattern], items: &[Value]) -> Option<Vec<(&'p Pattern, Value)>> {
    let star = patterns.iter().position(|pattern| matches!(pattern, Pattern::Star(_)));
    let Some(star) = star else {
        return (items.len() == patterns.len()).then(|| patterns.iter().zip(items.iter().cloned()).collect());
    };
    let after = patterns.len() - star - 1;
    let middle = items.len().checked_sub(after).filter(|middle| *middle >= star)?;
    let rest = Value::sequence(items[star..middle].to_vec(), false);
    let held = items[..star].iter().cloned().chain([rest]).chain(items[middle..].iter().cloned());
    Some(patterns.iter().zip(held).collect())
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

//! What `itertools`, `functools` and `operator` give, element by element, and calls of what they make.

use std::sync::Arc;

use super::bounds::{MAX_ELEMENTS, MAX_UNROLLED};
use super::call::Called;
use super::evaluator::Evaluator;
use super::event::Passed;
use super::library::{item, with_taint};
use super::narrow::cleared;
use super::taint::TagSet;
use super::value::{Constant, Partial, Shape, Value};
use crate::syntax::ir::{Argument, ArgumentKind, BinaryOperator, Expression, ExpressionKind};

/// What `operator.itemgetter("a")` gives, by the name of what it is called as.
const GETTER: &str = ".__call__";

impl Evaluator<'_> {
    pub(super) fn iterator_call(&mut self, called: &Called<'_>) -> Option<Value> {
        let Called { qualified, passed, .. } = *called;
        let qualified = qualified?;
        if passed.iter().any(|one| one.argument.kind != ArgumentKind::Positional) {
            return None;
        }
        let values: Vec<&Value> =
            passed.iter().filter(|one| one.argument.keyword.is_none()).map(|one| &one.value).collect();
        match qualified {
            "itertools.chain" => self.chained(&values),
            "itertools.chain.from_iterable" => {
                let lists = self.items_of(values.first()?)?;
                self.chained(&lists.iter().collect::<Vec<_>>())
            }
            "itertools.islice" => self.islice(&values),
            "itertools.zip_longest" | "itertools.product" => {
                let row = values.iter().map(|value| self.element_of(value)).collect();
                Some(Value::sequence(vec![Value::sequence(row, false)], true))
            }
            "functools.reduce" => self.reduced(called, &values),
            "filter" => self.filtered(called, values.first()?, values.get(1)?),
            "operator.itemgetter" | "operator.attrgetter" | "operator.methodcaller" => {
                let function = Value::external(format!("{qualified}{GETTER}"));
                let passed =
                    passed.iter().map(|one| (one.argument.keyword.clone(), one.value.clone())).collect();
                let shape = Shape::Partial(Arc::new(Partial { function, passed }));
                Some(Value { shape, ..Value::default() })
            }
            "operator.getitem" => Some(item(values.first()?, values.get(1)?)),
            "operator.add" | "operator.concat" => {
                Some(self.binary(BinaryOperator::Add, values.first()?, values.get(1)?))
            }
            "operator.mod" => Some(self.binary(BinaryOperator::Modulo, values.first()?, values.get(1)?)),
            _ => self.got(called, qualified.strip_suffix(GETTER)?, &values),
        }
    }

    /// One list after the other.
    fn chained(&mut self, lists: &[&Value]) -> Option<Value> {
        let mut items = Vec::new();
        for list in lists {
            items.extend(self.items_of(list)?);
        }
        let taint = lists.iter().fold(super::taint::Taint::default(), |mut taint, list| {
            taint.add(&list.taint);
            taint
        });
        (items.len() <= MAX_ELEMENTS).then(|| with_taint(Value::sequence(items, false), &taint))
    }

    fn islice(&mut self, values: &[&Value]) -> Option<Value> {
        let items = self.items_of(values.first()?)?;
        let place = |at: usize| match values.get(at).and_then(|value| value.as_constant()) {
            Some(Constant::Integer(number)) => usize::try_from(*number).ok(),
            _ => None,
        };
        let (start, end) = match values.len() {
            2 => (0, place(1)?),
            3 => (place(1)?, place(2)?),
            _ => return None,
        };
        let end = end.min(items.len());
        Some(with_taint(Value::sequence(items[start.min(end)..end].to_vec(), false), &values.first()?.taint))
    }

    /// `reduce(function, items, initial)`: the function on what came so far and each item.
    fn reduced(&mut self, called: &Called<'_>, values: &[&Value]) -> Option<Value> {
        let (function, list) = (values.first()?, values.get(1)?);
        if !matches!(function.shape, Shape::Function(_) | Shape::Closure { .. } | Shape::Bound { .. }) {
            return None;
        }
        let initial = values.get(2).map(|value| (*value).clone());
        let known = self.items_of(list).filter(|items| items.len() <= MAX_UNROLLED);
        let is_known = known.is_some();
        let items = known.unwrap_or_else(|| vec![self.element_of(list)]);
        let mut items = items.into_iter();
        let mut result = match initial {
            Some(initial) => initial,
            None if is_known => items.next()?,
            None => self.element_of(list),
        };
        for one in items {
            let next = self.called_with(called, function, &[result.clone(), one]);
            result = if is_known { next } else { result.join(&next) };
        }
        Some(result)
    }

    /// The elements that a function let through.
    fn filtered(&mut self, called: &Called<'_>, function: &Value, list: &Value) -> Option<Value> {
        let element = self.element_of(list);
        let tags = match &function.shape {
            Shape::External(name) if is_character_test(name) => TagSet::ALL,
            Shape::Function(reference) | Shape::Closure { function: reference, .. } => {
                let captured = match &function.shape {
                    Shape::Closure { captured, .. } => Some(captured),
                    _ => None,
                };
                let argument = Argument::of(called.function);
                let passed = [Passed { argument: &argument, value: element.clone(), base: None }];
                let outcome = self.call_closure(*reference, captured, None, &passed, called.whole);
                let (_, definition) = self.program.function(*reference)?;
                outcome.cleared(&definition.parameters.first()?.name, Some(true))?
            }
            _ => return None,
        };
        Some(Value::sequence(vec![cleared(element, tags)], true))
    }

    /// `itemgetter("a")(record)` and the like.
    fn got(&mut self, called: &Called<'_>, kind: &str, values: &[&Value]) -> Option<Value> {
        let (object, keys) = values.split_last()?;
        let object = (*object).clone();
        if kind == "operator.methodcaller" {
            let (name, rest) = keys.split_first()?;
            let method = self.attribute(&object, &name.as_text()?.into());
            let rest: Vec<Value> = rest.iter().map(|value| (*value).clone()).collect();
            return Some(self.called_with(called, &method, &rest));
        }
        let mut found = Vec::new();
        for key in keys {
            found.push(match kind {
                "operator.itemgetter" => item(&object, key),
                _ => key.as_text()?.split('.').fold(object.clone(), |value, name| {
                    let read = self.attribute(&value, &name.into());
                    self.property(read, called.whole)
                }),
            });
        }
        match found.len() {
            1 => found.pop(),
            _ => Some(Value::sequence(found, false)),
        }
    }

    /// Calls a value with others, at the place of the present call.
    fn called_with(&mut self, called: &Called<'_>, function: &Value, values: &[Value]) -> Value {
        let nothing = Expression { range: called.whole.range, kind: ExpressionKind::Ellipsis };
        let argument = Argument::of(&nothing);
        let passed: Vec<Passed<'_>> = values
            .iter()
            .map(|value| Passed { argument: &argument, value: value.clone(), base: None })
            .collect();
        self.apply(function, &passed, called.whole, called.function, true)
    }
}

/// `str.isalnum` and the like.
fn is_character_test(name: &str) -> bool {
    matches!(
        name,
        "str.isdigit"
            | "str.isdecimal"
            | "str.isnumeric"
            | "str.isalnum"
            | "str.isalpha"
            | "str.isidentifier"
    )
}

//! Functions as values: called back by a library, bound to some of their arguments, chosen by name.

use std::sync::Arc;

use smol_str::SmolStr;

use super::call::Called;
use super::evaluator::Evaluator;
use super::event::{Passed, select};
use super::taint::Taint;
use super::value::{Constant, Partial, Shape, Value};
use crate::model::schema::{CallbackRow, Gives, Passes};
use crate::syntax::ir::{Argument, ArgumentKind, Expression, ExpressionKind};
use crate::text::TextRange;

impl Evaluator<'_> {
    /// Calls the function that a library call calls; the result of the library call, where it comes from that.
    pub(super) fn call_back(&mut self, called: &Called<'_>) -> Option<Value> {
        let models = self.program.models;
        let registrar = called
            .qualified
            .and_then(|name| models.registrar(name))
            .or_else(|| called.method.and_then(|method| models.registrar_method(method)));
        if let Some(row) = registrar {
            self.run_registered(row, called.passed);
        }
        let row = called
            .qualified
            .and_then(|name| models.callback(name))
            .or_else(|| called.method.and_then(|method| models.callback_method(method)))?;
        let function = select(&row.function, called.passed)?;
        if !is_callable(&function.value) {
            return None;
        }
        let arguments = self.called_back_with(row, function, called.receiver, called.passed);
        let passed: Vec<Passed<'_>> = arguments
            .iter()
            .map(|(argument, value)| Passed { argument, value: value.clone(), base: None })
            .collect();
        let callee = function.value.clone();
        let result = self.apply(&callee, &passed, called.whole, &function.argument.value, true);
        match row.gives {
            Gives::Nothing => None,
            Gives::Result => Some(result),
            Gives::Future => Some(Value::tainted(result.deep_taint())),
            Gives::Elements => Some(Value::sequence(vec![result], true)),
        }
    }

    fn called_back_with(
        &mut self,
        row: &CallbackRow,
        function: &Passed<'_>,
        called_on: Option<&Value>,
        passed: &[Passed<'_>],
    ) -> Vec<(Argument, Value)> {
        let keywords = keywords_of(row, passed);
        if let Some(selector) = &row.arguments {
            let Some(list) = select(selector, passed) else { return keywords };
            let items = match &list.value.shape {
                Shape::Sequence { items, .. } => items.to_vec(),
                _ => vec![self.element_of(&list.value)],
            };
            let items = if row.gives == Gives::Elements {
                // A list of argument lists.
                let row = self.element_of(&list.value);
                match &row.shape {
                    Shape::Sequence { items, .. } => items.to_vec(),
                    _ => vec![self.element_of(&row)],
                }
            } else {
                items
            };
            let place = &list.argument.value;
            let mut all: Vec<_> = items.into_iter().map(|item| (Argument::of(place), item)).collect();
            all.extend(keywords);
            return all;
        }
        let after = passed.iter().skip_while(|one| !std::ptr::eq(*one, function)).skip(1);
        match row.passes {
            Passes::Receiver => {
                let receiver = called_on.cloned().unwrap_or_default();
                vec![(Argument::of(&function.argument.value), receiver)]
            }
            Passes::Rest => after.map(|one| (one.argument.clone(), one.value.clone())).collect(),
            Passes::Each => after
                .filter(|one| one.argument.keyword.is_none())
                .map(|one| (Argument::of(&one.argument.value), self.element_of(&one.value)))
                .collect(),
        }
    }

    /// Calls what `functools.partial` made.
    pub(super) fn apply_partial(
        &mut self,
        partial: &Partial,
        passed: &[Passed<'_>],
        whole: &Expression,
        function: &Expression,
    ) -> Value {
        // What was given earlier may stand in another file: here it has no place of its own.
        let given: Vec<Argument> = partial
            .passed
            .iter()
            .map(|(keyword, _)| Argument {
                keyword: keyword.clone(),
                ..Argument::of(&nothing_at(whole.range))
            })
            .collect();
        let mut all: Vec<Passed<'_>> = given
            .iter()
            .zip(&partial.passed)
            .map(|(argument, (_, value))| Passed { argument, value: value.clone(), base: None })
            .collect();
        all.extend(passed.iter().cloned());
        self.apply(&partial.function, &all, whole, function, true)
    }

    /// A value that is chosen or made by a function that the evaluator knows: an attribute by its name, a module by its
    /// name, a callable with some arguments.
    pub(super) fn chosen(&mut self, called: &Called<'_>) -> Option<Value> {
        if let Some(record) = self.record_call(called) {
            return Some(record);
        }
        let first = called.passed.first()?;
        match called.qualified? {
            "getattr" => {
                let name = called.passed.get(1)?.value.as_text()?.into();
                let value = self.attribute(&first.value, &name);
                let value = self.property(value, called.whole);
                match called.passed.get(2) {
                    // Nothing is known of an attribute of that name: there may be none.
                    Some(default) if matches!(value.shape, Shape::Method { .. } | Shape::Unknown) => {
                        Some(value.join(&default.value))
                    }
                    _ => Some(value),
                }
            }
            "importlib.import_module" | "__import__" => {
                let name = first.value.as_text().filter(|name| !name.starts_with('.'))?;
                let from = self.frame_ref().module.clone();
                match self.program.find_module(&from, name, 0) {
                    Some(path) => Some(Value::external(format!("file:{path}"))),
                    None => Some(Value::external(self.program.models.canonical(name))),
                }
            }
            "functools.partial" | "functools.partialmethod" if is_callable(&first.value) => {
                let rest = &called.passed[1..];
                if rest.iter().any(|one| one.argument.kind != ArgumentKind::Positional) {
                    return None;
                }
                let passed =
                    rest.iter().map(|one| (one.argument.keyword.clone(), one.value.clone())).collect();
                let mut passed: Vec<(Option<SmolStr>, Value)> = passed;
                // The object comes before the rest, once there is one.
                let is_method = called.qualified == Some("functools.partialmethod");
                let function = if is_method {
                    passed.insert(0, (None, first.value.clone()));
                    Value::external(PARTIAL_METHOD)
                } else {
                    first.value.clone()
                };
                let partial = Partial { function, passed };
                Some(Value { shape: Shape::Partial(Arc::new(partial)), taint: Taint::default() })
            }
            _ => None,
        }
    }

    /// What `with` binds: the result of `__enter__`, or what a generator under `contextmanager` yields.
    pub(super) fn entered(&mut self, manager: Value, context: &Expression) -> Value {
        match &manager.shape {
            Shape::Sequence { .. } => self.element_of(&manager),
            Shape::Object { class, .. } => {
                let method = ["__enter__", "__aenter__"]
                    .iter()
                    .find_map(|name| self.class_attribute(*class, name))
                    .map(|method| self.bound(method, &manager).shape);
                match method {
                    Some(Shape::Bound { receiver, function }) => {
                        self.call_function(function, Some((*receiver).clone()), &[], context).value
                    }
                    _ => manager,
                }
            }
            _ => manager,
        }
    }
}

/// What stands for the function of `functools.partialmethod`, which is the first of its arguments.
const PARTIAL_METHOD: &str = "functools.partialmethod.__get__";

/// A `partialmethod` read from an object.
pub(super) fn method_of_partial(partial: &Partial, object: &Value) -> Option<Value> {
    if !matches!(&partial.function.shape, Shape::External(name) if name == PARTIAL_METHOD) {
        return None;
    }
    let ((_, function), rest) = partial.passed.split_first()?;
    let passed = std::iter::once((None, object.clone())).chain(rest.iter().cloned()).collect();
    let partial = Partial { function: function.clone(), passed };
    Some(Value { shape: Shape::Partial(Arc::new(partial)), taint: Taint::default() })
}

/// `kwargs={"command": name}`
fn keywords_of(row: &CallbackRow, passed: &[Passed<'_>]) -> Vec<(Argument, Value)> {
    let Some(given) = row.keywords.as_ref().and_then(|selector| select(selector, passed)) else {
        return Vec::new();
    };
    let Shape::Mapping { entries, .. } = &given.value.shape else { return Vec::new() };
    let named = entries.iter().filter_map(|(key, value)| match key {
        Constant::Text(key) => {
            let keyword = Some(SmolStr::new(key));
            Some((Argument { keyword, ..Argument::of(&given.argument.value) }, value.clone()))
        }
        _ => None,
    });
    named.collect()
}

fn is_callable(value: &Value) -> bool {
    matches!(
        value.shape,
        Shape::Function(_)
            | Shape::Closure { .. }
            | Shape::Bound { .. }
            | Shape::Partial(_)
            | Shape::External(_)
            | Shape::Class(_)
    )
}

fn nothing_at(range: TextRange) -> Expression {
    Expression { range, kind: ExpressionKind::Ellipsis }
}

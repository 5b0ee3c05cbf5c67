//! Attributes of an object that are reached as the items of a dictionary: `vars(job)["text"]`,
//! `self.__dict__.update(options)`, `setattr(job, name, value)`.

use super::binding::with_attribute;
use super::evaluator::Evaluator;
use super::event::Passed;
use super::library::with_taint;
use super::sink::Sunk;
use super::value::{Constant, Shape, Value};
use crate::model::schema::Tag;
use crate::syntax::ir::{Expression, ExpressionKind};

/// The object of `object.__dict__` and `vars(object)`.
pub(super) fn dictionary_of(expression: &Expression) -> Option<&Expression> {
    match &expression.kind {
        ExpressionKind::Attribute { value, name } if name == "__dict__" => Some(value),
        ExpressionKind::Call { function, arguments } => match (&function.kind, arguments.as_slice()) {
            (ExpressionKind::Name(name), [object]) if name == "vars" => Some(&object.value),
            _ => None,
        },
        _ => None,
    }
}

/// `locals()`, `globals()`, `vars()`: the variables of a scope as a dictionary; whether they are the module's.
pub(super) fn scope_of(expression: &Expression) -> Option<bool> {
    let ExpressionKind::Call { function, arguments } = &expression.kind else { return None };
    match &function.kind {
        ExpressionKind::Name(name) if arguments.is_empty() => match name.as_str() {
            "locals" | "vars" => Some(false),
            "globals" => Some(true),
            _ => None,
        },
        _ => None,
    }
}

impl Evaluator<'_> {
    /// `locals()["name"]`, `globals()["name"]`
    pub(super) fn variable_by_name(&mut self, scope: &Expression, key: &Value) -> Option<Value> {
        let is_global = scope_of(scope)?;
        let name = key.as_text()?;
        let frame = self.frame_ref();
        let is_bound = frame.state.as_ref().is_some_and(|state| state.get(name).is_some());
        let is_changed_here = frame.outward.iter().any(|outward| outward == name);
        let is_of_module = is_global && frame.function.is_some() && !is_changed_here;
        if is_of_module || (is_global && !is_bound) {
            let module = frame.module.clone();
            return self.global(&module, name);
        }
        is_bound.then(|| self.lookup(name))
    }

    /// Binds an attribute by a key; of one that is not known, any attribute may be what it is.
    pub(super) fn bind_in_dictionary(&mut self, object: &Expression, key: &Value, value: Value) {
        let owned = self.quietly(|evaluator| evaluator.expression(object));
        let changed = match key.as_constant() {
            Some(Constant::Text(name)) => with_attribute(owned, &name.as_ref().into(), value),
            _ => with_taint(owned, &value.deep_taint()),
        };
        self.rebind(object, changed);
    }

    /// `object.__dict__.update(…)`, `vars(object).update(…)`
    pub(super) fn update_dictionary(&mut self, function: &Expression, passed: &[Passed<'_>]) {
        let ExpressionKind::Attribute { value, name } = &function.kind else { return };
        let Some(object) = dictionary_of(value).filter(|_| name == "update") else { return };
        let at = self.location(function.range);
        for one in passed {
            if one.argument.keyword.is_none() && self.muted == 0 {
                let argument = self.location(one.argument.value.range);
                let whole = Value::tainted(one.value.taint.clone());
                self.tell_sink(Tag::MassAssignment, &whole, &Sunk::at(at, argument, "update", None));
            }
            match (&one.argument.keyword, &one.value.shape) {
                (Some(keyword), _) => {
                    let key = Value::text(keyword);
                    self.bind_in_dictionary(object, &key, one.value.clone());
                }
                (None, Shape::Mapping { entries, .. }) => {
                    for (key, value) in entries.iter() {
                        self.bind_in_dictionary(object, &Value::constant(key.clone()), value.clone());
                    }
                    let rest = Value::tainted(one.value.taint.clone());
                    if !rest.taint.is_empty() {
                        self.bind_in_dictionary(object, &Value::unknown(), rest);
                    }
                }
                (None, _) => {
                    let rest = Value::tainted(one.value.deep_taint());
                    self.bind_in_dictionary(object, &Value::unknown(), rest);
                }
            }
        }
    }

    /// `object.__dict__["name"]`, `vars(object)["name"]`
    pub(super) fn read_dictionary(&mut self, dictionary: &Expression, key: &Value) -> Option<Value> {
        let object = dictionary_of(dictionary)?;
        let Some(Constant::Text(name)) = key.as_constant() else { return None };
        let owned = self.quietly(|evaluator| evaluator.expression(object));
        matches!(owned.shape, Shape::Object { .. } | Shape::Record { .. })
            .then(|| self.attribute(&owned, &name.as_ref().into()))
    }
}

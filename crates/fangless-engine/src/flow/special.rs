//! Methods that Python itself calls: for an operator, an item, an iteration, a text made of an object, an attribute that
//! is bound. What they do is found out from their bodies, as for any call.

use super::call::{Called, is_super};
use super::evaluator::Evaluator;
use super::event::Passed;
use super::function::Outcome;
use super::library::{item, with_item, with_taint};
use super::taint::{TagSet, Taint};
use super::value::{ClassReference, Constant, FunctionReference, Shape, Value};
use crate::syntax::ir::{Argument, BinaryOperator, Expression, ExpressionKind};

/// What `__format__`, `__str__` and `__repr__` make of an object is its text, in the order in which Python asks.
pub(super) const FORMATTED: &[&str] = &["__format__", "__str__", "__repr__"];
pub(super) const AS_TEXT: &[&str] = &["__str__", "__repr__"];
pub(super) const QUOTED: &[&str] = &["__repr__"];

impl Evaluator<'_> {
    /// The statement under evaluation, as a call that the program does not write out.
    pub(super) fn here(&self) -> Expression {
        Expression { range: self.frame_ref().at, kind: ExpressionKind::Ellipsis }
    }

    fn method_of(&mut self, object: &Value, name: &str) -> Option<FunctionReference> {
        let Shape::Object { class, .. } = &object.shape else { return None };
        match self.class_attribute(*class, name)?.shape {
            Shape::Function(function) => Some(function),
            _ => None,
        }
    }

    pub(super) fn has_special(&mut self, object: &Value, name: &str) -> bool {
        self.method_of(object, name).is_some()
    }

    fn run_special(&mut self, function: FunctionReference, receiver: Value, arguments: &[Value]) -> Outcome {
        let here = self.here();
        let argument = Argument::of(&here);
        let passed: Vec<Passed<'_>> = arguments
            .iter()
            .map(|value| Passed { argument: &argument, value: value.clone(), base: None })
            .collect();
        self.call_function(function, Some(receiver), &passed, &here)
    }

    /// What a method gives that Python calls on an object; `None` where its class has none.
    pub(super) fn special(&mut self, object: &Value, name: &str, arguments: &[Value]) -> Option<Value> {
        let function = self.method_of(object, name)?;
        Some(self.run_special(function, object.clone(), arguments).value)
    }

    /// The object once a method that Python calls has changed it.
    pub(super) fn special_change(
        &mut self,
        object: &Value,
        name: &str,
        arguments: &[Value],
    ) -> Option<Value> {
        let function = self.method_of(object, name)?;
        let outcome = self.run_special(function, object.clone(), arguments);
        let changed = super::function::changed_receiver(self, function, &outcome);
        let changed = changed.unwrap_or_else(|| object.clone());
        let Shape::Object { class, .. } = object.shape else { return Some(changed) };
        // What the method leaves to a library's class is not seen.
        if changed.shape == object.shape && self.external_base(class).is_some() {
            let taint = arguments.iter().fold(Taint::default(), |mut taint, one| {
                taint.add(&one.deep_taint());
                taint
            });
            return Some(with_taint(changed, &taint));
        }
        Some(changed)
    }

    /// The text that an object is written as; any other value as it is.
    pub(super) fn shown(&mut self, value: Value, names: &[&str]) -> Value {
        let Shape::Object { .. } = value.shape else { return value };
        let text = Value::text("");
        names
            .iter()
            .find_map(|name| {
                let arguments = if *name == "__format__" { std::slice::from_ref(&text) } else { &[] };
                self.special(&value, name, arguments)
            })
            .unwrap_or(value)
    }

    /// Each item of a tuple, or the value itself, as it is written into a text.
    pub(super) fn each_shown(&mut self, value: Value) -> Value {
        match &value.shape {
            Shape::Sequence { items, open }
                if items.iter().any(|item| matches!(item.shape, Shape::Object { .. })) =>
            {
                let items = items.iter().map(|item| self.shown(item.clone(), AS_TEXT)).collect();
                Value { shape: Shape::Sequence { items, open: *open }, taint: value.taint }
            }
            _ => self.shown(value, AS_TEXT),
        }
    }

    /// What an object's own operator gives, or that of the right side where the left is none.
    pub(super) fn own_operator(
        &mut self,
        operator: BinaryOperator,
        left: &Value,
        right: &Value,
    ) -> Option<Value> {
        let name = operator_name(operator)?;
        self.special(left, &format!("__{name}__"), std::slice::from_ref(right))
            .or_else(|| self.special(right, &format!("__r{name}__"), std::slice::from_ref(left)))
    }

    /// `object += value`, where the class says what that is.
    pub(super) fn own_change(
        &mut self,
        operator: BinaryOperator,
        left: &Value,
        right: &Value,
    ) -> Option<Value> {
        let name = operator_name(operator)?;
        self.special(left, &format!("__i{name}__"), std::slice::from_ref(right))
    }

    /// What an object is iterated over as: what `__iter__` gives, or what `__next__` of that gives each time.
    pub(super) fn iterated(&mut self, object: &Value) -> Option<Value> {
        let iterator = ["__iter__", "__aiter__"].iter().find_map(|name| self.special(object, name, &[]))?;
        let next = ["__next__", "__anext__"].iter().find_map(|name| self.special(&iterator, name, &[]));
        match next {
            Some(next) => Some(Value::sequence(vec![next], true)),
            None if matches!(iterator.shape, Shape::Object { .. }) => None,
            None => Some(iterator),
        }
    }

    /// What an attribute is that the class says how to read.
    pub(super) fn described(&mut self, attribute: Value, owner: &Value) -> Value {
        match self.special(&attribute, "__get__", &[owner.clone(), Value::unknown()]) {
            Some(value) => value,
            None => self.bound(attribute, owner),
        }
    }

    /// An attribute of a class that wants to know its name.
    pub(super) fn named_attribute(&mut self, attribute: Value, class: ClassReference, name: &str) -> Value {
        let owner = Value { shape: Shape::Class(class), ..Value::default() };
        self.special_change(&attribute, "__set_name__", &[owner, Value::text(name)]).unwrap_or(attribute)
    }

    /// The object once an attribute is bound through a setter or a descriptor; `None` where there is neither.
    pub(super) fn set_through(&mut self, object: &Value, name: &str, value: &Value) -> Option<Value> {
        let Shape::Object { class, .. } = object.shape else { return None };
        if let Some(setter) = self.class_setter(class, name) {
            let outcome = self.run_special(setter, object.clone(), std::slice::from_ref(value));
            return super::function::changed_receiver(self, setter, &outcome);
        }
        if let Some(changed) = self.special_change(object, "__setattr__", &[Value::text(name), value.clone()])
        {
            return Some(changed);
        }
        let descriptor = self.class_attribute(class, name)?;
        let function = self.method_of(&descriptor, "__set__")?;
        let outcome = self.run_special(function, descriptor, &[object.clone(), value.clone()]);
        let (_, definition) = self.program.function(function)?;
        outcome.after(&definition.parameters.get(1)?.name)
    }

    /// `super().__setitem__(key, value)`, `object.__setattr__(self, name, value)`: a method that Python calls, of the class
    /// that the object's own class derives from.
    pub(super) fn call_of_base(&mut self, called: &Called<'_>) -> Option<Value> {
        let ExpressionKind::Attribute { value: owner, name } = &called.function.kind else { return None };
        let is_super = is_super(owner);
        let is_class = matches!(&owner.kind, ExpressionKind::Name(name)
            if matches!(name.as_str(), "object" | "dict" | "list"));
        if !(is_super || is_class) || !matches!(called.callee.shape, Shape::External(_) | Shape::Unknown) {
            return None;
        }
        let (place, rest) = if is_super {
            let name = self.own_receiver_name()?;
            let range = called.function.range;
            (Expression { range, kind: ExpressionKind::Name(name) }, called.passed)
        } else {
            let (first, rest) = called.passed.split_first()?;
            (first.argument.value.clone(), rest)
        };
        let object = self.quietly(|evaluator| evaluator.expression(&place));
        let Shape::Object { .. } = object.shape else { return None };
        let key = &rest.first()?.value;
        match (name.as_str(), rest.get(1)) {
            ("__setitem__", Some(value)) => {
                let changed = with_item(object, key, value.value.clone());
                self.rebind(&place, changed);
                Some(Value::constant(Constant::None))
            }
            ("__setattr__", Some(value)) => {
                self.bind_in_dictionary(&place, key, value.value.clone());
                Some(Value::constant(Constant::None))
            }
            ("__getitem__", None) => Some(item(&object, key)),
            ("__getattribute__", None) => Some(self.attribute(&object, &key.as_text()?.into())),
            _ => None,
        }
    }

    /// Whether an object counts as true, where its class says so.
    pub(super) fn truth_of(&mut self, value: &Value) -> Option<bool> {
        let Shape::Object { .. } = value.shape else { return value.truth() };
        ["__bool__", "__len__"].iter().find_map(|name| self.special(value, name, &[]))?.truth()
    }

    /// What `value in object` says of the value where it has this truth.
    pub(super) fn cleared_by_membership(
        &mut self,
        object: &Value,
        value: &Value,
        truth: bool,
    ) -> Option<TagSet> {
        let function = self.method_of(object, "__contains__")?;
        let outcome = self.run_special(function, object.clone(), std::slice::from_ref(value));
        let (_, definition) = self.program.function(function)?;
        Some(outcome.cleared(&definition.parameters.get(1)?.name, Some(truth)).unwrap_or_default())
    }
}

/// The operator in the names of the methods for it.
fn operator_name(operator: BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Add => "add",
        BinaryOperator::Subtract => "sub",
        BinaryOperator::Multiply => "mul",
        BinaryOperator::Divide => "truediv",
        BinaryOperator::FloorDivide => "floordiv",
        BinaryOperator::Modulo => "mod",
        BinaryOperator::BitOr => "or",
        BinaryOperator::BitAnd => "and",
        BinaryOperator::BitXor => "xor",
        BinaryOperator::ShiftLeft => "lshift",
        BinaryOperator::ShiftRight => "rshift",
        BinaryOperator::Power => "pow",
        BinaryOperator::Other => return None,
    })
}

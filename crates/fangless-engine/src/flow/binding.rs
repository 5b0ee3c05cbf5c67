//! Names, attributes and items get values: what a target is bound to, and who is told. Evaluates no right side.

use smol_str::SmolStr;

use super::dictionary::{dictionary_of, scope_of};
use super::evaluator::Evaluator;
use super::event::{BindingEvent, BindingKind, Passed};
use super::place::has_parts;
use super::value::{Shape, Value};
use crate::finding::StepKind;
use crate::rule::schema::NameKind;
use crate::syntax::ir::{Expression, ExpressionKind, Statement, StatementKind};

impl Evaluator<'_> {
    pub(super) fn set(&mut self, name: &SmolStr, value: Value) {
        if let Some(state) = &mut self.frame().state {
            state.set(name, value.bounded());
        }
    }

    /// Binds a target to a value, telling the path where it is untrusted.
    pub(super) fn bind(&mut self, target: &Expression, value: Value) {
        match &target.kind {
            ExpressionKind::Name(name) => {
                let at = self.location(target.range);
                let mut value = value.step(at, StepKind::Assignment, name);
                if crate::secret::names::is_named(name, NameKind::SecurityToken) {
                    value.taint = value.taint.without_maker(&self.program.compared);
                }
                self.forget_aliases(name);
                self.forget_conditions(name);
                self.forget_places_of(name);
                self.set(name, value);
            }
            ExpressionKind::Tuple(targets) | ExpressionKind::List(targets) => self.unpack(targets, &value),
            ExpressionKind::Starred(inner) => self.bind(inner, value),
            ExpressionKind::Attribute { value: owner, name } => {
                self.forget_place(target);
                let spelled = super::evaluator::spelled_name(target).unwrap_or_else(|| name.clone());
                let value = value.step(self.location(target.range), StepKind::Assignment, &spelled);
                let owned = self.expression(owner);
                if let Some(updated) = self.set_through(&owned, name, &value) {
                    self.rebind(owner, updated);
                } else if has_parts(&owned) {
                    let updated = with_attribute(owned, name, value);
                    self.rebind(owner, updated);
                } else {
                    self.gather_attribute(owner, &owned, name, &value);
                    self.bind_at(target, value);
                }
            }
            ExpressionKind::Subscript { value: owner, index } => {
                self.forget_place(target);
                if scope_of(owner) == Some(true) {
                    let key = self.expression(index);
                    if let Some(name) = key.as_text().map(SmolStr::new) {
                        self.set(&name, value);
                        self.note_outward(&name);
                    }
                    return;
                }
                if let Some(object) = dictionary_of(owner) {
                    let key = self.expression(index);
                    self.bind_in_dictionary(object, &key, value);
                    return;
                }
                let owned = self.expression(owner);
                if let Shape::Object { .. } = owned.shape {
                    let key = self.expression(index);
                    let updated = self
                        .special_change(&owned, "__setitem__", &[key.clone(), value.clone()])
                        .unwrap_or_else(|| super::library::with_item(owned, &key, value));
                    self.rebind(owner, updated);
                } else if has_parts(&owned) {
                    let updated = self.with_element(owned, index, value);
                    self.rebind(owner, updated);
                } else {
                    self.expression(index);
                    self.bind_at(target, value);
                }
            }
            _ => {}
        }
    }

    /// `owner[index] = value`, also for a slice: the changed container.
    fn with_element(&mut self, owner: Value, index: &Expression, value: Value) -> Value {
        if let ExpressionKind::Slice(parts) = &index.kind
            && let Some(bounds) = self.slice_bounds(parts)
            && let Some(changed) = super::fold::with_slice(&owner, bounds, &value)
        {
            return changed;
        }
        let key = self.expression(index);
        super::library::with_item(owner, &key, value)
    }

    /// Puts a changed container back where it was read from.
    pub(super) fn rebind(&mut self, place: &Expression, value: Value) {
        match &place.kind {
            ExpressionKind::Name(name)
                if self.frame_ref().state.as_ref().is_some_and(|state| state.get(name).is_some()) =>
            {
                self.set(name, value.clone());
                self.update_aliases(name, &value);
            }
            // A container of a scope around the body: of the function that this one stands in, or of the module.
            ExpressionKind::Name(name)
                if self.frame_ref().function.is_some() && (has_parts(&value) || !value.taint.is_clean()) =>
            {
                self.set(name, value);
                self.note_outward(name);
            }
            ExpressionKind::Attribute { value: owner, name } => {
                let owned = self.quietly(|evaluator| evaluator.expression(owner));
                if !has_parts(&owned) {
                    self.keep_at(place, value);
                    return;
                }
                let updated = with_attribute(owned, name, value);
                self.rebind(owner, updated);
            }
            ExpressionKind::Subscript { value: owner, index } => {
                let owned = self.quietly(|evaluator| evaluator.expression(owner));
                if !has_parts(&owned) {
                    self.keep_at(place, value);
                    return;
                }
                let key = self.quietly(|evaluator| evaluator.expression(index));
                let updated = super::library::with_item(owned, &key, value);
                self.rebind(owner, updated);
            }
            _ => {}
        }
    }

    pub(super) fn unpack(&mut self, targets: &[Expression], value: &Value) {
        let fields = self.tuple_items(value).map(|items| Value::sequence(items, false));
        let value = fields.as_ref().unwrap_or(value);
        let star = targets.iter().position(|target| matches!(target.kind, ExpressionKind::Starred(_)));
        match &value.shape {
            Shape::Sequence { items, open: false } if star.is_none() && items.len() == targets.len() => {
                for (target, item) in targets.iter().zip(items.iter()) {
                    let mut item = item.clone();
                    item.taint.add(&value.taint);
                    self.bind(target, item);
                }
            }
            Shape::Sequence { items, open: false }
                if star.is_some_and(|_| items.len() + 1 >= targets.len()) =>
            {
                let star = star.unwrap_or_default();
                let after = targets.len() - star - 1;
                let middle = items.len() - after;
                for (target, item) in targets[..star].iter().zip(items.iter()) {
                    self.bind(target, item.clone());
                }
                self.bind(&targets[star], Value::sequence(items[star..middle].to_vec(), false));
                for (target, item) in targets[star + 1..].iter().zip(items[middle..].iter()) {
                    self.bind(target, item.clone());
                }
            }
            _ => {
                let element = self.element_of(value);
                for target in targets {
                    self.bind(target, element.clone());
                }
            }
        }
    }

    pub(super) fn delete(&mut self, target: &Expression) {
        if let ExpressionKind::Subscript { value: owner, index } = &target.kind {
            let owned = self.expression(owner);
            let updated = if matches!(index.kind, ExpressionKind::Slice(_)) {
                self.with_element(owned, index, Value::sequence(Vec::new(), false))
            } else {
                let key = self.expression(index);
                super::library::without_item(owned, &key)
            };
            self.rebind(owner, updated);
        }
    }

    /// `setattr(session, "verify", False)` binds what `session.verify = False` does.
    pub(super) fn tell_set(&mut self, whole: &Expression, passed: &[Passed<'_>]) {
        let [object, name, value] = passed else { return };
        let Some(name) = name.value.as_text() else { return };
        let owner = Box::new(object.argument.value.clone());
        let target = Expression {
            range: whole.range,
            kind: ExpressionKind::Attribute { value: owner, name: name.into() },
        };
        let statement = Statement { range: whole.range, kind: StatementKind::Pass };
        self.tell_binding(&target, &value.value, &value.argument.value, &statement);
    }

    pub(super) fn tell_binding(
        &mut self,
        target: &Expression,
        value: &Value,
        expression: &Expression,
        statement: &Statement,
    ) {
        if self.muted > 0 {
            return;
        }
        let statement = self.location(statement.range);
        let at = self.location(target.range);
        let (kind, name, qualified): (_, SmolStr, Option<SmolStr>) = match &target.kind {
            ExpressionKind::Name(name) => (BindingKind::Assignment, name.clone(), None),
            ExpressionKind::Attribute { value: owner, name } => {
                let owner = self.quietly(|evaluator| evaluator.expression(owner));
                self.tell_attribute(&owner, target, value, expression, statement);
                let qualified =
                    super::library::member_name(&owner, name).or_else(|| self.inherited_member(&owner, name));
                (BindingKind::Attribute, name.clone(), qualified)
            }
            ExpressionKind::Subscript { value: owner, index } => {
                let owner = self.quietly(|evaluator| evaluator.expression(owner));
                self.tell_item(&owner, index, value, expression, statement);
                let ExpressionKind::Text(key) = &index.kind else { return };
                (BindingKind::Key, SmolStr::new(key), super::library::member_name(&owner, key))
            }
            ExpressionKind::Tuple(targets) => {
                if let (Shape::Sequence { items, .. }, ExpressionKind::Tuple(values)) =
                    (&value.shape, &expression.kind)
                    && items.len() == targets.len()
                    && values.len() == targets.len()
                {
                    let items = items.clone();
                    for ((target, item), value) in targets.iter().zip(items.iter()).zip(values) {
                        let inner = Statement { range: statement.range, kind: StatementKind::Pass };
                        self.tell_binding(target, item, value, &inner);
                    }
                }
                return;
            }
            _ => return,
        };
        self.tell_setting(target, value, expression);
        // `os.environ.get("KEY") or "…"`: the last way to a value is one that is written down.
        let last = match &expression.kind {
            ExpressionKind::Logical { is_and: false, values } => values.last(),
            _ => None,
        };
        if let Some(last @ Expression { kind: ExpressionKind::Text(text), .. }) = last {
            let at = self.location(last.range);
            self.observer.binding(&BindingEvent {
                at,
                kind,
                name: &name,
                qualified: qualified.clone(),
                value: &Value::text(text),
                expression: last,
                statement,
                place: None,
            });
        }
        let place = match kind {
            BindingKind::Attribute => super::evaluator::spelled_name(target),
            _ => None,
        };
        let place = place.map(|place| (place, self.frame_ref().branches));
        self.observer.binding(&BindingEvent {
            at,
            kind,
            name: &name,
            qualified,
            value,
            expression,
            statement,
            place,
        });
    }
}

pub(super) fn with_attribute(owner: Value, name: &SmolStr, value: Value) -> Value {
    match owner.shape {
        Shape::Object { class, attributes } => {
            let mut attributes = attributes.to_vec();
            match attributes.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => attributes.push((name.clone(), value)),
            }
            Value { shape: Shape::Object { class, attributes: attributes.into() }, taint: owner.taint }
        }
        Shape::Record { fields, is_tuple: false } => {
            let mut fields = fields.to_vec();
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => fields.push((name.clone(), value)),
            }
            Value { shape: Shape::Record { fields: fields.into(), is_tuple: false }, taint: owner.taint }
        }
        _ => owner,
    }
}

//! Objects whose class is little more than the names of its fields: named tuples, data classes, namespaces, members of
//! enumerations.

use std::sync::Arc;

use smol_str::SmolStr;

use super::binding::with_attribute;
use super::call::Called;
use super::evaluator::Evaluator;
use super::event::{Passed, select};
use super::taint::Taint;
use super::value::{ClassReference, Constant, Shape, Value};
use crate::rule::schema::ArgumentSelector;
use crate::syntax::ir::{ArgumentKind, CompareOperator, Expression};

impl Evaluator<'_> {
    /// The fields of a named tuple in order.
    pub(super) fn tuple_items(&mut self, value: &Value) -> Option<Vec<Value>> {
        match &value.shape {
            Shape::Record { fields, is_tuple: true } => {
                Some(fields.iter().map(|(_, value)| value.clone()).collect())
            }
            Shape::Object { class, .. } if self.is_named_tuple(*class) => {
                let names = self.field_names(*class);
                Some(names.iter().map(|name| self.attribute(value, name)).collect())
            }
            _ => None,
        }
    }

    fn is_named_tuple(&mut self, class: ClassReference) -> bool {
        self.lineage(class).libraries.iter().any(|name| name == "typing.NamedTuple")
    }

    /// An object of a class that has no constructor of its own.
    pub(super) fn made(
        &mut self,
        class: ClassReference,
        attributes: Vec<(SmolStr, Value)>,
        rest: Taint,
        whole: &Expression,
    ) -> Value {
        if self.lineage(class).libraries.iter().any(|name| name.ends_with(".TypedDict")) {
            let entries =
                attributes.into_iter().map(|(name, value)| (Constant::Text(name.as_str().into()), value));
            return Value { shape: Shape::Mapping { entries: entries.collect(), open: false }, taint: rest };
        }
        let object = Value { shape: Shape::Object { class, attributes: attributes.into() }, taint: rest };
        let initializer = ["__post_init__", "__attrs_post_init__"]
            .iter()
            .find_map(|name| self.class_attribute(class, name));
        let Some(Value { shape: Shape::Function(reference), .. }) = initializer else { return object };
        let outcome = self.call_function(reference, Some(object.clone()), &[], whole);
        super::function::changed_receiver(self, reference, &outcome).unwrap_or(object)
    }

    /// A call that makes a record, its class, or a changed copy.
    pub(super) fn record_call(&mut self, called: &Called<'_>) -> Option<Value> {
        let Called { callee, qualified, method, receiver, passed, .. } = *called;
        if passed.iter().any(|one| one.argument.kind != ArgumentKind::Positional) {
            return None;
        }
        if let Shape::RecordClass(fields) = &callee.shape {
            let named = fields.iter().enumerate().map(|(at, (name, default))| {
                let given = select(&selector(at, name), passed).map(|one| one.value.clone());
                (name.clone(), given.or_else(|| default.clone()).unwrap_or_default())
            });
            return Some(record(named.collect(), true));
        }
        if let (Some(template), Some("substitute" | "safe_substitute")) = (receiver, method) {
            return substituted(template, passed);
        }
        let receiver = receiver.map(|receiver| (&receiver.shape, receiver));
        match (receiver, method) {
            (Some((Shape::RecordClass(fields), _)), Some("_make")) => {
                let items = self.items_of(&passed.first()?.value)?;
                return Some(record(fields.iter().map(|(name, _)| name.clone()).zip(items).collect(), true));
            }
            (Some((Shape::Record { .. } | Shape::Object { .. }, object)), Some("_replace")) => {
                return Some(replaced(object, passed));
            }
            (Some((Shape::Record { .. } | Shape::Object { .. }, object)), Some("_asdict")) => {
                return self.as_mapping(object);
            }
            _ => {}
        }
        let first = passed.first().map(|one| &one.value);
        match qualified? {
            "string.Template" => {
                let text = first?.clone();
                text.as_text()?;
                Some(record(vec![(TEMPLATE.into(), text)], false))
            }
            "collections.namedtuple" | "typing.NamedTuple" => {
                let names = field_list(&passed.get(1)?.value)?;
                let defaults =
                    match passed.iter().find(|one| one.argument.keyword.as_deref() == Some("defaults")) {
                        Some(one) => self.items_of(&one.value)?,
                        None => Vec::new(),
                    };
                let without = names.len().saturating_sub(defaults.len());
                let defaults = std::iter::repeat_n(None, without).chain(defaults.into_iter().map(Some));
                let fields: Vec<_> = names.into_iter().zip(defaults).collect();
                Some(Value { shape: Shape::RecordClass(fields.into()), taint: Taint::default() })
            }
            "types.SimpleNamespace" | "argparse.Namespace" => {
                let fields: Option<Vec<_>> = passed
                    .iter()
                    .map(|one| Some((one.argument.keyword.clone()?, one.value.clone())))
                    .collect();
                Some(record(fields?, false))
            }
            "dataclasses.replace" | "copy.replace" | "attrs.evolve" | "attr.evolve"
                if matches!(first?.shape, Shape::Object { .. } | Shape::Record { .. }) =>
            {
                Some(replaced(first?, passed.get(1..)?))
            }
            "dataclasses.asdict" | "attrs.asdict" | "attr.asdict" | "vars" => self.as_mapping(first?),
            "dataclasses.astuple" | "attrs.astuple" | "attr.astuple" => {
                let Shape::Object { class, .. } = first?.shape else { return None };
                let names = self.field_names(class);
                let object = first?;
                Some(Value::sequence(names.iter().map(|name| self.attribute(object, name)).collect(), false))
            }
            "dataclasses.field" | "attrs.field" | "attr.field" | "attr.ib" => {
                let given =
                    |name: &str| passed.iter().find(|one| one.argument.keyword.as_deref() == Some(name));
                if let Some(default) = given("default") {
                    return Some(default.value.clone());
                }
                let factory = given("default_factory").or_else(|| given("factory"))?;
                match &factory.value.shape {
                    Shape::External(name) if matches!(name.as_str(), "list" | "dict" | "set") => {
                        self.built_in(name, &[])
                    }
                    _ => None,
                }
            }
            "heapq.heappush" | "bisect.insort" => {
                let list = &passed.first()?.argument.value;
                let (changed, _) =
                    super::library::mutate(first?, "append", std::slice::from_ref(&passed.get(1)?.value))?;
                self.rebind(list, changed);
                Some(Value::constant(Constant::None))
            }
            "setattr" => {
                let object = &passed.first()?.argument.value;
                self.bind_in_dictionary(object, &passed.get(1)?.value, passed.get(2)?.value.clone());
                Some(Value::constant(Constant::None))
            }
            _ => None,
        }
    }

    /// The fields of an object under their names.
    fn as_mapping(&mut self, object: &Value) -> Option<Value> {
        let fields: Vec<(SmolStr, Value)> = match &object.shape {
            Shape::Record { fields, .. } => fields.to_vec(),
            Shape::Object { class, attributes } => {
                let mut fields = attributes.to_vec();
                for name in self.field_names(*class) {
                    if !fields.iter().any(|(known, _)| *known == name) {
                        let value = self.attribute(object, &name);
                        fields.push((name, value));
                    }
                }
                fields
            }
            _ => return None,
        };
        let entries = fields.into_iter().map(|(name, value)| (Constant::Text(name.as_str().into()), value));
        Some(Value {
            shape: Shape::Mapping { entries: entries.collect(), open: false },
            taint: object.taint.clone(),
        })
    }

    /// The outcome of a comparison, where it is certain; members of enumerations are compared by what they stand for.
    pub(super) fn decide(&mut self, operator: CompareOperator, left: &Value, right: &Value) -> Option<bool> {
        let known = super::fold::compare(operator, left, right);
        if known.is_some() {
            return known;
        }
        let is_identity = matches!(
            operator,
            CompareOperator::Equal | CompareOperator::NotEqual | CompareOperator::Is | CompareOperator::IsNot
        );
        match (self.member(left), self.member(right)) {
            (Some((one, left, _)), Some((other, right, _))) if one == other && is_identity => {
                super::fold::compare(operator, &left, &right)
            }
            (Some((_, left, true)), None) => super::fold::compare(operator, &left, right),
            (None, Some((_, right, true))) => super::fold::compare(operator, left, &right),
            _ => None,
        }
    }

    /// A member of an enumeration: its class, its constant, and whether it is one itself (`IntEnum`).
    fn member(&mut self, value: &Value) -> Option<(ClassReference, Value, bool)> {
        let Shape::Object { class, attributes } = &value.shape else { return None };
        let [(name, constant)] = &**attributes else { return None };
        if name != "value" || !constant.is_constant() || !self.is_enum(*class) {
            return None;
        }
        let is_plain = self.lineage(*class).libraries.iter().any(|name| {
            matches!(name.as_str(), "enum.IntEnum" | "enum.StrEnum" | "enum.IntFlag" | "int" | "str")
        });
        Some((*class, constant.clone(), is_plain))
    }
}

fn record(fields: Vec<(SmolStr, Value)>, is_tuple: bool) -> Value {
    Value { shape: Shape::Record { fields: Arc::from(fields), is_tuple }, taint: Taint::default() }
}

/// The field that holds the text of a `string.Template`.
const TEMPLATE: &str = "template";

/// `Template("$one $two").substitute(…)`: each name by its key.
fn substituted(template: &Value, passed: &[Passed<'_>]) -> Option<Value> {
    let Shape::Record { fields, is_tuple: false } = &template.shape else { return None };
    let (_, text) = fields.iter().find(|(name, _)| name == TEMPLATE)?;
    let shape = super::builtin::with_keywords(passed);
    let named = match &shape.first()?.shape {
        Shape::Mapping { entries, .. } => entries.iter().filter_map(|(key, value)| match key {
            Constant::Text(key) => Some((SmolStr::new(key), value.clone())),
            _ => None,
        }),
        _ => return Some(Value::tainted(shape.first()?.deep_taint())),
    };
    let named: Vec<_> = named.collect();
    Some(super::library::format(&as_format(text.as_text()?), &[], &named, &shape.first()?.taint))
}

/// `$name` and `${name}` as `{name}`.
fn as_format(template: &str) -> String {
    let mut format = String::new();
    let mut characters = template.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek().copied()) {
            ('{' | '}', _) => format.extend([character, character]),
            ('$', Some('$')) => {
                characters.next();
                format.push('$');
            }
            ('$', Some('{')) => {
                characters.next();
                format.push('{');
                format.extend(characters.by_ref().take_while(|character| *character != '}'));
                format.push('}');
            }
            ('$', Some(first)) if first.is_alphabetic() || first == '_' => {
                format.push('{');
                while let Some(next) = characters.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    format.push(next);
                }
                format.push('}');
            }
            _ => format.push(character),
        }
    }
    format
}

fn selector(at: usize, name: &SmolStr) -> ArgumentSelector {
    ArgumentSelector { position: u16::try_from(at).ok(), keyword: Some(name.clone()) }
}

/// A copy with other values for the fields that are named.
fn replaced(object: &Value, passed: &[Passed<'_>]) -> Value {
    let mut changed = object.clone();
    for one in passed {
        let Some(name) = &one.argument.keyword else { continue };
        changed = match changed.shape {
            Shape::Record { fields, is_tuple } => {
                let fields = fields.iter().map(|(known, value)| {
                    (known.clone(), if known == name { one.value.clone() } else { value.clone() })
                });
                Value { shape: Shape::Record { fields: fields.collect(), is_tuple }, taint: changed.taint }
            }
            _ => with_attribute(changed, name, one.value.clone()),
        };
    }
    changed
}

/// `"a b"`, `"a, b"`, `["a", "b"]`, `[("a", str), ("b", int)]`.
fn field_list(value: &Value) -> Option<Vec<SmolStr>> {
    if let Some(text) = value.as_text() {
        let names = text.split([',', ' ', '\t', '\n']).filter(|name| !name.is_empty());
        return Some(names.map(SmolStr::new).collect());
    }
    let Shape::Sequence { items, open: false } = &value.shape else { return None };
    items
        .iter()
        .map(|item| match &item.shape {
            Shape::Sequence { items, .. } => items.first()?.as_text().map(SmolStr::new),
            _ => item.as_text().map(SmolStr::new),
        })
        .collect()
}

//! Expressions.

use std::sync::Arc;

use smol_str::SmolStr;

use super::bounds::{MAX_ELEMENTS, MAX_TEXT};
use super::evaluator::{Evaluator, join_states};
use super::event::{BindingEvent, BindingKind};
use super::fold;
use super::library;
use super::place::has_parts;
use super::taint::{Origin, Source, TagSet, Taint};
use super::value::{ClassReference, Constant, FunctionReference, Piece, Shape, Value};
use crate::finding::StepKind;
use crate::model::schema::Tag;
use crate::syntax::ir::{BinaryOperator, CompareOperator, Expression, ExpressionKind, FormatPart};

impl Evaluator<'_> {
    pub(super) fn expression(&mut self, expression: &Expression) -> Value {
        match &expression.kind {
            ExpressionKind::Text(text) => Value::constant(Constant::Text(text.clone())),
            ExpressionKind::Bytes(bytes) => Value::constant(Constant::Bytes(bytes.clone())),
            ExpressionKind::Integer(number) => Value::constant(Constant::Integer(*number)),
            ExpressionKind::Float(number) => Value::constant(Constant::Float(*number)),
            ExpressionKind::Boolean(value) => Value::boolean(*value),
            ExpressionKind::None => Value::constant(Constant::None),
            ExpressionKind::Ellipsis => Value::unknown(),
            ExpressionKind::Name(name) => {
                let value = self.lookup(name);
                self.note_handed_on(&value);
                self.as_source(value, expression)
            }
            ExpressionKind::Attribute { value, name } => {
                let owner = self.expression(value);
                if let Some(kept) = self.value_at(expression).filter(|_| !has_parts(&owner)) {
                    return kept;
                }
                let result = self.attribute(&owner, name);
                let result = self.property(result, expression);
                self.note_handed_on(&result);
                let result = self.as_source(result, expression);
                self.with_fields(&owner, name, result)
            }
            ExpressionKind::Subscript { value, index } => {
                let owner = self.expression(value);
                let key = self.expression(index);
                self.tell_lookup(&owner, &key, index, expression);
                if let Some(kept) = self.value_at(expression).filter(|_| !has_parts(&owner)) {
                    return kept;
                }
                if let Some(attribute) = self.read_dictionary(value, &key) {
                    return attribute;
                }
                if matches!(&owner.shape, Shape::External(name) if name.ends_with(".Annotated")) {
                    let shape = Shape::Annotation(self.location(expression.range));
                    return Value { shape, taint: Taint::default() };
                }
                self.subscript(&owner, &key, index)
            }
            ExpressionKind::Slice(parts) => {
                for part in parts.iter().flatten() {
                    self.expression(part);
                }
                Value::unknown()
            }
            ExpressionKind::Call { function, arguments } => {
                let result = self.call(expression, function, arguments);
                self.value_at(expression).unwrap_or(result)
            }
            ExpressionKind::Binary { operator, left, right } => self.binary_of(*operator, left, right),
            ExpressionKind::Not(operand) => match self.expression(operand).truth() {
                Some(truth) => Value::boolean(!truth),
                None => Value::unknown(),
            },
            ExpressionKind::Negative(operand) => match self.expression(operand).as_constant() {
                Some(Constant::Integer(number)) => match number.checked_neg() {
                    Some(number) => Value::constant(Constant::Integer(number)),
                    None => Value::unknown(),
                },
                Some(Constant::Float(number)) => Value::constant(Constant::Float(-number)),
                _ => Value::unknown(),
            },
            ExpressionKind::Logical { is_and, values } => self.logical(*is_and, values),
            ExpressionKind::Compare { left, rest } => self.compare(left, rest),
            ExpressionKind::Conditional { test, then, orelse } => self.conditional(test, then, orelse),
            ExpressionKind::List(items) | ExpressionKind::Tuple(items) | ExpressionKind::Set(items) => {
                self.sequence(items)
            }
            ExpressionKind::Dictionary(entries) => self.dictionary(entries),
            ExpressionKind::Starred(inner) => self.expression(inner),
            ExpressionKind::Format(parts) => self.format(parts),
            ExpressionKind::Lambda(index) => {
                let reference = FunctionReference { chunk: self.frame_ref().chunk, index: *index };
                Value { shape: Shape::Function(reference), taint: Taint::default() }
            }
            ExpressionKind::Comprehension { kind, element, value, clauses } => {
                self.comprehension(*kind, element, value.as_deref(), clauses)
            }
            ExpressionKind::Await(inner) => self.expression(inner),
            ExpressionKind::Yield(inner) => {
                if let Some(inner) = inner {
                    let mut value = self.expression(inner);
                    if matches!(inner.kind, ExpressionKind::Starred(_)) {
                        value = self.element_of(&value);
                    }
                    let frame = self.frame();
                    frame.returned = Some(match frame.returned.take() {
                        Some(earlier) => earlier.join(&Value::sequence(vec![value], true)),
                        None => Value::sequence(vec![value], true),
                    });
                }
                Value::unknown()
            }
            ExpressionKind::Walrus { name, value } => {
                let result = self.expression(value);
                self.set(name, result.clone());
                result
            }
            ExpressionKind::Unknown(parts) => {
                let mut taint = Taint::default();
                for part in parts {
                    taint.add(&self.expression(part).deep_taint());
                }
                Value::tainted(taint)
            }
        }
    }

    /// A name or attribute that the models call a source.
    fn as_source(&mut self, value: Value, expression: &Expression) -> Value {
        let qualified = match &value.shape {
            Shape::External(name) => Some(name.clone()),
            Shape::Method { receiver, name } => library::member_name(receiver, name),
            _ => None,
        };
        let Some(qualified) = qualified else { return value };
        match self.program.models.source_attribute(&qualified) {
            Some(label) => {
                let name = source_name(expression).unwrap_or_else(|| qualified.clone());
                let at = self.location(expression.range);
                let clears = self.program.models.source_clears(&qualified);
                let mut result = self.source_value(label, &name, at);
                result.taint.add(&value.taint);
                result.taint = result.taint.cleared(clears);
                result
            }
            None => value,
        }
    }

    pub(super) fn attribute(&mut self, owner: &Value, name: &SmolStr) -> Value {
        match &owner.shape {
            Shape::External(path) => {
                if let Some(module) = path.strip_prefix("file:") {
                    return self.global(&module.into(), name).unwrap_or_default();
                }
                let dotted = SmolStr::from(format!("{path}.{name}"));
                let canonical = SmolStr::new(self.program.models.canonical(&dotted));
                // `import package.module`: a file of the workspace.
                let from = self.frame_ref().module.clone();
                if let Some(value) = self.workspace_member(&from, path, name) {
                    return value;
                }
                if let Some(class) = self.program.models.attribute_type(&canonical) {
                    return Value { shape: Shape::Instance(class.clone()), taint: owner.taint.clone() };
                }
                if let Some(number) = self.program.models.constant(&canonical) {
                    return Value::constant(Constant::Integer(number));
                }
                Value { shape: Shape::External(canonical), taint: owner.taint.clone() }
            }
            Shape::Object { class, attributes } => {
                if let Some((_, value)) = attributes.iter().find(|(known, _)| known == name) {
                    return value.clone();
                }
                // A model that a framework filled from a request: its fields are what their annotations say.
                if matches!(name.as_str(), "value" | "name") && self.is_enum(*class) {
                    // One of a few constants, whichever it is.
                    return Value::tainted(Taint::default().vouched(TagSet::ALL));
                }
                if !owner.taint.is_empty()
                    && let Some(value) = self.field(*class, name, &owner.taint)
                {
                    return value;
                }
                match self.class_attribute(*class, name) {
                    Some(value) => self.bound(value, owner),
                    None => {
                        // `self.request` of a view: what the library's class knows.
                        let base = self.external_base(*class).filter(|base| {
                            let dotted = format!("{base}.{name}");
                            let models = self.program.models;
                            models.attribute_type(&dotted).is_some()
                                || models.source_attribute(&dotted).is_some()
                        });
                        if let Some(base) = base {
                            let inherited =
                                Value { shape: Shape::Instance(base), taint: owner.taint.clone() };
                            return self.attribute(&inherited, name);
                        }
                        Value {
                            shape: Shape::Method { receiver: Arc::new(owner.clone()), name: name.clone() },
                            taint: owner.taint.clone(),
                        }
                    }
                }
            }
            Shape::Class(class) => match self.class_attribute(*class, name) {
                Some(value) => self.bound(value, owner),
                None => self.inherited_from_library(*class, name),
            },
            Shape::Record { fields, .. } if fields.iter().any(|(known, _)| known == name) => {
                let field = fields.iter().find(|(known, _)| known == name);
                field.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            Shape::Instance(class) => {
                let models = self.program.models;
                let dotted = SmolStr::from(format!("{class}.{name}"));
                if let Some(result) = models.attribute_type(&dotted) {
                    return Value { shape: Shape::Instance(result.clone()), taint: owner.taint.clone() };
                }
                // `path.name`: what is read is harmless as the result of a call would be.
                let harmless = models.sanitizer(&dotted).unwrap_or_default();
                Value {
                    shape: Shape::Method { receiver: Arc::new(owner.clone()), name: name.clone() },
                    taint: owner.taint.without_parameters().cleared(harmless),
                }
            }
            _ => Value {
                shape: Shape::Method { receiver: Arc::new(owner.clone()), name: name.clone() },
                taint: match &owner.shape {
                    _ if is_of_program(name) => Taint::default().vouched(TagSet::ALL),
                    // An attribute of an object's attribute: no text that a caller passed.
                    Shape::Method { .. } => owner.deep_taint().without_parameters(),
                    _ => owner.deep_taint(),
                }
                .cleared(self.program.models.sanitizer_method(name).unwrap_or_default()),
            },
        }
    }

    /// What a class has from the library class that it derives from, as far as the models know it.
    fn inherited_from_library(&mut self, class: ClassReference, name: &str) -> Value {
        let models = self.program.models;
        let Some(dotted) = self.external_base(class).map(|base| format!("{base}.{name}")) else {
            return Value::unknown();
        };
        match models.attribute_type(&dotted) {
            Some(result) => Value::instance(result.clone()),
            None if !models.sinks(&dotted).is_empty() || models.returns(&dotted).is_some() => {
                Value::external(dotted)
            }
            None => Value::unknown(),
        }
    }

    fn workspace_member(&mut self, from: &SmolStr, path: &SmolStr, name: &SmolStr) -> Option<Value> {
        let dotted = format!("{path}.{name}");
        if let Some(module) = self.program.find_module(from, path, 0).filter(|module| module != from) {
            return self.global(&module, name);
        }
        let module = self.program.find_module(from, &dotted, 0).filter(|module| module != from)?;
        Some(Value::external(format!("file:{module}")))
    }

    fn subscript(&mut self, owner: &Value, key: &Value, index: &Expression) -> Value {
        if let ExpressionKind::Slice(parts) = &index.kind {
            return self.slice(owner, parts);
        }
        match &owner.shape {
            Shape::External(name) => {
                // `os.environ["X"]`: a read of the source itself.
                let taint = owner.deep_taint();
                let shape = match self.program.models.attribute_type(&format!("{name}.*")) {
                    Some(class) => Shape::Instance(class.clone()),
                    None => Shape::Unknown,
                };
                Value { shape, taint }
            }
            Shape::Instance(class) => {
                let shape = match self.program.models.attribute_type(&format!("{class}.*")) {
                    Some(class) => Shape::Instance(class.clone()),
                    None => Shape::Unknown,
                };
                Value { shape, taint: owner.deep_taint() }
            }
            Shape::Object { .. } | Shape::Record { .. } => match self.tuple_items(owner) {
                Some(items) => library::item(&Value::sequence(items, false), key),
                None => library::item(owner, key),
            },
            _ => library::item(owner, key),
        }
    }

    fn slice(&mut self, owner: &Value, parts: &[Option<Expression>]) -> Value {
        self.slice_bounds(parts)
            .and_then(|bounds| fold::slice(owner, bounds))
            .unwrap_or_else(|| Value::tainted(owner.deep_taint()))
    }

    /// The numbers of a slice, where all are known.
    pub(super) fn slice_bounds(&mut self, parts: &[Option<Expression>]) -> Option<fold::Bounds> {
        let mut bounds = fold::Bounds::default();
        let mut are_known = parts.len() <= bounds.len();
        for (at, part) in parts.iter().enumerate() {
            let Some(part) = part else { continue };
            let value = self.expression(part);
            match (value.as_constant(), bounds.get_mut(at)) {
                (Some(Constant::Integer(number)), Some(bound)) => *bound = Some(*number),
                (Some(Constant::None), _) => {}
                _ => are_known = false,
            }
        }
        are_known.then_some(bounds)
    }

    pub(super) fn binary(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Value {
        if let (Some(a), Some(b)) = (left.as_constant(), right.as_constant())
            && let Some(constant) = fold::binary(operator, a, b)
        {
            return Value::constant(constant);
        }
        // `Markup("<b>%s</b>") % name` escapes what it puts in.
        if let Some(tags) = self.harmless_operand(operator, left) {
            let mut taint = left.deep_taint();
            taint.add(&right.deep_taint().cleared(tags));
            return Value { shape: left.shape.clone(), taint };
        }
        match operator {
            BinaryOperator::Add => {
                if let (Shape::Sequence { items: a, open: x }, Shape::Sequence { items: b, open: y }) =
                    (&left.shape, &right.shape)
                    && a.len() + b.len() <= MAX_ELEMENTS
                {
                    return Value::sequence(a.iter().chain(b.iter()).cloned().collect(), *x || *y);
                }
                let mut pieces = pieces_of(left);
                pieces.extend(pieces_of(right));
                from_pieces(pieces)
            }
            BinaryOperator::Multiply => {
                let (list, times) =
                    if matches!(left.shape, Shape::Sequence { .. }) { (left, right) } else { (right, left) };
                match (&list.shape, times.as_constant()) {
                    (Shape::Sequence { items, open }, Some(Constant::Integer(times)))
                        if usize::try_from(*times)
                            .is_ok_and(|times| items.len().saturating_mul(times) <= MAX_ELEMENTS) =>
                    {
                        let times = usize::try_from(*times).unwrap_or(0);
                        let all = std::iter::repeat_n(items.iter(), times).flatten().cloned().collect();
                        library::with_taint(Value::sequence(all, *open), &list.taint)
                    }
                    _ => {
                        let mut taint = left.deep_taint();
                        taint.add(&right.deep_taint());
                        Value::tainted(taint)
                    }
                }
            }
            BinaryOperator::BitOr
                if matches!(left.shape, Shape::Mapping { .. })
                    && matches!(right.shape, Shape::Mapping { .. }) =>
            {
                library::mutate(left, "update", std::slice::from_ref(right))
                    .map_or_else(Value::unknown, |(joined, _)| joined)
            }
            BinaryOperator::Modulo if left.as_text().is_some() => library::percent(left, right),
            BinaryOperator::Divide => {
                let mut taint = left.deep_taint();
                // What stands below a folder begins with the folder's name.
                let below = match &left.shape {
                    Shape::Instance(class) if class.starts_with("pathlib") => TagSet::of(&[Tag::Argument]),
                    _ => TagSet::EMPTY,
                };
                taint.add(&right.deep_taint().cleared(below));
                let path = [left, right].into_iter().find_map(|side| match &side.shape {
                    Shape::Instance(class) if class.starts_with("pathlib") => Some(class.clone()),
                    _ => None,
                });
                Value { shape: path.map_or(Shape::Unknown, Shape::Instance), taint }
            }
            _ => {
                let mut taint = left.deep_taint();
                taint.add(&right.deep_taint());
                Value::tainted(taint)
            }
        }
    }

    /// What an operator of a library's class makes its right side harmless for.
    fn harmless_operand(&self, operator: BinaryOperator, left: &Value) -> Option<TagSet> {
        let Shape::Instance(class) = &left.shape else { return None };
        let method = match operator {
            BinaryOperator::Add => "__add__",
            BinaryOperator::Modulo => "__mod__",
            _ => return None,
        };
        self.program.models.sanitizer(&format!("{class}.{method}"))
    }

    fn logical(&mut self, is_and: bool, values: &[Expression]) -> Value {
        let Some((first, rest)) = values.split_first() else { return Value::unknown() };
        let mut result = self.expression(first);
        for value in rest {
            match result.truth() {
                Some(truth) if truth != is_and => return result,
                Some(_) => result = self.expression(value),
                None => {
                    let before = self.frame_ref().state.clone();
                    self.assume(first, is_and);
                    let other = self.expression(value);
                    self.frame().state = before;
                    result = result.join(&other);
                }
            }
        }
        result
    }

    fn compare<'e>(&mut self, mut left: &'e Expression, rest: &'e [(CompareOperator, Expression)]) -> Value {
        let mut left_value = self.expression(left);
        let mut result = Some(true);
        for (operator, right) in rest {
            let right_value = self.expression(right);
            let one = self.decide(*operator, &left_value, &right_value);
            let range = crate::text::TextRange::new(left.range.start, right.range.end);
            if matches!(operator, CompareOperator::Equal | CompareOperator::NotEqual) {
                self.tell_comparison(range, (left, &left_value), (right, &right_value));
            }
            // `x in (a, b)` compares with one after the other; where all are constant, it is a list of what is allowed.
            if matches!(operator, CompareOperator::In | CompareOperator::NotIn)
                && let ExpressionKind::List(items) | ExpressionKind::Tuple(items) = &right.kind
                && let Shape::Sequence { items: values, .. } = &right_value.shape
                && items.len() == values.len()
            {
                let values = values.clone();
                let secret = items.iter().zip(values.iter()).filter(|(_, value)| !value.is_constant());
                for (item, value) in secret {
                    self.tell_comparison(range, (left, &left_value), (item, value));
                }
            }
            result = match (result, one) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            (left, left_value) = (right, right_value);
        }
        result.map_or_else(Value::unknown, Value::boolean)
    }

    fn conditional(&mut self, test: &Expression, then: &Expression, orelse: &Expression) -> Value {
        match self.expression(test).truth() {
            Some(true) => self.expression(then),
            Some(false) => self.expression(orelse),
            None => {
                let before = self.frame_ref().state.clone();
                self.assume(test, true);
                let left = self.expression(then);
                let after_then = std::mem::replace(&mut self.frame().state, before);
                self.assume(test, false);
                let right = self.expression(orelse);
                let after_else = self.frame().state.take();
                self.frame().state = join_states(after_then, after_else);
                left.join(&right)
            }
        }
    }

    fn sequence(&mut self, items: &[Expression]) -> Value {
        let mut values = Vec::new();
        let mut open = items.len() > MAX_ELEMENTS;
        let mut rest = Taint::default();
        for item in items {
            let value = self.expression(item);
            if let ExpressionKind::Starred(_) = item.kind {
                match value.shape {
                    Shape::Sequence { items, open: more } => {
                        values.extend(items.iter().cloned());
                        open |= more;
                    }
                    _ => {
                        open = true;
                        rest.add(&value.deep_taint());
                    }
                }
            } else if values.len() < MAX_ELEMENTS {
                values.push(value);
            } else {
                rest.add(&value.deep_taint());
                // A long list of constants is still a list of constants.
                open &= !value.is_constant() || items.len() <= MAX_ELEMENTS;
            }
        }
        let mut result = Value::sequence(values, open);
        result.taint = rest;
        result
    }

    fn dictionary(&mut self, entries: &[(Option<Expression>, Expression)]) -> Value {
        let mut known: Vec<(Constant, Value)> = Vec::new();
        let mut open = false;
        let mut rest = Taint::default();
        for (key, value) in entries {
            let Some(key) = key else {
                let value = self.expression(value);
                match value.shape {
                    Shape::Mapping { entries, open: more } => {
                        for (key, value) in entries.iter() {
                            library::put(&mut known, key.clone(), value.clone());
                        }
                        open |= more;
                    }
                    _ => {
                        open = true;
                        rest.add(&value.deep_taint());
                    }
                }
                continue;
            };
            let key_value = self.expression(key);
            let result = self.expression(value);
            if let (ExpressionKind::Text(name), 0) = (&key.kind, self.muted) {
                let statement = self.location(crate::text::TextRange::new(key.range.start, value.range.end));
                self.observer.binding(&BindingEvent {
                    at: self.frame_location(key),
                    kind: BindingKind::Key,
                    name,
                    qualified: None,
                    value: &result,
                    expression: value,
                    statement,
                    place: None,
                });
            }
            match key_value.as_constant() {
                Some(constant) if known.len() < MAX_ELEMENTS => {
                    known.retain(|(other, _)| other != constant);
                    known.push((constant.clone(), result));
                }
                _ => {
                    open = true;
                    rest.add(&result.deep_taint());
                    rest.add(&key_value.deep_taint());
                }
            }
        }
        Value { shape: Shape::Mapping { entries: known.into(), open }, taint: rest }
    }

    fn frame_location(&self, expression: &Expression) -> super::taint::Location {
        super::taint::Location { chunk: self.frame_ref().chunk, range: expression.range }
    }

    pub(super) fn format(&mut self, parts: &[FormatPart]) -> Value {
        let mut pieces = Vec::new();
        for part in parts {
            match part {
                FormatPart::Text(text) => pieces.push(Piece::Text(text.clone())),
                FormatPart::Value { value, conversion, format } => {
                    let mut result = self.expression(value);
                    for inner in format {
                        if let FormatPart::Value { value, .. } = inner {
                            self.expression(value);
                        }
                    }
                    if *conversion == Some('r') {
                        result = Value::tainted(library::quoted_taint(&result));
                    }
                    let numeric = matches!(format.as_slice(), [FormatPart::Text(text)] if text.ends_with(['d', 'f', 'x', 'X', 'o', 'b', 'e', '%']));
                    if numeric {
                        pieces.push(Piece::Hole(library::number_taint(&result)));
                    } else if format.is_empty() {
                        pieces.extend(pieces_of(&library::to_text(&result)));
                    } else {
                        pieces.push(Piece::Hole(result.deep_taint()));
                    }
                }
            }
        }
        from_pieces(pieces)
    }

    /// Remembers who made a value, where some rule asks for that.
    pub(super) fn made_by(&self, qualified: &str, at: super::taint::Location, mut value: Value) -> Value {
        if self.program.made_by.contains(qualified) {
            value.taint.add(&Taint::from(Origin {
                source: Source::MadeBy { callee: qualified.into(), at },
                cleared: TagSet::EMPTY,
                path: None,
            }));
        }
        value
    }

    pub(super) fn step(&self, value: Value, expression: &Expression, kind: StepKind, note: &str) -> Value {
        value.step(self.frame_location(expression), kind, note)
    }
}

/// How the source reads in the program: `request.args`.
fn source_name(expression: &Expression) -> Option<SmolStr> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name.clone()),
        ExpressionKind::Attribute { value, name } => {
            source_name(value).map(|owner| format!("{owner}.{name}").into())
        }
        _ => None,
    }
}

/// Whether an attribute of this name is the program's own, whatever object it is read from: what a function or class is
/// called, and a constant that a class keeps for itself (`_FIELDS`).
fn is_of_program(name: &str) -> bool {
    let is_private_constant = name.strip_prefix('_').is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_uppercase())
            && !rest.contains(|one: char| one.is_ascii_lowercase())
    });
    matches!(name, "__name__" | "__qualname__" | "__module__" | "__class__") || is_private_constant
}

/// A value as parts of a string.
pub(super) fn pieces_of(value: &Value) -> Vec<Piece> {
    match &value.shape {
        Shape::Constant(Constant::Text(text)) => vec![Piece::Text(text.clone())],
        Shape::Constant(constant) => vec![Piece::Text(fold::display(constant).into())],
        Shape::Pieces(pieces) => {
            let mut pieces = pieces.to_vec();
            if !value.taint.is_empty() && !pieces.iter().any(|piece| matches!(piece, Piece::Hole(_))) {
                pieces.push(Piece::Hole(value.taint.clone()));
            }
            pieces
        }
        Shape::Choice(_) => vec![Piece::Hole(Taint::default().vouched(TagSet::ALL))],
        _ => vec![Piece::Hole(value.deep_taint())],
    }
}

pub(super) fn from_pieces(pieces: Vec<Piece>) -> Value {
    let mut merged: Vec<Piece> = Vec::new();
    let mut length = 0;
    for piece in pieces {
        match (merged.last_mut(), piece) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(last)), Piece::Text(text)) => {
                length += text.len();
                *last = format!("{last}{text}").into();
            }
            (_, piece) => merged.push(piece),
        }
    }
    let mut taint = Taint::default();
    for piece in &merged {
        if let Piece::Hole(hole) = piece {
            taint.add(hole);
        }
    }
    if length > MAX_TEXT || merged.len() > MAX_ELEMENTS {
        return Value::tainted(taint);
    }
    match merged.as_slice() {
        [] => Value::text(""),
        [Piece::Text(text)] => Value::constant(Constant::Text(text.clone())),
        _ => Value { shape: Shape::Pieces(merged.into()), taint },
    }
}

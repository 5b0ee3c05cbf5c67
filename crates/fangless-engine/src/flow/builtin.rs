//! Calls of built-in functions and containers whose result is known by element: conversions, iteration helpers, the
//! types of `collections`, `configparser`. Other libraries' names for the same are aliases in the models.

use super::bounds::MAX_ELEMENTS;
use super::call::Called;
use super::evaluator::Evaluator;
use super::event::{Passed, select};
use super::library::{pairs, put, to_text, with_taint};
use super::special;
use super::taint::{TagSet, Taint};
use super::value::{Constant, Shape, Value};
use crate::model::schema::{Tag, Target};
use crate::syntax::ir::{ArgumentKind, Expression, ExpressionKind};

impl Evaluator<'_> {
    /// The result of a built-in call, where more is known of it than its taint.
    pub(super) fn built_in(&mut self, name: &str, passed: &[Passed<'_>]) -> Option<Value> {
        if passed.iter().any(|one| one.argument.kind != ArgumentKind::Positional) {
            return None;
        }
        let positional: Vec<&Value> =
            passed.iter().filter(|one| one.argument.keyword.is_none()).map(|one| &one.value).collect();
        let first = positional.first().copied();
        match name {
            "str" if positional.len() == 1 => {
                let shown = self.shown(first?.clone(), special::AS_TEXT);
                Some(super::narrow::cleared(to_text(&shown), TagSet::of(&[Tag::Nosql])))
            }
            "repr" | "format" if matches!(first?.shape, Shape::Object { .. }) => {
                let names = if name == "repr" { special::QUOTED } else { special::FORMATTED };
                let shown = self.shown(first?.clone(), names);
                matches!(shown.shape, Shape::Object { .. }).then_some(()).map_or(Some(shown), |()| None)
            }
            "int" => integer(&positional),
            "bytes" => bytes(&positional),
            "len" => length(first?),
            "range" => Some(range(&positional)),
            "enumerate" => Some(self.enumerated(first?)),
            "zip" => Some(self.zipped(&positional)),
            "os.path.join" => joined_path(&positional),
            // An ending has no separator in it.
            "os.path.splitext" => {
                let taint = first?.deep_taint();
                let ending = Value::tainted(taint.cleared(TagSet::of(&[Tag::Path])));
                Some(Value::sequence(vec![Value::tainted(taint), ending], false))
            }
            // The first of what was made for this alone; of another iterator some may be gone.
            "next" if self.has_special(first?, "__next__") => self.special(first?, "__next__", &[]),
            "next" => match (passed.first().map(|one| &one.argument.value.kind), &first?.shape) {
                (Some(ExpressionKind::Call { .. }), Shape::Sequence { items, open: false })
                    if !items.is_empty() =>
                {
                    Some(with_taint(items[0].clone(), &first?.taint))
                }
                _ => Some(self.element_of(first?)),
            },
            "abs" | "round" | "ord" | "chr" | "bool" | "min" | "max" | "sum" | "all" | "any"
            | "isinstance" => folded(name, &positional),
            "sorted" => match &first?.shape {
                Shape::Sequence { items, .. } => Some(Value {
                    shape: Shape::Sequence { items: items.clone(), open: true },
                    taint: first?.taint.clone(),
                }),
                _ => None,
            },
            "reversed" => match &first?.shape {
                Shape::Sequence { items, open } => Some(with_taint(
                    Value::sequence(items.iter().rev().cloned().collect(), *open),
                    &first?.taint,
                )),
                _ => None,
            },
            "list" | "tuple" | "set" | "frozenset" | "iter" | "collections.deque" => match first {
                None => Some(Value::sequence(Vec::new(), false)),
                Some(value) if matches!(value.shape, Shape::Sequence { .. }) => Some(value.clone()),
                Some(value) if matches!(value.shape, Shape::Mapping { .. }) => {
                    super::library::read(value, "keys", &[])
                }
                Some(value) if matches!(value.shape, Shape::Object { .. }) => {
                    let iterated = self.iterated(value)?;
                    match &iterated.shape {
                        Shape::Sequence { .. } => Some(iterated),
                        _ => Some(Value::sequence(vec![self.element_of(&iterated)], true)),
                    }
                }
                Some(_) => None,
            },
            // The results, in the order of what was asked for.
            "asyncio.gather" => {
                Some(Value::sequence(positional.iter().map(|value| (*value).clone()).collect(), false))
            }
            "copy.copy"
            | "copy.deepcopy"
            | "staticmethod"
            | "weakref.proxy"
            | "contextlib.closing"
            | "contextlib.nullcontext"
            | "types.MappingProxyType" => Some(first?.clone()),
            "typing.cast" => Some((*positional.get(1)?).clone()),
            "heapq.heappop" | "heapq.heappushpop" | "heapq.heapreplace" => Some(self.element_of(first?)),
            "dict" | "collections.OrderedDict" | "collections.Counter" => Some(mapping(passed)),
            "collections.defaultdict" => Some(mapping(passed.get(1..).unwrap_or_default())),
            "collections.ChainMap" => chain(&positional),
            "configparser.ConfigParser" => {
                Some(Value { shape: Shape::Sections([].into()), taint: Taint::default() })
            }
            _ => None,
        }
    }

    fn enumerated(&mut self, value: &Value) -> Value {
        match &value.shape {
            Shape::Sequence { items, open } => {
                let pairs = (0..).zip(items.iter()).map(|(at, item)| pair(integer_value(at), item.clone()));
                with_taint(Value::sequence(pairs.collect(), *open), &value.taint)
            }
            _ => Value::sequence(vec![pair(Value::unknown(), self.element_of(value))], true),
        }
    }

    fn zipped(&mut self, values: &[&Value]) -> Value {
        let closed: Option<Vec<_>> = values
            .iter()
            .map(|value| match &value.shape {
                Shape::Sequence { items, open: false } if value.taint.is_clean() => Some(items.clone()),
                _ => None,
            })
            .collect();
        match closed {
            Some(columns) => {
                let rows = columns.iter().map(|items| items.len()).min().unwrap_or(0);
                let row = |at: usize| columns.iter().map(|items| items[at].clone()).collect();
                Value::sequence((0..rows).map(|at| Value::sequence(row(at), false)).collect(), false)
            }
            None => {
                let row = values.iter().map(|value| self.element_of(value)).collect();
                Value::sequence(vec![Value::sequence(row, false)], true)
            }
        }
    }

    /// `print(text, file=buffer)`: what is written is in the file.
    pub(super) fn print_into(&mut self, passed: &[Passed<'_>]) {
        let Some(file) = passed.iter().find(|one| one.argument.keyword.as_deref() == Some("file")) else {
            return;
        };
        let mut taint = file.value.taint.clone();
        for one in passed.iter().filter(|one| one.argument.keyword.as_deref() != Some("file")) {
            taint.add(&one.value.deep_taint());
        }
        if taint != file.value.taint {
            self.rebind(&file.argument.value, Value { shape: file.value.shape.clone(), taint });
        }
    }

    /// `request.full_url = url`: an attribute that models say is all that matters of the object.
    pub(super) fn gather_attribute(&mut self, place: &Expression, owner: &Value, name: &str, value: &Value) {
        let Some(qualified) = super::library::member_name(owner, name) else { return };
        let row = self.program.models.propagate(&qualified);
        if row.is_some_and(|row| row.to == Target::Receiver) {
            self.rebind(place, Value { shape: owner.shape.clone(), taint: value.deep_taint() });
        }
    }

    /// A method that puts its arguments into a receiver of which no elements are known: its taint holds for the whole.
    /// Of a library's class the models say so; what nothing is known of is taken for a container.
    pub(super) fn gather(&mut self, place: &Expression, called: &Called<'_>) {
        let (Some(receiver), Some(method)) = (called.receiver, called.method) else { return };
        let row = called.qualified.and_then(|name| self.program.models.propagate(name));
        let row = row.filter(|row| row.to == Target::Receiver);
        let is_container_method = matches!(
            method,
            "append" | "appendleft" | "add" | "insert" | "extend" | "update" | "put" | "setdefault"
        );
        if row.is_none() && !(is_container_method && receiver.shape == Shape::Unknown) {
            return;
        }
        let mut taint = receiver.taint.clone();
        let put = |one: &Passed<'_>| {
            row.is_none_or(|row| {
                row.from.iter().any(|selector| {
                    select(selector, called.passed).is_some_and(|wanted| std::ptr::eq(wanted, one))
                })
            })
        };
        for one in called.passed.iter().filter(|one| put(one)) {
            taint.add(&one.value.deep_taint());
        }
        if taint != receiver.taint {
            self.rebind(place, Value { shape: receiver.shape.clone(), taint });
        }
    }
}

/// A path of which all parts are known: one that begins with a slash leaves those before it behind.
fn joined_path(parts: &[&Value]) -> Option<Value> {
    let mut path = String::new();
    for part in parts {
        let part = part.as_text()?;
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    Some(Value::text(&path))
}

fn pair(left: Value, right: Value) -> Value {
    Value::sequence(vec![left, right], false)
}

fn integer_value(number: i64) -> Value {
    Value::constant(Constant::Integer(number))
}

/// Functions of numbers and truth values, of constants.
fn folded(name: &str, arguments: &[&Value]) -> Option<Value> {
    let first = arguments.first()?;
    let items: Vec<Value> = match (&first.shape, arguments.len()) {
        (Shape::Sequence { items, open: false }, 1) => items.to_vec(),
        _ => arguments.iter().map(|value| (*value).clone()).collect(),
    };
    let number = |value: &Value| match value.as_constant() {
        Some(Constant::Integer(number)) => Some(*number),
        _ => None,
    };
    let numbers = || items.iter().map(number).collect::<Option<Vec<i64>>>();
    match (name, first.as_constant()) {
        ("abs", Some(Constant::Integer(number))) => number.checked_abs().map(integer_value),
        ("round", Some(Constant::Integer(number))) => Some(integer_value(*number)),
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds that are tested")]
        ("round", Some(Constant::Float(number))) if arguments.len() == 1 && number.abs() < 1e15 => {
            Some(integer_value(number.round_ties_even() as i64))
        }
        ("ord", Some(Constant::Text(text))) if text.chars().count() == 1 => {
            text.chars().next().map(|one| integer_value(i64::from(u32::from(one))))
        }
        ("chr", Some(Constant::Integer(code))) => {
            let character = char::from_u32(u32::try_from(*code).ok()?)?;
            Some(Value::text(character.encode_utf8(&mut [0; 4])))
        }
        ("bool", _) => first.truth().map(Value::boolean),
        ("min", _) => numbers()?.into_iter().min().map(integer_value),
        ("max", _) => numbers()?.into_iter().max().map(integer_value),
        ("sum", _) if arguments.len() == 1 && matches!(first.shape, Shape::Sequence { .. }) => {
            numbers()?.into_iter().try_fold(0_i64, i64::checked_add).map(integer_value)
        }
        ("all" | "any", _) if matches!(first.shape, Shape::Sequence { open: false, .. }) => {
            let truths = items.iter().map(Value::truth).collect::<Option<Vec<bool>>>()?;
            Some(Value::boolean(if name == "all" {
                !truths.contains(&false)
            } else {
                truths.contains(&true)
            }))
        }
        ("isinstance", Some(constant)) => {
            let Shape::External(kind) = &arguments.get(1)?.shape else { return None };
            let is_known = matches!(
                kind.as_str(),
                "str" | "bytes" | "int" | "float" | "bool" | "list" | "dict" | "tuple" | "set"
            );
            let holds = *kind == constant.type_name() || (kind == "int" && constant.type_name() == "bool");
            is_known.then(|| Value::boolean(holds))
        }
        _ => None,
    }
}

/// `int(text)`, `int(text, base)` of constants.
fn integer(arguments: &[&Value]) -> Option<Value> {
    let constant = arguments.first()?.as_constant()?;
    let base = match arguments.get(1) {
        None => 10,
        Some(base) => match base.as_constant()? {
            Constant::Integer(base) => u32::try_from(*base).ok().filter(|base| (2..=36).contains(base))?,
            _ => return None,
        },
    };
    let number = match constant {
        Constant::Integer(number) => *number,
        Constant::Boolean(value) => i64::from(*value),
        Constant::Text(text) => {
            let text = text.trim().replace('_', "").to_ascii_lowercase();
            let digits = match base {
                16 => text.strip_prefix("0x").unwrap_or(&text),
                8 => text.strip_prefix("0o").unwrap_or(&text),
                2 => text.strip_prefix("0b").unwrap_or(&text),
                _ => &text,
            };
            i64::from_str_radix(digits, base).ok()?
        }
        _ => return None,
    };
    Some(integer_value(number))
}

/// `bytes(16)`, `bytes([1, 2])`, `bytes(b"…")` of constants.
fn bytes(arguments: &[&Value]) -> Option<Value> {
    let [only] = arguments else { return None };
    let bytes = match &only.shape {
        Shape::Constant(Constant::Bytes(bytes)) => bytes.to_vec(),
        Shape::Constant(Constant::Integer(length)) => {
            vec![0; usize::try_from(*length).ok().filter(|length| *length <= MAX_ELEMENTS)?]
        }
        Shape::Sequence { items, open: false } => items
            .iter()
            .map(|item| match item.as_constant() {
                Some(Constant::Integer(number)) => u8::try_from(*number).ok(),
                _ => None,
            })
            .collect::<Option<Vec<u8>>>()?,
        _ => return None,
    };
    Some(Value::constant(Constant::Bytes(bytes.into())))
}

fn length(value: &Value) -> Option<Value> {
    let length = match &value.shape {
        Shape::Constant(Constant::Text(text)) => text.chars().count(),
        Shape::Constant(Constant::Bytes(bytes)) => bytes.len(),
        Shape::Sequence { items, open: false } => items.len(),
        Shape::Mapping { entries, open: false } => entries.len(),
        _ => return None,
    };
    i64::try_from(length).ok().map(integer_value)
}

fn range(arguments: &[&Value]) -> Value {
    let bounds: Option<Vec<i64>> = arguments
        .iter()
        .map(|value| match value.as_constant() {
            Some(Constant::Integer(number)) => Some(*number),
            _ => None,
        })
        .collect();
    let numbers = match bounds.as_deref() {
        Some([end]) => 0..*end,
        Some([start, end]) => *start..*end,
        _ => return Value::sequence(vec![Value::unknown()], true),
    };
    if numbers.end.saturating_sub(numbers.start) > i64::try_from(MAX_ELEMENTS).unwrap_or(0) {
        return Value::sequence(vec![Value::unknown()], true);
    }
    Value::sequence(numbers.map(integer_value).collect(), false)
}

/// `dict(other, key=value)`.
fn mapping(passed: &[Passed<'_>]) -> Value {
    let mut entries: Vec<(Constant, Value)> = Vec::new();
    let (mut open, mut taint) = (false, Taint::default());
    for one in passed {
        match (&one.argument.keyword, &one.value.shape) {
            (Some(name), _) => put(&mut entries, Constant::Text(name.as_str().into()), one.value.clone()),
            (None, Shape::Mapping { entries: more, open: other }) => {
                more.iter().for_each(|(key, value)| put(&mut entries, key.clone(), value.clone()));
                open |= other;
                taint.add(&one.value.taint);
            }
            (None, _) => match pairs(&one.value) {
                Some(more) => more.into_iter().for_each(|(key, value)| put(&mut entries, key, value)),
                None => {
                    open = true;
                    taint.add(&one.value.deep_taint());
                }
            },
        }
    }
    Value { shape: Shape::Mapping { entries: entries.into(), open }, taint }
}

/// The first mapping that has a key answers for it.
fn chain(mappings: &[&Value]) -> Option<Value> {
    let mut entries: Vec<(Constant, Value)> = Vec::new();
    let (mut open, mut taint) = (false, Taint::default());
    for mapping in mappings {
        let Shape::Mapping { entries: more, open: other } = &mapping.shape else { return None };
        for (key, value) in more.iter() {
            if !entries.iter().any(|(known, _)| known == key) {
                entries.push((key.clone(), value.clone()));
            }
        }
        open |= other;
        taint.add(&mapping.taint);
    }
    Some(Value { shape: Shape::Mapping { entries: entries.into(), open }, taint })
}

/// Keyword arguments of `table.update(key=value)` as one mapping with what is passed by position.
pub(super) fn with_keywords(passed: &[Passed<'_>]) -> Vec<Value> {
    if passed.iter().any(|one| one.argument.keyword.is_some()) {
        vec![mapping(passed)]
    } else {
        values(passed)
    }
}

pub(super) fn values(passed: &[Passed<'_>]) -> Vec<Value> {
    passed.iter().map(|one| one.value.clone()).collect()
}

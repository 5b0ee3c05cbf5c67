//! What the evaluator itself knows of built-in types: containers by element, strings by piece. Libraries are data
//! (`models/`); only the semantics of the language stand here.

use smol_str::SmolStr;

use super::bounds::MAX_ELEMENTS;
use super::expression::{from_pieces, pieces_of};
use super::fold;
use super::taint::{TagSet, Taint};
use super::value::{Constant, Piece, Shape, Value};
use crate::model::schema::Tag;

/// The class of compiled regular expressions.
pub(super) const PATTERN: &str = "re.Pattern";

/// Qualified name of a member of a value, where the value's own name or type is known.
pub(super) fn member_name(owner: &Value, name: &str) -> Option<SmolStr> {
    match &owner.shape {
        Shape::External(path) | Shape::Instance(path) => Some(format!("{path}.{name}").into()),
        Shape::Method { receiver, name: method } => {
            member_name(receiver, method).map(|path| format!("{path}.{name}").into())
        }
        Shape::Constant(constant) => Some(format!("{}.{name}", constant.type_name()).into()),
        Shape::Pieces(_) => Some(format!("str.{name}").into()),
        Shape::Pattern(_) => Some(format!("{PATTERN}.{name}").into()),
        _ => None,
    }
}

/// `owner[key]`.
pub(super) fn item(owner: &Value, key: &Value) -> Value {
    // `pair[len(name) > 3]`
    if let Some(Constant::Boolean(place)) = key.as_constant()
        && matches!(owner.shape, Shape::Sequence { .. } | Shape::Constant(_))
    {
        return item(owner, &Value::constant(Constant::Integer(i64::from(*place))));
    }
    match (&owner.shape, key.as_constant()) {
        (Shape::Sequence { items, open: false }, Some(Constant::Integer(at))) => {
            let at = if *at < 0 { at + i64::try_from(items.len()).unwrap_or(0) } else { *at };
            match usize::try_from(at).ok().and_then(|at| items.get(at)) {
                Some(item) => with_taint(item.clone(), &owner.taint),
                None => Value::tainted(owner.taint.clone()),
            }
        }
        (Shape::Mapping { entries, open }, Some(key)) => match entries.iter().find(|(known, _)| known == key)
        {
            Some((_, value)) => value.clone(),
            None if *open => Value::tainted(owner.taint.clone()),
            None => Value::tainted(owner.taint.clone()),
        },
        // What is not bound in the object itself may be anything that was put into it.
        (Shape::Object { attributes, .. }, Some(Constant::Text(key))) => {
            match attributes.iter().find(|(known, _)| *known == item_name(key)) {
                Some((_, value)) => value.clone(),
                None => Value::tainted(owner.deep_taint()),
            }
        }
        (Shape::Sections(entries), Some(key)) => match entries.iter().find(|(known, _)| known == key) {
            Some((_, section)) => with_taint(section.clone(), &owner.taint),
            None => Value::tainted(owner.taint.clone()),
        },
        // A lookup in a constant table by an untrusted key gives one of the table's constants.
        (Shape::Mapping { entries, open: false }, None)
            if entries.iter().all(|(_, value)| value.is_constant()) =>
        {
            let mut values = entries.iter().map(|(_, value)| value.clone());
            let first = values.next().unwrap_or_default();
            values.fold(first, |joined, value| joined.join(&value))
        }
        (Shape::Constant(Constant::Text(text)), Some(Constant::Integer(at))) => {
            let length = text.chars().count();
            let at = if *at < 0 { at + i64::try_from(length).unwrap_or(0) } else { *at };
            match usize::try_from(at).ok().and_then(|at| text.chars().nth(at)) {
                Some(character) => Value::text(character.encode_utf8(&mut [0; 4])),
                None => Value::unknown(),
            }
        }
        (_, Some(key)) => Value::tainted(owner.deep_taint().under(key)),
        _ => Value::tainted(owner.deep_taint()),
    }
}

/// `owner[key] = value`: the changed container.
pub(super) fn with_item(owner: Value, key: &Value, value: Value) -> Value {
    match (&owner.shape, key.as_constant()) {
        (Shape::Mapping { entries, open }, Some(key)) if entries.len() < MAX_ELEMENTS => {
            let mut entries = entries.to_vec();
            put(&mut entries, key.clone(), value);
            Value { shape: Shape::Mapping { entries: entries.into(), open: *open }, taint: owner.taint }
        }
        (Shape::Sections(entries), Some(key)) if entries.len() < MAX_ELEMENTS => {
            let mut entries = entries.to_vec();
            put(&mut entries, key.clone(), value);
            Value { shape: Shape::Sections(entries.into()), taint: owner.taint }
        }
        (Shape::Sequence { items, open }, Some(Constant::Integer(at))) => {
            let mut items = items.to_vec();
            let at = if *at < 0 { at + i64::try_from(items.len()).unwrap_or(0) } else { *at };
            if let Some(item) = usize::try_from(at).ok().and_then(|at| items.get_mut(at)) {
                *item = value;
            }
            Value { shape: Shape::Sequence { items: items.into(), open: *open }, taint: owner.taint }
        }
        (Shape::Object { attributes, .. }, Some(Constant::Text(key))) if attributes.len() < MAX_ELEMENTS => {
            super::binding::with_attribute(owner, &item_name(key), value)
        }
        _ => with_taint(opened(owner), &value.deep_taint()),
    }
}

/// The attribute that stands for an item of an object that is a dictionary: no attribute is spelled so.
fn item_name(key: &str) -> SmolStr {
    format!("[{key}]").into()
}

/// Binds a key: in its old place where it has one.
pub(super) fn put(entries: &mut Vec<(Constant, Value)>, key: Constant, value: Value) {
    match entries.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known = value,
        None => entries.push((key, value)),
    }
}

/// `del owner[key]`.
pub(super) fn without_item(owner: Value, key: &Value) -> Value {
    match (&owner.shape, key.as_constant()) {
        (Shape::Mapping { entries, open }, Some(key)) => {
            let entries: Vec<_> = entries.iter().filter(|(known, _)| known != key).cloned().collect();
            Value { shape: Shape::Mapping { entries: entries.into(), open: *open }, taint: owner.taint }
        }
        (Shape::Sequence { items, open: false }, Some(Constant::Integer(at))) => {
            let mut items = items.to_vec();
            let at = if *at < 0 { at + i64::try_from(items.len()).unwrap_or(0) } else { *at };
            if let Some(at) = usize::try_from(at).ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
            Value::sequence(items, false)
        }
        _ => owner,
    }
}

fn without_section(sections: &Value, name: &Value) -> Value {
    match (&sections.shape, name.as_constant()) {
        (Shape::Sections(entries), Some(name)) => {
            let entries = entries.iter().filter(|(known, _)| known != name).cloned().collect();
            Value { shape: Shape::Sections(entries), taint: sections.taint.clone() }
        }
        _ => sections.clone(),
    }
}

/// A list of pairs of a constant and something, as a mapping's entries.
pub(super) fn pairs(value: &Value) -> Option<Vec<(Constant, Value)>> {
    let Shape::Sequence { items, open: false } = &value.shape else { return None };
    let mut entries = Vec::new();
    for pair in items.iter() {
        let Shape::Sequence { items, open: false } = &pair.shape else { return None };
        let [key, item] = &**items else { return None };
        put(&mut entries, key.as_constant()?.clone(), with_taint(item.clone(), &value.taint));
    }
    Some(entries)
}

/// The container, with other elements possible.
fn opened(owner: Value) -> Value {
    match owner.shape {
        Shape::Mapping { entries, .. } => {
            Value { shape: Shape::Mapping { entries, open: true }, taint: owner.taint }
        }
        Shape::Sequence { items, .. } => {
            Value { shape: Shape::Sequence { items, open: true }, taint: owner.taint }
        }
        _ => owner,
    }
}

pub(super) fn with_taint(mut value: Value, taint: &Taint) -> Value {
    value.taint.add(taint);
    value
}

/// What is left of the taint of a value that is written as a number: who made it.
pub(super) fn number_taint(value: &Value) -> Taint {
    value.deep_taint().cleared(TagSet::ALL).vouched(TagSet::ALL)
}

/// `str(value)`.
pub(super) fn to_text(value: &Value) -> Value {
    match &value.shape {
        Shape::Constant(constant) => Value::text(&fold::display(constant)),
        Shape::Pieces(_) | Shape::Choice(_) => value.clone(),
        _ => Value::tainted(value.deep_taint()),
    }
}

/// `template % arguments`.
pub(super) fn percent(template: &Value, arguments: &Value) -> Value {
    let Some(text) = template.as_text() else { return Value::tainted(arguments.deep_taint()) };
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut number = 0;
    while let Some(at) = rest.find('%') {
        pieces.push(Piece::Text(rest[..at].into()));
        let tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('%') {
            pieces.push(Piece::Text("%".into()));
            rest = after;
            continue;
        }
        let (key, tail) = match tail.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            Some((key, tail)) => (Some(key), tail),
            None => (None, tail),
        };
        let length = tail.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(tail.len());
        let kind = tail[length..].chars().next();
        rest = tail.get(length + 1..).unwrap_or("");
        let value = match (&arguments.shape, key) {
            (Shape::Mapping { .. }, Some(key)) => item(arguments, &Value::text(key)),
            (Shape::Sequence { items, open: false }, None) => items.get(number).cloned().unwrap_or_default(),
            _ => arguments.clone(),
        };
        number += 1;
        match kind {
            Some('d' | 'i' | 'f' | 'x' | 'X' | 'o' | 'e' | 'g' | 'c') => {
                pieces.push(Piece::Hole(number_taint(&value)));
            }
            Some('r') => {
                pieces.push(Piece::Hole(quoted_taint(&value)));
            }
            _ => pieces.extend(pieces_of(&to_text(&value))),
        }
    }
    pieces.push(Piece::Text(rest.into()));
    from_pieces(pieces)
}

/// `%r`, `{value!r}`: text becomes a literal of Python, on one line. The model of `repr` says the same of its call.
pub(super) fn quoted_taint(value: &Value) -> Taint {
    value.deep_taint().cleared(TagSet::of(&[Tag::Log, Tag::Header, Tag::Code]))
}

/// `template.format(*positional, **named)`.
pub(super) fn format(
    template: &str,
    positional: &[Value],
    named: &[(SmolStr, Value)],
    rest: &Taint,
) -> Value {
    let mut pieces = Vec::new();
    let mut next = 0;
    let mut text = String::new();
    let mut characters = template.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '}' if characters.peek() == Some(&character) => {
                characters.next();
                text.push(character);
            }
            '{' => {
                let field: String = characters.by_ref().take_while(|character| *character != '}').collect();
                pieces.push(Piece::Text(std::mem::take(&mut text).into()));
                let (path, specifier) = field.split_once(':').unwrap_or((&field, ""));
                let (path, conversion) = path.split_once('!').unwrap_or((path, ""));
                let name = path.split(['.', '[']).next().unwrap_or("");
                let value = if name.is_empty() {
                    next += 1;
                    positional.get(next - 1).cloned()
                } else if let Ok(at) = name.parse::<usize>() {
                    positional.get(at).cloned()
                } else {
                    named.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
                };
                let value = value.unwrap_or_else(|| Value::tainted(rest.clone()));
                if specifier.ends_with(['d', 'f', 'x', 'X', 'o', 'b', 'e', '%']) {
                    pieces.push(Piece::Hole(number_taint(&value)));
                } else if path == name && specifier.is_empty() && conversion.is_empty() {
                    pieces.extend(pieces_of(&to_text(&value)));
                } else if let Some(part) = part_by_path(&value, &path[name.len()..]) {
                    pieces.push(Piece::Hole(part.deep_taint()));
                } else {
                    pieces.push(Piece::Hole(value.deep_taint()));
                }
            }
            _ => text.push(character),
        }
    }
    pieces.push(Piece::Text(text.into()));
    from_pieces(pieces)
}

/// `[key].name` of a replacement field.
fn part_by_path(value: &Value, path: &str) -> Option<Value> {
    if path.is_empty() {
        return Some(value.clone());
    }
    if let Some((key, rest)) = path.strip_prefix('[').and_then(|path| path.split_once(']')) {
        let key = match key.parse() {
            Ok(number) => Value::constant(Constant::Integer(number)),
            Err(_) => Value::text(key),
        };
        return part_by_path(&item(value, &key), rest);
    }
    let path = path.strip_prefix('.')?;
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (Shape::Object { attributes: fields, .. } | Shape::Record { fields, .. }) = &value.shape else {
        return None;
    };
    let (_, field) = fields.iter().find(|(known, _)| *known == path[..end])?;
    part_by_path(field, &path[end..])
}

/// A method that changes its receiver: the changed receiver and the result.
pub(super) fn mutate(receiver: &Value, method: &str, arguments: &[Value]) -> Option<(Value, Value)> {
    let first = arguments.first();
    let none = Value::constant(Constant::None);
    match (&receiver.shape, method) {
        (Shape::Sequence { items, open }, "append" | "add") => {
            let mut items = items.to_vec();
            let mut open = *open;
            let mut taint = receiver.taint.clone();
            match first {
                Some(value) if items.len() < MAX_ELEMENTS => items.push(value.clone()),
                Some(value) => {
                    open = true;
                    taint.add(&value.deep_taint());
                }
                None => {}
            }
            Some((Value { shape: Shape::Sequence { items: items.into(), open }, taint }, none))
        }
        (Shape::Sequence { items, open: false }, "appendleft") if items.len() < MAX_ELEMENTS => {
            let items = first.into_iter().chain(items.iter()).cloned().collect();
            Some((with_taint(Value::sequence(items, false), &receiver.taint), none))
        }
        (Shape::Sequence { items, open: false }, "popleft") if !items.is_empty() => Some((
            with_taint(Value::sequence(items[1..].to_vec(), false), &receiver.taint),
            with_taint(items[0].clone(), &receiver.taint),
        )),
        (Shape::Sections(_), "add_section") => {
            let section =
                Value { shape: Shape::Mapping { entries: [].into(), open: false }, taint: Taint::default() };
            Some((with_item(receiver.clone(), first?, section), none))
        }
        (Shape::Sections(entries), "read_dict") => {
            let Shape::Mapping { entries: more, open: false } = &first?.shape else {
                return Some((with_taint(receiver.clone(), &first?.deep_taint()), none));
            };
            let mut entries = entries.to_vec();
            more.iter().for_each(|(key, value)| put(&mut entries, key.clone(), value.clone()));
            Some((Value { shape: Shape::Sections(entries.into()), taint: receiver.taint.clone() }, none))
        }
        (Shape::Sections(_), "read_string" | "read_file") => {
            Some((with_taint(receiver.clone(), &first?.deep_taint()), none))
        }
        (Shape::Sections(_), "remove_section") => Some((without_section(receiver, first?), Value::unknown())),
        (Shape::Sections(_), "remove_option") => {
            let changed = without_item(item(receiver, first?), arguments.get(1)?);
            Some((with_item(receiver.clone(), first?, changed), Value::unknown()))
        }
        (Shape::Sections(_), "set") => {
            let section = item(receiver, first?);
            let changed = with_item(section, arguments.get(1)?, arguments.get(2)?.clone());
            Some((with_item(receiver.clone(), first?, changed), none))
        }
        (Shape::Sequence { items, open: false }, "insert") => {
            let (at, value) = (first?.as_constant()?, arguments.get(1)?);
            let Constant::Integer(at) = at else { return None };
            let mut items = items.to_vec();
            let at = if *at < 0 { at + i64::try_from(items.len()).unwrap_or(0) } else { *at };
            let at = usize::try_from(at).unwrap_or(0).min(items.len());
            items.insert(at, value.clone());
            Some((with_taint(Value::sequence(items, false), &receiver.taint), none))
        }
        (Shape::Sequence { items, open: false }, "pop") if !items.is_empty() => {
            let at = match first.map(Value::as_constant) {
                None => items.len() - 1,
                Some(Some(Constant::Integer(at))) => {
                    let at = if *at < 0 { at + i64::try_from(items.len()).unwrap_or(0) } else { *at };
                    usize::try_from(at).ok().filter(|at| *at < items.len())?
                }
                Some(_) => return None,
            };
            let mut items = items.to_vec();
            let result = items.remove(at);
            Some((
                with_taint(Value::sequence(items, false), &receiver.taint),
                with_taint(result, &receiver.taint),
            ))
        }
        (Shape::Sequence { .. }, "clear") => Some((Value::sequence(Vec::new(), false), none)),
        (Shape::Mapping { .. }, "clear") => {
            let empty = Shape::Mapping { entries: [].into(), open: false };
            Some((Value { shape: empty, taint: Taint::default() }, none))
        }
        (Shape::Sequence { items, open: false }, "remove" | "discard") => {
            let place = first?
                .as_constant()
                .and_then(|wanted| items.iter().position(|item| item.as_constant() == Some(wanted)));
            let Some(place) = place else { return Some((opened(receiver.clone()), none)) };
            let mut items = items.to_vec();
            items.remove(place);
            Some((with_taint(Value::sequence(items, false), &receiver.taint), none))
        }
        // The elements stay, in an order that is not known.
        (Shape::Sequence { .. }, "sort" | "rotate") => Some((opened(receiver.clone()), none)),
        (Shape::Sequence { items, open: false }, "reverse") => Some((
            with_taint(Value::sequence(items.iter().rev().cloned().collect(), false), &receiver.taint),
            none,
        )),
        (Shape::Sequence { items, open }, "extend" | "update") => match &first?.shape {
            Shape::Sequence { items: more, open: other } if items.len() + more.len() <= MAX_ELEMENTS => {
                let items = items.iter().chain(more.iter()).cloned().collect();
                Some((with_taint(Value::sequence(items, *open || *other), &receiver.taint), none))
            }
            _ => Some((with_taint(opened(receiver.clone()), &first?.deep_taint()), none)),
        },
        (Shape::Mapping { entries, open }, "update") => match &first?.shape {
            Shape::Mapping { entries: more, open: other } => {
                let mut joined = entries.to_vec();
                for (key, value) in more.iter() {
                    put(&mut joined, key.clone(), value.clone());
                }
                let shape = Shape::Mapping { entries: joined.into(), open: *open || *other };
                Some((Value { shape, taint: receiver.taint.clone() }, none))
            }
            _ => match pairs(first?) {
                Some(more) => {
                    let mut joined = entries.to_vec();
                    more.into_iter().for_each(|(key, value)| put(&mut joined, key, value));
                    let shape = Shape::Mapping { entries: joined.into(), open: *open };
                    Some((Value { shape, taint: receiver.taint.clone() }, none))
                }
                None => Some((with_taint(opened(receiver.clone()), &first?.deep_taint()), none)),
            },
        },
        (Shape::Mapping { .. }, "pop") => {
            let key = first?;
            let result = item(receiver, key);
            Some((without_item(receiver.clone(), key), result))
        }
        (Shape::Mapping { entries, .. }, "setdefault") => {
            let key = first?;
            let constant = key.as_constant()?;
            if entries.iter().any(|(known, _)| known == constant) {
                return Some((receiver.clone(), item(receiver, key)));
            }
            let value = arguments.get(1).cloned().unwrap_or(none);
            Some((with_item(receiver.clone(), key, value.clone()), value))
        }
        _ => None,
    }
}

/// A method that only reads its receiver.
pub(super) fn read(receiver: &Value, method: &str, arguments: &[Value]) -> Option<Value> {
    match (&receiver.shape, method) {
        (Shape::Sections(_), "get") => Some(item(&item(receiver, arguments.first()?), arguments.get(1)?)),
        (Shape::Sections(_), "items") if !arguments.is_empty() => {
            read(&item(receiver, arguments.first()?), "items", &[])
        }
        (
            Shape::Sections(_),
            "getint" | "getfloat" | "getboolean" | "read" | "sections" | "options" | "has_option"
            | "has_section",
        ) => Some(Value::unknown()),
        (Shape::Mapping { entries, .. }, "get") => {
            let key = arguments.first()?;
            let default = arguments.get(1).cloned().unwrap_or(Value::constant(Constant::None));
            match key.as_constant() {
                Some(constant) if entries.iter().any(|(known, _)| known == constant) => {
                    Some(item(receiver, key))
                }
                Some(_) => Some(with_taint(default, &receiver.taint)),
                None => Some(item(receiver, key).join(&default)),
            }
        }
        (Shape::Mapping { entries, open }, "values") => {
            let values = entries.iter().map(|(_, value)| value.clone()).collect();
            Some(with_taint(Value::sequence(values, *open), &receiver.taint))
        }
        (Shape::Mapping { entries, open }, "keys") => {
            let keys = entries.iter().map(|(key, _)| Value::constant(key.clone())).collect();
            Some(with_taint(Value::sequence(keys, *open), &receiver.taint))
        }
        (Shape::Mapping { entries, open }, "items") => {
            let items = entries
                .iter()
                .map(|(key, value)| Value::sequence(vec![Value::constant(key.clone()), value.clone()], false))
                .collect();
            Some(with_taint(Value::sequence(items, *open), &receiver.taint))
        }
        (Shape::Mapping { .. } | Shape::Sequence { .. }, "copy") => Some(receiver.clone()),
        (Shape::Constant(Constant::Text(separator)), "join") => match &arguments.first()?.shape {
            Shape::Sequence { items, open: false } => {
                let mut pieces = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        pieces.push(Piece::Text(separator.clone()));
                    }
                    pieces.extend(pieces_of(item));
                }
                Some(with_taint(from_pieces(pieces), &arguments.first()?.taint))
            }
            _ => Some(Value::tainted(arguments.first()?.deep_taint())),
        },
        (Shape::Constant(Constant::Text(text)), _) => {
            let constants: Option<Vec<&Constant>> = arguments.iter().map(Value::as_constant).collect();
            fold::text_method(text, method, &constants?)
        }
        // What keeps a partly known string partly known.
        (Shape::Pieces(_), "strip" | "rstrip" | "encode" | "lstrip") => Some(receiver.clone()),
        _ => None,
    }
}

/// Methods of text, bytes, lists and dictionaries whose result is, or holds, what the receiver is.
pub(super) fn is_text_method(method: &str) -> bool {
    matches!(
        method,
        "strip"
            | "lstrip"
            | "rstrip"
            | "lower"
            | "upper"
            | "title"
            | "capitalize"
            | "casefold"
            | "swapcase"
            | "encode"
            | "decode"
            | "format"
            | "format_map"
            | "join"
            | "split"
            | "rsplit"
            | "splitlines"
            | "partition"
            | "rpartition"
            | "replace"
            | "removeprefix"
            | "removesuffix"
            | "translate"
            | "expandtabs"
            | "ljust"
            | "rjust"
            | "center"
            | "zfill"
            | "get"
            | "pop"
            | "setdefault"
            | "items"
            | "keys"
            | "values"
            | "copy"
            | "hex"
            | "__str__"
            | "__getitem__"
            | "popleft"
            | "getlist"
            | "as_posix"
            | "joinpath"
            | "with_suffix"
            | "with_name"
            | "resolve"
            | "expanduser"
            | "absolute"
    )
}

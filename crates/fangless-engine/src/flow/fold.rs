//! Folding of constants: operators, comparisons, slices, string methods. Exact or not at all.

use super::bounds::MAX_TEXT;
use super::value::{Constant, Shape, Value};
use crate::syntax::ir::{BinaryOperator, CompareOperator};

/// `str(constant)`.
pub(super) fn display(constant: &Constant) -> String {
    match constant {
        Constant::Text(text) => text.to_string(),
        Constant::Bytes(bytes) => format!("b'{}'", String::from_utf8_lossy(bytes)),
        Constant::Integer(number) => number.to_string(),
        Constant::Float(number) => number.to_string(),
        Constant::Boolean(true) => "True".into(),
        Constant::Boolean(false) => "False".into(),
        Constant::None => "None".into(),
    }
}

pub(super) fn binary(operator: BinaryOperator, left: &Constant, right: &Constant) -> Option<Constant> {
    use Constant::{Bytes, Integer, Text};
    match (left, right) {
        (Integer(a), Integer(b)) => integers(operator, *a, *b),
        (Constant::Boolean(a), Constant::Boolean(b)) => match operator {
            BinaryOperator::BitAnd => Some(Constant::Boolean(*a && *b)),
            BinaryOperator::BitOr => Some(Constant::Boolean(*a || *b)),
            BinaryOperator::BitXor => Some(Constant::Boolean(a != b)),
            _ => integers(operator, i64::from(*a), i64::from(*b)),
        },
        (Constant::Float(_), _) | (_, Constant::Float(_)) => floats(operator, number(left)?, number(right)?),
        (Text(a), Text(b)) if operator == BinaryOperator::Add && a.len() + b.len() <= MAX_TEXT => {
            Some(Text(format!("{a}{b}").into()))
        }
        (Bytes(a), Bytes(b)) if operator == BinaryOperator::Add && a.len() + b.len() <= MAX_TEXT => {
            Some(Bytes([&**a, &**b].concat().into()))
        }
        (Text(text), Integer(times)) | (Integer(times), Text(text))
            if operator == BinaryOperator::Multiply =>
        {
            let times = usize::try_from(*times).unwrap_or(0);
            (text.len().checked_mul(times)? <= MAX_TEXT).then(|| Text(text.repeat(times).into()))
        }
        (Bytes(bytes), Integer(times)) | (Integer(times), Bytes(bytes))
            if operator == BinaryOperator::Multiply =>
        {
            let times = usize::try_from(*times).unwrap_or(0);
            (bytes.len().checked_mul(times)? <= MAX_TEXT).then(|| Bytes(bytes.repeat(times).into()))
        }
        _ => None,
    }
}

fn floats(operator: BinaryOperator, a: f64, b: f64) -> Option<Constant> {
    let number = match operator {
        BinaryOperator::Add => a + b,
        BinaryOperator::Subtract => a - b,
        BinaryOperator::Multiply => a * b,
        BinaryOperator::Divide if b != 0.0 => a / b,
        _ => return None,
    };
    number.is_finite().then_some(Constant::Float(number))
}

fn integers(operator: BinaryOperator, a: i64, b: i64) -> Option<Constant> {
    let number = match operator {
        BinaryOperator::Add => a.checked_add(b)?,
        BinaryOperator::Subtract => a.checked_sub(b)?,
        BinaryOperator::Multiply => a.checked_mul(b)?,
        // Python rounds towards minus infinity, and the remainder has the sign of the divisor.
        BinaryOperator::FloorDivide if b != 0 => {
            let quotient = a.checked_div(b)?;
            if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
        }
        BinaryOperator::Modulo if b != 0 => ((a.checked_rem(b)?) + b).checked_rem(b)?,
        BinaryOperator::BitAnd => a & b,
        BinaryOperator::BitOr => a | b,
        BinaryOperator::BitXor => a ^ b,
        // Shifted out of the 64 bits of this number, it would still be one in Python.
        BinaryOperator::ShiftLeft => {
            a.checked_mul(1_i64.checked_shl(u32::try_from(b).ok()?).filter(|by| *by > 0)?)?
        }
        BinaryOperator::ShiftRight => a >> u32::try_from(b).ok()?.min(63),
        BinaryOperator::Power => a.checked_pow(u32::try_from(b).ok()?)?,
        #[expect(clippy::cast_precision_loss, reason = "Python's own division rounds the same way")]
        BinaryOperator::Divide if b != 0 => return Some(Constant::Float(a as f64 / b as f64)),
        _ => return None,
    };
    Some(Constant::Integer(number))
}

/// The outcome of a comparison, where it is certain.
pub(super) fn compare(operator: CompareOperator, left: &Value, right: &Value) -> Option<bool> {
    match operator {
        CompareOperator::In => agreed(left.choices().iter().map(|item| contains(right, item))),
        CompareOperator::NotIn => compare(CompareOperator::In, left, right).map(|found| !found),
        _ => agreed(
            left.choices()
                .iter()
                .flat_map(|left| right.choices().iter().map(move |right| constants(operator, left, right))),
        ),
    }
}

/// What all answers say, where there is one and they say the same.
fn agreed(mut answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let first = answers.next()??;
    answers.all(|answer| answer == Some(first)).then_some(first)
}

fn constants(operator: CompareOperator, left: &Constant, right: &Constant) -> Option<bool> {
    let equal =
        number(left).zip(number(right)).map_or_else(|| left == right, |(a, b)| (a - b).abs() < f64::EPSILON);
    match operator {
        CompareOperator::Equal | CompareOperator::Is => return Some(equal),
        CompareOperator::NotEqual | CompareOperator::IsNot => return Some(!equal),
        _ => {}
    }
    let order = match (left, right) {
        (Constant::Text(a), Constant::Text(b)) => a.cmp(b),
        _ => number(left)?.partial_cmp(&number(right)?)?,
    };
    Some(match operator {
        CompareOperator::Less => order.is_lt(),
        CompareOperator::LessEqual => order.is_le(),
        CompareOperator::Greater => order.is_gt(),
        _ => order.is_ge(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "compared for order only")]
fn number(constant: &Constant) -> Option<f64> {
    match constant {
        Constant::Integer(number) => Some(*number as f64),
        Constant::Float(number) => Some(*number),
        Constant::Boolean(value) => Some(f64::from(u8::from(*value))),
        _ => None,
    }
}

fn contains(container: &Value, item: &Constant) -> Option<bool> {
    match &container.shape {
        Shape::Constant(Constant::Text(text)) => match item {
            Constant::Text(part) => Some(text.contains(&**part)),
            _ => None,
        },
        Shape::Sequence { items, open } => {
            if items.iter().any(|known| known.as_constant() == Some(item)) {
                return Some(true);
            }
            (!open && items.iter().all(|known| known.as_constant().is_some())).then_some(false)
        }
        Shape::Mapping { entries, open } => {
            if entries.iter().any(|(key, _)| key == item) {
                Some(true)
            } else {
                (!open).then_some(false)
            }
        }
        _ => None,
    }
}

/// The numbers of a slice: lower and upper bound and step, each where it is written.
pub(super) type Bounds = [Option<i64>; 3];

/// The places that a slice means, counted as Python counts them.
fn places(length: usize, bounds: Bounds) -> Option<Vec<usize>> {
    let length = i64::try_from(length).ok()?;
    let [lower, upper, step] = bounds;
    let step = step.unwrap_or(1);
    let (first, last) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let place = |at: i64| (if at < 0 { at + length } else { at }).clamp(first, last);
    let (from, to) = if step > 0 {
        (lower.map_or(0, place), upper.map_or(length, place))
    } else {
        (lower.map_or(length - 1, place), upper.map_or(-1, place))
    };
    let mut all = Vec::new();
    let mut at = from;
    while step != 0 && ((step > 0 && at < to) || (step < 0 && at > to)) {
        all.push(usize::try_from(at).ok()?);
        at = at.checked_add(step)?;
    }
    (step != 0).then_some(all)
}

/// `value[lower:upper:step]`.
pub(super) fn slice(value: &Value, bounds: Bounds) -> Option<Value> {
    match &value.shape {
        Shape::Constant(Constant::Text(text)) => {
            let characters: Vec<char> = text.chars().collect();
            let picked = places(characters.len(), bounds)?;
            Some(Value::text(&picked.iter().map(|at| characters[*at]).collect::<String>()))
        }
        Shape::Constant(Constant::Bytes(bytes)) => {
            let picked = places(bytes.len(), bounds)?;
            Some(Value::constant(Constant::Bytes(picked.iter().map(|at| bytes[*at]).collect())))
        }
        Shape::Sequence { items, open: false } => {
            let picked = places(items.len(), bounds)?;
            let mut result = Value::sequence(picked.iter().map(|at| items[*at].clone()).collect(), false);
            result.taint = value.taint.clone();
            Some(result)
        }
        _ => None,
    }
}

/// `value[lower:upper] = items`: the changed list.
pub(super) fn with_slice(value: &Value, bounds: Bounds, items: &Value) -> Option<Value> {
    let (Shape::Sequence { items: old, open: false }, Shape::Sequence { items: new, open: false }) =
        (&value.shape, &items.shape)
    else {
        return None;
    };
    if bounds[2].is_some() {
        return None;
    }
    let gone = places(old.len(), bounds)?;
    let length = i64::try_from(old.len()).ok()?;
    let start = bounds[0].map_or(0, |at| (if at < 0 { at + length } else { at }).clamp(0, length));
    let start = usize::try_from(start).ok()?;
    let after = &old[start + gone.len()..];
    let changed = old[..start].iter().chain(new.iter()).chain(after).cloned().collect();
    let mut result = Value::sequence(changed, false);
    result.taint = value.taint.clone();
    result.taint.add(&items.taint);
    Some(result)
}

/// A method of a constant string with constant arguments.
pub(super) fn text_method(text: &str, method: &str, arguments: &[&Constant]) -> Option<Value> {
    let argument = |at: usize| match arguments.get(at) {
        Some(Constant::Text(text)) => Some(&**text),
        _ => None,
    };
    let result = match (method, arguments.len()) {
        ("upper", 0) => text.to_uppercase(),
        ("lower" | "casefold", 0) => text.to_lowercase(),
        ("strip", 0) => text.trim().to_owned(),
        ("lstrip", 0) => text.trim_start().to_owned(),
        ("rstrip", 0) => text.trim_end().to_owned(),
        ("replace", 2) => text.replace(argument(0)?, argument(1)?),
        ("removeprefix", 1) => text.strip_prefix(argument(0)?).unwrap_or(text).to_owned(),
        ("removesuffix", 1) => text.strip_suffix(argument(0)?).unwrap_or(text).to_owned(),
        ("startswith", 1) => return Some(Value::boolean(text.starts_with(argument(0)?))),
        ("endswith", 1) => return Some(Value::boolean(text.ends_with(argument(0)?))),
        ("isdigit", 0) => {
            return Some(Value::boolean(!text.is_empty() && text.chars().all(|one| one.is_ascii_digit())));
        }
        ("title", 0) => title(text),
        ("capitalize", 0) => {
            let mut characters = text.chars();
            let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
            first + &characters.as_str().to_lowercase()
        }
        ("zfill", 1) => match arguments.first() {
            Some(Constant::Integer(width)) if !text.starts_with(['+', '-']) => {
                let missing = usize::try_from(*width).ok()?.saturating_sub(text.chars().count());
                if missing > MAX_TEXT {
                    return None;
                }
                "0".repeat(missing) + text
            }
            _ => return None,
        },
        ("find" | "index", 1) => {
            let place = text.find(argument(0)?).map(|at| text[..at].chars().count());
            return place_value(place, method == "index");
        }
        ("rfind" | "rindex", 1) => {
            let place = text.rfind(argument(0)?).map(|at| text[..at].chars().count());
            return place_value(place, method == "rindex");
        }
        ("count", 1) if !argument(0)?.is_empty() => {
            let count = i64::try_from(text.matches(argument(0)?).count()).ok()?;
            return Some(Value::constant(Constant::Integer(count)));
        }
        ("isalpha", 0) if text.is_ascii() => {
            return Some(Value::boolean(
                !text.is_empty() && text.chars().all(|one| one.is_ascii_alphabetic()),
            ));
        }
        ("isalnum", 0) if text.is_ascii() => {
            return Some(Value::boolean(
                !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric()),
            ));
        }
        ("partition", 1) => {
            let (before, middle, after) = match text.split_once(argument(0)?) {
                Some((before, after)) => (before, argument(0)?, after),
                None => (text, "", ""),
            };
            return Some(Value::sequence([before, middle, after].map(Value::text).to_vec(), false));
        }
        ("splitlines", 0) if text.is_ascii() => {
            return Some(Value::sequence(text.lines().map(Value::text).collect(), false));
        }
        ("encode", _) => return Some(Value::constant(Constant::Bytes(text.as_bytes().into()))),
        ("split", 0) => {
            return Some(Value::sequence(text.split_whitespace().map(Value::text).collect(), false));
        }
        ("split", 1) if !argument(0)?.is_empty() => {
            return Some(Value::sequence(text.split(argument(0)?).map(Value::text).collect(), false));
        }
        ("format", 0) if !text.contains(['{', '}']) => text.to_owned(),
        _ => return None,
    };
    (result.len() <= MAX_TEXT).then(|| Value::text(&result))
}

fn title(text: &str) -> String {
    let mut result = String::new();
    let mut is_inside = false;
    for character in text.chars() {
        if is_inside {
            result.extend(character.to_lowercase());
        } else {
            result.extend(character.to_uppercase());
        }
        is_inside = character.is_alphabetic();
    }
    result
}

/// `text.find(part)`; `index` raises where `find` gives -1.
fn place_value(place: Option<usize>, raises: bool) -> Option<Value> {
    match place {
        Some(at) => i64::try_from(at).ok().map(|at| Value::constant(Constant::Integer(at))),
        None if raises => None,
        None => Some(Value::constant(Constant::Integer(-1))),
    }
}

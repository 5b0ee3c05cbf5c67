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
        BinaryOperator::BitOr => a | b,
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
        CompareOperator::In => contains(right, left),
        CompareOperator::NotIn => contains(right, left).map(|found| !found),
        _ => constants(operator, left.as_constant()?, right.as_constant()?),
    }
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

fn contains(container: &Value, item: &Value) -> Option<bool> {
    let item = item.as_constant()?;
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

/// `value[lower:upper]`, indexes counted as Python counts them.
pub(super) fn slice(value: &Value, lower: Option<i64>, upper: Option<i64>) -> Option<Value> {
    let bounds = |length: usize| {
        let length = i64::try_from(length).ok()?;
        let place = |at: i64| if at < 0 { (at + length).max(0) } else { at.min(length) };
        let (from, to) = (place(lower.unwrap_or(0)), place(upper.unwrap_or(length)));
        Some((usize::try_from(from).ok()?, usize::try_from(to.max(from)).ok()?))
    };
    match &value.shape {
        Shape::Constant(Constant::Text(text)) => {
            let characters: Vec<char> = text.chars().collect();
            let (from, to) = bounds(characters.len())?;
            Some(Value::text(&characters[from..to].iter().collect::<String>()))
        }
        Shape::Sequence { items, open: false } => {
            let (from, to) = bounds(items.len())?;
            let mut result = Value::sequence(items[from..to].to_vec(), false);
            result.taint = value.taint.clone();
            Some(result)
        }
        _ => None,
    }
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

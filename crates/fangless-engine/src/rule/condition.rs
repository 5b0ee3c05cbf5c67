//! Conditions: what a rule or a model asks of a call's arguments or of a bound value.

use super::backtracking::explodes;
use super::schema::{Condition, Is, Item, NameKind};
use crate::flow::event::{CallEvent, select};
use crate::flow::taint::{Source, Taint};
use crate::flow::value::{Constant, Piece, Shape, Value};
use crate::model::schema::Tag;
use crate::secret;
use crate::syntax::ir::{ArgumentKind, Expression, ExpressionKind};

/// What a condition speaks of.
pub(crate) struct Subject<'a> {
    pub(crate) value: &'a Value,
    pub(crate) expression: Option<&'a Expression>,
    pub(crate) name: Option<&'a str>,
    /// The library class that the value, a class of the workspace, derives from.
    pub(crate) base: Option<&'a str>,
}

/// Whether a condition on a call holds. One without an argument speaks of the first.
pub(crate) fn on_call(condition: &Condition, event: &CallEvent<'_>) -> bool {
    let holds =
        if condition.any.is_empty() { true } else { condition.any.iter().any(|one| on_call(one, event)) };
    if !holds {
        return condition.not;
    }
    let Some(selector) = &condition.argument else {
        return only_alternatives(condition) != condition.not;
    };
    let passed = select(selector, event.arguments);
    let spread = event.arguments.iter().any(|one| one.argument.kind == ArgumentKind::DoubleStarred);
    let result = match (passed, condition.is) {
        (None, Some(Is::Missing)) => !spread,
        (Some(_), Some(Is::Missing)) if condition.item.is_none() => false,
        (None, _) => false,
        (Some(passed), _) => {
            let subject = Subject {
                value: &passed.value,
                expression: Some(&passed.argument.value),
                name: None,
                base: passed.base.as_deref(),
            };
            on_subject(condition, &subject)
        }
    };
    result != condition.not
}

/// Whether a condition on a bound value holds.
pub(crate) fn on_value(condition: &Condition, subject: &Subject<'_>) -> bool {
    let any = condition.any.is_empty() || condition.any.iter().any(|one| on_value(one, subject));
    (any && on_subject(condition, subject)) != condition.not
}

fn only_alternatives(condition: &Condition) -> bool {
    !condition.any.is_empty()
}

fn on_subject(condition: &Condition, subject: &Subject<'_>) -> bool {
    let value = match &condition.item {
        None => subject.value,
        Some(item) => match item_of(subject.value, item) {
            Some(value) if condition.is != Some(Is::Missing) => value,
            Some(_) => return false,
            None => return condition.is == Some(Is::Missing) && is_closed(subject.value),
        },
    };
    let name = condition.taken_for.as_deref().or(subject.name);
    let expression = subject.expression.map(|whole| part_of(whole, condition.item.as_ref()));
    let subject = &Subject { value, expression, name, ..*subject };
    condition.is.is_none_or(|is| holds_is(is, subject, condition.taken_for.is_some()))
        && condition.equals.as_ref().is_none_or(|wanted| equals(value, wanted))
        && condition.one_of.as_ref().is_none_or(|all| is_one_of(value, all))
        && condition.refers_to.as_ref().is_none_or(|names| refers_to(value, names))
        && condition
            .instance_of
            .as_ref()
            .is_none_or(|names| matches!(&value.shape, Shape::Instance(class) if names.contains(class)))
        && condition.derives_from.as_ref().is_none_or(|names| {
            refers_to(value, names) || subject.base.is_some_and(|base| names.iter().any(|name| name == base))
        })
        && condition.matches.as_ref().is_none_or(|pattern| all_texts(value, |text| pattern.is_found_in(text)))
        && condition
            .text_matches
            .as_ref()
            .is_none_or(|pattern| known_text(value).is_some_and(|text| pattern.is_found_in(&text)))
        && condition.has_bits.is_none_or(
            |bits| matches!(value.as_constant(), Some(Constant::Integer(number)) if number & bits != 0),
        )
        && condition.tainted_by.as_ref().is_none_or(|labels| {
            value.deep_taint().origins().iter().any(|origin| {
                origin.source.label().is_some_and(|label| labels.iter().any(|wanted| wanted == label.name()))
            })
        })
        && condition.tainted_for.is_none_or(|tag| {
            value
                .deep_taint()
                .origins()
                .iter()
                .any(|origin| origin.source.label().is_some() && !origin.cleared.contains(tag))
        })
        && condition.unvetted_for.is_none_or(|tag| is_unvetted(value, tag))
        && condition.made_only_of.as_ref().is_none_or(|names| is_made_only_of(value, names))
        && condition.contains.as_ref().is_none_or(|wanted| wanted.iter().any(|one| contains(value, one)))
        && condition.explodes.is_none_or(|matching| all_texts(value, |pattern| explodes(pattern, matching)))
        && condition.below.is_none_or(|bound| number(value).is_some_and(|number| number < bound))
        && condition.above.is_none_or(|bound| number(value).is_some_and(|number| number > bound))
        && condition.shorter_than.is_none_or(|length| byte_length(value).is_some_and(|found| found < length))
        && condition.named.is_none_or(|kind| {
            subject.name.is_some_and(|name| secret::names::is_named(name, kind))
                || subject.expression.is_some_and(|expression| secret::names::mentions(expression, kind))
        })
        && condition.result_of.as_ref().is_none_or(|names| {
            value.deep_taint().origins().iter().any(|origin| match &origin.source {
                Source::MadeBy { callee, .. } => names.contains(callee),
                _ => false,
            })
        })
}

/// The item of a list, a tuple or a dictionary, where it is known.
fn item_of<'v>(value: &'v Value, item: &Item) -> Option<&'v Value> {
    match (item, &value.shape) {
        (Item::Place(at), Shape::Sequence { items, .. }) => items.get(*at),
        (Item::Key(key), Shape::Mapping { entries, .. }) => {
            let is_it = |known: &Constant| matches!(known, Constant::Text(text) if **text == *key.as_str());
            entries.iter().find(|(known, _)| is_it(known)).map(|(_, value)| value)
        }
        _ => None,
    }
}

/// The expression of an item, where the whole is written as a list or a tuple; else the whole.
fn part_of<'e>(whole: &'e Expression, item: Option<&Item>) -> &'e Expression {
    match (item, &whole.kind) {
        (Some(Item::Place(at)), ExpressionKind::Tuple(items) | ExpressionKind::List(items)) => {
            items.get(*at).unwrap_or(whole)
        }
        _ => whole,
    }
}

/// What a rule takes a value for, and the part of an expression that it means.
pub(crate) fn taken_for<'c, 'e>(
    conditions: &'c [Condition],
    whole: &'e Expression,
) -> (Option<&'c str>, &'e Expression) {
    match conditions.iter().find(|condition| condition.taken_for.is_some()) {
        Some(condition) => (condition.taken_for.as_deref(), part_of(whole, condition.item.as_ref())),
        None => (None, whole),
    }
}

/// Whether all items of a dictionary or a sequence are known.
fn is_closed(value: &Value) -> bool {
    matches!(&value.shape, Shape::Sequence { open: false, .. } | Shape::Mapping { open: false, .. })
}

fn contains(value: &Value, wanted: &toml::Value) -> bool {
    match &value.shape {
        Shape::Sequence { items, .. } => items.iter().any(|item| equals(item, wanted)),
        Shape::Mapping { entries, .. } => {
            entries.iter().any(|(key, _)| equals(&Value::constant(key.clone()), wanted))
        }
        _ => false,
    }
}

fn byte_length(value: &Value) -> Option<usize> {
    match value.as_constant()? {
        Constant::Text(text) => Some(text.len()),
        Constant::Bytes(bytes) => Some(bytes.len()),
        _ => None,
    }
}

fn holds_is(is: Is, subject: &Subject<'_>, is_nameless: bool) -> bool {
    let value = subject.value;
    match is {
        Is::Missing => false,
        Is::Present => true,
        Is::Constant => value.is_constant(),
        Is::Dynamic => !value.is_constant(),
        Is::Unverified => {
            let taint = value.deep_taint();
            !value.is_constant()
                && (taint.is_empty()
                    || taint.origins().iter().any(|origin| !origin.cleared.contains(Tag::Deserialization)))
        }
        Is::Assembled => matches!(&value.shape, Shape::Pieces(pieces) if pieces.iter().any(is_text_piece)),
        Is::Tainted => value.deep_taint().origins().iter().any(|origin| origin.source.label().is_some()),
        Is::Truthy => value.truth() == Some(true),
        Is::Falsy => value.truth() == Some(false),
        Is::None => matches!(value.as_constant(), Some(Constant::None)),
        Is::Text => text_of(value).is_some_and(|text| !text.is_empty()),
        // A variable that holds the secret was reported where it got it.
        Is::SecretText if !subject.expression.is_none_or(|one| is_told_here(one, is_nameless)) => false,
        Is::SecretText => text_of(value)
            .is_some_and(|text| secret::looks_like_secret(subject.name.unwrap_or_default(), &text)),
    }
}

fn is_text_piece(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(_))
}

/// A text with a mark for each part that is not known.
fn known_text(value: &Value) -> Option<String> {
    match &value.shape {
        Shape::Constant(Constant::Text(text)) => Some(text.to_string()),
        Shape::Pieces(pieces) => Some(
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Hole(_) => "\u{fffd}",
                })
                .collect(),
        ),
        _ => None,
    }
}

/// Whether a text has a part that is not constant, and that nothing makes harmless for the tag.
fn is_unvetted(value: &Value, tag: Tag) -> bool {
    match &value.shape {
        // The text as a whole was checked. Of a command not just one of its parts; who quotes a name in a statement knows
        // which of the others need it.
        Shape::Pieces(pieces)
            if is_checked(&value.taint)
                && (tag != Tag::Shell
                    || !pieces
                        .iter()
                        .any(|piece| matches!(piece, Piece::Hole(taint) if is_checked(taint)))) =>
        {
            value.taint.is_open(tag)
        }
        Shape::Pieces(pieces) => {
            pieces.iter().any(|piece| matches!(piece, Piece::Hole(taint) if taint.is_open(tag)))
        }
        _ => !value.is_constant() && value.deep_taint().is_open(tag),
    }
}

/// Whether somebody looked at it.
fn is_checked(taint: &Taint) -> bool {
    taint.origins().iter().any(|origin| origin.source == Source::Checked)
}

fn is_made_only_of(value: &Value, names: &[smol_str::SmolStr]) -> bool {
    let comes_from_them = |taint: &Taint| {
        taint
            .origins()
            .iter()
            .any(|origin| matches!(&origin.source, Source::MadeBy { callee, .. } if names.contains(callee)))
    };
    match &value.shape {
        Shape::Pieces(pieces) => pieces.iter().all(|piece| match piece {
            Piece::Text(_) => true,
            Piece::Hole(taint) => comes_from_them(taint),
        }),
        _ => value.is_constant() || comes_from_them(&value.taint),
    }
}

/// Whether a secret in this expression is reported nowhere else: it stands here, or in a variable by whose name nobody
/// would know it.
fn is_told_here(expression: &Expression, is_nameless: bool) -> bool {
    is_literal(expression)
        || (is_nameless
            && matches!(expression.kind, ExpressionKind::Name(_) | ExpressionKind::Attribute { .. })
            && !secret::names::mentions(expression, NameKind::Credential))
}

fn is_literal(expression: &Expression) -> bool {
    !matches!(
        expression.kind,
        ExpressionKind::Name(_)
            | ExpressionKind::Attribute { .. }
            | ExpressionKind::Subscript { .. }
            | ExpressionKind::Call { .. }
    )
}

fn text_of(value: &Value) -> Option<String> {
    match value.as_constant()? {
        Constant::Text(text) => Some(text.to_string()),
        Constant::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

fn equals(value: &Value, wanted: &toml::Value) -> bool {
    match (value.as_constant(), wanted) {
        (Some(Constant::Boolean(a)), toml::Value::Boolean(b)) => a == b,
        (Some(Constant::Integer(a)), toml::Value::Integer(b)) => a == b,
        (Some(Constant::Text(a)), toml::Value::String(b)) => &**a == b.as_str(),
        _ => false,
    }
}

fn is_one_of(value: &Value, all: &[toml::Value]) -> bool {
    let choices = value.choices();
    !choices.is_empty()
        && choices.iter().all(|choice| {
            let choice = Value::constant(choice.clone());
            all.iter().any(|wanted| equals(&choice, wanted))
        })
}

/// Whether it holds of every text that the value may be; one of them is.
fn all_texts(value: &Value, holds: impl Fn(&str) -> bool) -> bool {
    let choices = value.choices();
    !choices.is_empty() && choices.iter().all(|choice| matches!(choice, Constant::Text(text) if holds(text)))
}

fn refers_to(value: &Value, names: &[smol_str::SmolStr]) -> bool {
    match &value.shape {
        Shape::External(name) | Shape::Instance(name) => names.contains(name),
        Shape::Method { receiver, name } => match &receiver.shape {
            Shape::External(path) | Shape::Instance(path) => {
                names.iter().any(|wanted| *wanted == format!("{path}.{name}"))
            }
            _ => false,
        },
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "compared with a bound written by hand")]
fn number(value: &Value) -> Option<f64> {
    match value.as_constant()? {
        Constant::Integer(number) => Some(*number as f64),
        Constant::Float(number) => Some(*number),
        _ => None,
    }
}

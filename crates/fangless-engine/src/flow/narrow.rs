//! Taking from a value, in the place where it was read, what it is no longer dangerous for.

use super::evaluator::Evaluator;
use super::guard::called;
use super::taint::TagSet;
use super::value::{Piece, Shape, Value};
use crate::model::schema::Tag;
use crate::syntax::ir::{Argument, Expression, ExpressionKind};

impl Evaluator<'_> {
    /// Takes tags from the place that an expression reads, looking through what keeps the text as it is.
    pub(super) fn clear(&mut self, expression: &Expression, tags: TagSet) {
        if tags.is_empty() {
            return;
        }
        match &expression.kind {
            ExpressionKind::Call { function, arguments } => match (called(function), &function.kind) {
                (
                    "str" | "Path" | "int" | "bytes" | "realpath" | "abspath" | "normpath" | "normcase"
                    | "fspath" | "PurePath",
                    _,
                ) => {
                    if let Some(first) = arguments.first() {
                        self.clear(&first.value, tags);
                    }
                }
                (
                    "lower" | "strip" | "upper" | "casefold" | "resolve" | "as_posix",
                    ExpressionKind::Attribute { value, .. },
                ) => {
                    self.clear(value, tags);
                }
                ("get", ExpressionKind::Attribute { .. }) if arguments.len() == 1 => {
                    let value = self.quietly(|evaluator| evaluator.expression(expression));
                    if let Some(narrowed) = narrowed(value, tags) {
                        self.keep_at(expression, narrowed);
                    }
                }
                _ => {}
            },
            ExpressionKind::Name(name) => {
                let value = self.lookup(name);
                if let Some(narrowed) = narrowed(value, tags) {
                    self.set(name, narrowed);
                }
            }
            ExpressionKind::Attribute { .. } | ExpressionKind::Subscript { .. } => {
                let value = self.quietly(|evaluator| evaluator.expression(expression));
                if let Some(narrowed) = narrowed(value, tags) {
                    self.rebind(expression, narrowed);
                }
                // What an entry of an archive or an upload is called is where it goes.
                if let ExpressionKind::Attribute { value: owner, name } = &expression.kind
                    && matches!(name.as_str(), "name" | "filename")
                {
                    self.clear(owner, tags.intersection(TagSet::of(&[Tag::Path])));
                }
            }
            ExpressionKind::Walrus { name, .. } => {
                let value = self.lookup(name);
                let narrowed = cleared(value, tags);
                self.set(name, narrowed);
            }
            _ => {}
        }
    }

    /// What a signature was computed from is vouched for by it: `compare_digest(digest(key, data), sent)`.
    pub(super) fn clear_verified(&mut self, expression: &Expression) {
        self.clear(expression, TagSet::of(&[Tag::Deserialization]));
        let noted = match &expression.kind {
            ExpressionKind::Name(name) => self.noted_condition(name),
            _ => None,
        };
        match noted.as_deref().map_or(&expression.kind, |noted| &noted.kind) {
            ExpressionKind::Call { function, arguments } if is_digest(function) => {
                self.clear_signed(function, arguments);
            }
            ExpressionKind::Call { function, arguments } if noted.is_none() => {
                if let ExpressionKind::Attribute { value, .. } = &function.kind {
                    self.clear_verified(value);
                }
                for argument in arguments {
                    self.clear_verified(&argument.value);
                }
            }
            _ => {}
        }
    }

    /// `hmac.new(key, body).hexdigest()`: the body, and the text that it is a part of, come from who has the key.
    fn clear_signed(&mut self, function: &Expression, arguments: &[Argument]) {
        let tags = TagSet::of(&[Tag::Deserialization]);
        if let ExpressionKind::Attribute { value, .. } = &function.kind {
            match &value.kind {
                ExpressionKind::Call { function, arguments } => self.clear_signed(function, arguments),
                _ => self.clear_origins(value, tags),
            }
        }
        for argument in arguments {
            self.clear_origins(&argument.value, tags);
        }
    }

    pub(super) fn clear_inside(&mut self, expression: &Expression, tags: TagSet) {
        match &expression.kind {
            ExpressionKind::List(items) | ExpressionKind::Tuple(items) => {
                for item in items {
                    self.clear(item, tags);
                }
            }
            _ => self.clear(expression, tags),
        }
    }

    /// A part of a parsed URL was checked: clears every variable that has the same sources.
    pub(super) fn clear_origins(&mut self, parsed: &Expression, tags: TagSet) {
        let value = self.quietly(|evaluator| evaluator.expression(parsed));
        let taint = value.deep_taint();
        if taint.is_empty() {
            return;
        }
        if let Some(state) = &mut self.frame().state {
            for (_, variable) in state.iter_mut() {
                let shares = variable
                    .deep_taint()
                    .origins()
                    .iter()
                    .any(|origin| taint.origins().iter().any(|other| other.source == origin.source));
                if shares {
                    *variable = cleared(std::mem::take(variable), tags);
                }
            }
        }
    }
}

/// Whether a call computes a signature, or is the last part of one that does.
pub(super) fn is_digest(function: &Expression) -> bool {
    matches!(called(function), "digest" | "hexdigest" | "b64digest")
        || matches!(&function.kind, ExpressionKind::Attribute { value, name }
            if matches!(name.as_str(), "new" | "digest") && matches!(&value.kind, ExpressionKind::Name(module) if module == "hmac"))
}

/// What a value is once a condition found it harmless for the tags, where that makes a difference.
fn narrowed(value: Value, tags: TagSet) -> Option<Value> {
    let is_text =
        matches!(value.shape, Shape::Unknown | Shape::Method { .. } | Shape::Pieces(_) | Shape::External(_));
    let is_vouched = tags == TagSet::ALL && is_text;
    if !is_vouched && value.deep_taint().is_empty() {
        return None;
    }
    let mut value = cleared(value, tags);
    if is_vouched {
        value.taint = value.taint.vouched(tags);
    }
    Some(value)
}

/// A value no longer dangerous for the tags, all the way down.
pub(super) fn cleared(value: Value, tags: TagSet) -> Value {
    let taint = value.taint.cleared(tags);
    let shape = match value.shape {
        Shape::Sequence { items, open } => {
            Shape::Sequence { items: items.iter().map(|item| cleared(item.clone(), tags)).collect(), open }
        }
        Shape::Mapping { entries, open } => Shape::Mapping {
            entries: entries.iter().map(|(key, item)| (key.clone(), cleared(item.clone(), tags))).collect(),
            open,
        },
        Shape::Record { fields, is_tuple } => Shape::Record {
            fields: fields.iter().map(|(name, item)| (name.clone(), cleared(item.clone(), tags))).collect(),
            is_tuple,
        },
        Shape::Sections(entries) => Shape::Sections(
            entries.iter().map(|(key, item)| (key.clone(), cleared(item.clone(), tags))).collect(),
        ),
        Shape::Pieces(pieces) => Shape::Pieces(
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Hole(taint) => Piece::Hole(taint.cleared(tags)),
                    text @ Piece::Text(_) => text.clone(),
                })
                .collect(),
        ),
        shape => shape,
    };
    Value { shape, taint }
}

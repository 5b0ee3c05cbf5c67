//! Guards: what a condition that holds says of the values in it.

use super::bounds::MAX_NESTING;
use super::evaluator::{Evaluator, join_states};
use super::expression::from_pieces;
use super::taint::{TagSet, Taint};
use super::value::{Constant, Piece, Shape, Value};
use crate::model::schema::{Label, Tag};
use crate::syntax::ir::{Argument, CompareOperator, Expression, ExpressionKind};

impl Evaluator<'_> {
    /// Narrows the present state to where the condition has this truth.
    pub(super) fn assume(&mut self, test: &Expression, truth: bool) {
        if self.frame_ref().state.is_none() {
            return;
        }
        match &test.kind {
            ExpressionKind::Not(inner) => self.assume(inner, !truth),
            ExpressionKind::Logical { .. } if nesting(test) > MAX_NESTING => {}
            ExpressionKind::Logical { is_and, values } if *is_and == truth => {
                for value in values {
                    self.assume(value, truth);
                }
                // Calls once more: what a later one says may matter to an earlier one.
                for value in values.iter().filter(|value| is_call(value)) {
                    self.assume(value, truth);
                }
            }
            ExpressionKind::Logical { is_and, values } => {
                // One of them decided: all before it had the other truth.
                let mut result = None;
                for value in values {
                    let before = self.frame_ref().state.clone();
                    self.assume(value, truth);
                    let decided = std::mem::replace(&mut self.frame().state, before);
                    result = join_states(result, decided);
                    self.assume(value, *is_and);
                }
                self.frame().state = result;
            }
            ExpressionKind::Compare { left, rest } => {
                if let [(operator, right)] = rest.as_slice() {
                    self.assume_comparison(left, *operator, right, truth);
                    if let Some(told) = told_by_comparison(left, *operator, right) {
                        self.assume(left, told == truth);
                    }
                }
            }
            ExpressionKind::Call { function, arguments } => {
                self.assume_call(test, function, arguments, truth);
            }
            ExpressionKind::Walrus { value, .. } => self.assume(value, truth),
            ExpressionKind::Name(name) => {
                let known = self.lookup(name).truth();
                if known.is_some_and(|known| known != truth) {
                    self.frame().state = None;
                }
            }
            ExpressionKind::Attribute { value, name } if !truth && (name == "netloc" || name == "scheme") => {
                // `not urlparse(x).netloc`: no other host.
                self.clear_origins(value, TagSet::of(&[Tag::Redirect, Tag::Request]));
            }
            _ => {}
        }
    }

    fn assume_comparison(
        &mut self,
        left: &Expression,
        operator: CompareOperator,
        right: &Expression,
        truth: bool,
    ) {
        let (operator, positive) = match operator {
            CompareOperator::Equal | CompareOperator::Is => (CompareOperator::Equal, truth),
            CompareOperator::NotEqual | CompareOperator::IsNot => (CompareOperator::Equal, !truth),
            CompareOperator::In => (CompareOperator::In, truth),
            CompareOperator::NotIn => (CompareOperator::In, !truth),
            _ => return,
        };
        let left_value = self.quietly(|evaluator| evaluator.expression(left));
        let right_value = self.quietly(|evaluator| evaluator.expression(right));
        if let Some(known) = self.decide(operator, &left_value, &right_value)
            && known != positive
        {
            self.frame().state = None;
            return;
        }
        if !positive {
            // `if b"\n" in x: raise`, `if ".." in x`: the rest has no such character.
            if operator == CompareOperator::In
                && let Some(text) = left_value.as_text()
            {
                match between_quotes(right).filter(|_| matches!(text, "'" | "\"")) {
                    // `'"' in text[1:-1]` is false: the text between its quotes does not end early.
                    Some(quoted) => self.clear(quoted, TagSet::of(&[Tag::Code])),
                    None => self.clear(divided(right), forbidden_text(text)),
                }
            }
            return;
        }
        match operator {
            CompareOperator::Equal => {
                let compares_folders = matches!(&left.kind, ExpressionKind::Call { function, .. } if is_common(called(function)));
                let right_taint = right_value.deep_taint();
                let left_taint = left_value.deep_taint();
                if (right_taint.is_clean()
                    || (compares_folders && is_ours(&right_taint))
                    || (is_host(left) && is_own_address(&right_taint)))
                    && !is_none(&right_value)
                {
                    self.clear_checked(left);
                } else if (left_taint.is_clean() || (is_host(right) && is_own_address(&left_taint)))
                    && !is_none(&left_value)
                {
                    self.clear_checked(right);
                }
            }
            _ => {
                // Membership in something that the attacker does not control. A constant on the left asks whether
                // the untrusted value has a part, which says little.
                let is_text = matches!(right_value.shape, Shape::Constant(_) | Shape::Pieces(_));
                if right_value.deep_taint().is_clean() && !is_text && !left_value.is_constant() {
                    self.clear_checked(left);
                } else if let ExpressionKind::Attribute { value, name } = &right.kind
                    && name == "parents"
                {
                    self.clear(value, TagSet::of(&[Tag::Path]));
                }
            }
        }
    }

    /// An expression was found equal to something harmless, or among such.
    fn clear_checked(&mut self, expression: &Expression) {
        if let ExpressionKind::Attribute { value, name } = &expression.kind
            && matches!(name.as_str(), "hostname" | "netloc" | "host" | "scheme")
        {
            if name != "scheme" {
                self.clear_origins(value, TagSet::of(&[Tag::Redirect, Tag::Request]));
            }
            return;
        }
        if let ExpressionKind::Call { function, arguments } = &expression.kind {
            // `os.path.commonpath([base, path]) == base`
            if is_common(called(function)) {
                for argument in arguments {
                    self.clear_inside(&argument.value, TagSet::of(&[Tag::Path]));
                }
                return;
            }
        }
        self.clear(expression, TagSet::ALL);
    }

    fn assume_call(
        &mut self,
        whole: &Expression,
        function: &Expression,
        arguments: &[Argument],
        truth: bool,
    ) {
        let name = called(function);
        let receiver = match &function.kind {
            ExpressionKind::Attribute { value, .. } => Some(&**value),
            _ => None,
        };
        let first = arguments.first().map(|argument| &argument.value);
        match (name, receiver, truth) {
            (
                "isdigit" | "isdecimal" | "isnumeric" | "isalnum" | "isalpha" | "isidentifier",
                Some(receiver),
                true,
            ) => {
                self.clear(receiver, TagSet::ALL);
            }
            ("isinstance", None, true) => {
                if let (Some(first), Some(kind)) = (first, arguments.get(1)) {
                    let tags = match &kind.value.kind {
                        ExpressionKind::Tuple(kinds) => {
                            kinds.iter().fold(TagSet::ALL, |tags, kind| tags.intersection(type_tags(kind)))
                        }
                        _ => type_tags(&kind.value),
                    };
                    self.clear(first, tags);
                }
            }
            ("isinstance", None, false) => {
                if let (Some(first), Some(kind)) = (first, arguments.get(1))
                    && called(&kind.value) == "dict"
                {
                    self.clear(first, TagSet::of(&[Tag::Nosql]));
                }
            }
            ("bool", None, _) => {
                if let Some(first) = first {
                    self.assume(first, truth);
                }
            }
            ("is_relative_to", Some(receiver), true) => self.clear(receiver, TagSet::of(&[Tag::Path])),
            ("startswith", Some(receiver), true) => {
                let prefix = first.map(|first| self.quietly(|evaluator| evaluator.expression(first)));
                let tags = match prefix.as_ref().and_then(Value::as_text) {
                    Some(prefix) => prefix_tags(prefix),
                    None if prefix.as_ref().is_some_and(|prefix| is_ours(&prefix.deep_taint())) => {
                        TagSet::of(&[Tag::Path])
                    }
                    None => TagSet::EMPTY,
                };
                self.clear(receiver, tags);
                if prefix.as_ref().and_then(Value::as_text) == Some("/") {
                    self.begin_with_slash(receiver);
                }
            }
            ("startswith", Some(receiver), false) => {
                // `//host` is another site; what begins with one slash only is a path of this one.
                let prefix = first.map(|first| self.quietly(|evaluator| evaluator.expression(first)));
                let value = self.quietly(|evaluator| evaluator.expression(receiver));
                if prefix.is_some_and(|prefix| names_two_slashes(&prefix)) && begins_with_slash(&value) {
                    self.clear(receiver, TagSet::of(&[Tag::Redirect, Tag::Request]));
                }
            }
            ("fullmatch" | "match", Some(receiver), true) => self.assume_regex(name, receiver, arguments),
            ("url_has_allowed_host_and_scheme" | "is_safe_url", _, true) => {
                if let Some(first) = first {
                    self.clear(first, TagSet::of(&[Tag::Redirect, Tag::Request]));
                }
            }
            _ => {
                if truth && is_verification(name) {
                    for argument in arguments {
                        self.clear_verified(&argument.value);
                    }
                }
                self.assume_helper(whole, arguments, truth);
            }
        }
    }

    fn assume_regex(&mut self, method: &str, receiver: &Expression, arguments: &[Argument]) {
        let receiver_value = self.quietly(|evaluator| evaluator.expression(receiver));
        let is_module =
            matches!(&receiver_value.shape, Shape::External(name) if name == "re" || name == "regex");
        let (pattern, subject) = if is_module {
            let (Some(pattern), Some(subject)) = (arguments.first(), arguments.get(1)) else { return };
            let value = self.quietly(|evaluator| evaluator.expression(&pattern.value));
            (value.as_text().map(str::to_owned), &subject.value)
        } else {
            let Some(subject) = arguments.first() else { return };
            (None, &subject.value)
        };
        let anchored =
            method == "fullmatch" || pattern.as_ref().is_none_or(|pattern| pattern.ends_with(['$', 'Z']));
        // A pattern that lets anything through guards nothing.
        let lax = pattern.as_ref().is_some_and(|pattern| pattern.contains(".*") || pattern.contains(".+"));
        if anchored && !lax {
            self.clear(subject, TagSet::ALL);
        }
    }

    /// A function of the workspace as a condition: what its body checked on the way to this truth.
    fn assume_helper(&mut self, whole: &Expression, arguments: &[Argument], truth: bool) {
        let Some(cleared) = self.cleared_by(whole, arguments, Some(truth)) else { return };
        for (argument, tags) in arguments.iter().zip(cleared) {
            self.clear(&argument.value, tags);
        }
    }

    /// After a statement that calls a function of the workspace: it returned, so its checks that raise have passed.
    pub(super) fn after_call(&mut self, expression: &Expression) {
        let ExpressionKind::Call { function, arguments } = &expression.kind else { return };
        if self.frame_ref().state.is_none() || arguments.is_empty() {
            return;
        }
        if let ExpressionKind::Name(_) | ExpressionKind::Attribute { .. } = &function.kind
            && is_conversion(called(function))
        {
            // It did not raise: what was converted is a number, an identifier or an address.
            let callee = self.quietly(|evaluator| evaluator.callee(function));
            if matches!(callee.shape, Shape::External(_)) {
                self.clear(&arguments[0].value, TagSet::ALL);
            }
            return;
        }
        let Some(cleared) = self.cleared_by(expression, arguments, None) else { return };
        for (argument, tags) in arguments.iter().zip(cleared) {
            self.clear(&argument.value, tags);
        }
    }

    /// A text of which nothing is known was found to begin with a slash.
    fn begin_with_slash(&mut self, place: &Expression) {
        let value = self.quietly(|evaluator| evaluator.expression(place));
        if value.shape != Shape::Unknown || value.taint.is_clean() {
            return;
        }
        let narrowed = from_pieces(vec![Piece::Text("/".into()), Piece::Hole(value.taint)]);
        match &place.kind {
            ExpressionKind::Name(name) => self.set(name, narrowed),
            ExpressionKind::Attribute { .. } | ExpressionKind::Subscript { .. } => {
                self.rebind(place, narrowed);
            }
            _ => {}
        }
    }

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
                _ => {}
            },
            ExpressionKind::Name(name) => {
                let value = self.lookup(name);
                if let Some(narrowed) = narrowed(value, tags) {
                    self.set(name, narrowed);
                }
            }
            ExpressionKind::Attribute { value: owner, name } => {
                self.clear_part(expression, tags);
                // What an entry of an archive or an upload is called is where it goes.
                if matches!(name.as_str(), "name" | "filename") {
                    self.clear(owner, tags.intersection(TagSet::of(&[Tag::Path])));
                }
            }
            ExpressionKind::Subscript { value: owner, index } => {
                self.clear_part(expression, tags);
                self.clear_key(owner, index, tags);
            }
            ExpressionKind::Walrus { name, .. } => {
                let value = self.lookup(name);
                let narrowed = cleared(value, tags);
                self.set(name, narrowed);
            }
            _ => {}
        }
    }

    fn clear_part(&mut self, part: &Expression, tags: TagSet) {
        let value = self.quietly(|evaluator| evaluator.expression(part));
        if let Some(narrowed) = narrowed(value, tags) {
            self.rebind(part, narrowed);
        }
    }

    /// `body["name"]` was checked, and of `body` no part is known yet: of its keys this one is.
    fn clear_key(&mut self, owner: &Expression, index: &Expression, tags: TagSet) {
        let ExpressionKind::Text(key) = &index.kind else { return };
        let owned = self.quietly(|evaluator| evaluator.expression(owner));
        if owned.shape != Shape::Unknown || owned.taint.is_empty() {
            return;
        }
        let item = cleared(Value::tainted(owned.taint.clone()), tags);
        let entries = [(Constant::Text(key.as_ref().into()), item)].into();
        self.rebind(owner, Value { shape: Shape::Mapping { entries, open: true }, taint: owned.taint });
    }

    /// What a signature was computed from is vouched for by it: `compare_digest(digest(key, data), sent)`.
    fn clear_verified(&mut self, expression: &Expression) {
        self.clear(expression, TagSet::of(&[Tag::Deserialization]));
        if let ExpressionKind::Call { function, arguments } = &expression.kind {
            if let ExpressionKind::Attribute { value, .. } = &function.kind {
                self.clear_verified(value);
            }
            for argument in arguments {
                self.clear_verified(&argument.value);
            }
        }
    }

    fn clear_inside(&mut self, expression: &Expression, tags: TagSet) {
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
    fn clear_origins(&mut self, parsed: &Expression, tags: TagSet) {
        let value = self.quietly(|evaluator| evaluator.expression(parsed));
        let taint = value.deep_taint();
        if taint.is_empty() {
            return;
        }
        if let Some(state) = &mut self.frame().state {
            for (_, variable) in &mut state.0 {
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

/// What a value is once a condition found it harmless for the tags, where that makes a difference.
fn narrowed(value: Value, tags: TagSet) -> Option<Value> {
    let is_text = matches!(value.shape, Shape::Unknown | Shape::Method { .. } | Shape::Pieces(_));
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

/// `urlparse(url).netloc`
fn is_host(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Attribute { name, .. } if matches!(name.as_str(), "hostname" | "netloc" | "host"))
}

/// The visitor asked for it: that is no other site.
fn is_own_address(taint: &Taint) -> bool {
    taint.origins().iter().all(|origin| origin.cleared.contains(Tag::Redirect))
}

/// What two paths have in common.
fn is_common(name: &str) -> bool {
    name == "commonpath" || name == "commonprefix"
}

/// `name.split("/")`, `path.parts`: the parts have a text only where the whole has it.
fn divided(expression: &Expression) -> &Expression {
    match &expression.kind {
        ExpressionKind::Call { function, .. } => match &function.kind {
            ExpressionKind::Attribute { value, name } if name == "split" => value,
            _ => expression,
        },
        ExpressionKind::Attribute { value, name } if name == "parts" => value,
        _ => expression,
    }
}

/// Of what the caller passed nothing worse is known: a helper gets its folder from the program.
fn is_ours(taint: &Taint) -> bool {
    taint.origins().iter().all(|origin| matches!(origin.source.label(), None | Some(Label::Parameter)))
}

fn is_none(value: &Value) -> bool {
    matches!(value.as_constant(), Some(Constant::None | Constant::Boolean(_)))
}

/// Last name of what is called or named.
fn called(function: &Expression) -> &str {
    match &function.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => name,
        _ => "",
    }
}

/// What a value of a type is harmless for.
fn type_tags(expression: &Expression) -> TagSet {
    match called(expression) {
        "int" | "float" | "bool" | "UUID" | "date" | "datetime" | "Decimal" => TagSet::ALL,
        "dict" | "list" | "Mapping" | "object" => TagSet::EMPTY,
        _ => TagSet::of(&[Tag::Nosql]),
    }
}

fn is_conversion(name: &str) -> bool {
    matches!(
        name,
        "int" | "float" | "UUID" | "ip_address" | "ip_network" | "IPv4Address" | "IPv6Address" | "Decimal"
    )
}

fn is_verification(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["verify", "signature", "hmac", "authenticate", "compare_digest"].iter().any(|word| name.contains(word))
}

/// What a constant prefix rules out.
fn prefix_tags(prefix: &str) -> TagSet {
    if let Some((_, rest)) = prefix.split_once("://") {
        return if rest.contains('/') { TagSet::of(&[Tag::Request, Tag::Redirect]) } else { TagSet::EMPTY };
    }
    TagSet::EMPTY
}

/// `and` and `or` inside one another. Each level is gone through more than once.
fn nesting(test: &Expression) -> usize {
    match &test.kind {
        ExpressionKind::Logical { values, .. } => 1 + values.iter().map(nesting).max().unwrap_or(0),
        ExpressionKind::Not(inner) => nesting(inner),
        _ => 0,
    }
}

fn is_call(test: &Expression) -> bool {
    match &test.kind {
        ExpressionKind::Not(inner) => is_call(inner),
        kind => matches!(kind, ExpressionKind::Call { .. }),
    }
}

/// The truth of a call that a comparison tells of where it holds: `check(name) is True`, `re.match(…) is not None`.
fn told_by_comparison(left: &Expression, operator: CompareOperator, right: &Expression) -> Option<bool> {
    let ExpressionKind::Call { function, .. } = &left.kind else { return None };
    let is_same = match operator {
        CompareOperator::Equal | CompareOperator::Is => true,
        CompareOperator::NotEqual | CompareOperator::IsNot => false,
        _ => return None,
    };
    match &right.kind {
        ExpressionKind::Boolean(value) => Some(is_same == *value),
        // There is a match, or nothing; other functions give what is neither `None` nor true.
        ExpressionKind::None if matches!(called(function), "match" | "fullmatch" | "search") => {
            Some(!is_same)
        }
        _ => None,
    }
}

/// Whether the text begins with a slash, of what follows nothing being known.
fn begins_with_slash(value: &Value) -> bool {
    matches!(&value.shape, Shape::Pieces(pieces) if matches!(pieces.first(), Some(Piece::Text(start)) if &**start == "/"))
}

/// `"//"`, or several beginnings with it among them.
fn names_two_slashes(prefix: &Value) -> bool {
    match &prefix.shape {
        Shape::Sequence { items, .. } => items.iter().any(names_two_slashes),
        _ => prefix.as_text() == Some("//"),
    }
}

/// What the absence of a text rules out.
fn forbidden_text(text: &str) -> TagSet {
    match text {
        ".." => TagSet::of(&[Tag::Path]),
        "\n" | "\r" => TagSet::of(&[Tag::Log, Tag::Header]),
        "'" | "\"" => TagSet::of(&[Tag::Xpath]),
        "<" => TagSet::of(&[Tag::Html]),
        _ => TagSet::EMPTY,
    }
}

/// The text of which an expression is all but the first and the last character.
fn between_quotes(expression: &Expression) -> Option<&Expression> {
    let ExpressionKind::Subscript { value, index } = &expression.kind else { return None };
    let ExpressionKind::Slice(parts) = &index.kind else { return None };
    let is = |at: usize, number: i64| match parts.get(at).and_then(Option::as_ref).map(|part| &part.kind) {
        Some(ExpressionKind::Integer(known)) => *known == number,
        Some(ExpressionKind::Negative(inner)) => inner.kind == ExpressionKind::Integer(-number),
        _ => false,
    };
    (is(0, 1) && is(1, -1)).then_some(value)
}

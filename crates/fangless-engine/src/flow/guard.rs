//! Guards: what a condition that holds says of the values in it.

use super::bounds::MAX_NESTING;
use super::character;
use super::evaluator::{Evaluator, join_states};
use super::expression::from_pieces;
use super::taint::{TagSet, Taint};
use super::value::{Constant, Piece, Shape, Value};
use crate::model::schema::{Label, Tag};
use crate::syntax::ir::{Argument, CompareOperator, Expression, ExpressionKind, Statement, StatementKind};

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
                if truth && rest.len() > 1 {
                    let lefts = std::iter::once(&**left).chain(rest.iter().map(|(_, right)| right));
                    for (left, (operator, right)) in lefts.zip(rest) {
                        if self.frame_ref().state.is_some() {
                            self.assume_comparison(left, *operator, right, true);
                        }
                    }
                }
                if let [(operator, right)] = rest.as_slice() {
                    self.assume_comparison(left, *operator, right, truth);
                    self.assume_named_comparison(left, *operator, right, truth);
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
                } else if let Some(condition) = self.noted_condition(name) {
                    self.assume(&condition, truth);
                }
                if !truth {
                    // Nothing, zero, an empty text.
                    self.clear(test, TagSet::ALL);
                }
            }
            ExpressionKind::Attribute { value, name } if !truth && (name == "netloc" || name == "scheme") => {
                // `not urlparse(x).netloc`: no other host.
                self.clear_origins(value, TagSet::of(&[Tag::Redirect, Tag::Request]));
            }
            // `ip_address(gethostbyname(host)).is_private` is false: the host is one of the internet.
            ExpressionKind::Attribute { value, name } if says_where(name) == Some(truth) => {
                self.clear_origins(value, TagSet::of(&[Tag::Request]));
            }
            _ => {}
        }
    }

    /// `host = urlsplit(target).hostname` and then `if host in HOSTS`.
    fn assume_named_comparison(
        &mut self,
        left: &Expression,
        operator: CompareOperator,
        right: &Expression,
        truth: bool,
    ) {
        let ExpressionKind::Name(name) = &left.kind else { return };
        let Some(meant) = self.noted_condition(name) else { return };
        if self.frame_ref().state.is_none() {
            return;
        }
        let is_part = match &meant.kind {
            ExpressionKind::Attribute { .. } => true,
            ExpressionKind::Call { function, .. } => is_common(called(function)),
            _ => false,
        };
        if is_part {
            self.assume_comparison(&meant, operator, right, truth);
        }
        if let Some(told) = told_by_comparison(&meant, operator, right) {
            self.assume(&meant, told == truth);
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
            // `set(names) <= ALLOWED`
            CompareOperator::LessEqual if truth => return self.assume_within(left, right),
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
        if operator == CompareOperator::In
            && let Some(tags) = self.cleared_by_membership(&right_value, &left_value, positive)
        {
            return self.clear(left, tags);
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
        if let (Some(subject), CompareOperator::Equal) = (type_of(left), operator) {
            self.clear(subject, type_tags(right));
            return;
        }
        match operator {
            CompareOperator::Equal => {
                let compares_folders = matches!(&left.kind, ExpressionKind::Call { function, .. } if is_common(called(function)));
                let right_taint = right_value.deep_taint();
                if (right_taint.is_clean() || (compares_folders && is_ours(&right_taint)))
                    && !is_none(&right_value)
                {
                    self.clear_checked(left);
                } else if left_value.deep_taint().is_clean() && !is_none(&left_value) {
                    self.clear_checked(right);
                } else if names_host(left) && names_host(right) {
                    // `urlsplit(target).netloc == request.host`
                    self.clear_checked(left);
                    self.clear_checked(right);
                } else {
                    // `os.path.basename(name) == name`: one is the other.
                    let (one, other) = (harmless_for(&left_value), harmless_for(&right_value));
                    self.clear(right, one);
                    self.clear(left, other);
                }
            }
            _ => {
                // Membership in something that the attacker does not control. A constant on the left asks whether
                // the untrusted value has a part, which says little.
                let is_text = matches!(right_value.shape, Shape::Constant(_) | Shape::Pieces(_));
                if right_value.deep_taint().is_clean() && !is_text && !left_value.is_constant() {
                    self.clear_checked(left);
                } else if let (Some(text), false) = (right_value.as_text(), left_value.is_constant()) {
                    // A part of a text has no other characters.
                    self.clear(left, character::harmless_among(text));
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
            ("is_relative_to", Some(receiver), true) if self.is_resolved(receiver) => {
                self.clear(receiver, TagSet::of(&[Tag::Path]));
            }
            ("all", None, _) if first.is_some_and(is_generator) => {
                if let Some(first) = first {
                    if truth { self.assume_each(first, true) } else { self.assume_one(first, false) }
                }
            }
            ("any", None, _) if first.is_some_and(is_generator) => {
                if let Some(first) = first {
                    if truth { self.assume_one(first, true) } else { self.assume_each(first, false) }
                }
            }
            ("issubset", Some(receiver), true) => {
                if let Some(first) = first {
                    self.assume_within(receiver, first);
                }
            }
            // `if COMMANDS.get(name)`: it is one of the keys.
            ("get", Some(receiver), true) => {
                let table = self.quietly(|evaluator| evaluator.expression(receiver));
                if let (Some(first), Shape::Mapping { open: false, .. }) = (first, &table.shape)
                    && table.taint.is_clean()
                {
                    self.clear(first, TagSet::ALL);
                }
            }
            ("endswith", Some(receiver), true) => {
                let suffix = first.map(|first| self.quietly(|evaluator| evaluator.expression(first)));
                if suffix.is_some_and(|suffix| begins_with_dot(&suffix)) {
                    self.clear_host(receiver);
                }
            }
            ("startswith", Some(receiver), true) => {
                let prefix = first.map(|first| self.quietly(|evaluator| evaluator.expression(first)));
                let tags = match prefix.as_ref().and_then(Value::as_text) {
                    Some(prefix)
                        if prefix.len() > 1 && prefix.ends_with(['/', '\\']) && !prefix.contains("://") =>
                    {
                        if self.is_resolved(receiver) {
                            TagSet::of(&[Tag::Path])
                        } else {
                            TagSet::EMPTY
                        }
                    }
                    Some(prefix) => prefix_tags(prefix),
                    None if !self.is_resolved(receiver) => TagSet::EMPTY,
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
            ("fullmatch" | "match" | "search", Some(receiver), _) => {
                self.assume_regex(name, receiver, arguments, truth);
            }
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
                if let Some(first) = first.filter(|_| truth && is_vouching(name)) {
                    let callee = self.quietly(|evaluator| evaluator.callee(function));
                    if matches!(callee.shape, Shape::Unknown | Shape::External(_) | Shape::Method { .. }) {
                        self.clear(first, TagSet::of(&[Tag::Redirect, Tag::Request, Tag::Path]));
                    }
                }
                self.assume_helper(whole, arguments, truth);
            }
        }
    }

    fn assume_regex(&mut self, method: &str, receiver: &Expression, arguments: &[Argument], truth: bool) {
        let receiver_value = self.quietly(|evaluator| evaluator.expression(receiver));
        let is_module =
            matches!(&receiver_value.shape, Shape::External(name) if name == "re" || name == "regex");
        let (pattern, subject) = if is_module {
            let (Some(pattern), Some(subject)) = (arguments.first(), arguments.get(1)) else { return };
            let value = self.quietly(|evaluator| evaluator.expression(&pattern.value));
            (value.as_text().map(str::to_owned), &subject.value)
        } else {
            let Some(subject) = arguments.first() else { return };
            let pattern = match &receiver_value.shape {
                Shape::Pattern(pattern) => Some(pattern.to_string()),
                _ => None,
            };
            (pattern, &subject.value)
        };
        let tags = match (pattern, truth) {
            // `if re.search(r"[^a-z]", name): raise`
            (Some(pattern), false) if method != "fullmatch" => match method {
                "search" => character::harmless_rest(&pattern),
                _ => TagSet::EMPTY,
            },
            (Some(pattern), true) if character::is_anchored(&pattern, method) => {
                let tags = character::harmless_match(&pattern);
                if character::allows_line_feed(&pattern, method) {
                    tags.without(Tag::Log).without(Tag::Header)
                } else {
                    tags
                }
            }
            // A pattern that is not known is taken for one that does its work.
            (None, true) if method != "search" => TagSet::ALL,
            _ => TagSet::EMPTY,
        };
        self.clear(subject, tags);
    }

    /// Whether a path went through what takes `..` and links out of it.
    fn is_resolved(&mut self, path: &Expression) -> bool {
        let value = self.quietly(|evaluator| evaluator.expression(path));
        let models = self.program.models;
        value.deep_taint().origins().iter().filter(|origin| origin.source.label().is_some()).all(|origin| {
            origin.notes().any(|note| {
                let callee = note.split('`').nth(1).unwrap_or_default();
                models.resolves(callee.rsplit('.').next().unwrap_or_default())
            })
        })
    }

    /// All elements, or characters, of one are among those of the other.
    fn assume_within(&mut self, part: &Expression, whole: &Expression) {
        let allowed = self.quietly(|evaluator| evaluator.expression(whole));
        // `set("abc")`
        let is_made = matches!(&whole.kind, ExpressionKind::Call { function, .. }
            if matches!(called(function), "set" | "frozenset"));
        if !allowed.deep_taint().is_clean() || (allowed.shape == Shape::Unknown && !is_made) {
            return;
        }
        if let ExpressionKind::Call { function, arguments } = &part.kind
            && let (ExpressionKind::Name(name), [only]) = (&function.kind, arguments.as_slice())
            && matches!(name.as_str(), "set" | "frozenset")
        {
            self.clear(&only.value, TagSet::ALL);
        } else {
            self.clear(part, TagSet::ALL);
        }
    }

    /// The host of a URL is one of ours.
    fn clear_host(&mut self, part: &Expression) {
        let noted = match &part.kind {
            ExpressionKind::Name(name) => self.noted_condition(name),
            _ => None,
        };
        let part = noted.as_deref().unwrap_or(part);
        if let ExpressionKind::Attribute { value, name } = &part.kind
            && matches!(name.as_str(), "hostname" | "netloc")
        {
            self.clear_origins(value, TagSet::of(&[Tag::Redirect, Tag::Request]));
        }
    }

    /// A function of the workspace as a condition: what its body checked on the way to this truth.
    fn assume_helper(&mut self, whole: &Expression, arguments: &[Argument], truth: bool) {
        if let ExpressionKind::Call { function, .. } = &whole.kind
            && let ExpressionKind::Attribute { value, .. } = &function.kind
            && let Some(receiver) = self.receiver_after(whole, truth)
        {
            self.rebind(value, receiver);
        }
        let Some(cleared) = self.cleared_by(whole, arguments, Some(truth)) else { return };
        self.clear_passed(arguments, cleared);
    }

    /// What the body of a function checked of what it was passed. Of a host, it checked the address with that host.
    fn clear_passed(&mut self, arguments: &[Argument], cleared: Vec<TagSet>) {
        for (argument, tags) in arguments.iter().zip(cleared) {
            self.clear(&argument.value, tags);
            if tags.contains(Tag::Request) {
                self.clear_host(&argument.value);
            }
        }
    }

    /// After a statement that calls a function of the workspace: it returned, so its checks that raise have passed.
    pub(super) fn after_call(&mut self, expression: &Expression) {
        let ExpressionKind::Call { function, arguments } = &expression.kind else { return };
        if self.frame_ref().state.is_none() || arguments.is_empty() {
            return;
        }
        // `path.relative_to(base)` raises for what lies elsewhere.
        if let ExpressionKind::Attribute { value, name } = &function.kind
            && name == "relative_to"
            && self.is_resolved(value)
        {
            self.clear(value, TagSet::of(&[Tag::Path]));
            return;
        }
        self.assume_required(expression, arguments);
        if let ExpressionKind::Name(_) | ExpressionKind::Attribute { .. } = &function.kind
            && is_conversion(called(function))
        {
            // It did not raise: what was converted is a number, an identifier or an address.
            let callee = self.quietly(|evaluator| evaluator.callee(function));
            if matches!(callee.shape, Shape::External(_)) {
                // An address may be one of a host inside.
                let tags = if called(function).to_ascii_lowercase().starts_with("ip") {
                    TagSet::ALL.without(Tag::Request)
                } else {
                    TagSet::ALL
                };
                self.clear(&arguments[0].value, tags);
            }
            return;
        }
        let Some(cleared) = self.cleared_by(expression, arguments, None) else { return };
        self.clear_passed(arguments, cleared);
    }

    /// `require(name in ALLOWED)`: a function of the workspace that raises unless what it is passed is true.
    fn assume_required(&mut self, call: &Expression, arguments: &[Argument]) {
        let is_condition = |argument: &Argument| {
            matches!(
                argument.value.kind,
                ExpressionKind::Compare { .. } | ExpressionKind::Not(_) | ExpressionKind::Logical { .. }
            )
        };
        let ExpressionKind::Call { function, .. } = &call.kind else { return };
        let ExpressionKind::Name(_) = &function.kind else { return };
        if !arguments.iter().any(is_condition) {
            return;
        }
        let Shape::Function(function) = self.quietly(|evaluator| evaluator.callee(function)).shape else {
            return;
        };
        let program = self.program;
        let Some((_, definition)) = program.function(function) else { return };
        for (parameter, argument) in definition.parameters.iter().zip(arguments) {
            if is_condition(argument)
                && argument.keyword.is_none()
                && requires(&definition.body, &parameter.name)
            {
                self.assume(&argument.value, true);
            }
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
pub(super) fn called(function: &Expression) -> &str {
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

/// `is_safe_path(path)`, of which only the name is known: it says that somebody thought of it.
fn is_vouching(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["is_safe", "is_allowed", "is_trusted", "is_permitted", "is_whitelisted", "is_local"]
        .iter()
        .any(|start| name.trim_start_matches('_').starts_with(start))
}

/// Whether a property of an address has to hold, or must not, for the address to be one of the internet.
fn says_where(name: &str) -> Option<bool> {
    match name {
        "is_global" => Some(true),
        "is_private" => Some(false),
        _ => None,
    }
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
        ExpressionKind::None if matches!(called(function), "match" | "fullmatch" | "search" | "get") => {
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

/// What all that is untrusted in a value is harmless for.
fn harmless_for(value: &Value) -> TagSet {
    let taint = value.deep_taint();
    let mut untrusted = taint.origins().iter().filter(|origin| origin.source.label().is_some()).peekable();
    if untrusted.peek().is_none() {
        return TagSet::EMPTY;
    }
    untrusted.fold(TagSet::ALL, |tags, origin| tags.intersection(origin.cleared))
}

/// `type(value)`
fn type_of(expression: &Expression) -> Option<&Expression> {
    let ExpressionKind::Call { function, arguments } = &expression.kind else { return None };
    match (&function.kind, arguments.as_slice()) {
        (ExpressionKind::Name(name), [only]) if name == "type" => Some(&only.value),
        _ => None,
    }
}

/// `parts.netloc`, `request.host`, `request.get_host()`
fn names_host(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Call { function, .. } => called(function) == "get_host",
        ExpressionKind::Attribute { name, .. } => {
            matches!(name.as_str(), "netloc" | "hostname" | "host" | "server_name")
        }
        _ => false,
    }
}

/// `".example.com"`, or several such ends.
fn begins_with_dot(suffix: &Value) -> bool {
    match &suffix.shape {
        Shape::Sequence { items, .. } => !items.is_empty() && items.iter().all(begins_with_dot),
        Shape::Pieces(pieces) => {
            matches!(pieces.first(), Some(Piece::Text(start)) if start.starts_with('.'))
                && suffix.taint.is_clean()
        }
        _ => suffix.as_text().is_some_and(|text| text.starts_with('.') && text.len() > 2),
    }
}

fn is_generator(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Comprehension { .. })
}

/// `if not condition: raise …`, `assert condition`
fn requires(body: &[Statement], parameter: &str) -> bool {
    let is_it =
        |expression: &Expression| matches!(&expression.kind, ExpressionKind::Name(name) if name == parameter);
    body.iter().any(|statement| match &statement.kind {
        StatementKind::If { test, body, .. } => {
            matches!(&test.kind, ExpressionKind::Not(inner) if is_it(inner))
                && matches!(body.last().map(|last| &last.kind), Some(StatementKind::Raise(_)))
        }
        StatementKind::Assert { test, .. } => is_it(test),
        _ => false,
    })
}

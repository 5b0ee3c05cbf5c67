//! Places in objects of which the evaluator knows no parts: `data["size"]`, `answer.headers`. What such a place was
//! bound to, or what a condition found out of it, is kept as a variable of its own, named as the place is spelled.

use smol_str::SmolStr;

use super::evaluator::Evaluator;
use super::value::{Shape, Value};
use crate::syntax::ir::{Argument, ArgumentKind, Expression, ExpressionKind};

/// No name of the program begins so.
const MARK: char = '\u{1}';

/// Whether a variable is what is known of a place.
pub(super) fn is_place(variable: &str) -> bool {
    variable.starts_with(MARK)
}

/// Whether an object keeps its parts itself.
pub(super) fn has_parts(owner: &Value) -> bool {
    matches!(
        owner.shape,
        Shape::Object { .. }
            | Shape::Record { .. }
            | Shape::Sequence { .. }
            | Shape::Mapping { .. }
            | Shape::Sections(_)
    )
}

/// The name at the root of a place: `data` of `data["a"].b`.
pub(super) fn root(place: &Expression) -> Option<&SmolStr> {
    match &place.kind {
        ExpressionKind::Name(name) => Some(name),
        ExpressionKind::Attribute { value, .. } | ExpressionKind::Subscript { value, .. } => root(value),
        _ => None,
    }
}

fn spell(place: &Expression, spelled: &mut String) -> bool {
    match &place.kind {
        ExpressionKind::Name(name) => {
            spelled.push_str(name);
            true
        }
        ExpressionKind::Attribute { value, name } => {
            let is_known = spell(value, spelled);
            spelled.push('.');
            spelled.push_str(name);
            is_known
        }
        ExpressionKind::Subscript { value, index } => spell(value, spelled) && spell_key(index, spelled),
        // `data.get("size")` reads what `data["size"]` reads.
        ExpressionKind::Call { function, arguments } => match (&function.kind, arguments.as_slice()) {
            (ExpressionKind::Attribute { value, name }, [key]) if name == "get" && is_plain(key) => {
                spell(value, spelled) && spell_key(&key.value, spelled)
            }
            _ => false,
        },
        _ => false,
    }
}

fn spell_key(key: &Expression, spelled: &mut String) -> bool {
    match &key.kind {
        ExpressionKind::Text(text) => {
            spelled.push_str("['");
            spelled.push_str(text);
        }
        ExpressionKind::Integer(number) => {
            spelled.push('[');
            spelled.push_str(&number.to_string());
        }
        _ => return false,
    }
    spelled.push(']');
    true
}

fn is_plain(argument: &Argument) -> bool {
    argument.keyword.is_none() && argument.kind == ArgumentKind::Positional
}

/// The variable that stands for a place; `None` for a name, and for what may be another thing each time.
fn variable_of(place: &Expression) -> Option<SmolStr> {
    if matches!(place.kind, ExpressionKind::Name(_)) {
        return None;
    }
    let mut spelled = String::from(MARK);
    spell(place, &mut spelled).then(|| spelled.into())
}

impl Evaluator<'_> {
    /// What is known of a place in an object without known parts.
    pub(super) fn value_at(&self, place: &Expression) -> Option<Value> {
        let frame = self.frame_ref();
        if !frame.has_places {
            return None;
        }
        frame.state.as_ref()?.get(&variable_of(place)?).cloned()
    }

    /// Keeps what a place was found to hold.
    pub(super) fn keep_at(&mut self, place: &Expression, value: Value) {
        let Some(variable) = variable_of(place) else { return };
        self.frame().has_places = true;
        self.set(&variable, value);
    }

    /// Binds a place. Only untrusted data is kept: a call may have changed everything else when it is read.
    pub(super) fn bind_at(&mut self, place: &Expression, value: Value) {
        let is_untrusted = !value.deep_taint().is_clean();
        if self.frame_ref().has_places
            && let Some(variable) = variable_of(place)
        {
            self.forget_below(&variable);
            if let Some(state) = &mut self.frame().state {
                state.retain(|name| *name != variable);
            }
        }
        if is_untrusted {
            self.keep_at(place, value);
        }
    }

    /// Forgets the places in what a name stood for.
    pub(super) fn forget_places_of(&mut self, name: &str) {
        if self.frame_ref().has_places {
            self.forget_below(&format!("{MARK}{name}"));
        }
    }

    fn forget_below(&mut self, variable: &str) {
        let Some(state) = &mut self.frame().state else { return };
        state.retain(|name| {
            !name.strip_prefix(variable).is_some_and(|rest| rest.starts_with(['.', '[', ' ']))
        });
    }

    /// The name of the object that a variable is this fact of.
    pub(super) fn owner_of_fact<'v>(variable: &'v str, fact: &str) -> Option<&'v str> {
        variable.strip_prefix(MARK)?.strip_suffix(fact)?.strip_suffix(' ')
    }

    /// The variable for a fact about an object, beside its places.
    pub(super) fn fact_of(name: &str, fact: &str) -> SmolStr {
        format!("{MARK}{name} {fact}").into()
    }
}

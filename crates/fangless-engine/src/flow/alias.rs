//! Names of one mutable object: a change through one of them is seen through the others. Known within one body, for
//! names bound to other names, attributes and elements; and through the arguments of a call.

use super::evaluator::{Evaluator, Frame, Variables};
use super::event::Passed;
use super::value::{Shape, Value};
use crate::syntax::ir::{Expression, ExpressionKind, Function, ParameterKind};

impl Evaluator<'_> {
    /// Remembers that two places hold one object, where the value can be changed in place.
    pub(super) fn note_alias(&mut self, target: &Expression, source: &Expression, value: &Value) {
        if !is_mutable(value) {
            return;
        }
        match (&target.kind, &source.kind) {
            (ExpressionKind::Name(name), _) if is_place(source) => {
                let (name, place) = (name.clone(), source.clone());
                self.frame().aliases.push((name, place));
            }
            (
                ExpressionKind::Attribute { .. } | ExpressionKind::Subscript { .. },
                ExpressionKind::Name(name),
            ) if is_place(target) => {
                let (name, place) = (name.clone(), target.clone());
                self.frame().aliases.push((name, place));
            }
            _ => {}
        }
    }

    /// A name that is bound anew is no other name of anything any more.
    pub(super) fn forget_aliases(&mut self, name: &str) {
        let frame = self.frame();
        if !frame.rebound.iter().any(|known| known == name) {
            frame.rebound.push(name.into());
        }
        frame.aliases.retain(|(alias, place)| alias != name && root(place) != Some(name));
    }

    /// Shows a change made through one name under the other names of the object.
    pub(super) fn update_aliases(&mut self, name: &str, value: &Value) {
        if self.frame_ref().aliases.is_empty() {
            return;
        }
        // Each alias is followed once: names that stand for each other would go round for ever.
        let aliases = std::mem::take(&mut self.frame().aliases);
        for (alias, place) in &aliases {
            if alias == name {
                self.rebind(place, value.clone());
            } else if matches!(&place.kind, ExpressionKind::Name(other) if other == name) {
                self.set(alias, value.clone());
            }
        }
        self.frame().aliases = aliases;
    }

    /// What a callee left in the containers and objects that it was passed.
    pub(super) fn update_arguments(
        &mut self,
        function: &Function,
        skip: usize,
        passed: &[Passed<'_>],
        frame: &Frame,
    ) {
        let mut position = 0;
        for one in passed {
            let parameter = match &one.argument.keyword {
                Some(name) => function.parameters.iter().find(|parameter| parameter.name == *name),
                None => {
                    position += 1;
                    function.parameters.get(position - 1 + skip)
                }
            };
            let Some(parameter) = parameter else { continue };
            let plain = matches!(
                parameter.kind,
                ParameterKind::Normal | ParameterKind::PositionalOnly | ParameterKind::KeywordOnly
            );
            if !plain || !is_place(&one.argument.value) || frame.rebound.contains(&parameter.name) {
                continue;
            }
            let states: Vec<&Variables> =
                frame.exits.iter().map(|(_, state)| state).chain(frame.state.as_ref()).collect();
            let mut after: Option<Value> = None;
            for state in states {
                let Some(value) = state.get(&parameter.name) else { continue };
                after = Some(after.map_or_else(|| value.clone(), |known| known.join(value)));
            }
            let Some(after) = after else { continue };
            let changed = match (&one.value.shape, &after.shape) {
                (before, shape) if before == shape => false,
                (
                    Shape::Sequence { .. }
                    | Shape::Mapping { .. }
                    | Shape::Object { .. }
                    | Shape::Sections(_),
                    Shape::Sequence { .. }
                    | Shape::Mapping { .. }
                    | Shape::Object { .. }
                    | Shape::Sections(_),
                ) => true,
                _ => false,
            };
            if changed {
                self.rebind(&one.argument.value, after);
            }
        }
    }
}

fn is_mutable(value: &Value) -> bool {
    matches!(
        value.shape,
        Shape::Sequence { .. } | Shape::Mapping { .. } | Shape::Object { .. } | Shape::Sections(_)
    )
}

/// A name, or attributes and elements below one: reading it twice gives the same object.
fn is_place(expression: &Expression) -> bool {
    root(expression).is_some()
}

fn root(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name),
        ExpressionKind::Attribute { value, .. } => root(value),
        ExpressionKind::Subscript { value, index }
            if matches!(index.kind, ExpressionKind::Text(_) | ExpressionKind::Integer(_)) =>
        {
            root(value)
        }
        _ => None,
    }
}

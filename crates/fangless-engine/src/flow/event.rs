//! What the evaluator tells about one unit while it evaluates it.

use smol_str::SmolStr;

use super::taint::{Location, Origin};
use super::value::Value;
use crate::model::schema::Tag;
use crate::rule::schema::ArgumentSelector;
pub use crate::rule::schema::BindingKind;
use crate::syntax::ir::{Argument, ArgumentKind, Expression};

/// An argument with its value.
#[derive(Clone, Debug)]
pub struct Passed<'a> {
    pub argument: &'a Argument,
    pub value: Value,
    /// The library class that the value, a class of the workspace, derives from.
    pub base: Option<SmolStr>,
}

/// A call of anything.
pub struct CallEvent<'a> {
    pub at: Location,
    pub function: &'a Expression,
    /// Qualified name of the callee, when it is known.
    pub qualified: Option<&'a str>,
    /// Name of the method, whatever the receiver is.
    pub method: Option<&'a str>,
    pub receiver: Option<&'a Value>,
    pub arguments: &'a [Passed<'a>],
    /// The name was not declared and resolved to a well-known module: its first part.
    pub assumed: Option<SmolStr>,
    /// The program names the function elsewhere than in front of these arguments.
    pub is_indirect: bool,
    /// How many branches deep the call stands.
    pub branches: u32,
}

/// A value bound to a name.
pub struct BindingEvent<'a> {
    pub at: Location,
    pub kind: BindingKind,
    /// The last part of the target's name.
    pub name: &'a str,
    /// Qualified name of the target, where its owner's type is known (`flask.Flask.debug`).
    pub qualified: Option<SmolStr>,
    pub value: &'a Value,
    pub expression: &'a Expression,
    /// The whole binding.
    pub statement: Location,
    /// The attribute that is bound, as the program spells it, and how many branches deep.
    pub place: Option<(SmolStr, u32)>,
}

/// A value that a web framework may read as a setting.
pub struct SettingEvent<'a> {
    pub name: &'a str,
    pub value: &'a Value,
    pub expression: &'a Expression,
    pub at: Location,
    pub place: SettingPlace<'a>,
    /// The file.
    pub module: &'a str,
}

/// Where a setting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingPlace<'a> {
    /// A name of a module.
    Module,
    /// A name of the class.
    Class(&'a str),
    /// An item of `app.config`.
    Object,
    /// An argument of a call that sets what Django reads.
    Django,
}

/// One decorator of a function or a class.
#[derive(Clone, Debug)]
pub struct Decorator {
    pub at: Location,
    /// Qualified name, when it is known.
    pub qualified: Option<SmolStr>,
    /// The last part of the name, as the program spells it.
    pub name: SmolStr,
}

/// Two values are compared for being equal.
pub struct ComparisonEvent<'a> {
    pub at: Location,
    pub left: (&'a Expression, &'a Value),
    pub right: (&'a Expression, &'a Value),
}

/// Untrusted data reaches a sink.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkEvent {
    pub tag: Tag,
    /// The call (or the `return`) that is the sink.
    pub at: Location,
    pub argument: Location,
    pub callee: SmolStr,
    pub origin: Origin,
    pub assumed: Option<SmolStr>,
}

impl SinkEvent {
    /// With each place of it changed.
    #[must_use]
    pub fn relocated(&self, change: &mut dyn FnMut(Location) -> Location) -> Self {
        Self {
            at: change(self.at),
            argument: change(self.argument),
            origin: self.origin.relocated(change),
            ..self.clone()
        }
    }
}

/// What an observer made of what it heard; the evaluator keeps it without looking into it.
pub type Told = std::sync::Arc<dyn std::any::Any + Send + Sync>;

/// Who listens. Rules do.
pub trait Observer {
    /// Sets aside what was heard so far: what comes now belongs to a function that is looked at for all its callers.
    fn begin(&mut self) -> Option<Told>;
    /// Takes back what was set aside, and gives what was heard since.
    fn end(&mut self, before: Option<Told>) -> Option<Told>;
    /// Hears once more what was heard then.
    fn again(&mut self, told: &Told);
    /// What was heard, with each place of it changed.
    fn relocated(&self, told: &Told, change: &mut dyn FnMut(Location) -> Location) -> Told;
    /// Whether the same was heard both times.
    fn is_same(&self, one: &Told, other: &Told) -> bool;
    fn call(&mut self, event: &CallEvent<'_>);
    fn binding(&mut self, event: &BindingEvent<'_>);
    fn sink(&mut self, event: SinkEvent);
    fn setting(&mut self, event: &SettingEvent<'_>);
    /// The decorators of one function or class, in the order of the text.
    fn decorators(&mut self, decorators: &[Decorator]);
    fn comparison(&mut self, event: &ComparisonEvent<'_>);
    fn import(&mut self, module: &str, at: Location);
    /// Whether a sink's condition on the call holds.
    fn holds(&self, condition: &crate::rule::schema::Condition, event: &CallEvent<'_>) -> bool;
}

pub use super::evaluator::spelled_name as spelled;

/// The argument that a selector names.
pub fn select<'p, 'a>(selector: &ArgumentSelector, passed: &'p [Passed<'a>]) -> Option<&'p Passed<'a>> {
    if selector.keyword.as_deref() == Some("**") {
        return passed.iter().find(|one| one.argument.kind == ArgumentKind::DoubleStarred);
    }
    if let Some(keyword) = &selector.keyword
        && let Some(one) = passed.iter().find(|one| one.argument.keyword.as_ref() == Some(keyword))
    {
        return Some(one);
    }
    let position = usize::from(selector.position?);
    let mut at = 0;
    for one in passed {
        match one.argument.kind {
            ArgumentKind::Starred => return Some(one),
            ArgumentKind::Positional if one.argument.keyword.is_none() => {
                if at == position {
                    return Some(one);
                }
                at += 1;
            }
            _ => {}
        }
    }
    None
}

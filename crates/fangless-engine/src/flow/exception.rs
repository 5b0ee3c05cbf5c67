//! Exceptions: `try`, the handlers that an exception may reach, and what it carries there.

use super::evaluator::{Evaluator, join_states};
use super::value::{Shape, Value};
use crate::model::schema::Label;
use crate::syntax::ir::{Expression, ExpressionKind, Handler, Statement};

impl Evaluator<'_> {
    pub(super) fn leave_by_raise(&mut self) {
        if let Some(state) = self.frame().state.take() {
            self.frame().raised.push(state);
        }
    }

    pub(super) fn try_statement(
        &mut self,
        body: &[Statement],
        handlers: &[Handler],
        orelse: &[Statement],
        finally: &[Statement],
    ) {
        let outer = std::mem::take(&mut self.frame().raised);
        let outer_thrown = std::mem::take(&mut self.frame().thrown);
        let outer_handled = self.frame().handled.take();
        let returned = self.frame().returned.clone();
        let exits = self.frame_ref().exits.len();
        let before = self.frame_ref().state.clone();
        self.block(body);
        let after_body = self.frame_ref().state.clone();
        // A handler may see the state before the body, after it, and at each raise in it.
        let mut seen = join_states(before, after_body);
        for state in std::mem::replace(&mut self.frame().raised, outer) {
            seen = join_states(seen, Some(state));
        }
        self.block(orelse);
        let mut after = self.frame().state.take();
        let mut thrown = std::mem::replace(&mut self.frame().thrown, outer_thrown);
        for handler in handlers {
            self.frame().state.clone_from(&seen);
            let kind = handler.exception.as_ref().map(|exception| self.expression(exception));
            let caught = self.caught(kind.as_ref(), &mut thrown);
            if let Some(name) = &handler.name {
                let at = self.location(handler.range);
                let mut value = caught.clone().unwrap_or_default();
                if is_broad(handler.exception.as_ref()) {
                    value.taint.add(&self.source_value(Label::Exception, name, at).taint);
                }
                self.set(name, value);
            }
            self.frame().handled = caught;
            self.block(&handler.body);
            self.frame().handled = None;
            let state = self.frame().state.take();
            after = join_states(after, state);
        }
        self.frame().handled = outer_handled;
        thrown.into_iter().for_each(|exception| self.throw(exception));
        let reachable = after.is_some();
        self.frame().state = if reachable { after } else { seen };
        if finally.is_empty() {
            if !reachable {
                self.frame().state = None;
            }
            return;
        }
        let in_body = (self.frame().returned.take(), self.frame().exits.split_off(exits));
        let is_reached = self.frame_ref().state.is_some();
        self.block(finally);
        let frame = self.frame();
        // A `return` at the end of `finally` takes the place of every other.
        let overrides = is_reached && frame.state.is_none() && frame.returned.is_some();
        let mut ways = vec![returned.filter(|_| overrides)];
        if !overrides {
            ways.push(in_body.0);
            frame.exits.extend(in_body.1);
        }
        for value in ways.into_iter().flatten() {
            frame.returned = Some(match frame.returned.take() {
                Some(known) => value.join(&known),
                None => value,
            });
        }
        if !reachable {
            frame.state = None;
        }
    }

    /// The exceptions that a handler catches, joined; they are taken out of those that were raised.
    fn caught(&mut self, kind: Option<&Value>, thrown: &mut Vec<Value>) -> Option<Value> {
        let mut caught: Option<Value> = None;
        for exception in std::mem::take(thrown) {
            if kind.is_none_or(|kind| self.may_catch(kind, &exception)) {
                caught = Some(match caught {
                    Some(known) => known.join(&exception),
                    None => exception,
                });
            } else {
                thrown.push(exception);
            }
        }
        caught
    }

    /// Whether a handler for a kind of exceptions may catch this one.
    fn may_catch(&mut self, kind: &Value, exception: &Value) -> bool {
        match (&kind.shape, &exception.shape) {
            (Shape::Sequence { items, .. }, _) => items.iter().any(|kind| self.may_catch(kind, exception)),
            (Shape::External(name), _) if name == "Exception" || name == "BaseException" => true,
            (Shape::Class(kind), Shape::Object { class, .. }) => {
                let kind = *kind;
                self.lineage(*class).classes.contains(&kind)
            }
            (Shape::External(kind), Shape::Object { class, .. }) => {
                self.lineage(*class).libraries.iter().any(|name| may_be(name, kind))
            }
            (Shape::External(kind), Shape::Instance(class)) => may_be(class, kind),
            (Shape::Class(_), Shape::Instance(_)) => false,
            _ => true,
        }
    }
}

/// Whether an exception of a library's class is, or may be, of a kind: of what is not built in little is known.
fn may_be(class: &str, kind: &str) -> bool {
    let is_built_in = |name: &str| !name.contains('.');
    let above = match class {
        "KeyError" | "IndexError" => "LookupError",
        "UnicodeError" | "UnicodeDecodeError" | "UnicodeEncodeError" => "ValueError",
        "FileNotFoundError" | "PermissionError" | "ConnectionError" | "TimeoutError" | "FileExistsError" => {
            "OSError"
        }
        "NotImplementedError" | "RecursionError" => "RuntimeError",
        "ZeroDivisionError" | "OverflowError" => "ArithmeticError",
        _ => class,
    };
    class == kind || above == kind || kind == "IOError" && above == "OSError" || !is_built_in(class)
}

/// `except:`, `except Exception`, `except BaseException`: what may hold anything.
fn is_broad(exception: Option<&Expression>) -> bool {
    match exception.map(|exception| &exception.kind) {
        None => true,
        Some(ExpressionKind::Name(name)) => name == "Exception" || name == "BaseException",
        _ => false,
    }
}

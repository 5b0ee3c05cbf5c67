//! Telling the observer of settings, decorators and comparisons. Decides nothing about them.

use super::evaluator::{Evaluator, spelled_name};
use super::event::{ComparisonEvent, Decorator, Passed, SettingEvent, SettingPlace};
use super::value::{Constant, Shape, Value};
use crate::syntax::ir::{Expression, ExpressionKind};

impl Evaluator<'_> {
    /// A module's or a class's name, or an item of `app.config`, is bound. Nothing is told of what stands in a branch:
    /// there the program makes a difference between places where it runs.
    pub(super) fn tell_setting(&mut self, target: &Expression, value: &Value, expression: &Expression) {
        let frame = self.frame_ref();
        match &target.kind {
            ExpressionKind::Name(name) if frame.function.is_none() => {
                let program = self.program;
                let class = frame.class.and_then(|class| program.class(class));
                let place = match &class {
                    Some((_, class)) => SettingPlace::Class(&class.name),
                    None => SettingPlace::Module,
                };
                self.tell_one_setting(name, value, expression, place);
            }
            ExpressionKind::Subscript { value: owner, index } if is_config(owner) => {
                if let ExpressionKind::Text(key) = &index.kind {
                    self.tell_one_setting(key, value, expression, SettingPlace::Object);
                }
            }
            _ => {}
        }
    }

    /// `app.config.update(KEY=value)`, also with a dictionary, and the calls that set what Django reads.
    pub(super) fn tell_config_call(
        &mut self,
        function: &Expression,
        qualified: Option<&str>,
        passed: &[Passed<'_>],
    ) {
        let place = match &function.kind {
            _ if qualified.is_some_and(|name| self.program.models.configures(name)) => SettingPlace::Django,
            ExpressionKind::Attribute { value, name }
                if is_config(value) && ["update", "from_mapping", "setdefault"].contains(&name.as_str()) =>
            {
                SettingPlace::Object
            }
            _ => return,
        };
        if let ([key, default], true) =
            (passed, spelled_name(function).is_some_and(|name| name.ends_with("setdefault")))
            && let ExpressionKind::Text(key) = &key.argument.value.kind
        {
            self.tell_one_setting(key, &default.value, &default.argument.value, place);
            return;
        }
        for one in passed {
            if let Some(keyword) = &one.argument.keyword {
                self.tell_one_setting(keyword, &one.value, &one.argument.value, place);
                continue;
            }
            let (ExpressionKind::Dictionary(written), Shape::Mapping { entries, .. }) =
                (&one.argument.value.kind, &one.value.shape)
            else {
                continue;
            };
            for (key, expression) in written {
                let Some(Expression { kind: ExpressionKind::Text(key), .. }) = key else { continue };
                let is_it = |known: &Constant| matches!(known, Constant::Text(text) if text == key);
                if let Some((_, value)) = entries.iter().find(|(known, _)| is_it(known)) {
                    self.tell_one_setting(key, value, expression, place);
                }
            }
        }
    }

    fn tell_one_setting(
        &mut self,
        name: &str,
        value: &Value,
        expression: &Expression,
        place: SettingPlace<'_>,
    ) {
        if self.muted > 0 || self.frame_ref().branches > 0 {
            return;
        }
        let at = self.location(expression.range);
        let module = self.frame_ref().module.clone();
        self.observer.setting(&SettingEvent { name, value, expression, at, place, module: &module });
    }

    pub(super) fn tell_decorators(&mut self, decorators: &[Expression]) {
        if self.muted > 0 || decorators.is_empty() {
            return;
        }
        let told: Vec<Decorator> = decorators
            .iter()
            .map(|decorator| {
                let (qualified, _) = self.decorator_name(decorator);
                let qualified = qualified.map(|name| self.program.models.canonical(&name).into());
                let spelled = match &decorator.kind {
                    ExpressionKind::Call { function, .. } => function,
                    _ => decorator,
                };
                let name = match &spelled.kind {
                    ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => name.clone(),
                    _ => smol_str::SmolStr::default(),
                };
                Decorator { at: self.location(decorator.range), qualified, name }
            })
            .collect();
        self.observer.decorators(&told);
    }

    pub(super) fn tell_comparison(
        &mut self,
        range: crate::text::TextRange,
        left: (&Expression, &Value),
        right: (&Expression, &Value),
    ) {
        // In `__eq__` an object is compared with another one; nobody is let in by that.
        let function = self.frame_ref().function.and_then(|reference| self.program.function(reference));
        let compares_itself = function.is_some_and(|(_, function)| function.name == "__eq__");
        if self.muted > 0 || compares_itself || is_column(left.0) || is_column(right.0) {
            return;
        }
        let at = self.location(range);
        self.observer.comparison(&ComparisonEvent { at, left, right });
    }
}

/// `app.config`, `config`: what Flask and its kin read their settings from.
fn is_config(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } if name == "config")
}

/// `User.api_key`: an attribute of a class, which an object-relational mapper makes a part of a query.
fn is_column(expression: &Expression) -> bool {
    let ExpressionKind::Attribute { value, name } = &expression.kind else { return false };
    let (ExpressionKind::Name(owner) | ExpressionKind::Attribute { name: owner, .. }) = &value.kind else {
        return false;
    };
    let has_lower = |text: &str| text.chars().any(char::is_lowercase);
    owner.starts_with(char::is_uppercase) && has_lower(owner) && has_lower(name)
}

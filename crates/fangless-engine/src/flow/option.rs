//! Options of a command line: what a parser was told of each of them decides what its result holds under its name.

use std::sync::Arc;

use smol_str::SmolStr;

use super::call::Called;
use super::evaluator::{Evaluator, Variables};
use super::event::Passed;
use super::parameter::harmless;
use super::taint::TagSet;
use super::value::{Shape, Value};
use crate::model::schema::Label;

/// The name of what is known of options. No name of the program is like it.
const OPTIONS: &str = "\u{1}options";

impl Evaluator<'_> {
    /// `parser.add_argument("--count", type=int)`: what the parser lets through for it.
    pub(super) fn note_option(&mut self, called: &Called<'_>) {
        let is_option = called.qualified.is_some_and(|name| self.program.models.declares_option(name));
        let Some(name) = destination(called.passed).filter(|_| is_option) else { return };
        let Some(value) = self.let_through_option(&name, called) else { return };
        self.frame().has_places = true;
        let variable = Self::fact_of(OPTIONS, &name);
        self.set(&variable, value);
    }

    /// The values that an option may have, where that is less than any text.
    fn let_through_option(&mut self, name: &str, called: &Called<'_>) -> Option<Value> {
        let given =
            |keyword: &str| called.passed.iter().find(|one| one.argument.keyword.as_deref() == Some(keyword));
        if let Some(choices) = given("choices") {
            return choices.value.deep_taint().is_clean().then(harmless);
        }
        let is_flag = given("action").and_then(|one| one.value.as_text()).is_some_and(|action| {
            matches!(action, "store_true" | "store_false" | "store_const" | "append_const" | "count")
        });
        if is_flag {
            return Some(harmless());
        }
        match &given("type")?.value.shape {
            Shape::External(kind) if self.program.models.sanitizer(kind) == Some(TagSet::ALL) => {
                Some(harmless())
            }
            // A function of the program: what comes out of it is what the option holds.
            Shape::Function(reference) => {
                let argument = &called.passed.first()?.argument;
                let value = self.source_value(Label::Cli, name, self.location(argument.range));
                let passed = [Passed { argument, value, base: None }];
                let reference = *reference;
                Some(self.quietly(|evaluator| {
                    evaluator.call_function(reference, None, &passed, called.whole).value
                }))
            }
            _ => None,
        }
    }

    /// What the result of a parser holds under the names of the options that are known.
    pub(super) fn with_options(&self, value: Value) -> Value {
        let prefix = Self::fact_of(OPTIONS, "");
        let state = self.frame_ref().state.iter();
        let fields: Vec<(SmolStr, Value)> = state
            .flat_map(Variables::iter)
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix.as_str())?.into(), value.clone())))
            .collect();
        if fields.is_empty() {
            return value;
        }
        Value { shape: Shape::Record { fields: Arc::from(fields), is_tuple: false }, taint: value.taint }
    }
}

/// The name under which an option's value is kept: `dest`, or else that of its first long form.
fn destination(passed: &[Passed<'_>]) -> Option<SmolStr> {
    if let Some(one) = passed.iter().find(|one| one.argument.keyword.as_deref() == Some("dest")) {
        return one.value.as_text().map(SmolStr::new);
    }
    let forms: Vec<&str> = passed
        .iter()
        .filter(|one| one.argument.keyword.is_none())
        .filter_map(|one| one.value.as_text())
        .collect();
    let form = forms.iter().find(|form| form.starts_with("--")).or(forms.first())?;
    Some(form.trim_start_matches('-').replace('-', "_").into())
}

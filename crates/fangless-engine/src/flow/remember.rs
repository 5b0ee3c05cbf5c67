//! Calls that were evaluated before: a loop, a condition and the statement after a call ask for the same call again.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::bounds::MAX_REMEMBERED;
use super::event::Passed;
use super::function::Outcome;
use super::taint::Location;
use super::value::{FunctionReference, Value};

/// Outcomes of calls, by callee and by the place of the call.
#[derive(Default)]
pub(super) struct Remembered(FxHashMap<(FunctionReference, Location), Vec<Call>>);

struct Call {
    receiver: Option<Value>,
    passed: Vec<(Option<SmolStr>, Value)>,
    /// Calls around it: further in, less of it was followed.
    depth: usize,
    /// Whether the observer heard what happens in it.
    is_told: bool,
    outcome: Arc<Outcome>,
}

/// When a call is asked for.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) depth: usize,
    pub(super) is_muted: bool,
}

impl Remembered {
    pub(super) fn find(
        &self,
        key: (FunctionReference, Location),
        receiver: Option<&Value>,
        passed: &[Passed<'_>],
        moment: Moment,
    ) -> Option<Arc<Outcome>> {
        let same =
            |call: &&Call| {
                call.depth <= moment.depth
                    && (call.is_told || moment.is_muted)
                    && call.passed.len() == passed.len()
                    && call.receiver.as_ref() == receiver
                    && call.passed.iter().zip(passed).all(|((keyword, value), one)| {
                        *keyword == one.argument.keyword && *value == one.value
                    })
            };
        self.0.get(&key)?.iter().find(same).map(|call| call.outcome.clone())
    }

    pub(super) fn put(
        &mut self,
        key: (FunctionReference, Location),
        receiver: Option<Value>,
        passed: &[Passed<'_>],
        moment: Moment,
        outcome: Arc<Outcome>,
    ) {
        let calls = self.0.entry(key).or_default();
        if calls.len() >= MAX_REMEMBERED {
            calls.remove(0);
        }
        let passed = passed.iter().map(|one| (one.argument.keyword.clone(), one.value.clone())).collect();
        calls.push(Call { receiver, passed, depth: moment.depth, is_told: !moment.is_muted, outcome });
    }
}

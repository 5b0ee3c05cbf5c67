//! What modules export. Modules that import each other in a circle are settled together, in rounds that start from
//! nothing: what they export depends on the files alone, not on which of them was asked for first.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::bounds::{MAX_IMPORT_DEPTH, ROUNDS};
use super::evaluator::{Evaluator, Frame, Reads, Variables};
use super::program::Globals;
use crate::text::ChunkKind;

/// Modules under way, by the strongly connected components of who runs whom (Tarjan, 1972).
#[derive(Default)]
pub(super) struct Loads {
    /// Outermost first; each with the lowest place in this list that it reached back to.
    under_way: Vec<(SmolStr, usize)>,
    /// Modules that ran, but belong to a circle with one that is still under way.
    open: Vec<Open>,
    /// What the modules of a circle export in the present round.
    settling: FxHashMap<SmolStr, Arc<Globals>>,
}

struct Open {
    module: SmolStr,
    lowest: usize,
    globals: Arc<Globals>,
}

impl Loads {
    /// Whether nothing is under way: what is found out now holds for good.
    pub(super) fn are_settled(&self) -> bool {
        self.under_way.is_empty() && self.open.is_empty() && self.settling.is_empty()
    }

    fn reach_back_to(&mut self, place: usize) {
        if let Some((_, lowest)) = self.under_way.last_mut() {
            *lowest = place.min(*lowest);
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn module_globals(&mut self, module: &SmolStr) -> Option<Arc<Globals>> {
        if let Some(globals) = self.loads.settling.get(module) {
            return Some(globals.clone());
        }
        if let Some(known) = self.program.known_globals(module) {
            return Some(known);
        }
        if let Some(place) = self.loads.under_way.iter().position(|(other, _)| other == module) {
            self.loads.reach_back_to(place);
            return None;
        }
        if let Some(open) = self.loads.open.iter().find(|open| open.module == *module) {
            let (lowest, globals) = (open.lowest, open.globals.clone());
            self.loads.reach_back_to(lowest);
            return Some(globals);
        }
        if self.loads.under_way.len() >= MAX_IMPORT_DEPTH {
            tracing::debug!(%module, "imports are nested too deeply; the module stays unknown");
            return None;
        }
        let place = self.loads.under_way.len();
        let opened = self.loads.open.len();
        let (globals, lowest, reads) = self.run_alone(module);
        if lowest < place {
            self.loads.open.push(Open { module: module.clone(), lowest, globals: globals.clone() });
            self.loads.reach_back_to(lowest);
            return Some(globals);
        }
        let mut circle: Vec<SmolStr> =
            self.loads.open.drain(opened..).map(|open| open.module).chain([module.clone()]).collect();
        if circle.len() == 1 {
            if self.loads.settling.is_empty() {
                self.program.remember_globals(module, globals.clone(), Arc::new(reads));
            }
            return Some(globals);
        }
        circle.sort();
        Some(self.settle(&circle, module))
    }

    /// Runs the modules of a circle in rounds, always in the same order, each reading what the others last gave; returns
    /// what `wanted` exports.
    fn settle(&mut self, circle: &[SmolStr], wanted: &SmolStr) -> Arc<Globals> {
        let outer = self.loads.settling.clone();
        for module in circle {
            self.loads.settling.insert(module.clone(), Arc::default());
        }
        let mut read: FxHashMap<SmolStr, Reads> = FxHashMap::default();
        for _ in 0..ROUNDS {
            for module in circle {
                let (globals, _, reads) = self.run_alone(module);
                self.loads.settling.insert(module.clone(), globals);
                read.insert(module.clone(), reads);
            }
        }
        let settled = std::mem::replace(&mut self.loads.settling, outer);
        if self.loads.settling.is_empty() {
            for module in circle {
                if let Some(globals) = settled.get(module) {
                    let reads = read.remove(module).unwrap_or_default();
                    self.program.remember_globals(module, globals.clone(), Arc::new(reads));
                }
            }
        }
        settled.get(wanted).cloned().unwrap_or_default()
    }

    /// Runs a module apart from what is being evaluated now; also the lowest place it reached back to, and what it read.
    fn run_alone(&mut self, module: &SmolStr) -> (Arc<Globals>, usize, Reads) {
        let place = self.loads.under_way.len();
        self.loads.under_way.push((module.clone(), place));
        let unsettled = std::mem::take(&mut self.unsettled);
        let (globals, reads) = self.apart(|evaluator| evaluator.run_module(module));
        self.unsettled = unsettled;
        let lowest = self.loads.under_way.pop().map_or(place, |(_, lowest)| lowest);
        (Arc::new(globals), lowest, reads)
    }

    /// Runs the top level of a module, chunk by chunk, in one scope.
    fn run_module(&mut self, module: &SmolStr) -> Globals {
        let order = self.program.modules.get(module).cloned().unwrap_or_default();
        let mut variables = Variables::default();
        for chunk in order {
            let Some(mut frame) = self.new_frame(chunk) else { continue };
            if self.program.chunks.get(&chunk).is_some_and(|info| info.kind == ChunkKind::Member) {
                continue;
            }
            frame.is_module = true;
            let ir = frame.ir.clone();
            frame.state = Some(std::mem::take(&mut variables));
            self.frames.push(frame);
            self.block(&ir.body);
            let frame = self.frames.pop();
            variables = frame.map(last_state).unwrap_or_default();
        }
        let names = variables.into_entries().into_iter().filter(|(name, _)| !super::place::is_place(name));
        Globals { values: names.collect() }
    }
}

/// The names at the end of a module's chunk. One that is left early, by `sys.exit()` or by a `return` whose `def` is
/// being typed, has the names it had then.
fn last_state(mut frame: Frame) -> Variables {
    let state = frame.state.take().or_else(|| frame.raised.pop());
    let state = state.or_else(|| frame.exits.pop().map(|(_, state)| state));
    state.or_else(|| frame.breaks.pop()).or_else(|| frame.continues.pop()).unwrap_or_default()
}

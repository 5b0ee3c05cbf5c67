//! What the evaluation of each chunk found, and which of it may no longer hold. An edit marks what was computed from what
//! it changed; nobody need look at all chunks of a file to see which those are.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::callers::Callers;
use crate::flow::Account;
use crate::flow::given::Calls;
use crate::flow::program::{Changes, Globals, Program, Readers};
use crate::flow::taint::Location;
use crate::rule::matching::RawFinding;

/// What the evaluation of a chunk found, and what it read to find it.
#[derive(Default)]
pub(crate) struct ChunkResult {
    pub(crate) version: u64,
    pub(crate) findings: Arc<[RawFinding]>,
    /// Some of them lie in another file.
    pub(crate) reaches_out: bool,
    /// Versions of the chunks read, and of the headers read, but for the sake of calls.
    pub(crate) chunks: Vec<(u64, u64)>,
    pub(crate) headers: Vec<(u64, u64)>,
    pub(crate) modules: Vec<ModuleRead>,
    /// All that was read, and the calls.
    pub(crate) account: Account,
    /// What the functions of the program are called with.
    pub(crate) calls: Arc<Calls>,
}

/// A module as an evaluation saw it.
pub(crate) struct ModuleRead {
    pub(crate) path: SmolStr,
    pub(crate) exports: Option<Arc<Globals>>,
    pub(crate) structure: Option<u64>,
}

/// The results of all chunks.
#[derive(Default)]
pub(crate) struct Results {
    known: FxHashMap<u64, Arc<ChunkResult>>,
    readers: Readers<u64>,
    /// How many results there ever were, but for those that were doubted and hold.
    pub(crate) evaluations: u64,
    callers: Callers,
    /// Files without an entry have no results.
    files: FxHashMap<SmolStr, FileResults>,
}

#[derive(Default)]
struct FileResults {
    /// Chunks without a result, or with one that may no longer hold.
    open: FxHashSet<u64>,
    /// Chunks in which something was found.
    found: FxHashSet<u64>,
    /// Chunks whose evaluation found something in another file.
    reaching: FxHashSet<u64>,
}

/// What there is to say of a chunk.
pub(crate) enum State {
    Holds(Arc<ChunkResult>),
    /// Something that it was computed from changed, and may have changed back.
    Doubtful(Arc<ChunkResult>),
    Unknown,
}

impl Results {
    /// Begins to keep account of a file.
    pub(crate) fn ensure(&mut self, file: &SmolStr, chunks: &[u64]) {
        if !self.files.contains_key(file) {
            let open = chunks.iter().copied().collect();
            self.files.insert(file.clone(), FileResults { open, ..FileResults::default() });
        }
    }

    pub(crate) fn state(&self, file: &str, chunk: u64) -> State {
        let is_open = self.files.get(file).is_none_or(|results| results.open.contains(&chunk));
        match self.known.get(&chunk) {
            Some(known) if is_open => State::Doubtful(known.clone()),
            Some(known) => State::Holds(known.clone()),
            None => State::Unknown,
        }
    }

    /// Keeps a result; one that was doubted and holds may be kept anew.
    pub(crate) fn keep(&mut self, file: &str, chunk: u64, result: &Arc<ChunkResult>) {
        if let Some(results) = self.files.get_mut(file) {
            results.open.remove(&chunk);
            if result.findings.is_empty() {
                results.found.remove(&chunk);
            } else {
                results.found.insert(chunk);
            }
            if result.reaches_out {
                results.reaching.insert(chunk);
            } else {
                results.reaching.remove(&chunk);
            }
        }
        let is_same = self.known.get(&chunk).is_some_and(|known| Arc::ptr_eq(known, result));
        if is_same {
            return;
        }
        self.forget_reads(chunk);
        self.readers.add(&chunk, result.account.reads.all());
        self.callers.add(chunk, &result.calls);
        self.known.insert(chunk, result.clone());
    }

    /// Whether every call of a function gives this parameter a constant.
    pub(crate) fn give_constants(&self, program: &Program, parameter: Location) -> bool {
        self.callers.give_constants(program, parameter)
    }

    /// Whether a parameter belongs to a function that only views call.
    pub(crate) fn help_a_view(&self, program: &Program, parameter: Location) -> bool {
        self.callers.help_a_view(program, parameter)
    }

    fn forget_reads(&mut self, chunk: u64) {
        let Some(known) = self.known.get(&chunk) else { return };
        self.callers.remove(chunk, &known.calls);
        self.readers.remove(&chunk, &known.account.reads.all());
    }

    /// A chunk that has no result yet, or one that may no longer hold. In a file that no account is kept of all are.
    pub(crate) fn open(&mut self, file: &str, chunk: u64) {
        if let Some(results) = self.files.get_mut(file) {
            results.open.insert(chunk);
        }
    }

    pub(crate) fn remove(&mut self, file: &str, chunk: u64) {
        self.forget_reads(chunk);
        self.known.remove(&chunk);
        self.readers.remove_chunk(chunk);
        if let Some(results) = self.files.get_mut(file) {
            results.open.remove(&chunk);
            results.found.remove(&chunk);
            results.reaching.remove(&chunk);
        }
    }

    pub(crate) fn remove_file(&mut self, file: &str) {
        self.files.remove(file);
    }

    /// The chunks whose results were computed from these chunks or modules.
    pub(crate) fn readers(&self, changes: &Changes, modules: &FxHashSet<SmolStr>) -> FxHashSet<u64> {
        self.readers.of(changes, modules)
    }

    /// The chunks of a file that must be looked at.
    pub(crate) fn open_in(&self, file: &str) -> Vec<u64> {
        self.files.get(file).map(|results| results.open.iter().copied().collect()).unwrap_or_default()
    }

    /// The results in a file that found something, in the order of the text; `place` tells where a chunk stands.
    pub(crate) fn found_in(&self, file: &str, place: impl Fn(u64) -> Option<u32>) -> Vec<Arc<ChunkResult>> {
        self.files.get(file).map(|results| self.in_order(&results.found, place)).unwrap_or_default()
    }

    /// Those that found something in another file.
    pub(crate) fn reaching_from(
        &self,
        file: &str,
        place: impl Fn(u64) -> Option<u32>,
    ) -> Vec<Arc<ChunkResult>> {
        self.files.get(file).map(|results| self.in_order(&results.reaching, place)).unwrap_or_default()
    }

    fn in_order(&self, chunks: &FxHashSet<u64>, place: impl Fn(u64) -> Option<u32>) -> Vec<Arc<ChunkResult>> {
        let mut chunks: Vec<u64> = chunks.iter().copied().collect();
        chunks.sort_by_cached_key(|chunk| place(*chunk));
        chunks.iter().filter_map(|chunk| self.known.get(chunk).cloned()).collect()
    }

    /// A file came or went: nothing is known any more.
    pub(crate) fn clear(&mut self) {
        *self = Self { evaluations: self.evaluations, ..Self::default() };
    }
}

//! What the evaluation of each chunk found, and which of it may no longer hold. An edit marks what was computed from what
//! it changed; nobody need look at all chunks of a file to see which those are.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::callers::Callers;
use crate::flow::given::Calls;
use crate::flow::program::{Globals, Program};
use crate::flow::taint::Location;
use crate::rule::matching::RawFinding;

/// What the evaluation of a chunk found, and what it read to find it.
#[derive(Default)]
pub(crate) struct ChunkResult {
    pub(crate) version: u64,
    pub(crate) findings: Vec<RawFinding>,
    /// Versions of the chunks read.
    pub(crate) chunks: Vec<(u64, u64)>,
    pub(crate) modules: Vec<ModuleRead>,
    pub(crate) calls: Calls,
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
    readers_of_chunks: FxHashMap<u64, FxHashSet<u64>>,
    readers_of_modules: FxHashMap<SmolStr, FxHashSet<u64>>,
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
            self.files.insert(file.clone(), FileResults { open, found: FxHashSet::default() });
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
        }
        let is_same = self.known.get(&chunk).is_some_and(|known| Arc::ptr_eq(known, result));
        if is_same {
            return;
        }
        self.forget_reads(chunk);
        for (read, _) in &result.chunks {
            self.readers_of_chunks.entry(*read).or_default().insert(chunk);
        }
        for read in &result.modules {
            self.readers_of_modules.entry(read.path.clone()).or_default().insert(chunk);
        }
        self.callers.add(chunk, &result.calls);
        self.known.insert(chunk, result.clone());
    }

    /// Whether every call of a function gives this parameter a constant.
    pub(crate) fn give_constants(&self, program: &Program, parameter: Location) -> bool {
        self.callers.give_constants(program, parameter)
    }

    fn forget_reads(&mut self, chunk: u64) {
        let Some(known) = self.known.get(&chunk) else { return };
        self.callers.remove(chunk, &known.calls);
        for (read, _) in &known.chunks {
            if let Some(readers) = self.readers_of_chunks.get_mut(read) {
                readers.remove(&chunk);
            }
        }
        for read in &known.modules {
            if let Some(readers) = self.readers_of_modules.get_mut(&read.path) {
                readers.remove(&chunk);
            }
        }
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
        self.readers_of_chunks.remove(&chunk);
        if let Some(results) = self.files.get_mut(file) {
            results.open.remove(&chunk);
            results.found.remove(&chunk);
        }
    }

    pub(crate) fn remove_file(&mut self, file: &str) {
        self.files.remove(file);
    }

    /// The chunks whose results were computed from these chunks or modules.
    pub(crate) fn readers(&self, chunks: &FxHashSet<u64>, modules: &FxHashSet<SmolStr>) -> Vec<u64> {
        let of_chunks = chunks.iter().filter_map(|chunk| self.readers_of_chunks.get(chunk));
        let of_modules = modules.iter().filter_map(|module| self.readers_of_modules.get(module));
        of_chunks.chain(of_modules).flatten().copied().collect()
    }

    /// The chunks of a file that must be looked at.
    pub(crate) fn open_in(&self, file: &str) -> Vec<u64> {
        self.files.get(file).map(|results| results.open.iter().copied().collect()).unwrap_or_default()
    }

    /// The results in a file that found something, in the order of the text; `place` tells where a chunk stands.
    pub(crate) fn found_in(&self, file: &str, place: impl Fn(u64) -> Option<u32>) -> Vec<Arc<ChunkResult>> {
        let found = self.files.get(file).into_iter().flat_map(|results| &results.found);
        let mut chunks: Vec<u64> = found.copied().collect();
        chunks.sort_by_key(|chunk| place(*chunk));
        chunks.iter().filter_map(|chunk| self.known.get(chunk).cloned()).collect()
    }

    /// A file came or went: nothing is known any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

//! What the evaluator asks about the rest of the workspace: modules, functions, classes, by place and by name.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::bounds::MAX_SUMMARIES;
use super::class::{Lineage, Members};
use super::evaluator::Reads;
use super::summary::{Call, Summary};
use super::taint::TagSet;
use super::value::{ClassReference, FunctionReference, Value};
use crate::model::Models;
use crate::stdlib::is_stdlib;
use crate::syntax::ir::{Class, Function, Ir};
use crate::text::ChunkKind;

/// A chunk as the evaluator sees it.
#[derive(Clone)]
pub struct ChunkInfo {
    pub module: SmolStr,
    pub kind: ChunkKind,
    pub ir: Arc<Ir>,
    /// Changes when, and only when, the chunk's text does.
    pub version: u64,
}

/// The names of a module after it ran.
#[derive(Debug, Default, PartialEq)]
pub struct Globals {
    pub values: FxHashMap<SmolStr, Value>,
}

/// All files of a workspace, lowered.
pub struct Program {
    pub models: &'static Models,
    /// Functions of which the project says that they make data harmless, and for what.
    pub sanitizers: FxHashMap<SmolStr, TagSet>,
    pub chunks: FxHashMap<u64, ChunkInfo>,
    /// The chunks of each file, in order.
    pub modules: FxHashMap<SmolStr, Vec<u64>>,
    /// Callees whose results some rule asks for.
    pub made_by: FxHashSet<SmolStr>,
    /// Counts, for each file, the changes of which chunks it has.
    pub structures: FxHashMap<SmolStr, u64>,
    /// The last parts of all module names there ever were: an import that ends in none of them means no file.
    names: FxHashSet<SmolStr>,
    /// The files that imports mean, by the folder of the importing file.
    found: Cache<(SmolStr, SmolStr, u32), Option<SmolStr>>,
    globals: Cache<SmolStr, Arc<Globals>>,
    pub(super) members: Cache<ClassReference, Arc<Members>>,
    pub(super) lineages: Cache<ClassReference, Arc<Lineage>>,
    pub(super) objects: Cache<ClassReference, Value>,
    summaries: Cache<Arc<Call>, Arc<Summary>>,
}

/// Facts that were found out once, each with what was read to find it out.
pub(super) struct Cache<K, T>(Mutex<Facts<K, T>>);

struct Facts<K, T> {
    known: FxHashMap<K, (T, Arc<Reads>)>,
    /// Which facts were found out from what; made when something changes for the first time, which it never does where
    /// files are checked once.
    readers: Option<Readers<K>>,
}

struct Readers<K> {
    of_chunks: FxHashMap<u64, FxHashSet<K>>,
    of_modules: FxHashMap<SmolStr, FxHashSet<K>>,
}

impl<K, T> Default for Cache<K, T> {
    fn default() -> Self {
        Self(Mutex::new(Facts { known: FxHashMap::default(), readers: None }))
    }
}

impl<K: Eq + Hash + Clone> Readers<K> {
    fn add(&mut self, key: &K, reads: &Reads) {
        let reads = reads.all();
        for chunk in &reads.chunks {
            self.of_chunks.entry(*chunk).or_default().insert(key.clone());
        }
        for module in reads.modules {
            self.of_modules.entry(module).or_default().insert(key.clone());
        }
    }

    fn remove(&mut self, key: &K, reads: &Reads) {
        let reads = reads.all();
        for chunk in &reads.chunks {
            if let Some(keys) = self.of_chunks.get_mut(chunk) {
                keys.remove(key);
            }
        }
        for module in &reads.modules {
            if let Some(keys) = self.of_modules.get_mut(module) {
                keys.remove(key);
            }
        }
    }
}

impl<K: Eq + Hash + Clone, T: Clone> Cache<K, T> {
    fn lock(&self) -> MutexGuard<'_, Facts<K, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<(T, Arc<Reads>)>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.lock().known.get(key).cloned()
    }

    pub(super) fn remember(&self, key: K, value: T, reads: Arc<Reads>) {
        let facts = &mut *self.lock();
        if let Some(readers) = &mut facts.readers {
            if let Some((_, old)) = facts.known.get(&key) {
                readers.remove(&key, old);
            }
            readers.add(&key, &reads);
        }
        facts.known.insert(key, (value, reads));
    }

    fn remove(&self, key: &K) {
        let facts = &mut *self.lock();
        if let (Some((_, reads)), Some(readers)) = (facts.known.remove(key), &mut facts.readers) {
            readers.remove(key, &reads);
        }
    }

    /// Forgets everything once there is more than so much.
    fn bound(&self, most: usize) {
        let is_full = self.lock().known.len() >= most;
        if is_full {
            self.clear();
        }
    }

    fn clear(&self) {
        let facts = &mut *self.lock();
        facts.known.clear();
        facts.readers = None;
    }

    /// Forgets what was found out from one of these chunks or modules, and gives what that was.
    fn forget(&self, chunks: &FxHashSet<u64>, modules: &FxHashSet<SmolStr>) -> Vec<K> {
        let facts = &mut *self.lock();
        let readers = facts.readers.get_or_insert_with(|| {
            let mut readers = Readers { of_chunks: FxHashMap::default(), of_modules: FxHashMap::default() };
            for (key, (_, reads)) in &facts.known {
                readers.add(key, reads);
            }
            readers
        });
        let of_chunks = chunks.iter().filter_map(|chunk| readers.of_chunks.get(chunk));
        let of_modules = modules.iter().filter_map(|module| readers.of_modules.get(module));
        let gone: Vec<K> = of_chunks.chain(of_modules).flatten().cloned().collect();
        for key in &gone {
            if let Some((_, reads)) = facts.known.remove(key) {
                readers.remove(key, &reads);
            }
        }
        gone
    }
}

impl Program {
    pub fn new(models: &'static Models, made_by: FxHashSet<SmolStr>) -> Self {
        Self {
            models,
            sanitizers: FxHashMap::default(),
            chunks: FxHashMap::default(),
            modules: FxHashMap::default(),
            made_by,
            structures: FxHashMap::default(),
            names: FxHashSet::default(),
            found: Cache::default(),
            globals: Cache::default(),
            members: Cache::default(),
            lineages: Cache::default(),
            objects: Cache::default(),
            summaries: Cache::default(),
        }
    }

    /// Says that there is such a file, so that imports may mean it.
    pub fn add_module(&mut self, path: &str) {
        let path = path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py")).unwrap_or(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        if !self.names.contains(name) {
            self.names.insert(name.into());
        }
    }

    pub fn known_globals(&self, module: &SmolStr) -> Option<Arc<Globals>> {
        self.globals.get(module).map(|(globals, _)| globals)
    }

    pub(super) fn remember_globals(&self, module: &SmolStr, globals: Arc<Globals>, reads: Arc<Reads>) {
        self.globals.remember(module.clone(), globals, reads);
    }

    pub(super) fn known_summary(&self, call: &Call) -> Option<Arc<Summary>> {
        self.summaries.get(call).map(|(summary, _)| summary)
    }

    pub(super) fn remember_summary(&self, call: &Arc<Call>, summary: &Arc<Summary>) {
        self.summaries.bound(MAX_SUMMARIES);
        self.summaries.remember(call.clone(), summary.clone(), summary.reads().clone());
    }

    /// Forgets what was found out from chunks that changed or, when its header did, from a module; and from what is
    /// forgotten thereby. Gives the modules of which the exports may now be others.
    pub fn forget_readers(&self, chunks: &FxHashSet<u64>, module: Option<&SmolStr>) -> FxHashSet<SmolStr> {
        let nothing = FxHashSet::default();
        let mut gone: FxHashSet<SmolStr> = module.into_iter().cloned().collect();
        let mut fresh: FxHashSet<SmolStr> = self.globals.forget(chunks, &gone).into_iter().collect();
        if let Some(module) = module {
            self.globals.remove(module);
        }
        while !fresh.is_empty() {
            gone.extend(fresh.iter().cloned());
            fresh = self
                .globals
                .forget(&nothing, &fresh)
                .into_iter()
                .filter(|path| !gone.contains(path))
                .collect();
        }
        self.members.forget(chunks, &gone);
        self.lineages.forget(chunks, &gone);
        self.objects.forget(chunks, &gone);
        self.summaries.forget(chunks, &gone);
        gone
    }

    /// After a file came or went: what any import means may have changed.
    pub fn forget_all(&self) {
        self.found.clear();
        self.globals.clear();
        self.members.clear();
        self.lineages.clear();
        self.objects.clear();
        self.summaries.clear();
    }

    pub fn function(&self, reference: FunctionReference) -> Option<(&ChunkInfo, &Function)> {
        let chunk = self.chunks.get(&reference.chunk)?;
        Some((chunk, chunk.ir.functions.get(reference.index)?))
    }

    pub fn class(&self, reference: ClassReference) -> Option<(&ChunkInfo, &Class)> {
        let chunk = self.chunks.get(&reference.chunk)?;
        Some((chunk, chunk.ir.classes.get(reference.index)?))
    }

    /// Whether an absolute import of this name means a library wherever Python's own rules decide: the folder of a
    /// package is no place that modules are looked for in, so `io` inside `pandas` is not `pandas.io`. Only for names
    /// that a library is known to have: programs that are started inside their package import their neighbours.
    fn is_library(&self, dotted: &str) -> bool {
        let first = dotted.split('.').next().unwrap_or(dotted);
        is_stdlib(first) || self.models.knows_package(first)
    }

    /// The file that an import means. `from` is the importing file.
    pub fn find_module(&self, from: &str, dotted: &str, level: u32) -> Option<SmolStr> {
        let last = dotted.rsplit('.').next().unwrap_or(dotted);
        if !last.is_empty() && !self.names.contains(last) {
            return None;
        }
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let key = (SmolStr::new(folder), SmolStr::new(dotted), level);
        if let Some((found, _)) = self.found.get(&key) {
            return found;
        }
        let is_library = level == 0 && self.is_library(dotted);
        let found = module_candidates(from, dotted, level).into_iter().find(|candidate| {
            self.modules.contains_key(candidate.path.as_str())
                && !(is_library
                    && self.modules.contains_key(format!("{}/__init__.py", candidate.root).as_str()))
        });
        let found = found.map(|candidate| candidate.path);
        self.found.remember(key, found.clone(), Arc::default());
        found
    }
}

/// A file that an import may mean, and the folder that it is looked for in.
pub struct Candidate {
    pub root: SmolStr,
    pub path: SmolStr,
}

/// The files that an import may mean, the likeliest first: beside the importing file, then in each folder above it,
/// each also under `src/`.
pub fn module_candidates(from: &str, dotted: &str, level: u32) -> Vec<Candidate> {
    let mut folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let relative = dotted.replace('.', "/");
    let mut found = Vec::new();
    let push = |folder: &str, found: &mut Vec<Candidate>| {
        let mut add = |path: String| found.push(Candidate { root: folder.into(), path: path.into() });
        if relative.is_empty() {
            add(format!("{folder}/__init__.py"));
        } else {
            add(format!("{folder}/{relative}.py"));
            add(format!("{folder}/{relative}/__init__.py"));
        }
    };
    if level > 0 {
        for _ in 1..level {
            folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        push(folder, &mut found);
        return found;
    }
    for _ in 0..8 {
        push(folder, &mut found);
        push(&format!("{folder}/src"), &mut found);
        match folder.rsplit_once('/') {
            Some((above, _)) => folder = above,
            None => break,
        }
    }
    found
}

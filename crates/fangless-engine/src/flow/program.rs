//! What the evaluator asks about the rest of the workspace: modules, functions, classes, by place and by name.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::bounds::MAX_SUMMARIES;
use super::class::{Lineage, Members};
use super::evaluator::Reads;
use super::summary::{Key, Places, Summary};
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
    /// Changes when more of it does than the bodies of functions.
    pub header: u64,
}

/// Chunks that changed.
#[derive(Default)]
pub struct Changes {
    pub chunks: FxHashSet<u64>,
    /// Those of which more changed than the bodies of functions.
    pub headers: FxHashSet<u64>,
}

impl Changes {
    /// A chunk that came or went.
    pub fn add(&mut self, chunk: u64) {
        self.chunks.insert(chunk);
        self.headers.insert(chunk);
    }

    fn reach(&self, reads: &Reads, modules: &FxHashSet<SmolStr>) -> bool {
        !reads.chunks.is_disjoint(&self.chunks)
            || !reads.headers.is_disjoint(&self.headers)
            || !reads.modules.is_disjoint(modules)
    }
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
    /// The latest version of any chunk.
    pub latest: u64,
    /// The chunks of each file, in order.
    pub modules: FxHashMap<SmolStr, Vec<u64>>,
    /// Callees whose results some rule asks for.
    pub made_by: FxHashSet<SmolStr>,
    /// Those of them that stay known whatever name the value gets: what is compared has a name.
    pub compared: FxHashSet<SmolStr>,
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
    summaries: Cache<Key, Arc<Summary>>,
    /// How summaries differ from those before, since the last edit.
    differences: Mutex<Differences>,
}

/// By the addresses of two summaries, which are kept so that the addresses stay theirs.
type Differences = FxHashMap<(usize, usize), (Arc<Summary>, Arc<Summary>, Option<Arc<Places>>)>;

fn addresses(before: &Arc<Summary>, now: &Arc<Summary>) -> (usize, usize) {
    (Arc::as_ptr(before) as usize, Arc::as_ptr(now) as usize)
}

/// Facts that were found out once, each with what was read to find it out.
pub(super) struct Cache<K, T>(Mutex<Facts<K, T>>);

struct Fact<T> {
    value: T,
    reads: Arc<Reads>,
    /// A function that it calls changed: it may no longer hold.
    is_doubtful: bool,
}

struct Facts<K, T> {
    known: FxHashMap<K, Fact<T>>,
    /// Which facts were found out from what; made when something changes for the first time, which it never does where
    /// files are checked once.
    readers: Option<Readers<K>>,
}

/// Who read which chunks and modules.
pub struct Readers<K> {
    chunks: FxHashMap<u64, FxHashSet<K>>,
    headers: FxHashMap<u64, FxHashSet<K>>,
    modules: FxHashMap<SmolStr, FxHashSet<K>>,
}

impl<K, T> Default for Cache<K, T> {
    fn default() -> Self {
        Self(Mutex::new(Facts { known: FxHashMap::default(), readers: None }))
    }
}

impl<K> Default for Readers<K> {
    fn default() -> Self {
        Self { chunks: FxHashMap::default(), headers: FxHashMap::default(), modules: FxHashMap::default() }
    }
}

impl<T> Fact<T> {
    /// What it is forgotten or doubted for.
    fn watched(&self) -> Reads {
        if self.is_doubtful { self.reads.without_calls() } else { self.reads.all() }
    }
}

impl<K: Eq + Hash + Clone> Readers<K> {
    pub fn add(&mut self, key: &K, reads: Reads) {
        for chunk in reads.chunks {
            self.chunks.entry(chunk).or_default().insert(key.clone());
        }
        for chunk in reads.headers {
            self.headers.entry(chunk).or_default().insert(key.clone());
        }
        for module in reads.modules {
            self.modules.entry(module).or_default().insert(key.clone());
        }
    }

    pub fn remove(&mut self, key: &K, reads: &Reads) {
        fn remove<K: Eq + Hash, R: Eq + Hash>(
            key: &K,
            readers: &mut FxHashMap<R, FxHashSet<K>>,
            reads: &FxHashSet<R>,
        ) {
            for read in reads {
                if let Some(keys) = readers.get_mut(read) {
                    keys.remove(key);
                }
            }
        }
        remove(key, &mut self.chunks, &reads.chunks);
        remove(key, &mut self.headers, &reads.headers);
        remove(key, &mut self.modules, &reads.modules);
    }

    /// Takes it that nobody read a chunk.
    pub fn remove_chunk(&mut self, chunk: u64) {
        self.chunks.remove(&chunk);
        self.headers.remove(&chunk);
    }

    pub fn of(&self, changes: &Changes, modules: &FxHashSet<SmolStr>) -> FxHashSet<K> {
        let chunks = changes.chunks.iter().filter_map(|chunk| self.chunks.get(chunk));
        let headers = changes.headers.iter().filter_map(|chunk| self.headers.get(chunk));
        let modules = modules.iter().filter_map(|module| self.modules.get(module));
        chunks.chain(headers).chain(modules).flatten().cloned().collect()
    }
}

impl<K: Eq + Hash + Clone, T> Facts<K, T> {
    /// Who was found out from one of these chunks or modules.
    fn readers(&mut self, changes: &Changes, modules: &FxHashSet<SmolStr>) -> FxHashSet<K> {
        let readers = self.readers.get_or_insert_with(|| {
            let mut readers = Readers::default();
            for (key, fact) in &self.known {
                readers.add(key, fact.watched());
            }
            readers
        });
        readers.of(changes, modules)
    }

    fn remove(&mut self, key: &K) {
        if let (Some(fact), Some(readers)) = (self.known.remove(key), &mut self.readers) {
            readers.remove(key, &fact.watched());
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
        let facts = self.lock();
        let fact = facts.known.get(key).filter(|fact| !fact.is_doubtful)?;
        Some((fact.value.clone(), fact.reads.clone()))
    }

    /// One that may no longer hold.
    fn doubtful(&self, key: &K) -> Option<T> {
        self.lock().known.get(key).filter(|fact| fact.is_doubtful).map(|fact| fact.value.clone())
    }

    pub(super) fn remember(&self, key: K, value: T, reads: Arc<Reads>) {
        let facts = &mut *self.lock();
        facts.remove(&key);
        let fact = Fact { value, reads, is_doubtful: false };
        if let Some(readers) = &mut facts.readers {
            readers.add(&key, fact.watched());
        }
        facts.known.insert(key, fact);
    }

    fn remove(&self, key: &K) {
        self.lock().remove(key);
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
    fn forget(&self, changes: &Changes, modules: &FxHashSet<SmolStr>) -> FxHashSet<K> {
        let facts = &mut *self.lock();
        let gone = facts.readers(changes, modules);
        gone.iter().for_each(|key| facts.remove(key));
        gone
    }

    /// The same, but for what only calls something that changed: that may hold all the same.
    fn doubt(&self, changes: &Changes, modules: &FxHashSet<SmolStr>) {
        let facts = &mut *self.lock();
        for key in facts.readers(changes, modules) {
            let (Some(fact), Some(readers)) = (facts.known.get_mut(&key), &mut facts.readers) else {
                continue;
            };
            readers.remove(&key, &fact.watched());
            let reads = fact.reads.without_calls();
            if changes.reach(&reads, modules) {
                facts.known.remove(&key);
            } else {
                fact.is_doubtful = true;
                readers.add(&key, reads);
            }
        }
    }
}

impl Program {
    pub fn new(models: &'static Models, made_by: FxHashSet<SmolStr>, compared: FxHashSet<SmolStr>) -> Self {
        Self {
            models,
            compared,
            sanitizers: FxHashMap::default(),
            chunks: FxHashMap::default(),
            latest: 0,
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
            differences: Mutex::default(),
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

    pub(super) fn known_summary(&self, key: &Key) -> Option<Arc<Summary>> {
        self.summaries.get(key).map(|(summary, _)| summary)
    }

    /// A summary that holds if the functions that it calls still do the same.
    pub(super) fn doubtful_summary(&self, key: &Key) -> Option<Arc<Summary>> {
        self.summaries.doubtful(key)
    }

    pub(super) fn forget_summary(&self, key: &Key) {
        self.summaries.remove(key);
    }

    pub(super) fn remember_summary(&self, key: &Key, summary: &Arc<Summary>) {
        self.summaries.bound(MAX_SUMMARIES);
        self.summaries.remember(key.clone(), summary.clone(), summary.reads().clone());
    }

    /// How a summary differs from the one before, if it is known whether it does.
    #[expect(clippy::option_option, reason = "not known, or not the same")]
    pub(super) fn known_difference(
        &self,
        before: &Arc<Summary>,
        now: &Arc<Summary>,
    ) -> Option<Option<Arc<Places>>> {
        let known = self.differences.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&addresses(before, now)).map(|(_, _, difference)| difference.clone())
    }

    pub(super) fn remember_difference(
        &self,
        before: &Arc<Summary>,
        now: &Arc<Summary>,
        difference: Option<Arc<Places>>,
    ) {
        let mut known = self.differences.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(addresses(before, now), (before.clone(), now.clone(), difference));
    }

    /// Forgets what was found out from chunks that changed or, when its header did, from a module; and from what is
    /// forgotten thereby. Gives the modules of which the exports may now be others.
    pub fn forget_readers(&self, changes: &Changes, module: Option<&SmolStr>) -> FxHashSet<SmolStr> {
        self.differences.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let nothing = Changes::default();
        let mut gone: FxHashSet<SmolStr> = module.into_iter().cloned().collect();
        let mut fresh = self.globals.forget(changes, &gone);
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
        self.members.forget(changes, &gone);
        self.lineages.forget(changes, &gone);
        self.objects.forget(changes, &gone);
        self.summaries.doubt(changes, &gone);
        gone
    }

    /// After a file came or went: what any import means may have changed.
    pub fn forget_all(&self) {
        self.differences.lock().unwrap_or_else(PoisonError::into_inner).clear();
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

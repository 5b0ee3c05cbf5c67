//! What the evaluator asks about the rest of the workspace: modules, functions, classes, by place and by name.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::class::{Lineage, Members};
use super::evaluator::Reads;
use super::taint::TagSet;
use super::value::{ClassReference, FunctionReference, Value};
use crate::model::Models;
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
}

/// Facts that were found out once, each with what was read to find it out.
pub(super) struct Cache<K, T>(Mutex<FxHashMap<K, (T, Arc<Reads>)>>);

impl<K, T> Default for Cache<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, T: Clone> Cache<K, T> {
    fn lock(&self) -> MutexGuard<'_, FxHashMap<K, (T, Arc<Reads>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: &K) -> Option<(T, Arc<Reads>)> {
        self.lock().get(key).cloned()
    }

    pub(super) fn remember(&self, key: K, value: T, reads: Reads) {
        self.lock().insert(key, (value, Arc::new(reads)));
    }

    /// Forgets what was found out from one of these chunks or modules.
    fn forget(&self, chunks: &FxHashSet<u64>, modules: &FxHashSet<SmolStr>) {
        self.lock()
            .retain(|_, (_, reads)| reads.chunks.is_disjoint(chunks) && reads.modules.is_disjoint(modules));
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

    pub(super) fn remember_globals(&self, module: &SmolStr, globals: Arc<Globals>, reads: Reads) {
        self.globals.remember(module.clone(), globals, reads);
    }

    /// Forgets what was found out from chunks that changed or, when its header did, from a module; and from what is
    /// forgotten thereby.
    pub fn forget_readers(&self, chunks: &FxHashSet<u64>, module: Option<&SmolStr>) {
        let mut known = self.globals.lock();
        let mut gone: FxHashSet<SmolStr> = module.into_iter().cloned().collect();
        gone.extend(
            known
                .iter()
                .filter(|(_, (_, reads))| !reads.chunks.is_disjoint(chunks))
                .map(|(path, _)| path.clone()),
        );
        let mut fresh = gone.len();
        while fresh > 0 {
            let more: Vec<SmolStr> = known
                .iter()
                .filter(|(path, (_, reads))| !gone.contains(*path) && !reads.modules.is_disjoint(&gone))
                .map(|(path, _)| path.clone())
                .collect();
            fresh = more.len();
            gone.extend(more);
        }
        known.retain(|path, _| !gone.contains(path));
        drop(known);
        self.members.forget(chunks, &gone);
        self.lineages.forget(chunks, &gone);
        self.objects.forget(chunks, &gone);
    }

    /// After a file came or went: what any import means may have changed.
    pub fn forget_all(&self) {
        self.found.lock().clear();
        self.globals.lock().clear();
        self.members.lock().clear();
        self.lineages.lock().clear();
        self.objects.lock().clear();
    }

    pub fn function(&self, reference: FunctionReference) -> Option<(&ChunkInfo, &Function)> {
        let chunk = self.chunks.get(&reference.chunk)?;
        Some((chunk, chunk.ir.functions.get(reference.index)?))
    }

    pub fn class(&self, reference: ClassReference) -> Option<(&ChunkInfo, &Class)> {
        let chunk = self.chunks.get(&reference.chunk)?;
        Some((chunk, chunk.ir.classes.get(reference.index)?))
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
        let found = module_candidates(from, dotted, level)
            .into_iter()
            .find(|path| self.modules.contains_key(path.as_str()));
        self.found.remember(key, found.clone(), Reads::default());
        found
    }
}

/// The paths that an import may mean, the likeliest first: beside the importing file, then in each folder above it,
/// each also under `src/`.
pub fn module_candidates(from: &str, dotted: &str, level: u32) -> Vec<SmolStr> {
    let mut folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let relative = dotted.replace('.', "/");
    let mut found = Vec::new();
    let push = |folder: &str, found: &mut Vec<SmolStr>| {
        if relative.is_empty() {
            found.push(format!("{folder}/__init__.py").into());
        } else {
            found.push(format!("{folder}/{relative}.py").into());
            found.push(format!("{folder}/{relative}/__init__.py").into());
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

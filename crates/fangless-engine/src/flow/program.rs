//! What the evaluator asks about the rest of the workspace: modules, functions, classes, by place and by name.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::evaluator::Reads;
use super::value::{ClassReference, FunctionReference, Value};
use crate::model::Models;
use crate::syntax::ir::{Class, Function, Ir, Statement, StatementKind};
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
    pub chunks: FxHashMap<u64, ChunkInfo>,
    /// The chunks of each file, in order.
    pub modules: FxHashMap<SmolStr, Vec<u64>>,
    /// Callees whose results some rule asks for.
    pub made_by: FxHashSet<SmolStr>,
    /// Counts, for each file, the changes of which chunks it has.
    pub structures: FxHashMap<SmolStr, u64>,
    globals: Mutex<FxHashMap<SmolStr, KnownGlobals>>,
}

/// What a module exports, and what was read to find that out.
struct KnownGlobals {
    globals: Arc<Globals>,
    reads: Reads,
}

impl Program {
    pub fn new(models: &'static Models, made_by: FxHashSet<SmolStr>) -> Self {
        Self {
            models,
            chunks: FxHashMap::default(),
            modules: FxHashMap::default(),
            made_by,
            structures: FxHashMap::default(),
            globals: Mutex::default(),
        }
    }

    pub fn known_globals(&self, module: &str) -> Option<Arc<Globals>> {
        let known = self.globals.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(module).map(|known| known.globals.clone())
    }

    pub(super) fn remember_globals(&self, module: &SmolStr, globals: Arc<Globals>, reads: Reads) {
        let mut known = self.globals.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(module.clone(), KnownGlobals { globals, reads });
    }

    /// Forgets what was found out from chunks that changed or, when its header did, from a module; and from what is
    /// forgotten thereby.
    pub fn forget_readers(&self, chunks: &FxHashSet<u64>, module: Option<&SmolStr>) {
        let mut known = self.globals.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone: FxHashSet<SmolStr> = module.into_iter().cloned().collect();
        gone.extend(
            known
                .iter()
                .filter(|(_, one)| !one.reads.chunks.is_disjoint(chunks))
                .map(|(path, _)| path.clone()),
        );
        let mut fresh = gone.len();
        while fresh > 0 {
            let more: Vec<SmolStr> = known
                .iter()
                .filter(|(path, one)| !gone.contains(*path) && !one.reads.modules.is_disjoint(&gone))
                .map(|(path, _)| path.clone())
                .collect();
            fresh = more.len();
            gone.extend(more);
        }
        known.retain(|path, _| !gone.contains(path));
    }

    pub fn forget_all_globals(&self) {
        self.globals.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn function(&self, reference: FunctionReference) -> Option<(&ChunkInfo, &Function)> {
        let chunk = self.chunks.get(&reference.chunk)?;
        Some((chunk, chunk.ir.functions.get(reference.index)?))
    }

    pub fn class(&self, reference: ClassReference) -> Option<(&ChunkInfo, &Class)> {
        let chunk = self.chunks.get(&reference.chunk)?;
        Some((chunk, chunk.ir.classes.get(reference.index)?))
    }

    /// The statements of a class body with the chunk of each: its own, and those of its member chunks.
    pub fn class_body(&self, reference: ClassReference) -> Vec<(u64, Arc<Ir>, Statements)> {
        let Some(chunk) = self.chunks.get(&reference.chunk) else { return Vec::new() };
        let mut parts = vec![(reference.chunk, chunk.ir.clone(), Statements::Class(reference.index))];
        let is_top = chunk.kind == ChunkKind::Class
            && chunk.ir.body.iter().any(
                |statement| matches!(statement.kind, StatementKind::Class(index) if index == reference.index),
            );
        if is_top && let Some(order) = self.modules.get(&chunk.module) {
            let members = order.iter().skip_while(|id| **id != reference.chunk).skip(1);
            for id in members {
                match self.chunks.get(id) {
                    Some(member) if member.kind == ChunkKind::Member => {
                        parts.push((*id, member.ir.clone(), Statements::Body));
                    }
                    _ => break,
                }
            }
        }
        parts
    }

    /// The method of a class, in its own body only.
    pub fn own_method(&self, reference: ClassReference, name: &str) -> Option<FunctionReference> {
        for (chunk, ir, statements) in self.class_body(reference) {
            for statement in statements.of(&ir) {
                if let StatementKind::Function(index) = statement.kind
                    && ir.functions.get(index).is_some_and(|function| function.name == name)
                {
                    return Some(FunctionReference { chunk, index });
                }
            }
        }
        None
    }

    /// The file that an import means. `from` is the importing file.
    pub fn find_module(&self, from: &str, dotted: &str, level: u32) -> Option<SmolStr> {
        module_candidates(from, dotted, level)
            .into_iter()
            .find(|path| self.modules.contains_key(path.as_str()))
    }
}

/// Which statements of a chunk make up a body.
#[derive(Clone, Copy)]
pub enum Statements {
    Body,
    Class(usize),
}

impl Statements {
    pub fn of(self, ir: &Ir) -> &[Statement] {
        match self {
            Self::Body => &ir.body,
            Self::Class(index) => ir.classes.get(index).map_or(&[], |class| &class.body),
        }
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

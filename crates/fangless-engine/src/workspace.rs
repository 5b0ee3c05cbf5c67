//! The façade: files in, findings and fixes out. The one type both shells use.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::config::Sanitizer;
use crate::finding::{Edit, Finding, Fix};
use crate::fix;
use crate::flow::program::{Changes, ChunkInfo, Globals, Program, module_candidates};
use crate::flow::taint::{Location, TagSet};
use crate::manifest::{self, Around, FoundLine};
use crate::model::Models;
use crate::results::{ChunkResult, Results};
use crate::rule::RuleSet;
use crate::rule::matching::{RawFinding, RuleIndex};
use crate::suppress;
use crate::syntax::ir::{Ir, Statement, StatementKind};
use crate::syntax::lower;
use crate::syntax::parse::{ParsedChunk, parse, reparse};
use crate::text::{Document, TextRange};

mod evaluation;
#[cfg(test)]
mod tests;
mod told;

/// A set of files that may import each other. Paths are absolute, with `/` between the parts.
pub struct Workspace {
    rules: Arc<RuleSet>,
    index: RuleIndex,
    program: Program,
    files: FxHashMap<SmolStr, Document>,
    /// Files that are not Python: what the project installs, lock files included, and how it is built and shipped.
    manifests: FxHashMap<SmolStr, manifest::File>,
    missing: FxHashSet<SmolStr>,
    /// File of each chunk.
    owners: FxHashMap<u64, SmolStr>,
    /// Trees of chunks that were edited: likely to be edited again.
    trees: FxHashMap<u64, ParsedChunk>,
    results: Mutex<Results>,
    /// Chunks with imports that may mean files nobody asked for yet.
    importing: Mutex<FxHashSet<u64>>,
    /// Findings by the file they lie in, where another file's evaluation found them; and the revision they hold for.
    elsewhere: Mutex<Option<(u64, Arc<Elsewhere>)>>,
    revision: u64,
    /// No file changes any more: what results were computed from is not kept.
    is_final: bool,
    /// The files are all that the project has.
    is_whole: bool,
    /// Where the project lacks something, by rule; and the revision it holds for.
    absent: Mutex<Option<(u64, Arc<Absent>)>>,
    /// What modules exported before and what they export now, compared once for all chunks that read them; and the
    /// revision it holds for.
    compared: Mutex<(u64, Vec<Compared>)>,
}

/// Exports of a module then and now, and whether they are the same.
type Compared = (Arc<Globals>, Arc<Globals>, bool);

/// The one place for each rule that speaks of what the project lacks.
type Absent = FxHashMap<usize, AbsentAt>;

/// Where such a finding lies: in Python, or in a file that is none.
#[derive(Clone, Debug, PartialEq)]
enum AbsentAt {
    Code(Location),
    File(SmolStr, TextRange),
}

/// Findings by the file they lie in.
type Elsewhere = FxHashMap<SmolStr, Vec<RawFinding>>;

impl Workspace {
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self::with_profile(rules, false)
    }

    /// `strict` adds the rules that run only when asked for.
    pub fn with_profile(rules: Arc<RuleSet>, strict: bool) -> Self {
        let index = RuleIndex::new(&rules, strict);
        let made_by = index.made_by.iter().cloned().collect();
        let compared = index.compared.iter().cloned().collect();
        Self {
            rules,
            index,
            program: Program::new(Models::builtin(), made_by, compared),
            files: FxHashMap::default(),
            manifests: FxHashMap::default(),
            missing: FxHashSet::default(),
            owners: FxHashMap::default(),
            trees: FxHashMap::default(),
            results: Mutex::default(),
            importing: Mutex::default(),
            elsewhere: Mutex::default(),
            revision: 0,
            compared: Mutex::default(),
            is_final: false,
            is_whole: false,
            absent: Mutex::default(),
        }
    }

    /// Says that the files are all that the project has: only then can anything be found to be absent.
    pub fn set_whole(&mut self) {
        self.is_whole = true;
        self.revision += 1;
    }

    /// Says that no file will change any more. What each result was computed from, which an edit would ask for, need not
    /// be kept then. A change is still heard; it costs what opening all files anew does.
    pub fn set_final(&mut self) {
        self.is_final = true;
    }

    /// A file changes after all: what was found out cannot say whether it still holds.
    fn reopen(&mut self) {
        if std::mem::take(&mut self.is_final) {
            self.results.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Says which functions the project declares to make data harmless, in place of those declared before.
    pub fn set_sanitizers(&mut self, sanitizers: &[Sanitizer]) {
        let mut declared: FxHashMap<SmolStr, TagSet> = FxHashMap::default();
        for one in sanitizers {
            let tags = if one.clears.is_empty() { TagSet::ALL } else { TagSet::of(&one.clears) };
            let known = declared.entry(one.callee.clone()).or_default();
            *known = known.union(tags);
        }
        if self.program.sanitizers != declared {
            self.program.sanitizers = declared;
            self.revision += 1;
            self.program.forget_all();
            self.results.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Does now what would else be done when it is first needed: for who has time now and none then.
    pub fn prepare(&self) {
        for query in &self.index.queries {
            query.compiled();
        }
    }

    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Adds a file, or replaces its whole text.
    pub fn set_file(&mut self, path: &str, text: String) {
        self.reopen();
        let path = SmolStr::new(path);
        if let Some(kind) = manifest::kind_of(&path) {
            self.revision += 1;
            self.missing.remove(&path);
            self.manifests.insert(path, manifest::File::new(kind, text));
            return;
        }
        self.revision += 1;
        self.forget(&path);
        self.missing.remove(&path);
        let is_new = !self.files.contains_key(&path);
        self.files.insert(path.clone(), Document::new(text));
        self.program.add_module(&path);
        self.lower(&path, false);
        if is_new {
            // Imports of other files may now mean this one.
            self.program.forget_all();
            self.results.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Applies edits one after the other, each to the text the one before it left. Ranges beyond the text are cut
    /// to it; ranges inside a character are widened to its borders.
    pub fn edit_file(&mut self, path: &str, edits: &[Edit]) {
        self.reopen();
        self.revision += 1;
        if let Some(file) = self.manifests.get_mut(path) {
            file.edit(edits);
            return;
        }
        let Some(document) = self.files.get_mut(path) else { return };
        for edit in edits {
            document.edit(edit.range, &edit.text);
        }
        self.lower(&SmolStr::new(path), true);
    }

    pub fn remove_file(&mut self, path: &str) {
        self.reopen();
        if manifest::kind_of(path).is_some() {
            self.revision += 1;
            self.manifests.remove(path);
            return;
        }
        let path = SmolStr::new(path);
        if self.files.remove(&path).is_none() {
            return;
        }
        self.revision += 1;
        self.forget(&path);
        let all = self.owners.keys().copied().collect();
        *self.importing.get_mut().unwrap_or_else(PoisonError::into_inner) = all;
        self.program.forget_all();
        self.results.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn forget(&mut self, path: &SmolStr) {
        let chunks = self.program.modules.remove(path).unwrap_or_default();
        let mut all = Changes::default();
        chunks.iter().for_each(|chunk| all.add(*chunk));
        let gone = self.program.forget_readers(&all, Some(path));
        self.doubt(&all, &gone);
        for chunk in chunks {
            self.forget_chunk(path, chunk);
        }
        self.results.get_mut().unwrap_or_else(PoisonError::into_inner).remove_file(path);
    }

    fn forget_chunk(&mut self, path: &SmolStr, chunk: u64) {
        self.program.chunks.remove(&chunk);
        self.owners.remove(&chunk);
        self.trees.remove(&chunk);
        self.results.get_mut().unwrap_or_else(PoisonError::into_inner).remove(path, chunk);
    }

    /// What was found out from these chunks and modules may no longer hold.
    fn doubt(&mut self, changes: &Changes, modules: &FxHashSet<SmolStr>) {
        let results = self.results.get_mut().unwrap_or_else(PoisonError::into_inner);
        for reader in results.readers(changes, modules) {
            if let Some(owner) = self.owners.get(&reader) {
                results.open(owner, reader);
            }
        }
    }

    /// Lowers the chunks of a file whose text is new, and forgets those that are gone.
    fn lower(&mut self, path: &SmolStr, keep_trees: bool) {
        let Some(document) = self.files.get_mut(path) else { return };
        let touched = document.touched();
        let is_recut = document.is_recut();
        let mut removed: Vec<u64> = Vec::new();
        if is_recut {
            let order: Vec<u64> = document.chunks().iter().map(|chunk| chunk.id).collect();
            let before = self.program.modules.insert(path.clone(), order).unwrap_or_default();
            removed.extend(before.into_iter().filter(|id| document.start_of(*id).is_none()));
        }
        let mut changes = Changes::default();
        let (mut new_header, mut new_structure) = (false, is_recut);
        for at in touched {
            let chunk = document.chunk(at);
            if !chunk.changed {
                continue;
            }
            let id = chunk.id;
            let text = document.chunk_text(at);
            let unclosed = &chunk.span.unclosed;
            let parsed = match self.trees.get(&id) {
                Some(old) => reparse(text, unclosed, old),
                None => parse(text, unclosed),
            };
            let ir = Arc::new(lower::lower(&parsed));
            if keep_trees {
                self.trees.insert(id, parsed);
            }
            self.program.latest += 1;
            let old = self.program.chunks.get(&id);
            let same_header = old.filter(|old| old.kind == chunk.span.kind && old.ir.same_header(&ir));
            new_header |= same_header.is_none();
            // A definition of another name is as good as another chunk: who looked for one must look again.
            new_structure |= old.is_none_or(|old| old.kind != chunk.span.kind || !old.ir.same_names(&ir));
            changes.chunks.insert(id);
            if same_header.is_none() {
                changes.headers.insert(id);
            }
            let version = self.program.latest;
            let header = same_header.map_or(version, |old| old.header);
            let info = ChunkInfo { module: path.clone(), kind: chunk.span.kind, ir, version, header };
            self.program.chunks.insert(id, info);
            self.owners.insert(id, path.clone());
        }
        document.mark_clean();
        self.importing.get_mut().unwrap_or_else(PoisonError::into_inner).extend(&changes.chunks);
        let results = self.results.get_mut().unwrap_or_else(PoisonError::into_inner);
        changes.chunks.iter().for_each(|id| results.open(path, *id));
        if new_structure {
            *self.program.structures.entry(path.clone()).or_default() += 1;
        }
        removed.iter().for_each(|id| changes.add(*id));
        let gone = self.program.forget_readers(&changes, (new_header || new_structure).then_some(path));
        self.doubt(&changes, &gone);
        for id in removed {
            self.forget_chunk(path, id);
        }
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        let manifest = || self.manifests.get(path).map(manifest::File::text);
        self.files.get(path).map(Document::text).or_else(manifest)
    }

    /// Whether the chunks of a file that a range lies in parse as they were typed.
    pub fn is_whole(&self, path: &str, range: TextRange) -> bool {
        let Some(document) = self.files.get(path) else { return true };
        document.chunks_at(range).iter().all(|chunk| {
            // A chunk that was never edited has no tree here, and nobody is typing it.
            chunk.span.unclosed.is_empty() && self.trees.get(&chunk.id).is_none_or(ParsedChunk::is_whole)
        })
    }

    /// The findings of a file, sorted by position, suppressed ones included and marked.
    pub fn findings(&self, path: &str) -> Vec<Finding> {
        if let Some(file) = self.manifests.get(path) {
            // A key or a pipeline beside the tests is there for them.
            if file.is_text() && is_test(path) {
                return Vec::new();
            }
            let lines = self.lines_told(path, file);
            let mut findings = manifest::findings(&self.index, file, &self.around(path), &lines);
            suppress::mark(file.text(), &mut findings, &self.rules);
            return findings;
        }
        let results = self.found_in(path);
        let elsewhere = self.elsewhere();
        let own = results.iter().flat_map(|result| result.findings.iter());
        let mut raw: Vec<&RawFinding> = own.chain(elsewhere.get(path).into_iter().flatten()).collect();
        if raw.iter().any(|finding| self.index.absences[finding.rule].is_some()) {
            let absent = self.absent();
            raw.retain(|finding| {
                self.index.absences[finding.rule].is_none()
                    || absent.get(&finding.rule) == Some(&AbsentAt::Code(finding.at))
            });
        }
        self.told(path, raw)
    }

    /// What rules find in the lines of a file that is not Python.
    fn lines_told(&self, path: &str, file: &manifest::File) -> Vec<FoundLine> {
        let mut lines = manifest::lines_found(&self.index, path, file);
        let in_tests = is_test(path);
        lines.retain(|line| {
            let is_silent = in_tests && self.index.outside_tests[line.rule];
            !(is_silent || self.index.is_evidence(line.rule))
        });
        if lines.iter().any(|line| self.index.absences[line.rule].is_some()) {
            let absent = self.absent();
            lines.retain(|line| {
                self.index.absences[line.rule].is_none()
                    || absent.get(&line.rule) == Some(&AbsentAt::File(path.into(), line.range))
            });
        }
        lines
    }

    /// The findings that a part of a file holds and its own chunks tell of: what other places find there, and what the
    /// project lacks, is left out. While that part is typed nobody need ask the rest of the program.
    pub fn findings_at(&self, path: &str, range: TextRange) -> Vec<Finding> {
        let Some(document) = self.files.get(path) else { return self.findings(path) };
        let chunks = document.chunks_at(range);
        let results: Vec<Arc<ChunkResult>> = chunks.iter().map(|chunk| self.result(chunk.id)).collect();
        let mut raw: Vec<&RawFinding> = results.iter().flat_map(|result| result.findings.iter()).collect();
        raw.retain(|finding| self.index.absences[finding.rule].is_none());
        let mut findings = self.told(path, raw);
        findings.retain(|finding| finding.range.touches(range));
        findings
    }

    /// Evaluates a file. Independent files can be evaluated on several threads before their findings are asked for.
    pub fn evaluate(&self, path: &str) {
        self.refresh(path);
    }

    /// How many times a chunk was evaluated so far: what edits cost, without a clock.
    pub fn evaluations(&self) -> u64 {
        self.results.lock().unwrap_or_else(PoisonError::into_inner).evaluations
    }

    /// Evaluates what is not known of a file, or may no longer hold.
    fn refresh(&self, path: &str) {
        let Some((path, chunks)) = self.program.modules.get_key_value(path) else { return };
        let open = {
            let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
            results.ensure(path, chunks);
            results.open_in(path)
        };
        for chunk in open {
            self.result(chunk);
        }
    }

    /// The results of a file that found something.
    fn found_in(&self, path: &str) -> Vec<Arc<ChunkResult>> {
        self.refresh(path);
        let Some(document) = self.files.get(path) else { return Vec::new() };
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.found_in(path, |chunk| document.start_of(chunk))
    }

    /// What the evaluation of each file found in another one: a caller brings the attacker's input, the callee has
    /// the danger.
    fn elsewhere(&self) -> Arc<Elsewhere> {
        let mut known = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, found)) = &*known
            && *revision == self.revision
        {
            return found.clone();
        }
        let mut found = Elsewhere::default();
        let mut paths: Vec<&SmolStr> = self.program.modules.keys().collect();
        paths.sort();
        for path in paths {
            self.refresh(path);
            let Some(document) = self.files.get(path) else { continue };
            let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
            let results = results.reaching_from(path, |chunk| document.start_of(chunk));
            for finding in results.iter().flat_map(|result| result.findings.iter()) {
                match self.owners.get(&finding.at.chunk) {
                    Some(owner) if owner != path => {
                        found.entry(owner.clone()).or_default().push(finding.clone());
                    }
                    _ => {}
                }
            }
        }
        let found = Arc::new(found);
        *known = Some((self.revision, found.clone()));
        found
    }

    /// The one place for each rule that speaks of what the project lacks, if it does.
    fn absent(&self) -> Arc<Absent> {
        let mut known = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, absent)) = &*known
            && *revision == self.revision
        {
            return absent.clone();
        }
        let mut paths: Vec<&SmolStr> = self.program.modules.keys().filter(|path| !is_test(path)).collect();
        paths.sort();
        let mut absent = Absent::default();
        if self.is_whole && self.index.absences.iter().any(Option::is_some) {
            let found: Vec<_> = paths.iter().flat_map(|path| self.found_in(path)).collect();
            let findings = || found.iter().flat_map(|result| result.findings.iter());
            let others = self.manifests.iter().filter(|(path, _)| !is_test(path));
            let lines: Vec<(&SmolStr, FoundLine)> = others
                .flat_map(|(path, file)| {
                    manifest::lines_found(&self.index, path, file).into_iter().map(move |line| (path, line))
                })
                .collect();
            let in_lines = lines.iter().map(|(_, line)| line.rule);
            let shown: FxHashSet<usize> = findings().map(|finding| finding.rule).chain(in_lines).collect();
            for (rule, lack) in self.index.absences.iter().enumerate() {
                let Some(lack) = lack else { continue };
                let matters = lack.needed.is_none_or(|needed| shown.contains(&needed));
                if shown.contains(&lack.provided) || !matters || !shown.contains(&rule) {
                    continue;
                }
                let first = found.iter().find_map(|result| {
                    let own = result.findings.iter().filter(|finding| finding.rule == rule);
                    own.map(|finding| finding.at).min_by_key(|at| at.range)
                });
                let first = first.map(AbsentAt::Code).or_else(|| {
                    let lines = lines.iter().map(|(path, line)| (*path, line));
                    manifest::first_of(rule, lines).map(|(path, range)| AbsentAt::File(path, range))
                });
                absent.extend(first.map(|at| (rule, at)));
            }
        }
        let absent = Arc::new(absent);
        *known = Some((self.revision, absent.clone()));
        absent
    }

    /// The edits that remove a finding of the file's present text, the best first.
    pub fn fixes(&self, path: &str, finding: &Finding) -> Vec<Fix> {
        if let Some(file) = self.manifests.get(path) {
            let Some(rule) = self.rules.rule(&finding.rule) else { return Vec::new() };
            return manifest::fixes(&self.index, file, &self.around(path), finding, &rule.definition.fix);
        }
        let Some(document) = self.files.get(path) else { return Vec::new() };
        let Some(rule) = self.rules.rule(&finding.rule) else { return Vec::new() };
        let results = self.found_in(path);
        let raw = results
            .iter()
            .flat_map(|result| result.findings.iter().cloned())
            .chain(self.elsewhere().get(path).into_iter().flatten().cloned())
            .find(|raw| {
                self.index.names[raw.rule] == finding.rule
                    && self.place(raw.at.chunk, raw.at.range).is_some_and(|(_, range)| range == finding.range)
            });
        let Some(raw) = raw else { return Vec::new() };
        let site = fix::Site {
            text: document.text(),
            target: finding.range,
            argument: raw.argument.and_then(|at| self.place(at.chunk, at.range)).map(|(_, range)| range),
            callee: raw.callee.as_deref(),
            name: raw.name.as_deref(),
            flow: &finding.flow,
            path,
        };
        rule.definition
            .fix
            .iter()
            .enumerate()
            .filter(|(at, _)| *at >= 32 || raw.unfit & (1 << at) == 0)
            .map(|(_, recipe)| recipe)
            .filter(|recipe| {
                recipe.callee.is_empty()
                    || raw.callee.as_ref().is_some_and(|callee| recipe.callee.contains(callee))
            })
            .filter_map(|recipe| fix::build(recipe, &site))
            .collect()
    }

    /// Paths that imports of the present files may mean, and what manifests go by, that were neither set nor reported missing. The shell
    /// reads those that exist and sets them; it reports the others with `set_missing`.
    pub fn wanted(&self) -> Vec<SmolStr> {
        let mut wanted = Vec::new();
        let mut seen = FxHashSet::default();
        let mut importing = self.importing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chunks: Vec<(&SmolStr, u64)> =
            importing.iter().filter_map(|chunk| Some((self.owners.get(chunk)?, *chunk))).collect();
        chunks.sort();
        importing.clear();
        for (path, chunk) in chunks {
            let Some(info) = self.program.chunks.get(&chunk) else { continue };
            for (module, level) in imports(&info.ir) {
                let candidates = module_candidates(path, &module, level).into_iter().map(|one| one.path);
                let candidates: Vec<SmolStr> = candidates.collect();
                if candidates.iter().any(|candidate| self.files.contains_key(candidate)) {
                    continue;
                }
                let unknown = candidates.into_iter().filter(|candidate| !self.missing.contains(candidate));
                for candidate in unknown {
                    // Until the shell has said what is there, it is asked again.
                    importing.insert(chunk);
                    if seen.insert(candidate.clone()) {
                        wanted.push(candidate);
                    }
                }
            }
        }
        drop(importing);
        let mut manifests: Vec<_> = self.manifests.iter().collect();
        manifests.sort_by_key(|(path, _)| *path);
        for (path, file) in manifests {
            let known = |path: &SmolStr| self.missing.contains(path) || self.manifests.contains_key(path);
            wanted.extend(
                file.wanted(path).into_iter().filter(|path| !known(path) && seen.insert(path.clone())),
            );
        }
        wanted
    }

    /// What other files say of a manifest's dependencies.
    fn around(&self, path: &str) -> Around {
        manifest::around(path, |path| self.manifests.get(path))
    }

    /// No such file: imports that mean it stay unknown, silently.
    pub fn set_missing(&mut self, path: &str) {
        self.missing.insert(path.into());
    }
}

/// A file that holds tests, by its name or its folder's.
fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    is_test_file(path)
        || name == "test.py"
        || folders.split('/').any(|folder| matches!(folder, "tests" | "test" | "testing"))
}

/// A file that holds tests by its own name. A folder called `tests` may hold programs that are only tried out there.
fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("test_") || name.ends_with("_test.py") || matches!(name, "conftest.py" | "tests.py")
}

/// The modules that a chunk imports, with the number of leading dots.
fn imports(ir: &Ir) -> Vec<(SmolStr, u32)> {
    let mut found = Vec::new();
    let mut pending: Vec<&[Statement]> = vec![&ir.body];
    pending.extend(ir.functions.iter().map(|function| function.body.as_slice()));
    while let Some(block) = pending.pop() {
        for statement in block {
            match &statement.kind {
                StatementKind::Import(names) => found.extend(names.iter().map(|name| (name.name.clone(), 0))),
                StatementKind::ImportFrom { module, level, names, .. } => {
                    if !module.is_empty() || *level > 0 {
                        found.push((module.clone(), *level));
                    }
                    for name in names.iter().filter(|_| *level > 0) {
                        let dotted = if module.is_empty() {
                            name.name.to_string()
                        } else {
                            format!("{module}.{}", name.name)
                        };
                        found.push((dotted.into(), *level));
                    }
                }
                StatementKind::If { body, orelse, .. } => {
                    pending.extend([body.as_slice(), orelse.as_slice()]);
                }
                StatementKind::Try { body, handlers, orelse, finally } => {
                    pending.extend([body.as_slice(), orelse.as_slice(), finally.as_slice()]);
                    pending.extend(handlers.iter().map(|handler| handler.body.as_slice()));
                }
                _ => {}
            }
        }
    }
    found
}

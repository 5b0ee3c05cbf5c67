//! The result of a chunk: what is known of it still holds, is renewed, or is found out. Tells nobody.

use std::sync::{Arc, PoisonError};

use super::{Workspace, is_test};
use crate::checks;
use crate::flow::given::Calls;
use crate::flow::program::{ChunkInfo, Globals};
use crate::flow::taint::Location;
use crate::flow::{Account, Evaluated, evaluate_chunk, evaluate_globals, renewed};
use crate::results::{ChunkResult, ModuleRead, State};
use crate::rule::matching::{Matcher, RawFinding};
use crate::syntax::parse::parse;

impl Workspace {
    pub(super) fn result(&self, chunk: u64) -> Arc<ChunkResult> {
        let Some(info) = self.program.chunks.get(&chunk) else { return Arc::default() };
        let state = self.results.lock().unwrap_or_else(PoisonError::into_inner).state(&info.module, chunk);
        match state {
            State::Holds(known) => return known,
            State::Doubtful(known) => {
                if let Some(result) = self.renewed(&known, info) {
                    self.results.lock().unwrap_or_else(PoisonError::into_inner).keep(
                        &info.module,
                        chunk,
                        &result,
                    );
                    return result;
                }
            }
            State::Unknown => {}
        }
        let mut matcher = Matcher::new(&self.index);
        let Evaluated { mut account, calls } = evaluate_chunk(&self.program, chunk, &mut matcher);
        // Tests call with constants what the program itself calls with anything.
        let calls = if is_test(&info.module) { Calls::default() } else { calls };
        let text = self.chunk_text(chunk).unwrap_or_default();
        let read = checks::run(&self.index, &self.program, chunk, text, &mut matcher.found);
        self.run_queries(chunk, &mut matcher.found);
        account.reads.chunks.extend(read);
        let result = Arc::new(self.accounted(info, matcher.found.into(), account, Arc::new(calls)));
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.evaluations += 1;
        results.keep(&info.module, chunk, &result);
        drop(results);
        result
    }

    /// A result as of now.
    fn accounted(
        &self,
        info: &ChunkInfo,
        findings: Arc<[RawFinding]>,
        account: Account,
        calls: Arc<Calls>,
    ) -> ChunkResult {
        let is_elsewhere = |finding: &RawFinding| {
            self.owners.get(&finding.at.chunk).is_some_and(|owner| *owner != info.module)
        };
        let reaches_out = findings.iter().any(is_elsewhere);
        if self.is_final {
            return ChunkResult {
                version: info.version,
                findings,
                reaches_out,
                calls,
                ..ChunkResult::default()
            };
        }
        let reads = account.reads.without_calls();
        let chunks = &self.program.chunks;
        let version_of = |id: &u64| chunks.get(id).map(|info| (*id, info.version));
        let header_of = |id: &u64| chunks.get(id).map(|info| (*id, info.header));
        let modules = reads
            .modules
            .into_iter()
            .map(|path| ModuleRead {
                exports: self.program.known_globals(&path),
                structure: self.program.structures.get(&path).copied(),
                path,
            })
            .collect();
        ChunkResult {
            version: info.version,
            reaches_out,
            findings,
            chunks: reads.chunks.iter().filter_map(version_of).collect(),
            headers: reads.headers.iter().filter_map(header_of).collect(),
            modules,
            account,
            calls,
        }
    }

    /// What was found before, if that is what would be found now.
    fn renewed(&self, known: &Arc<ChunkResult>, info: &ChunkInfo) -> Option<Arc<ChunkResult>> {
        if known.version != info.version || !self.read_the_same(known) {
            return None;
        }
        let (account, moves) = renewed(&self.program, &known.account, &mut Matcher::new(&self.index))?;
        let findings = if moves.are_none() {
            known.findings.clone()
        } else {
            known.findings.iter().map(|finding| finding.relocated(&mut |at| moves.of(at))).collect()
        };
        Some(Arc::new(self.accounted(info, findings, account, known.calls.clone())))
    }

    pub(super) fn chunk_text(&self, chunk: u64) -> Option<&str> {
        self.owners.get(&chunk).and_then(|path| self.files.get(path))?.text_of(chunk)
    }

    /// Whether everything that a result was computed from is still the same, but for what the calls do.
    fn read_the_same(&self, result: &ChunkResult) -> bool {
        let same_module = |read: &ModuleRead| {
            if self.program.structures.get(&read.path).copied() != read.structure {
                return false;
            }
            let mut nobody = Matcher::new(&self.index);
            let now = evaluate_globals(&self.program, &read.path, &mut nobody);
            read.exports.as_ref().is_some_and(|then| self.same_exports(then, &now))
        };
        let chunks = &self.program.chunks;
        let same_chunk =
            |(id, version): &(u64, u64)| chunks.get(id).is_some_and(|info| info.version == *version);
        let same_header =
            |(id, header): &(u64, u64)| chunks.get(id).is_some_and(|info| info.header == *header);
        result.chunks.iter().all(same_chunk)
            && result.headers.iter().all(same_header)
            && result.modules.iter().all(same_module)
    }

    fn same_exports(&self, then: &Arc<Globals>, now: &Arc<Globals>) -> bool {
        if Arc::ptr_eq(then, now) {
            return true;
        }
        let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        if compared.0 != self.revision {
            *compared = (self.revision, Vec::new());
        }
        let known =
            compared.1.iter().find(|(before, after, _)| Arc::ptr_eq(before, then) && Arc::ptr_eq(after, now));
        if let Some((_, _, same)) = known {
            return *same;
        }
        let same = **then == **now;
        compared.1.push((Arc::clone(then), Arc::clone(now), same));
        same
    }

    /// The rules that are queries, on the chunk's own tree.
    fn run_queries(&self, chunk: u64, found: &mut Vec<RawFinding>) {
        let document = self.owners.get(&chunk).and_then(|path| self.files.get(path));
        let Some((document, text)) = document.and_then(|document| Some((document, document.text_of(chunk)?)))
        else {
            return;
        };
        let mut wanted = self.index.queries.iter().filter(|query| query.may_match(text)).peekable();
        if wanted.peek().is_none() {
            return;
        }
        let unclosed =
            document.chunks().iter().find(|one| one.id == chunk).map(|one| one.span.unclosed.as_slice());
        let parsed = match self.trees.get(&chunk) {
            Some(parsed) => parsed.clone(),
            None => parse(text, unclosed.unwrap_or_default()),
        };
        for query in wanted {
            found.extend(
                query
                    .find(&parsed)
                    .into_iter()
                    .map(|range| RawFinding::plain(&self.index, query.rule, Location { chunk, range })),
            );
        }
    }
}

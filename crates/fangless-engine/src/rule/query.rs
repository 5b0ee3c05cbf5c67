//! Rules that are tree-sitter queries. The exception: compiled when first used, run on a chunk's own tree only, and
//! only where a word occurs without which the query cannot match.

use std::sync::OnceLock;

use smol_str::SmolStr;
use tree_sitter::{Query, QueryCursor, StreamingIterator as _};

use super::schema::QueryMatch;
use crate::syntax::parse::ParsedChunk;
use crate::text::TextRange;

/// A query of a rule, by the rule's number.
pub(crate) struct RuleQuery {
    pub(crate) rule: usize,
    pattern: String,
    words: Vec<SmolStr>,
    compiled: OnceLock<Option<Query>>,
}

impl RuleQuery {
    pub(crate) fn new(rule: usize, definition: &QueryMatch) -> Self {
        Self {
            rule,
            pattern: definition.pattern.clone(),
            words: definition.words.clone(),
            compiled: OnceLock::new(),
        }
    }

    /// Compiles it where that was not done yet.
    pub(crate) fn compiled(&self) -> Option<&Query> {
        self.compiled.get_or_init(|| compile(&self.pattern).ok()).as_ref()
    }

    pub(crate) fn may_match(&self, text: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| text.contains(word.as_str()))
    }

    /// What the query matches, relative to the chunk, in order: the capture `match`, or the first one.
    pub(crate) fn find(&self, chunk: &ParsedChunk) -> Vec<TextRange> {
        // A pattern that does not compile was reported when its page was loaded.
        let Some(query) = self.compiled() else { return Vec::new() };
        let reported = query.capture_index_for_name("match").unwrap_or(0);
        let mut cursor = QueryCursor::new();
        let mut matches = cursor.matches(query, chunk.tree.root_node(), chunk.text.as_bytes());
        let mut found = Vec::new();
        while let Some(one) = matches.next() {
            for node in one.nodes_for_capture_index(reported) {
                let place = |offset: usize| chunk.repair.to_original(offset as u32);
                found.push(TextRange::new(place(node.start_byte()), place(node.end_byte())));
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

/// A query over Python's grammar, or what is wrong with it.
pub(super) fn compile(pattern: &str) -> Result<Query, String> {
    let query =
        Query::new(&tree_sitter_python::LANGUAGE.into(), pattern).map_err(|error| error.to_string())?;
    if query.capture_names().is_empty() {
        return Err("it captures nothing; mark what is to be reported with `@match`".into());
    }
    let unknown = (0..query.pattern_count()).flat_map(|at| query.general_predicates(at)).next();
    match unknown {
        Some(predicate) => {
            Err(format!("`#{}` is not known; `#eq?`, `#match?` and `#any-of?` are", predicate.operator))
        }
        None => Ok(query),
    }
}

//! The few checks that data can't say, one file each. They read the IR of one chunk.

mod fail_open;

use crate::finding::Certainty;
use crate::flow::taint::Location;
use crate::rule::matching::{RawFinding, RuleIndex};
use crate::syntax::ir::Ir;
use crate::text::TextRange;

/// Runs the coded checks that some rule names.
pub(crate) fn run(index: &RuleIndex, ir: &Ir, chunk: u64, found: &mut Vec<RawFinding>) {
    for (rule, name) in &index.checks {
        let ranges: Vec<TextRange> = match name.as_str() {
            "fail-open-except" => fail_open::find(ir),
            _ => Vec::new(),
        };
        found.extend(ranges.into_iter().map(|range| RawFinding {
            rule: *rule,
            severity: index.severity(*rule),
            certainty: Certainty::Certain,
            at: Location { chunk, range },
            argument: None,
            message: index.message(*rule).to_owned(),
            callee: None,
            name: None,
            steps: Vec::new(),
            unfit: 0,
            source: None,
        }));
    }
}

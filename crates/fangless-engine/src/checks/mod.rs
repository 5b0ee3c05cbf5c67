//! The few checks that data can't say, one file each. They read the IR of one chunk.

mod fail_open;

use crate::flow::taint::Location;
use crate::rule::matching::{RawFinding, RuleIndex};
use crate::rule::schema::CheckName;
use crate::syntax::ir::Ir;

/// Runs the coded checks that some rule names.
pub(crate) fn run(index: &RuleIndex, ir: &Ir, chunk: u64, found: &mut Vec<RawFinding>) {
    for (rule, name) in &index.checks {
        let ranges = match name {
            CheckName::FailOpenExcept => fail_open::find(ir),
        };
        found.extend(
            ranges.into_iter().map(|range| RawFinding::plain(index, *rule, Location { chunk, range })),
        );
    }
}

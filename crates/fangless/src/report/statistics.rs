//! How often each rule fired, the most frequent first.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Report, severity_name};

pub(crate) fn render(report: &Report) -> String {
    let mut counts = BTreeMap::new();
    for (_, entry) in report.active() {
        *counts.entry((entry.finding.rule.as_str(), entry.finding.severity)).or_insert(0_usize) += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|((rule, severity), count)| (Reverse(*count), Reverse(*severity), *rule));
    let width = rows.first().map_or(0, |(_, count)| count.to_string().len());
    let mut output = String::new();
    for ((rule, severity), count) in rows {
        let _ = writeln!(output, "{count:width$}  {:8}  {rule}", severity_name(severity));
    }
    output
}

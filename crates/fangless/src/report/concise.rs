//! One line a finding: `path:line:column: rule severity message`.

use std::fmt::Write;

use super::{Report, severity_name};
use crate::messages::printable;

pub(crate) fn render(report: &Report) -> String {
    let mut output = String::new();
    for (file, entry) in report.active() {
        let finding = &entry.finding;
        let point = file.point(finding.range.start);
        let _ = writeln!(
            output,
            "{}:{}:{}: {} [{}] {}",
            printable(&file.shown),
            point.line,
            point.column,
            severity_name(finding.severity),
            finding.rule,
            printable(&finding.message)
        );
    }
    output
}

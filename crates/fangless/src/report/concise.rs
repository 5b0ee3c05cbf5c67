//! One line a finding: `path:line:column: severity [rule] message`; in a notebook `path:cell 3:line:column: …`.

use std::fmt::Write;

use super::{Report, severity_name};
use crate::messages::printable;

pub(crate) fn render(report: &Report) -> String {
    let mut output = String::new();
    for (file, entry) in report.active() {
        let finding = &entry.finding;
        let _ = writeln!(
            output,
            "{}:{}: {} [{}] {}",
            printable(&file.shown),
            file.point(finding.range.start),
            severity_name(finding.severity),
            finding.rule,
            printable(&finding.message)
        );
    }
    output
}

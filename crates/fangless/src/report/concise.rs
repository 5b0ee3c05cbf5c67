//! One line for each finding.

use std::fmt::Write as _;

use fangless_engine::text::LineIndex;

use crate::check::FileReport;

pub(crate) fn render(reports: &[FileReport]) -> String {
    let mut out = String::new();
    for report in reports {
        let lines = LineIndex::new(&report.text);
        for (finding, _) in report.findings.iter().filter(|(finding, _)| finding.suppressed.is_none()) {
            let at = lines.line_column(finding.range.start);
            let severity = format!("{:?}", finding.severity).to_lowercase();
            let _ = writeln!(
                out,
                "{}:{}:{}: {severity} {} {}",
                report.path.display(),
                at.line + 1,
                at.column + 1,
                finding.rule,
                finding.message
            );
        }
    }
    out
}

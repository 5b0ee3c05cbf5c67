//! Annotations of a GitHub workflow: one command line for each finding.

use std::fmt::Write;

use fangless_engine::Severity;

use super::Report;

pub(crate) fn render(report: &Report) -> String {
    let mut output = String::new();
    for (file, entry) in report.active() {
        let finding = &entry.finding;
        let command = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let (start, end) = (file.disk_point(finding.range.start), file.disk_point(finding.range.end));
        let _ = write!(
            output,
            "::{command} title=Fangless ({}),file={},line={},endLine={}",
            property(&finding.rule),
            property(&file.shown),
            start.line,
            end.line
        );
        // GitHub takes columns only where the annotation stays in one line.
        if start.line == end.line {
            let _ = write!(output, ",col={},endColumn={}", start.column, end.column);
        }
        let message = format!("{}{}", finding.message, file.in_cell(finding.range.start));
        let _ = writeln!(output, "::{}", data(&message));
    }
    output
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn commands_are_escaped() {
        insta::assert_snapshot!(super::render(&sample::report()), @r#"
        ::error title=Fangless (sql-injection),file=app/db.py,line=3,endLine=3,col=5,endColumn=65::input of the client is part of this SQL
        ::warning title=Fangless (yaml-unsafe-load),file=a.py,line=2,endLine=2,col=2,endColumn=14::`yaml.load` can run code, 100%25 of: it, <really>
        "#);
    }
}

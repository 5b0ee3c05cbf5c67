//! The XML of `JUnit`: a test suite for each file, a failed case for each finding; skipped files are skipped cases.

use std::fmt::Write;

use super::{Report, severity_name};
use crate::messages::Gravity;

pub(crate) fn render(report: &Report) -> String {
    let mut suites = String::new();
    let mut failures = 0;
    for file in &report.files {
        let count = file.active().count();
        if count == 0 {
            continue;
        }
        failures += count;
        let name = escaped(&file.shown);
        let _ = writeln!(suites, "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{count}\">");
        for entry in file.active() {
            let finding = &entry.finding;
            let point = file.point(finding.range.start);
            let line = file.disk_point(finding.range.start).line;
            let rule = escaped(&finding.rule);
            let _ = writeln!(
                suites,
                "    <testcase name=\"{rule}\" classname=\"{name}\" file=\"{name}\" line=\"{line}\">\n      \
                 <failure type=\"{severity}\" message=\"{message}\">{name}:{point}: {message}</failure>\n    \
                 </testcase>",
                severity = severity_name(finding.severity),
                message = escaped(&finding.message)
            );
        }
        suites.push_str("  </testsuite>\n");
    }
    let skipped: Vec<_> =
        report.messages.iter().filter(|message| message.gravity == Gravity::Skipped).collect();
    if !skipped.is_empty() {
        let count = skipped.len();
        let _ = writeln!(suites, "  <testsuite name=\"skipped\" tests=\"{count}\" skipped=\"{count}\">");
        for message in &skipped {
            let _ = writeln!(
                suites,
                "    <testcase name=\"read\" classname=\"{}\"><skipped message=\"{}\"/></testcase>",
                escaped(&message.path),
                escaped(&message.text)
            );
        }
        suites.push_str("  </testsuite>\n");
    }
    // Tools take a file without any case for a run that broke off.
    let clean = failures == 0 && skipped.is_empty();
    if clean {
        suites
            .push_str("  <testsuite name=\"fangless\" tests=\"1\"><testcase name=\"check\"/></testsuite>\n");
    }
    let tests = failures + skipped.len() + usize::from(clean);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"fangless\" tests=\"{tests}\" failures=\"{failures}\">\n{suites}</testsuites>\n"
    )
}

/// For text and attributes. Characters that XML forbids are replaced.
fn escaped(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => output.push_str("&amp;"),
            '<' => output.push_str("&lt;"),
            '>' => output.push_str("&gt;"),
            '"' => output.push_str("&quot;"),
            '\t' | '\n' | '\r' => output.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => output.push('\u{fffd}'),
            other => output.push(other),
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn files_are_suites() {
        insta::assert_snapshot!(super::render(&sample::report()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="fangless" tests="3" failures="2">
          <testsuite name="app/db.py" tests="1" failures="1">
            <testcase name="sql-injection" classname="app/db.py" file="app/db.py" line="3">
              <failure type="critical" message="input of the client is part of this SQL">app/db.py:3:5: input of the client is part of this SQL</failure>
            </testcase>
          </testsuite>
          <testsuite name="a.py" tests="1" failures="1">
            <testcase name="yaml-unsafe-load" classname="a.py" file="a.py" line="2">
              <failure type="medium" message="`yaml.load` can run code, 100% of: it, &lt;really&gt;">a.py:2:2: `yaml.load` can run code, 100% of: it, &lt;really&gt;</failure>
            </testcase>
          </testsuite>
          <testsuite name="skipped" tests="1" skipped="1">
            <testcase name="read" classname="big.py"><skipped message="is larger than 10 MiB"/></testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn a_clean_run_has_a_case() {
        insta::assert_snapshot!(super::render(&sample::clean()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="fangless" tests="1" failures="0">
          <testsuite name="fangless" tests="1"><testcase name="check"/></testsuite>
        </testsuites>
        "#);
    }
}

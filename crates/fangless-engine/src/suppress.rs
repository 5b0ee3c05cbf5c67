//! Comments that silence findings: `# fangless: ignore[rule] reason`, and those of other tools (`# nosec`, `# noqa`).

use std::ops::Range;

use crate::finding::{Finding, Suppressed};
use crate::rule::RuleSet;
use crate::text::{TextRange, comments};

/// In a statement of more lines only the first and the last one are looked at.
const MAX_LINES: usize = 50;

/// Marks the findings that a comment on one of their lines silences.
pub(crate) fn mark(text: &str, findings: &mut [Finding], rules: &RuleSet) {
    if findings.is_empty() || !text.contains('#') {
        return;
    }
    for finding in findings {
        let first = line_at(text, finding.range.start as usize);
        let last = line_at(text, finding.range.end as usize);
        let lines = TextRange::new(first.start as u32, last.end as u32);
        if !lines.slice(text).contains('#') {
            continue;
        }
        let is_long = lines.slice(text).lines().count() > MAX_LINES;
        for comment in comments(lines.slice(text)) {
            let comment = comment.moved(lines.start);
            // Of a long statement only what stands at its ends is about all of it.
            if is_long && (first.end..last.start).contains(&(comment.start as usize)) {
                continue;
            }
            let content = comment.slice(text).trim_end();
            if let Some((at, reason)) = silences(content, finding, rules) {
                let end = comment.start + content.len() as u32;
                let range = TextRange::new(comment.start + at as u32, end);
                finding.suppressed = Some(Suppressed { range, reason });
                break;
            }
        }
    }
}

/// The line that holds an offset, with what ends it.
fn line_at(text: &str, offset: usize) -> Range<usize> {
    let is_end = |byte: u8| byte == b'\n' || byte == b'\r';
    let bytes = text.as_bytes();
    let offset = offset.min(bytes.len());
    let start = bytes[..offset].iter().rposition(|byte| is_end(*byte)).map_or(0, |at| at + 1);
    let end = bytes[offset..].iter().position(|byte| is_end(*byte)).map_or(bytes.len(), |at| offset + at + 1);
    start..end
}

/// Where in a comment the part that silences the finding begins, and its reason.
fn silences(comment: &str, finding: &Finding, rules: &RuleSet) -> Option<(usize, Option<String>)> {
    for (at, _) in comment.match_indices('#') {
        let comment = comment[at + 1..].trim_start();
        if let Some(rest) = comment.strip_prefix("fangless:") {
            let rest = rest.trim_start().strip_prefix("ignore")?;
            let (names, reason) = bracketed(rest);
            if names.is_none_or(|names| listed(names, |name| name == finding.rule)) {
                return Some((at, reason));
            }
        }
        let definition = rules.rule(&finding.rule).map(|rule| &rule.definition);
        if let Some(rest) = comment.strip_prefix("nosec") {
            let ids = rest.trim_start_matches([':', ' ']);
            let named = ids.starts_with('B');
            let matches = definition.is_some_and(|definition| {
                listed(ids, |id| definition.bandit.iter().any(|known| known == id))
            });
            if !named || matches {
                return Some((at, None));
            }
        }
        if let Some(rest) = comment.strip_prefix("noqa:") {
            let matches = definition
                .is_some_and(|definition| listed(rest, |id| definition.ruff.iter().any(|known| known == id)));
            if matches {
                return Some((at, None));
            }
        }
    }
    None
}

/// `[names] reason`, `reason`.
fn bracketed(text: &str) -> (Option<&str>, Option<String>) {
    let (names, reason) = match text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((names, reason)) => (Some(names), reason),
        None => (None, text),
    };
    let reason = reason.trim();
    // What an editor puts there until somebody writes the reason is none.
    let is_reason = !reason.is_empty() && !reason.starts_with("TODO");
    (names, is_reason.then(|| reason.to_owned()))
}

fn listed(names: &str, is_it: impl Fn(&str) -> bool) -> bool {
    names.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()).any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Certainty, Severity};

    /// The comment that silences a finding of `command-injection` at `found`.
    fn silencer(text: &str, found: &str) -> Option<String> {
        let start = text.find(found).unwrap() as u32;
        let mut findings = [Finding {
            range: TextRange::new(start, start + found.len() as u32),
            rule: "command-injection".into(),
            severity: Severity::High,
            certainty: Certainty::Certain,
            message: String::new(),
            flow: vec![],
            other_sources: 0,
            suppressed: None,
        }];
        mark(text, &mut findings, &RuleSet::builtin());
        findings[0].suppressed.as_ref().map(|suppressed| suppressed.range.slice(text).to_owned())
    }

    #[test]
    fn a_comment_on_any_line_of_the_statement_counts() {
        for (text, found, expected) in [
            ("run(x)  # nosec\n", "run(x)", "# nosec"),
            (
                "run(x)  # why # fangless: ignore[command-injection] y",
                "run(x)",
                "# fangless: ignore[command-injection] y",
            ),
            ("run(\n    x,  # nosec\n)\n", "run(\n    x,  # nosec\n)", "# nosec"),
            ("run('''a\n# b\n''')  # nosec B602\n", "run('''a\n# b\n''')", "# nosec B602"),
            ("x = f'''a\n{run(y)}''' # nosec\n", "run(y)", "# nosec"),
        ] {
            assert_eq!(silencer(text, found).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_stands_in_a_string_or_elsewhere_does_not() {
        for (text, found) in [
            ("run('# nosec')\n", "run('# nosec')"),
            ("run('''a\n# nosec\n''')\n", "run('''a\n# nosec\n''')"),
            ("run(f'{x}# nosec', r'\\')\n", "run(f'{x}# nosec', r'\\')"),
            ("run(x)\ny  # nosec\n", "run(x)"),
            ("run(x)  # fangless: ignore[sql-injection]\n", "run(x)"),
        ] {
            assert_eq!(silencer(text, found), None, "{text}");
        }
    }

    #[test]
    fn a_reason_is_what_somebody_wrote() {
        assert_eq!(bracketed("[a, b] only in tests "), (Some("a, b"), Some("only in tests".to_owned())));
        assert_eq!(bracketed(" checked above"), (None, Some("checked above".to_owned())));
        assert_eq!(bracketed("[a]"), (Some("a"), None));
        assert_eq!(bracketed("[a] TODO: say why"), (Some("a"), None));
    }
}

//! Comments that silence findings: `# fangless: ignore[rule] reason`, and those of other tools (`# nosec`, `# noqa`).

use std::ops::Range;

use crate::finding::{Finding, Suppressed};
use crate::rule::RuleSet;
use crate::text::TextRange;

/// Marks the findings that a comment on one of their lines silences.
pub(crate) fn mark(text: &str, findings: &mut [Finding], rules: &RuleSet) {
    if findings.is_empty() || !text.contains('#') {
        return;
    }
    for finding in findings {
        let first = line_at(text, finding.range.start as usize);
        let last = line_at(text, finding.range.end as usize);
        let candidates = if text[first.start..last.end].lines().count() > 50 {
            vec![first, last]
        } else {
            lines_between(text, &first, &last)
        };
        for line in candidates {
            let content = text[line.clone()].trim_end();
            if let Some((at, reason)) = silences(content, finding, rules) {
                let range = TextRange::new((line.start + at) as u32, (line.start + content.len()) as u32);
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

fn lines_between(text: &str, first: &Range<usize>, last: &Range<usize>) -> Vec<Range<usize>> {
    let mut lines = vec![first.clone()];
    while let Some(before) = lines.last().filter(|line| line.end < last.end) {
        lines.push(line_at(text, before.end));
    }
    lines
}

/// Where in the line the comment that silences the finding begins, and its reason.
fn silences(line: &str, finding: &Finding, rules: &RuleSet) -> Option<(usize, Option<String>)> {
    for (at, _) in line.match_indices('#') {
        let comment = line[at + 1..].trim_start();
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

    #[test]
    fn a_reason_is_what_somebody_wrote() {
        assert_eq!(bracketed("[a, b] only in tests "), (Some("a, b"), Some("only in tests".to_owned())));
        assert_eq!(bracketed(" checked above"), (None, Some("checked above".to_owned())));
        assert_eq!(bracketed("[a]"), (Some("a"), None));
        assert_eq!(bracketed("[a] TODO: say why"), (Some("a"), None));
    }
}

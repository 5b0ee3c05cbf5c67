//! Chooses fixes that do not get in each other's way, and applies them to a text. Pure.

use fangless_engine::{Applicability, Edit, Fix};

/// The edits of as many fixes as go together, sorted, and how many fixes that are. `fixes` holds those of each
/// finding, the best first.
pub(crate) fn choose(findings: &[Vec<Fix>], unsafe_too: bool) -> (Vec<Edit>, usize) {
    let mut chosen: Vec<Edit> = Vec::new();
    let mut count = 0;
    for fixes in findings {
        let may_run =
            |fix: &&Fix| !fix.edits.is_empty() && (fix.applicability == Applicability::Safe || unsafe_too);
        let Some(fix) = fixes.iter().find(may_run) else { continue };
        // Two fixes may need the same import: one and the same edit serves both.
        let new: Vec<&Edit> = fix.edits.iter().filter(|edit| !chosen.contains(edit)).collect();
        if new.iter().any(|edit| chosen.iter().any(|other| edit.range.touches(other.range))) {
            continue;
        }
        chosen.extend(new.into_iter().cloned());
        count += 1;
    }
    chosen.sort();
    (chosen, count)
}

/// The text after the edits, which are sorted and do not overlap.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut output = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        output.push_str(text.get(at..edit.range.start as usize).unwrap_or_default());
        output.push_str(&edit.text);
        at = edit.range.end as usize;
    }
    output.push_str(text.get(at..).unwrap_or_default());
    output
}

#[cfg(test)]
mod tests {
    use fangless_engine::text::TextRange;

    use super::*;

    fn fix(applicability: Applicability, edits: &[(u32, u32, &str)]) -> Fix {
        let edit = |(start, end, text): &(u32, u32, &str)| Edit {
            range: TextRange::new(*start, *end),
            text: (*text).to_string(),
        };
        Fix { title: String::new(), applicability, edits: edits.iter().map(edit).collect() }
    }

    #[test]
    fn a_shared_import_is_inserted_once_and_overlaps_wait() {
        let findings = [
            vec![fix(Applicability::Safe, &[(0, 0, "import s\n"), (2, 3, "B")])],
            vec![fix(Applicability::Safe, &[(0, 0, "import s\n"), (4, 5, "C")])],
            vec![fix(Applicability::Safe, &[(4, 6, "X")])],
        ];
        let (edits, count) = choose(&findings, false);
        assert_eq!(count, 2);
        assert_eq!(apply("a b c d", &edits), "import s\na B C d");
    }

    #[test]
    fn suggested_fixes_run_only_when_asked_for() {
        let findings = [vec![
            fix(Applicability::Suggested, &[(0, 1, "first")]),
            fix(Applicability::Safe, &[(0, 1, "second")]),
        ]];
        assert_eq!(apply("a", &choose(&findings, false).0), "second");
        assert_eq!(apply("a", &choose(&findings, true).0), "first");
    }
}

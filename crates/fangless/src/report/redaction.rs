//! Takes the values of secrets out of what is shown of a file: source, fixes, differences.

use fangless_engine::text::TextRange;
use fangless_engine::{Finding, RuleSet};

/// Weaknesses whose findings cover the value of a secret: hard-coded credentials, passwords and keys.
const WEAKNESSES: [u16; 3] = [798, 259, 321];

/// Shorter texts are no secrets; looked for everywhere they would blot out the words around them.
const MIN_VALUE_BYTES: usize = 6;

/// Where a file has secrets, and what they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    ranges: Vec<TextRange>,
    values: Vec<String>,
}

impl Secrets {
    /// Those that the findings of a text stand on, suppressed ones included.
    pub(crate) fn of(text: &str, findings: &[Finding], rules: &RuleSet) -> Self {
        let tells_one = |finding: &&Finding| {
            let rule = rules.rule(&finding.rule);
            rule.is_some_and(|rule| rule.definition.cwe.iter().any(|cwe| WEAKNESSES.contains(cwe)))
        };
        let ranges: Vec<TextRange> = findings.iter().filter(tells_one).map(|finding| finding.range).collect();
        let mut values: Vec<String> = ranges.iter().flat_map(|range| values(range.slice(text))).collect();
        // The longer one first: it may hold a shorter one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { ranges, values }
    }

    /// The same in another text, given where an offset is there.
    pub(crate) fn moved(&self, lead: impl Fn(u32) -> u32) -> Self {
        let ranges = self.ranges.iter().map(|range| TextRange::new(lead(range.start), lead(range.end)));
        Self { ranges: ranges.collect(), values: self.values.clone() }
    }

    /// The text that they were found in, with all of their places and values masked. Of the same length, and with the
    /// same lines.
    pub(crate) fn mask_source(&self, text: &str) -> String {
        let mut shown = text.to_string();
        for range in &self.ranges {
            let masked = masked(range.slice(&shown));
            shown.replace_range(range.start as usize..range.end as usize, &masked);
        }
        self.mask(&shown)
    }

    /// Any other text, with the values masked.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut shown = text.to_string();
        for value in self.values.iter().filter(|value| text.contains(value.as_str())) {
            shown = shown.replace(value, &masked(value));
        }
        shown
    }

    /// Whether a text holds one of the values.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.values.iter().any(|value| text.contains(value))
    }
}

/// With `*` for everything but quotes and what is blank.
fn masked(text: &str) -> String {
    let one = |character: char| match character {
        '"' | '\'' => character.to_string(),
        _ if character.is_whitespace() => character.to_string(),
        _ => "*".repeat(character.len_utf8()),
    };
    text.chars().map(one).collect()
}

/// The values in what a finding stands on: what is between quotes, or all of it where there are none.
fn values(found: &str) -> Vec<String> {
    let parts: Vec<&str> = found.split(['"', '\'']).collect();
    let inside = if parts.len() == 1 { parts } else { parts.into_iter().skip(1).step_by(2).collect() };
    let is_value = |value: &&str| value.len() >= MIN_VALUE_BYTES && !is_variable(value);
    inside.into_iter().filter(is_value).map(str::to_string).collect()
}

/// Whether a text is the name of a variable of the environment, which fixes name too.
fn is_variable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values_are_masked() {
        let text = "KEY = getenv(\"SECRET_KEY\", \"q8Zr3Wv5\")\nother('q8Zr3Wv5', SECRET_KEY)\n";
        let found = "getenv(\"SECRET_KEY\", \"q8Zr3Wv5\")";
        let start = text.find(found).unwrap() as u32;
        let range = TextRange::new(start, start + found.len() as u32);
        let secrets = Secrets { ranges: vec![range], values: values(found) };
        let shown = secrets.mask_source(text);
        assert_eq!(shown, "KEY = *******\"**********\"* \"********\"*\nother('********', SECRET_KEY)\n");
        assert_eq!(shown.len(), text.len());
        assert!(secrets.are_in("a q8Zr3Wv5") && !secrets.are_in("os.environ[\"SECRET_KEY\"]"));
    }

    #[test]
    fn a_secret_without_quotes_is_a_value_as_a_whole() {
        assert_eq!(values("sk_live_q8Zr3Wv5"), ["sk_live_q8Zr3Wv5"]);
        assert_eq!(values("\"a\""), Vec::<String>::new());
    }
}

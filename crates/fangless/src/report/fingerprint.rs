//! A name for a finding that survives edits elsewhere in its file: the rule, the line without its spaces, and which
//! of several equal ones it is.

use std::collections::HashMap;

use super::FileReport;

/// The fingerprints of a file's findings, in their order.
pub(crate) fn fingerprints(file: &FileReport) -> Vec<String> {
    let mut ordinals: HashMap<u64, u32> = HashMap::new();
    let one = |entry: &super::FindingReport| {
        let line = file.line(file.row(entry.finding.range.start));
        let mut hash = Fnv::new();
        hash.add(entry.finding.rule.as_bytes());
        hash.add(b"\0");
        for word in line.split_whitespace() {
            hash.add(word.as_bytes());
            hash.add(b" ");
        }
        let ordinal = ordinals.entry(hash.0).or_insert(0);
        *ordinal += 1;
        format!("{:016x}:{ordinal}", hash.0)
    };
    file.findings.iter().map(one).collect()
}

/// FNV-1a: the same on every machine and in every version, which the standard library does not promise of its own.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn equal_lines_are_counted_and_edits_elsewhere_do_not_matter() {
        let text = "yaml.load(a)\nother\nyaml.load(a)\nyaml.load(b)\n";
        let places = ["yaml.load(a)", "yaml.load(b)"];
        let before = fingerprints(&sample::file(text, &places));
        let after =
            fingerprints(&sample::file(&format!("# new\n\n{}", text.replace("(a)\n", "(a)  \n")), &places));
        assert_eq!(before.len(), 3);
        assert_eq!(before[0].split_once(':').unwrap().0, before[1].split_once(':').unwrap().0);
        assert!(before[0].ends_with(":1") && before[1].ends_with(":2") && before[2].ends_with(":1"));
        assert_eq!(before, after);
    }
}

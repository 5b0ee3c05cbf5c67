//! Blocks of private keys: the line that opens one, with the key's text after it.

use std::sync::OnceLock;

use regex::Regex;

use crate::text::TextRange;

/// The opening lines of private keys with the first line of the key after each, in order. An encrypted key is none:
/// it is no use without its password.
pub(crate) fn find(text: &str) -> Vec<TextRange> {
    static BLOCK: OnceLock<Regex> = OnceLock::new();
    if !text.contains("PRIVATE KEY") {
        return Vec::new();
    }
    let block = BLOCK.get_or_init(|| {
        // Between the opening line and the key may stand line ends, also escaped ones, quotes and indentation.
        let pattern = r#"-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----[\s\\nr"'+,bf()]*[A-Za-z0-9+/=]{40,}"#;
        Regex::new(pattern).expect("the pattern is constant and tested")
    });
    block.find_iter(text).map(|block| TextRange::new(block.start() as u32, block.end() as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_block_counts_when_a_key_follows() {
        let key = "MIIEowIBAAKCAQEAq7Zk2Vb9Xw4Lt8Rn1Yc6Pd3Hs5Jm0Gf7Qa2E";
        let block = |kind: &str| format!("-----BEGIN {kind}-----\\n\"\n    \"{key}");
        assert_eq!(find(&block("RSA PRIVATE KEY")).len(), 1);
        assert_eq!(find(&block("PRIVATE KEY")).len(), 1);
        assert!(find(&block("ENCRYPTED PRIVATE KEY")).is_empty());
        assert!(find(&block("PUBLIC KEY")).is_empty());
        assert!(find("if text.startswith('-----BEGIN PRIVATE KEY-----'):").is_empty());
    }
}

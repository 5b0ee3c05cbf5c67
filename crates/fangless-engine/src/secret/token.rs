//! Tokens that say by their prefix who issued them. One automaton finds the prefixes; the characters after one, their
//! number and their disorder say whether a token follows.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::entropy;
use crate::text::TextRange;

/// A token in a text.
pub(crate) struct Token {
    pub(crate) range: TextRange,
    pub(crate) issuer: &'static str,
}

#[derive(Clone, Copy)]
enum Characters {
    /// `A` to `Z` and digits.
    Upper,
    /// Digits and `a` to `f`.
    Hex,
    Alphanumeric,
    /// Also `_` and `-`.
    Word,
    /// Also `.`.
    Dotted,
    /// Also `/` and `+`.
    Path,
}

impl Characters {
    fn contains(self, byte: u8) -> bool {
        match self {
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => Self::Word.contains(byte) || byte == b'.',
            Self::Path => Self::Word.contains(byte) || matches!(byte, b'/' | b'+'),
        }
    }
}

/// Prefix, what follows it, the least and the greatest length of that, who issues it.
type Shape = (&'static str, Characters, usize, usize, &'static str);

const SHAPES: [Shape; 56] = [
    ("AKIA", Characters::Upper, 16, 16, "AWS"),
    ("ASIA", Characters::Upper, 16, 16, "AWS"),
    ("ABIA", Characters::Upper, 16, 16, "AWS"),
    ("ACCA", Characters::Upper, 16, 16, "AWS"),
    ("AIza", Characters::Word, 35, 35, "Google"),
    ("ghp_", Characters::Alphanumeric, 36, 36, "GitHub"),
    ("gho_", Characters::Alphanumeric, 36, 36, "GitHub"),
    ("ghu_", Characters::Alphanumeric, 36, 36, "GitHub"),
    ("ghs_", Characters::Alphanumeric, 36, 36, "GitHub"),
    ("ghr_", Characters::Alphanumeric, 36, 36, "GitHub"),
    ("github_pat_", Characters::Word, 82, 82, "GitHub"),
    ("glpat-", Characters::Word, 20, 60, "GitLab"),
    ("gldt-", Characters::Word, 20, 60, "GitLab"),
    ("glrt-", Characters::Word, 20, 60, "GitLab"),
    ("glptt-", Characters::Hex, 40, 40, "GitLab"),
    ("sk_live_", Characters::Alphanumeric, 10, 99, "Stripe"),
    ("sk_test_", Characters::Alphanumeric, 10, 99, "Stripe"),
    ("sk_prod_", Characters::Alphanumeric, 10, 99, "Stripe"),
    ("rk_live_", Characters::Alphanumeric, 10, 99, "Stripe"),
    ("rk_test_", Characters::Alphanumeric, 10, 99, "Stripe"),
    ("rk_prod_", Characters::Alphanumeric, 10, 99, "Stripe"),
    ("xoxb-", Characters::Word, 30, 250, "Slack"),
    ("xoxp-", Characters::Word, 30, 250, "Slack"),
    ("xoxe-", Characters::Word, 30, 250, "Slack"),
    ("xapp-", Characters::Word, 30, 250, "Slack"),
    ("hooks.slack.com/services/", Characters::Path, 40, 60, "Slack"),
    ("sk-proj-", Characters::Word, 40, 200, "OpenAI"),
    ("sk-svcacct-", Characters::Word, 40, 200, "OpenAI"),
    ("sk-admin-", Characters::Word, 40, 200, "OpenAI"),
    ("sk-ant-api03-", Characters::Word, 90, 100, "Anthropic"),
    ("sk-ant-admin01-", Characters::Word, 90, 100, "Anthropic"),
    ("hf_", Characters::Alphanumeric, 34, 34, "Hugging Face"),
    ("pplx-", Characters::Alphanumeric, 48, 48, "Perplexity"),
    ("pypi-AgEIcHlwaS5vcmc", Characters::Word, 50, 1000, "PyPI"),
    ("npm_", Characters::Alphanumeric, 36, 36, "npm"),
    ("rubygems_", Characters::Hex, 48, 48, "RubyGems"),
    ("SG.", Characters::Dotted, 66, 66, "SendGrid"),
    ("dapi", Characters::Hex, 32, 32, "Databricks"),
    ("hvs.", Characters::Word, 90, 120, "Vault"),
    ("dop_v1_", Characters::Hex, 64, 64, "DigitalOcean"),
    ("doo_v1_", Characters::Hex, 64, 64, "DigitalOcean"),
    ("dor_v1_", Characters::Hex, 64, 64, "DigitalOcean"),
    ("HRKU-AA", Characters::Word, 58, 58, "Heroku"),
    ("shpat_", Characters::Hex, 32, 32, "Shopify"),
    ("shpca_", Characters::Hex, 32, 32, "Shopify"),
    ("shppa_", Characters::Hex, 32, 32, "Shopify"),
    ("shpss_", Characters::Hex, 32, 32, "Shopify"),
    ("sq0atp-", Characters::Word, 22, 22, "Square"),
    ("PMAK-", Characters::Word, 59, 59, "Postman"),
    ("lin_api_", Characters::Alphanumeric, 40, 40, "Linear"),
    ("pul-", Characters::Hex, 40, 40, "Pulumi"),
    ("dp.pt.", Characters::Alphanumeric, 43, 43, "Doppler"),
    ("dt0c01.", Characters::Dotted, 89, 89, "Dynatrace"),
    ("glsa_", Characters::Word, 41, 41, "Grafana"),
    ("sntryu_", Characters::Hex, 64, 64, "Sentry"),
    ("AGE-SECRET-KEY-1", Characters::Upper, 58, 58, "age"),
];

/// Parts of tokens that stand for any token, and the key of an account for trials that Stripe's documents print.
const EXAMPLES: [&str; 8] =
    ["EXAMPLE", "example", "xxxx", "XXXX", "0000", "1234567890", "abcdefghij", "4eC39HqLyjWDarjtT1zdp7dc"];

/// Bits per character that a token has at least.
const DISORDER: f64 = 2.8;

/// The tokens in a text, in order.
pub(crate) fn find(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for prefix in prefixes().find_iter(text) {
        let (_, characters, least, greatest, issuer) = SHAPES[prefix.pattern().as_usize()];
        let before = prefix.start().checked_sub(1).map(|at| bytes[at]);
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let length = bytes[prefix.end()..].iter().take_while(|byte| characters.contains(**byte)).count();
        let end = prefix.end() + length;
        let body = &text[prefix.end()..end];
        let fits = (least..=greatest).contains(&length)
            && entropy(body) >= DISORDER
            && body.bytes().any(|byte| byte.is_ascii_digit())
            && !EXAMPLES.iter().any(|example| body.contains(example));
        if fits {
            found.push(Token { range: TextRange::new(prefix.start() as u32, end as u32), issuer });
        }
    }
    found
}

fn prefixes() -> &'static AhoCorasick {
    static PREFIXES: OnceLock<AhoCorasick> = OnceLock::new();
    PREFIXES.get_or_init(|| {
        AhoCorasick::new(SHAPES.iter().map(|shape| shape.0)).expect("a few short prefixes fit an automaton")
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    fn issuers(text: &str) -> Vec<&'static str> {
        find(text).iter().map(|token| token.issuer).collect()
    }

    #[test]
    fn a_token_has_its_issuers_prefix_characters_and_length() {
        let body = "q7Zk2Vb9Xw4Lt8Rn1Yc6Pd3Hs5Jm0Gf7Qa2E";
        assert_eq!(issuers(&format!("x = 'ghp_{body}'")), ["GitHub"]);
        assert_eq!(issuers(&format!("# npm_{body}\n")), ["npm"]);
        assert!(issuers(&format!("ghp_{}", &body[1..])).is_empty());
        assert!(issuers(&format!("ghp_{body}1")).is_empty());
        assert!(issuers(&format!("my_ghp_{body}")).is_empty());
    }

    #[test]
    fn examples_and_runs_of_one_character_are_no_tokens() {
        assert!(issuers("AKIAIOSFODNN7EXAMPLE").is_empty());
        assert!(issuers("sk_test_4eC39HqLyjWDarjtT1zdp7dc").is_empty());
        assert!(issuers("ghp_111111111111111111111111111111111111").is_empty());
    }
}

//! URLs with a password in them: `scheme://user:password@host`.

use super::is_placeholder;
use crate::text::TextRange;

/// Words that stand for a password in documents and templates.
const WORDS: [&str; 14] = [
    "pass", "password", "passwd", "pwd", "pw", "secret", "user", "username", "guest", "tiger", "test",
    "token", "key", "admin",
];

/// The URLs of a text that hold a password, in order, up to and with the host.
pub(crate) fn find(text: &str) -> Vec<TextRange> {
    text.match_indices("://").filter_map(|(at, _)| url_at(text, at)).collect()
}

fn url_at(text: &str, at: usize) -> Option<TextRange> {
    let scheme = text[..at].bytes().rev().take_while(|byte| is_scheme(*byte)).count();
    let rest = &text[at + 3..];
    let end = rest.find(|letter: char| letter.is_whitespace() || "\"'`/?#\\<>|,;".contains(letter));
    let authority = &rest[..end.unwrap_or(rest.len())];
    let (userinfo, host) = authority.rsplit_once('@')?;
    let (user, password) = userinfo.split_once(':')?;
    let name = host.split(':').next().unwrap_or_default();
    let is_known = scheme > 0
        && !name.is_empty()
        && password.len() >= 4
        && !password.contains(['{', '}', '$', '*', '(', '[']);
    let is_here = matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0" | "host" | "hostname");
    let lower = password.to_ascii_lowercase();
    let stands_for_one = is_placeholder(&lower)
        || WORDS.iter().any(|word| lower.trim_end_matches(|letter: char| letter.is_ascii_digit()) == *word)
        || lower == user.to_ascii_lowercase()
        || user == "scott"
        || password.starts_with('%')
        || name.contains("example");
    (is_known && !is_here && !stands_for_one)
        .then(|| TextRange::new((at - scheme) as u32, (at + 3 + authority.len()) as u32))
}

fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_password_is_told_from_what_stands_for_one() {
        assert_eq!(find("u = 'postgresql://shop:v9Kd2mQx@db.internal/shop'").len(), 1);
        for url in [
            "https://host.internal/a:b@c",
            "postgresql://shop:{password}@db.internal/shop",
            "postgresql://user:password@db.internal/shop",
            "postgresql://scott:tiger@db.internal/shop",
            "postgresql://shop:v9Kd2mQx@localhost/shop",
            "https://shop:v9Kd2mQx@api.example.com/",
            "amqp://guest:guest@queue",
            "redis://:%s@queue",
            "ssh://git@host.internal",
        ] {
            assert!(find(url).is_empty(), "{url}");
        }
    }
}

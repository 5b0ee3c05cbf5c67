//! Credentials: names that hold them, texts that look like them. A secret's value never leaves this module.

pub mod names;
pub(crate) mod private_key;
pub(crate) mod token;
pub(crate) mod url;

/// Parts of texts that stand where a credential will once be.
const PLACEHOLDERS: [&str; 22] = [
    "changeme",
    "change_me",
    "change-me",
    "your_",
    "your-",
    "yourpassword",
    "example",
    "placeholder",
    "xxx",
    "***",
    "<",
    "${",
    "{{",
    "todo",
    "dummy",
    "redacted",
    "replace",
    "insert",
    "none",
    "null",
    "not-set",
    "%(",
];

/// Whether a literal bound to a credential-like name is a credential, not a placeholder, a path or a mere word.
pub fn looks_like_secret(name: &str, text: &str) -> bool {
    let text = if is_authorization(name) { without_scheme(text) } else { text };
    let lower = text.to_ascii_lowercase();
    if text.len() < 6 || text.chars().any(char::is_whitespace) {
        return false;
    }
    if is_placeholder(&lower) {
        return false;
    }
    // The name of the thing rather than the thing: `PASSWORD = "password"`, `TOKEN_HEADER = "x-api-token"`.
    let letters = |text: &str| {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let (plain_name, plain_text) = (letters(name), letters(text));
    if plain_text == plain_name || plain_name.contains(&plain_text) || plain_text.is_empty() {
        return false;
    }
    // `5/m/ip`, how often something may be done; `accounts/password.html`
    let is_rate = text.split(',').all(|one| {
        one.split_once('/').is_some_and(|(count, of)| {
            !count.is_empty()
                && count.bytes().all(|byte| byte.is_ascii_digit())
                && of.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'/')
        })
    });
    let is_file = text.rsplit_once('.').is_some_and(|(stem, kind)| {
        stem.contains('/') && matches!(kind, "html" | "txt" | "json" | "xml" | "yaml" | "yml" | "toml" | "py")
    });
    if is_rate || is_file {
        return false;
    }
    // Paths, URLs without credentials, environment names, dotted names, format strings.
    if text.starts_with(['/', '.', '$', '%', '{', '[', '('])
        || text.starts_with("http")
        || text.contains("://")
    {
        return false;
    }
    let has_digit = text.chars().any(|character| character.is_ascii_digit());
    let has_upper = text.chars().any(char::is_uppercase);
    let has_lower = text.chars().any(char::is_lowercase);
    let has_other =
        text.chars().any(|character| !character.is_alphanumeric() && !matches!(character, '_' | '-' | '.'));
    // A word or a few joined ones is an identifier: a key of a form, a column, a header, a constant.
    let has_separator = text.contains(['_', '-', '.']);
    let looks_random = has_upper && has_lower && !has_separator && entropy(text) > 3.5;
    let words_only = !(has_digit || has_other || looks_random);
    if words_only {
        return is_password_name(name) && !has_separator && text.len() >= 8 && entropy(text) > 2.5;
    }
    if text.chars().all(|character| character.is_ascii_digit()) {
        return is_password_name(name);
    }
    has_digit || has_other || entropy(text) > 3.0
}

fn is_authorization(name: &str) -> bool {
    names::words(name).last().is_some_and(|last| last == "authorization")
}

/// `Bearer …`, `Basic …`: what the header holds is behind the name of the scheme.
fn without_scheme(text: &str) -> &str {
    match text.split_once(' ') {
        Some((scheme, rest))
            if ["bearer", "basic", "token", "apikey", "digest", "bot"]
                .contains(&scheme.to_ascii_lowercase().as_str()) =>
        {
            rest
        }
        _ => text,
    }
}

/// Whether a text in lower case stands where a credential will once be.
fn is_placeholder(lower: &str) -> bool {
    PLACEHOLDERS.iter().any(|placeholder| lower.contains(placeholder))
}

fn is_password_name(name: &str) -> bool {
    let words = names::words(name);
    words.iter().any(|word| matches!(word.as_str(), "password" | "passwd" | "pwd" | "passphrase"))
}

/// Bits per character.
fn entropy(text: &str) -> f64 {
    let mut counts = rustc_hash::FxHashMap::<char, u32>::default();
    for character in text.chars() {
        *counts.entry(character).or_default() += 1;
    }
    let length = f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
    counts.values().map(|count| f64::from(*count) / length).map(|share| -share * share.log2()).sum()
}

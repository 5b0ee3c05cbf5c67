//! Vocabularies of names, split into words: `apiKey`, `API_KEY` and `api-key` are the same two words.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::rule::schema::NameKind;
use crate::syntax::ir::{Expression, ExpressionKind, FormatPart};

/// The lower-case words of an identifier.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut previous_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            if !current.is_empty() {
                words.push(std::mem::take(&mut current));
            }
            previous_lower = false;
            continue;
        }
        if character.is_uppercase() && previous_lower && !current.is_empty() {
            words.push(std::mem::take(&mut current));
        }
        previous_lower = character.is_lowercase() || character.is_numeric();
        current.extend(character.to_lowercase());
    }
    if !current.is_empty() {
        words.push(current);
    }
    words
}

/// Words after which a credential's name speaks of something about it: `secret_name`, `password_field`.
const ABOUT: [&str; 49] = [
    "index",
    "position",
    "sample",
    "samples",
    "name",
    "names",
    "id",
    "ids",
    "count",
    "length",
    "len",
    "type",
    "types",
    "field",
    "fields",
    "path",
    "file",
    "dir",
    "url",
    "uri",
    "header",
    "headers",
    "param",
    "params",
    "prefix",
    "suffix",
    "regex",
    "pattern",
    "format",
    "label",
    "help",
    "error",
    "errors",
    "min",
    "max",
    "size",
    "expiry",
    "timeout",
    "policy",
    "validator",
    "validators",
    "hint",
    "placeholder",
    "hasher",
    "hashers",
    "template",
    "required",
    "view",
    "message",
];

/// What a token is that tells where a list goes on.
const PAGING: [&str; 6] = ["page", "next", "continuation", "cursor", "sync", "delta"];

/// What is done with a token, or by it, and no token: `permit_create_token`, `rooms_by_token`.
const DOINGS: [&str; 5] = ["by", "or", "create", "per", "permit"];

/// Keys under which something is found, and no lock opens.
const LOOKED_UP_BY: [&str; 12] = [
    "cache",
    "sort",
    "primary",
    "foreign",
    "lookup",
    "group",
    "partition",
    "routing",
    "index",
    "dict",
    "row",
    "block",
];

/// Words that say that the value was made harmless.
const MASKED: [&str; 9] =
    ["masked", "redacted", "hashed", "encrypted", "hash", "digest", "obfuscated", "has", "is"];

const PASSWORDS: [&str; 5] = ["password", "passwd", "pwd", "passphrase", "passcode"];

/// `api_key`, `private_key`: the words before `key` that make it one to keep.
const KEYS: [&str; 16] = [
    "access",
    "account",
    "aes",
    "api",
    "auth",
    "encryption",
    "fernet",
    "hmac",
    "jwt",
    "master",
    "private",
    "secret",
    "session",
    "signature",
    "signing",
    "token",
];

const TOKENS: [&str; 10] =
    ["token", "otp", "pin", "secret", "nonce", "salt", "csrf", "session", "sessionid", "captcha"];

/// `reset_code`, `verification_code`.
const CODES: [&str; 2] = ["reset", "verification"];

/// Words beside `token` that say that it lets its bearer in.
const LETS_IN: [&str; 16] = [
    "access",
    "api",
    "auth",
    "authentication",
    "bearer",
    "bot",
    "confirmation",
    "csrf",
    "hook",
    "refresh",
    "reset",
    "secret",
    "session",
    "verification",
    "webhook",
    "xsrf",
];

const ROLES: [&str; 9] =
    ["role", "roles", "admin", "superuser", "staff", "permission", "permissions", "privilege", "privileges"];

const PRIVATE: [&str; 7] = ["secret", "cvv", "cvc", "ssn", "iban", "pin", "authorization"];

/// What says where a request comes from.
const ADDRESSES: [&str; 5] = ["ip", "addr", "ipaddr", "referer", "referrer"];

/// Words that `is_named` looks for beside the lists above.
const SINGLE: [&str; 7] = ["key", "code", "credential", "hmac", "level", "card", "forwarded"];

/// What every name of a vocabulary has in it: most names have nothing of it, and need not be taken apart.
static STEMS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let lists: [&[&str]; 6] = [&PASSWORDS, &TOKENS, &ROLES, &PRIVATE, &ADDRESSES, &SINGLE];
    let stems = lists.into_iter().flatten();
    AhoCorasick::builder().ascii_case_insensitive(true).build(stems).expect("the stems are few and short")
});

/// Whether a name belongs to a vocabulary.
pub fn is_named(name: &str, kind: NameKind) -> bool {
    if !STEMS.is_match(name) {
        return false;
    }
    let words = words(name);
    let Some(last) = words.last() else { return false };
    // A session is known by its identifier alone.
    let is_session = kind == NameKind::SecurityToken && words.ends_with(&["session".into(), "id".into()]);
    if ABOUT.contains(&last.as_str()) && !is_session {
        return false;
    }
    let has = |word: &str| words.iter().any(|one| one == word);
    let has_one = |list: &[&str]| words.iter().any(|one| list.contains(&one.as_str()));
    let pair = |first: &str, second: &str| {
        words.windows(2).any(|two| two[0] == first && two[1] == second) || has(&format!("{first}{second}"))
    };
    let is_doing = words.iter().rev().nth(1).is_some_and(|word| DOINGS.contains(&word.as_str()));
    if is_doing || last == "token" && has_one(&PAGING) || last == "key" && has_one(&LOOKED_UP_BY) {
        return false;
    }
    let password = has_one(&PASSWORDS);
    let key = KEYS.iter().any(|of| pair(of, "key"));
    let masked = has_one(&MASKED);
    match kind {
        NameKind::Password => password && !masked,
        NameKind::Credential => {
            !masked
                && (password
                    || key
                    || has("secret")
                    || ["token", "credential", "credentials"].contains(&last.as_str()))
        }
        NameKind::SecurityToken => {
            password || key || has_one(&TOKENS) || CODES.iter().any(|of| pair(of, "code")) || last == "key"
        }
        NameKind::Authenticator => {
            !password
                && (key
                    || pair("license", "key")
                    || last == "secret"
                    || (last == "token" && has_one(&LETS_IN))
                    || has("hmac"))
        }
        NameKind::Address => {
            ADDRESSES.contains(&last.as_str()) || pair("forwarded", "for") || pair("ip", "address")
        }
        NameKind::Role => ROLES.contains(&last.as_str()) || pair("access", "level"),
        NameKind::Sensitive => {
            !masked
                && (password
                    || key
                    || has_one(&PRIVATE)
                    || last == "token"
                    || pair("card", "number")
                    || pair("credit", "card")
                    || pair("session", "id"))
        }
    }
}

/// Whether an expression names something of a vocabulary: in its own name, or in what a string or a call is made of.
pub fn mentions(expression: &Expression, kind: NameKind) -> bool {
    match &expression.kind {
        ExpressionKind::Name(name) => is_named(name, kind),
        ExpressionKind::Attribute { name, .. } => is_named(name, kind),
        ExpressionKind::Subscript { index, .. } => match &index.kind {
            ExpressionKind::Text(key) => is_named(key, kind),
            _ => false,
        },
        ExpressionKind::Call { function, arguments } => match &function.kind {
            // `password.encode()`, `str(password)`, `form.get("password")`
            ExpressionKind::Attribute { value, name }
                if matches!(name.as_str(), "encode" | "strip" | "decode" | "lower") =>
            {
                mentions(value, kind)
            }
            ExpressionKind::Attribute { name, .. } if name == "get" => {
                matches!(arguments.first().map(|one| &one.value.kind), Some(ExpressionKind::Text(key)) if is_named(key, kind))
            }
            // `"… {}".format(password)`
            ExpressionKind::Attribute { name, .. } if name == "format" => {
                arguments.iter().any(|one| mentions(&one.value, kind))
            }
            ExpressionKind::Name(name) if matches!(name.as_str(), "str" | "bytes" | "repr") => {
                arguments.iter().any(|one| mentions(&one.value, kind))
            }
            _ => false,
        },
        ExpressionKind::Binary { left, right, .. } => mentions(left, kind) || mentions(right, kind),
        ExpressionKind::Dictionary(entries) if kind == NameKind::Sensitive => {
            entries.iter().any(|(key, value)| {
                let is_key =
                    |key: &Expression| matches!(&key.kind, ExpressionKind::Text(key) if is_named(key, kind));
                key.as_ref().is_some_and(is_key) && !matches!(value.kind, ExpressionKind::Text(_))
                    || mentions(value, kind)
            })
        }
        ExpressionKind::Tuple(items) => items.iter().any(|item| mentions(item, kind)),
        ExpressionKind::Format(parts) => parts.iter().any(|part| match part {
            FormatPart::Value { value, .. } => mentions(value, kind),
            FormatPart::Text(_) => false,
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_vocabulary_is_passed_by() {
        for (name, kind) in [
            ("requestHmac", NameKind::Authenticator),
            ("license_key", NameKind::Authenticator),
            ("access_level", NameKind::Role),
            ("is_staff", NameKind::Role),
            ("client_ip", NameKind::Address),
            ("HTTP_X_FORWARDED_FOR", NameKind::Address),
            ("Referer", NameKind::Address),
            ("reset_code", NameKind::SecurityToken),
            ("cardNumber", NameKind::Sensitive),
            ("user_passcode", NameKind::Password),
        ] {
            assert!(is_named(name, kind), "{name}");
        }
    }

    #[test]
    fn credentials_are_told_from_what_is_about_them() {
        for name in ["API_KEY", "DB_PASSWORD", "AWS_SECRET", "apiKey", "client_secret", "auth_token"] {
            assert!(is_named(name, NameKind::Credential), "{name}");
        }
        for name in [
            "permit_create_token",
            "rooms_by_token",
            "next_page_token",
            "cache_key",
            "PASSWORD_REQUIRED_TEMPLATE",
            "passed",
            "token_count",
            "secret_name",
            "password_field",
            "hashed_password",
            "compass",
        ] {
            assert!(!is_named(name, NameKind::Credential), "{name}");
        }
    }
}

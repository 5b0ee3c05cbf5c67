//! Paths of routes, and what their placeholders let through: `/user/<int:id>`, `/user/{id:int}`, `/user/<id:re:[0-9]+>`.

/// Whether a route lets nothing through for a name but what is harmless everywhere.
pub(super) fn converts(path: &str, name: &str) -> bool {
    placeholders(path).any(|inner| {
        if let Some((first, rest)) = inner.split_once(':')
            && first.trim() == name
        {
            return is_harmless(rest.trim());
        }
        inner.rsplit_once(':').is_some_and(|(kind, last)| last.trim() == name && is_harmless(kind.trim()))
    })
}

/// Whether `--dry-run` or `dry_run` is what a command line calls a parameter.
pub(super) fn is_option(text: &str, name: &str) -> bool {
    text.split('/').any(|one| one.trim().trim_start_matches('-').replace('-', "_").eq_ignore_ascii_case(name))
}

fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split(['<', '{']).skip(1).map(|rest| {
        let end = rest.find(['>', '}']).unwrap_or(rest.len());
        &rest[..end]
    })
}

/// A converter whose values hold no character that means anything to anyone, or a regular expression of such.
fn is_harmless(converter: &str) -> bool {
    let base = converter.split(['(', ':']).next().unwrap_or(converter);
    match base {
        "int" | "float" | "uuid" | "any" | "date" | "datetime" | "dt" | "ymd" | "decimal" | "number" => true,
        "re" => is_safe_class(converter.trim_start_matches("re:")),
        "regex" => is_safe_class(
            converter.trim_start_matches("regex(").trim_end_matches(')').trim_matches(['"', '\'']),
        ),
        _ => is_safe_class(converter),
    }
}

/// A regular expression of nothing but words, digits and classes of them.
fn is_safe_class(pattern: &str) -> bool {
    let has_class = pattern.contains(['[', '\\', '|']);
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let is_fine = match character {
            '\\' => matches!(characters.next(), Some('d' | 'w')),
            '[' => characters.peek() != Some(&'^'),
            ']' | '(' | ')' | '{' | '}' | '+' | '*' | '?' | ',' | '|' | '^' | '$' | '-' | '_' => true,
            other => other.is_ascii_alphanumeric(),
        };
        if !is_fine {
            return false;
        }
    }
    has_class
}

#[cfg(test)]
mod tests {
    use super::{converts, is_option};

    #[test]
    fn converters_are_read_in_every_dialect() {
        for path in [
            "/u/<int:id>",
            "/u/<id:int>",
            "/u/{id:int}/x",
            "/a/<b>/<uuid:id>",
            "/<any(news, blog):id>",
            "/<id:re:[a-z]+>",
            r"/{id:\d+}",
            "/<regex(\"[a-f0-9]\"):id>",
        ] {
            assert!(converts(path, "id"), "{path}");
        }
        for path in [
            "/u/<id>",
            "/u/{id}",
            "/u/<string:id>",
            "/u/<path:id>",
            "/<id:re:.+>",
            "/<id:re:[^/]+>",
            "/<int:other>/<id>",
            "/{id:path}",
            "/{id:str}",
            "int:id",
        ] {
            assert!(!converts(path, "id"), "{path}");
        }
    }

    #[test]
    fn options_name_parameters() {
        assert!(
            is_option("--dry-run", "dry_run") && is_option("NAME", "name") && is_option("--a/--no-a", "a")
        );
        assert!(!is_option("--dry-run", "dry"));
    }
}

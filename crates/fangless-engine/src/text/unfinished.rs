//! Whether a line of code stops where an operand must follow. No finished statement does.

/// Whether `code`, which ends outside of all brackets, wants an operand.
pub(crate) fn needs_operand(code: &str) -> bool {
    let bytes = code.as_bytes();
    let Some(&last) = bytes.last() else { return false };
    match last {
        b'.' => !code.ends_with("...") && !ends_with_float(bytes),
        b'*' => {
            let before = code[..code.len() - 1].trim_end();
            !last_word(before).0.eq("import")
        }
        // Elsewhere it ends a tuple.
        b',' => code.starts_with("import ") || code.starts_with("from "),
        b'=' | b'+' | b'-' | b'/' | b'%' | b'&' | b'|' | b'^' | b'<' | b'>' | b'~' | b'@' | b'!' => true,
        _ => {
            let (word, before) = last_word(code);
            // `x.in` is being typed and no operator.
            let keyword = matches!(
                word,
                "and"
                    | "or"
                    | "not"
                    | "in"
                    | "is"
                    | "if"
                    | "elif"
                    | "while"
                    | "for"
                    | "with"
                    | "as"
                    | "import"
                    | "from"
                    | "assert"
                    | "del"
                    | "global"
                    | "nonlocal"
                    | "await"
                    | "lambda"
                    | "def"
                    | "class"
            );
            // `else` alone is a header.
            let ternary = word == "else" && !before.trim().is_empty();
            (keyword || ternary) && !before.ends_with('.')
        }
    }
}

/// `1.` is a number.
fn ends_with_float(bytes: &[u8]) -> bool {
    let word = bytes[..bytes.len() - 1]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80)
        .last();
    word.is_some_and(u8::is_ascii_digit)
}

/// The last word of a code, and what precedes it.
pub(crate) fn last_word(code: &str) -> (&str, &str) {
    let length: usize = code
        .bytes()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
        .count();
    (&code[code.len() - length..], &code[..code.len() - length])
}

//! Whether a place in a SQL statement takes a value, and so a placeholder, or must be an identifier or a keyword.
//! Only what certainly takes a value is said to.

/// Stands for a value that is put in, in the text around a place.
pub(super) const VALUE: char = '\u{1}';

/// Statements that take parameters; the others (`CREATE`, `PRAGMA`, …) do not.
const STATEMENTS: [&str; 9] =
    ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "REPLACE", "MERGE", "VALUES", "("];

/// Words that are no function's name, so that what follows them in parentheses is no argument list.
const KEYWORDS: [&str; 26] = [
    "SELECT",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "INTO",
    "TABLE",
    "UPDATE",
    "JOIN",
    "ON",
    "USING",
    "BY",
    "ORDER",
    "GROUP",
    "SET",
    "AS",
    "DISTINCT",
    "UNION",
    "ALL",
    "EXISTS",
    "ANY",
    "WITH",
    "RETURNING",
    "HAVING",
    "OVER",
];

pub(super) fn takes_parameters(statement: &str) -> bool {
    tokens(statement).first().is_some_and(|first| STATEMENTS.contains(&first.as_str()))
}

/// Whether a value may stand between the two texts. `quoted`: the author wrote it as a string already.
pub(super) fn is_value_position(before: &str, after: &str, quoted: bool) -> bool {
    let touches = |character: char| {
        character.is_alphanumeric() || matches!(character, '_' | '.' | '"' | '`' | '[' | VALUE)
    };
    if before.ends_with(touches) || after.starts_with(touches) || after.starts_with('(') {
        return false;
    }
    let before = tokens(before);
    let next = tokens(after).into_iter().next().unwrap_or_default();
    let compares = matches!(
        next.as_str(),
        "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" | "LIKE" | "ILIKE" | "IN" | "IS" | "BETWEEN" | "NOT"
    );
    if compares && !quoted {
        return false;
    }
    let Some((last, rest)) = before.split_last() else { return false };
    match last.as_str() {
        "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" | "==" | "<=>" | "LIKE" | "ILIKE" | "REGEXP"
        | "RLIKE" | "GLOB" | "LIMIT" | "OFFSET" | "BETWEEN" | "THEN" | "ELSE" | "+" | "-" | "/" | "||" => {
            true
        }
        "AND" => {
            let closes_range = rest.iter().rev().nth(1).is_some_and(|word| word == "BETWEEN");
            closes_range || (quoted && compares)
        }
        "OR" | "WHERE" | "ON" => quoted && compares,
        "SELECT" => quoted,
        "(" => opens_values(rest, quoted || next == ","),
        "," => match enclosing_parenthesis(&before) {
            Some(open) => opens_values(&before[..open], true),
            None => last_clause(&before) == Some("LIMIT"),
        },
        _ => false,
    }
}

/// Whether the parenthesis behind these tokens holds values. `several`: it holds more than one of them, or quoted ones;
/// the only one of an `IN` list is most often a list that was joined to text.
fn opens_values(before: &[String], several: bool) -> bool {
    let Some((last, rest)) = before.split_last() else { return false };
    match last.as_str() {
        "VALUES" => true,
        "IN" => several,
        "," => enclosing_parenthesis(before).is_none() && last_clause(before) == Some("VALUES"),
        word if word.starts_with(char::is_alphabetic) && !KEYWORDS.contains(&word) => {
            // `INTO t (a, b)` lists columns; `JOIN t (…)` is nothing known.
            !rest
                .last()
                .is_some_and(|word| matches!(word.as_str(), "INTO" | "." | "CONFLICT" | "JOIN" | "FROM"))
        }
        _ => false,
    }
}

/// The index of the parenthesis that is still open.
fn enclosing_parenthesis(tokens: &[String]) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().rev() {
        match token.as_str() {
            ")" => depth += 1,
            "(" if depth == 0 => return Some(index),
            "(" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The last word outside parentheses that begins a part of the statement.
fn last_clause(tokens: &[String]) -> Option<&str> {
    let mut depth = 0_usize;
    for token in tokens.iter().rev() {
        match token.as_str() {
            ")" => depth += 1,
            "(" => depth = depth.saturating_sub(1),
            "SELECT" | "SET" | "FROM" | "BY" | "LIMIT" | "VALUES" | "WHERE" | "RETURNING" | "USING"
                if depth == 0 =>
            {
                return Some(token);
            }
            _ => {}
        }
    }
    None
}

/// Words in capitals, operators, and single marks; a string is one token, a value another.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character.is_whitespace() || character == '\u{200b}' {
            continue;
        }
        let mut token = String::from(character);
        if character.is_alphanumeric() || character == '_' {
            while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                token.push(next);
            }
            token = token.to_uppercase();
        } else if character == '\'' {
            rest.by_ref().find(|next| *next == '\'');
        } else if matches!(character, '<' | '>' | '=' | '!' | '|') {
            while let Some(next) = rest.next_if(|next| matches!(next, '<' | '>' | '=' | '|')) {
                token.push(next);
            }
        }
        found.push(token);
    }
    found
}

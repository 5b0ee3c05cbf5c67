//! Which regular expressions take exponential time when a text almost matches. Reads the pattern alone: no values, no state.
//!
//! A loop is dangerous when one text can go through it from a position back to the same position in two ways, and what
//! comes after it can fail. The first is asked of the automaton of positions: two runs that part and meet again.

mod automaton;
mod parse;

use self::automaton::is_ambiguous;
use self::parse::Node;
use super::schema::Matching;

/// Whether a pattern of Python's `re` is tried in exponentially many ways.
pub(crate) fn explodes(pattern: &str, matching: Matching) -> bool {
    parse::parse(pattern).is_some_and(|node| contains_explosion(&node, matching == Matching::Whole))
}

/// Whether a loop in it explodes; `may_fail` says whether what comes behind can fail.
fn contains_explosion(node: &Node, may_fail: bool) -> bool {
    match node {
        Node::Check | Node::Unknown | Node::Set(_) => false,
        Node::Concatenation(parts) => {
            let mut may_fail = may_fail;
            parts.iter().rev().any(|part| {
                let explodes = contains_explosion(part, may_fail);
                may_fail |= can_fail(part);
                explodes
            })
        }
        Node::Alternatives(branches) => branches.iter().any(|branch| contains_explosion(branch, may_fail)),
        Node::Repetition { inner, maximum: None, .. } => {
            (may_fail && is_ambiguous(node)) || contains_explosion(inner, false)
        }
        Node::Repetition { inner, .. } => contains_explosion(inner, may_fail),
        // What was matched inside is never given back.
        Node::Atomic(inner) => contains_explosion(inner, false),
    }
}

/// Whether there are texts at which it does not match.
fn can_fail(node: &Node) -> bool {
    match node {
        Node::Check | Node::Unknown | Node::Set(_) => true,
        Node::Concatenation(parts) => parts.iter().any(can_fail),
        Node::Alternatives(branches) => branches.iter().all(can_fail),
        Node::Repetition { inner, minimum, .. } => *minimum > 0 && can_fail(inner),
        Node::Atomic(inner) => can_fail(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::{Matching, explodes};

    #[test]
    fn ambiguous_loops_explode() {
        for pattern in [
            "^(a|a)*$",
            "^(a|aa)+$",
            "^([a-z]|[a-z0-9])*$",
            r"^(\w|-|\d)*x",
            "^(.*,)*x$",
            "((a+)+)$",
            "^([a-zA-Z0-9_.-]+)*@",
            r"^(([a-z])+.)+[A-Z]([a-z])+$",
            "(x+x+)+y",
            r"^(\s*\w+\s*)*$",
            r"^([a-z0-9]+[-.]?)+@",
            r"<!--(.|\s)*-->",
            r"(?P<list>(?:\d+,?)+)\Z",
            r"(\d{2,4})+x",
            "(a?b?)*c",
            "((a+)+b)*",
            "(?x) ( \\w | \\d )+ ;  # words",
            "(a*?)*?b",
            "(?i:[a-z]+)*!",
            "(?:[^<>]|<|[a-c])*>",
        ] {
            assert!(explodes(pattern, Matching::Part), "{pattern}");
        }
        assert!(explodes("(a+)+", Matching::Whole));
    }

    #[test]
    fn other_patterns_do_not() {
        for pattern in [
            "^(a|b|c)*$",
            "^([a-z]|[0-9])*$",
            "^(foo|bar)*$",
            "(?:foo|fo)*bar",
            r"^(?:.|\n)*?end",
            r#""(?:[^"\\]|\\.)*""#,
            "^(a?)*b",
            r"^(?:[a-z0-9]+\.)+[a-z]{2,}$",
            r"^\w+(\s\w+)*$",
            r"^(\w+,)*\w+$",
            r"(?>\w+\s?)*$",
            r"(\w+\s?)*+$",
            r"(\w+)+",
            r"(a+)+b?",
            r"(\d{3})+,",
            r"(\d{8})+x",
            r"[ab]*[bc]*$",
            r"(a|b)*(a|b)*c",
            r"\(a+\)+b",
            r"^(\w+(?:\s\w+)*\s?)?$",
            r"(?:(?!-->).)*-->",
            r"(a)\1*b",
            "(unclosed",
            "",
        ] {
            assert!(!explodes(pattern, Matching::Part), "{pattern}");
        }
    }
}

//! Calls of `random` become the call of `secrets` that gives a value of the same type from the same range.

use tree_sitter::Node;

use crate::fix::Site;
use crate::fix::draft::Draft;
use crate::fix::simple::is_plain;
use crate::fix::tree::{
    Call, Shape, Source, binds_tighter_than_sum, has_effects, is_atomic, is_directly_in_class, names_read,
    shape,
};

/// What `secrets.SystemRandom()` can do in place of the module's functions.
const SYSTEM: [&str; 14] = [
    "random",
    "sample",
    "shuffle",
    "uniform",
    "randint",
    "randrange",
    "choices",
    "triangular",
    "gauss",
    "normalvariate",
    "betavariate",
    "expovariate",
    "lognormvariate",
    "vonmisesvariate",
];

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.argument.unwrap_or(site.target))?;
    let method = site.callee?.strip_prefix("random.")?;
    if method.contains('.') || call.bare_generator || !call.arguments.iter().all(is_plain) {
        return None;
    }
    match method {
        "choice" => rename(&call, "secrets.choice", draft),
        "getrandbits" => rename(&call, "secrets.randbits", draft),
        "randbytes" => rename(&call, "secrets.token_bytes", draft),
        "randint" => {
            let low = value(source, &call, 0, "a").filter(|low| !has_effects(*low));
            match (low, value(source, &call, 1, "b")) {
                (Some(low), Some(high)) if call.arguments.len() == 2 => {
                    below(&call, Some(low), high, true, draft)
                }
                _ => system(&call, method, draft),
            }
        }
        "randrange" => match (call.arguments.len(), call.positional(0), call.positional(1)) {
            (1, Some(high), _) => below(&call, None, high.value, false, draft),
            (2, Some(low), Some(high)) if !has_effects(low.value) => {
                below(&call, Some(low.value), high.value, false, draft)
            }
            _ => system(&call, method, draft),
        },
        "choices" => choices(&call, draft).or_else(|| system(&call, method, draft)),
        _ if SYSTEM.contains(&method) => system(&call, method, draft),
        // `seed`, `setstate`: there is nothing to set in a secure generator.
        _ => None,
    }
}

fn value<'t>(source: &Source<'_>, call: &Call<'t>, position: usize, keyword: &str) -> Option<Node<'t>> {
    call.keyword(source, keyword).or_else(|| call.positional(position)).map(|argument| argument.value)
}

fn rename(call: &Call<'_>, qualified: &str, draft: &mut Draft<'_, '_>) -> Option<()> {
    // The new functions name their arguments otherwise.
    if call.arguments.iter().any(|argument| argument.keyword.is_some()) {
        return None;
    }
    let reference = draft.reference(qualified)?;
    draft.replace_node(call.function, reference);
    Some(())
}

fn system(call: &Call<'_>, method: &str, draft: &mut Draft<'_, '_>) -> Option<()> {
    let reference = draft.reference("secrets.SystemRandom")?;
    draft.replace_node(call.function, format!("{reference}().{method}"));
    Some(())
}

/// `randbelow` over the width of the range, moved to its lower bound.
fn below(
    call: &Call<'_>,
    low: Option<Node<'_>>,
    high: Node<'_>,
    inclusive: bool,
    draft: &mut Draft<'_, '_>,
) -> Option<()> {
    let source = draft.source;
    let low_number = low.map_or(Some(0), |low| integer(source, low));
    let more = i64::from(inclusive);
    let width = match (low_number, integer(source, high)) {
        (Some(low), Some(high)) => {
            let width = high.checked_sub(low)?.checked_add(more)?;
            if width <= 0 {
                return None;
            }
            width.to_string()
        }
        (Some(low), None) => match more.checked_sub(low)? {
            0 => source.text_of(high).to_owned(),
            offset => {
                let sign = if offset < 0 { '-' } else { '+' };
                format!("{} {sign} {}", operand(source, high, true), offset.unsigned_abs())
            }
        },
        (None, _) => {
            let width = format!("{} - {}", operand(source, high, true), operand(source, low?, false));
            if inclusive { format!("{width} + 1") } else { width }
        }
    };
    let reference = draft.reference("secrets.randbelow")?;
    let number = format!("{reference}({width})");
    let text = match (low_number, low) {
        (Some(0), _) | (_, None) => number,
        (Some(low), _) if low < 0 => format!("{number} - {}", low.unsigned_abs()),
        (_, Some(low)) => format!("{number} + {}", operand(source, low, false)),
    };
    let is_sum = low_number != Some(0);
    let text = if is_sum && binds_tighter_than_sum(call.node) { format!("({text})") } else { text };
    draft.rewrite_node(call.node, text);
    Some(())
}

/// An operand of a sum. On the right a sum of its own needs parentheses; on the left it reads the same without.
fn operand(source: &Source<'_>, node: Node<'_>, on_the_left: bool) -> String {
    let text = source.text_of(node);
    let is_arithmetic =
        shape(node) == Shape::Binary && on_the_left && !text.contains(['|', '&', '^', '<', '>']);
    if is_atomic(node) || is_arithmetic { text.to_owned() } else { format!("({text})") }
}

fn integer(source: &Source<'_>, node: Node<'_>) -> Option<i64> {
    source.text_of(node).replace(['_', ' '], "").parse().ok()
}

/// `choices(p, k=n)` is a list of independent choices.
fn choices(call: &Call<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let population = value(source, call, 0, "population")?;
    let count = call.keyword(source, "k").map(|argument| argument.value);
    // A population that is computed would be computed for every choice; in a class body the loop cannot see its names.
    if call.arguments.len() != 1 + usize::from(count.is_some())
        || has_effects(population)
        || is_directly_in_class(call.node)
    {
        return None;
    }
    let mut names = Vec::new();
    names_read(source, population, &mut names);
    if names.contains(&"_") {
        return None;
    }
    let choice = draft.reference("secrets.choice")?;
    let population = source.text_of(population);
    let text = match count {
        Some(count) => format!("[{choice}({population}) for _ in range({})]", source.text_of(count)),
        None => format!("[{choice}({population})]"),
    };
    draft.rewrite_node(call.node, text);
    Some(())
}

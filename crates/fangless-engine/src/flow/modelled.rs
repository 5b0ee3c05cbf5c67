//! Functions of a library whose own source is in the workspace. What the models say of them holds all the same: a body
//! shows what is done, and not always that it suffices.

use super::evaluator::Evaluator;
use super::value::{Shape, Value};

/// How many parts of a file's path may be parts of its module's name; and how few say which library it is.
const MODULE_PARTS: std::ops::RangeInclusive<usize> = 2..=5;

impl Evaluator<'_> {
    /// The result of a call of the workspace, without what the models say that the function makes harmless.
    pub(super) fn as_modelled(&self, callee: &Value, result: Value) -> Value {
        let Shape::Function(reference) = &callee.shape else { return result };
        let taint = result.deep_taint();
        if taint.is_empty() {
            return result;
        }
        let models = self.program.models;
        let Some((chunk, function)) = self.program.function(*reference) else { return result };
        let module = chunk.module.strip_suffix(".py").unwrap_or(&chunk.module);
        let module = module.strip_suffix("/__init__").unwrap_or(module);
        let parts: Vec<&str> = module.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
        let known = |count: &usize| models.knows_package(parts[parts.len() - count]);
        let tags = MODULE_PARTS.take_while(|count| *count <= parts.len()).filter(known).find_map(|count| {
            let dotted = format!("{}.{}", parts[parts.len() - count..].join("."), function.name);
            models.sanitizer(&dotted)
        });
        match tags {
            Some(tags) => Value::tainted(taint.cleared(tags)),
            None => result,
        }
    }
}

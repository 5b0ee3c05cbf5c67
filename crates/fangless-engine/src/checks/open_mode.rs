//! A file that is opened for writing although all that its scope does with it is reading: CWE-250.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::Found;
use crate::flow::program::Program;
use crate::syntax::ir::{
    Argument, Clause, Expression, ExpressionKind, Function, Ir, Statement, StatementKind,
};
use crate::syntax::walk;
use crate::text::{ChunkKind, TextRange};

/// Openings of a file whose handle is never written, in any scope of the chunk.
pub(super) fn find(program: &Program, chunk: u64, read: &mut FxHashSet<u64>) -> Vec<Found> {
    let Some(info) = program.chunks.get(&chunk) else { return Vec::new() };
    let mut found = Vec::new();
    for function in &info.ir.functions {
        let uses = |name: &str, uses: &mut Uses| uses.of_block(&info.ir, &function.body, name);
        report(&function.body, uses, &mut found);
    }
    if info.kind == ChunkKind::Member || opened(&info.ir.body).is_empty() {
        return found;
    }
    // A name of the module may be used in any of its chunks.
    let chunks = program.modules.get(&info.module).map(Vec::as_slice).unwrap_or_default();
    read.extend(chunks.iter().filter(|id| **id != chunk));
    let uses = |name: &str, uses: &mut Uses| {
        for other in chunks.iter().filter_map(|id| program.chunks.get(id)) {
            uses.of_block(&other.ir, &other.ir.body, name);
            for function in other.ir.functions.iter().filter(|function| !binds(function, name)) {
                uses.of_block(&other.ir, &function.body, name);
            }
        }
    };
    report(&info.ir.body, uses, &mut found);
    found
}

/// A handle that is bound to a name.
struct Opening {
    name: SmolStr,
    range: TextRange,
    callee: SmolStr,
    /// Bound by `with`, which closes it: opening alone may be the purpose.
    is_closed: bool,
}

fn report(body: &[Statement], count: impl Fn(&str, &mut Uses), found: &mut Vec<Found>) {
    for opening in opened(body) {
        let mut uses = Uses::default();
        count(&opening.name, &mut uses);
        if uses.others || (uses.reads == 0 && (opening.is_closed || uses.closes > 0)) {
            continue;
        }
        found.push(Found { range: opening.range, callee: Some(opening.callee), name: None, issuer: None });
    }
}

/// The handles that a scope opens for reading and writing; nested scopes are others.
fn opened(body: &[Statement]) -> Vec<Opening> {
    let mut found = Vec::new();
    statements(body, &mut |statement| match &statement.kind {
        StatementKind::Assign { targets, value } => {
            if let ([Expression { kind: ExpressionKind::Name(name), .. }], Some(callee)) =
                (targets.as_slice(), broad_open(value))
            {
                found.push(Opening { name: name.clone(), range: value.range, callee, is_closed: false });
            }
        }
        StatementKind::With { items, .. } => {
            for (value, target) in items {
                if let (Some(Expression { kind: ExpressionKind::Name(name), .. }), Some(callee)) =
                    (target, broad_open(value))
                {
                    found.push(Opening { name: name.clone(), range: value.range, callee, is_closed: true });
                }
            }
        }
        _ => {}
    });
    found
}

/// The qualified name of a call that opens a file for reading and writing.
fn broad_open(value: &Expression) -> Option<SmolStr> {
    let ExpressionKind::Call { function, arguments } = &value.kind else { return None };
    let (callee, place) = match &function.kind {
        ExpressionKind::Name(name) if name == "open" => ("open", 1),
        ExpressionKind::Attribute { value, name } if name == "open" => match &value.kind {
            ExpressionKind::Name(module) if module == "io" || module == "codecs" => ("open", 1),
            _ => ("pathlib.Path.open", 0),
        },
        _ => return None,
    };
    let mode = arguments
        .iter()
        .find(|one| one.keyword.as_deref() == Some("mode"))
        .or_else(|| arguments.get(place).filter(|one| one.keyword.is_none()))?;
    let ExpressionKind::Text(mode) = &mode.value.kind else { return None };
    let is_mode = mode.len() <= 4 && mode.chars().all(|letter| "rwaxbtU+".contains(letter));
    (is_mode && mode.contains('+')).then(|| callee.into())
}

/// Whether a function has a name of its own that hides the module's.
fn binds(function: &Function, name: &str) -> bool {
    if function.outer_names.iter().any(|global| global == name) {
        return false;
    }
    let mut bound = function.parameters.iter().any(|parameter| parameter.name == name);
    statements(&function.body, &mut |statement| {
        let is_it = |target: &Expression| matches!(&target.kind, ExpressionKind::Name(one) if one == name);
        bound |= match &statement.kind {
            StatementKind::Assign { targets, .. } => targets.iter().any(is_it),
            StatementKind::AnnotatedAssign { target, .. } | StatementKind::For { target, .. } => {
                is_it(target)
            }
            StatementKind::With { items, .. } => {
                items.iter().any(|(_, target)| target.as_ref().is_some_and(is_it))
            }
            _ => false,
        };
    });
    bound
}

/// Every statement of a scope, compound ones before what is in them.
fn statements<'s>(body: &'s [Statement], visit: &mut impl FnMut(&'s Statement)) {
    for statement in body {
        visit(statement);
        for block in statement.blocks() {
            statements(block, visit);
        }
    }
}

/// What is done with a handle.
#[derive(Default)]
struct Uses {
    reads: usize,
    closes: usize,
    /// It is written, or leaves what can be seen: passed on, returned, stored.
    others: bool,
}

const READS: [&str; 6] = ["read", "readline", "readlines", "readinto", "seek", "tell"];
const READERS: [&str; 7] = ["load", "safe_load", "reader", "DictReader", "list", "tuple", "enumerate"];

impl Uses {
    fn of_block(&mut self, ir: &Ir, body: &[Statement], name: &str) {
        statements(body, &mut |statement| match &statement.kind {
            StatementKind::Assign { targets, value } => {
                for target in targets.iter().filter(|target| !is_name(target, name)) {
                    self.of(ir, target, name);
                }
                self.of(ir, value, name);
            }
            StatementKind::For { target: _, iterable, .. } => self.read_or(ir, iterable, name),
            StatementKind::With { items, .. } => {
                for (value, _) in items {
                    if is_name(value, name) {
                        self.closes += 1;
                    } else {
                        self.of(ir, value, name);
                    }
                }
            }
            StatementKind::Function(index) => {
                if let Some(function) = ir.functions.get(*index).filter(|function| !binds(function, name)) {
                    self.of_block(ir, &function.body, name);
                }
            }
            StatementKind::Class(index) => {
                if let Some(class) = ir.classes.get(*index) {
                    self.of_block(ir, &class.body, name);
                }
            }
            StatementKind::Expression(value) | StatementKind::Return(Some(value)) => self.of(ir, value, name),
            StatementKind::AugmentedAssign { target, value, .. } => {
                self.of(ir, target, name);
                self.of(ir, value, name);
            }
            StatementKind::AnnotatedAssign { value: Some(value), .. } => self.of(ir, value, name),
            StatementKind::If { test, .. } | StatementKind::While { test, .. } => self.of(ir, test, name),
            StatementKind::Assert { test, .. } => self.of(ir, test, name),
            StatementKind::Match { subject, .. } => self.of(ir, subject, name),
            StatementKind::Raise(values) | StatementKind::Delete(values) | StatementKind::Error(values) => {
                values.iter().for_each(|value| self.of(ir, value, name));
            }
            _ => {}
        });
    }

    fn read_or(&mut self, ir: &Ir, value: &Expression, name: &str) {
        if is_name(value, name) {
            self.reads += 1;
        } else {
            self.of(ir, value, name);
        }
    }

    fn of(&mut self, ir: &Ir, value: &Expression, name: &str) {
        match &value.kind {
            ExpressionKind::Name(one) => self.others |= one == name,
            ExpressionKind::Attribute { value: owner, name: attribute } if is_name(owner, name) => {
                match attribute.as_str() {
                    attribute if READS.contains(&attribute) => self.reads += 1,
                    "close" => self.closes += 1,
                    "name" | "mode" | "closed" => {}
                    _ => self.others = true,
                }
            }
            ExpressionKind::Call { function, arguments } => {
                self.of(ir, function, name);
                let is_reader = matches!(
                    &function.kind,
                    ExpressionKind::Name(called) | ExpressionKind::Attribute { name: called, .. }
                        if READERS.contains(&called.as_str())
                );
                for Argument { value, .. } in arguments {
                    if is_reader {
                        self.read_or(ir, value, name);
                    } else {
                        self.of(ir, value, name);
                    }
                }
            }
            ExpressionKind::Comprehension { element, value, clauses, .. } => {
                self.of(ir, element, name);
                if let Some(value) = value {
                    self.of(ir, value, name);
                }
                for clause in clauses {
                    match clause {
                        Clause::For { iterable, .. } => self.read_or(ir, iterable, name),
                        Clause::If(test) => self.of(ir, test, name),
                    }
                }
            }
            ExpressionKind::Lambda(index) => {
                if let Some(function) = ir.functions.get(*index) {
                    self.of_block(ir, &function.body, name);
                }
            }
            _ => walk::parts(value).into_iter().for_each(|child| self.of(ir, child, name)),
        }
    }
}

fn is_name(value: &Expression, name: &str) -> bool {
    matches!(&value.kind, ExpressionKind::Name(one) if one == name)
}

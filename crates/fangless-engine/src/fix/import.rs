//! References to qualified names: existing imports are reused, missing ones are put where the file keeps its imports.

use tree_sitter::Node;

use super::tree::{BindingKind, ImportForm, ImportStatement, Source};
use crate::finding::Edit;
use crate::stdlib::{is_builtin, is_stdlib};
use crate::text::TextRange;

/// Resolves the references of one fix.
pub(super) struct Importer<'s, 'a> {
    source: &'s Source<'a>,
    at: Node<'s>,
    /// Imports of the module that can be relied on where the target runs.
    module_imports: Vec<ImportStatement<'a>>,
    local_imports: Vec<ImportStatement<'a>>,
    wanted: Vec<Wanted>,
}

/// An import that the fix adds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    module: String,
    /// The name taken from the module; none for `import module`.
    name: Option<String>,
}

impl<'s, 'a> Importer<'s, 'a> {
    pub(super) fn new(source: &'s Source<'a>, at: Node<'s>) -> Self {
        let runs_later = super::tree::enclosing_function(at).is_some();
        let module_imports = source
            .module_imports()
            .into_iter()
            .filter(|statement| runs_later || statement.range.end <= at.start_byte() as u32)
            .collect();
        Self { source, at, module_imports, local_imports: source.local_imports(at), wanted: Vec::new() }
    }

    pub(super) fn imports(&self, package: &str) -> bool {
        self.module_imports.iter().chain(&self.local_imports).any(|statement| {
            statement.module == package
                || statement.module.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'))
                || statement.names.iter().any(|name| {
                    name.qualified == package
                        || name.qualified.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'))
                })
        })
    }

    /// The expression for a qualified name. None where every way to write it is shadowed.
    pub(super) fn resolve(&mut self, qualified: &str) -> Option<String> {
        let qualified = qualified.strip_prefix("builtins.").unwrap_or(qualified);
        let (module, attributes) = split_module(qualified);
        if module.is_empty() || (attributes.is_empty() && is_builtin(module)) {
            return self.is_free(qualified).then(|| qualified.to_owned());
        }
        if let Some(written) = self.existing(qualified, module) {
            return Some(written);
        }
        for wanted in &self.wanted {
            if wanted.module == module {
                match &wanted.name {
                    None => return Some(qualified.to_owned()),
                    Some(name) if attributes.split('.').next() == Some(name) => {
                        return Some(attributes.to_owned());
                    }
                    Some(_) => {}
                }
            }
        }
        let first = attributes.split('.').next().unwrap_or("");
        let root = module.split('.').next().unwrap_or(module);
        let from_allowed = !first.is_empty() && !is_builtin(first) && self.is_free(first);
        let extends = self.extendable(module).is_some();
        if from_allowed && (module.contains('.') || extends) {
            self.wanted.push(Wanted { module: module.to_owned(), name: Some(first.to_owned()) });
            return Some(attributes.to_owned());
        }
        if self.is_free(root) || self.is_package_of(root) {
            self.wanted.push(Wanted { module: module.to_owned(), name: None });
            return Some(qualified.to_owned());
        }
        if from_allowed {
            self.wanted.push(Wanted { module: module.to_owned(), name: Some(first.to_owned()) });
            return Some(attributes.to_owned());
        }
        None
    }

    /// The name through an import that is already there; the one that reaches deepest.
    fn existing(&self, qualified: &str, module: &str) -> Option<String> {
        let depth = |name: &str| name.split('.').count();
        self.local_imports
            .iter()
            .map(|statement| (statement, true))
            .chain(self.module_imports.iter().map(|statement| (statement, false)))
            .flat_map(|(statement, local)| statement.names.iter().map(move |name| (name, local)))
            .filter_map(|(name, local)| {
                let rest = qualified.strip_prefix(name.qualified.as_str())?;
                let fits =
                    (rest.is_empty() || rest.starts_with('.')) && depth(&name.qualified) >= depth(module);
                (fits && self.is_only_imported(name.bound, local))
                    .then(|| (depth(&name.qualified), format!("{}{rest}", name.written)))
            })
            .max_by_key(|(depth, _)| *depth)
            .map(|(_, written)| written)
    }

    /// Whether no scope around the target binds the name, so that an import of it changes nothing else.
    fn is_free(&self, name: &str) -> bool {
        self.source
            .scopes(self.at)
            .into_iter()
            .all(|scope| self.source.bindings(scope).iter().all(|binding| binding.name != name))
            && !self.reads_elsewhere(name)
    }

    /// A star import may bind anything; a name that the module reads but never binds comes from there.
    fn reads_elsewhere(&self, name: &str) -> bool {
        let has_star = self
            .module_imports
            .iter()
            .any(|statement| statement.form == ImportForm::From && statement.names.is_empty());
        if !has_star {
            return false;
        }
        let mut uses = Vec::new();
        super::tree::uses_of(self.source, self.source.root(), name, &mut uses);
        !uses.is_empty()
    }

    /// Whether the name means what an import made it, in every scope around the target.
    fn is_only_imported(&self, name: &str, local: bool) -> bool {
        let scopes = self.source.scopes(self.at);
        let mut seen_import = false;
        for scope in scopes {
            for binding in self.source.bindings(scope) {
                if binding.name != name {
                    continue;
                }
                match binding.kind {
                    BindingKind::Import => seen_import = true,
                    BindingKind::NoneStandIn if !local => {}
                    _ => return false,
                }
            }
            if local && seen_import {
                return true;
            }
        }
        seen_import
    }

    /// Whether a name is bound by imports of packages below it only (`import xml.sax` binds `xml`), all of the module.
    fn is_package_of(&self, root: &str) -> bool {
        self.module_imports.iter().any(|statement| {
            statement.form == ImportForm::Plain
                && statement.names.iter().any(|name| name.bound == root && name.written == name.qualified)
        }) && self.is_only_imported(root, false)
    }

    /// A one-line `from module import …` to which a name can be added.
    fn extendable(&self, module: &str) -> Option<&ImportStatement<'a>> {
        let limit = super::tree::top_level_statement(self.at).start_byte() as u32;
        self.module_imports.iter().find(|statement| {
            statement.form == ImportForm::From
                && statement.module == module
                && statement.extend_at.is_some()
                && statement.range.end <= limit
        })
    }

    /// The edits that add the imports.
    pub(super) fn finish(&self) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        let mut lines: Vec<(Place, Vec<String>)> = Vec::new();
        for wanted in &self.wanted {
            let extended = wanted.name.as_ref().and_then(|name| {
                let at = self.extendable(&wanted.module)?.extend_at?;
                Some((at, name))
            });
            if let Some((at, name)) = extended {
                edits.push(Edit { range: TextRange::new(at, at), text: format!(", {name}") });
                continue;
            }
            let line = match &wanted.name {
                Some(name) => format!("from {} import {name}", wanted.module),
                None => format!("import {}", wanted.module),
            };
            let place = self.place(wanted);
            match lines.iter_mut().find(|(other, _)| *other == place) {
                Some((_, group)) => group.push(line),
                None => lines.push((place, vec![line])),
            }
        }
        let end = self.source.line_end();
        for (place, mut group) in lines {
            group.sort_by_key(|line| sort_key(line));
            let text = format!("{}{}{}", end.repeat(place.before), group.join(end), end.repeat(place.after));
            edits.push(Edit { range: TextRange::new(place.offset, place.offset), text });
        }
        edits
    }

    /// Where an import goes: beside those of its kind, sorted if they are.
    fn place(&self, wanted: &Wanted) -> Place {
        let block = self.source.import_block(self.at);
        let groups = self.groups(&block);
        let line = match &wanted.name {
            Some(_) => format!("from {} import", wanted.module),
            None => format!("import {}", wanted.module),
        };
        let kind = kind_of(&wanted.module);
        let own = groups
            .iter()
            .filter(|group| group.iter().any(|statement| kind_of(statement.module) == kind))
            .max_by_key(|group| group.iter().filter(|statement| kind_of(statement.module) == kind).count());
        if let Some(group) = own {
            return self.place_in(group, &line, kind);
        }
        let is_before = |group: &&Vec<&ImportStatement<'a>>| {
            group.iter().all(|statement| kind_of(statement.module) < kind)
        };
        if let Some(last) = groups.iter().rev().find(is_before).and_then(|group| group.last()) {
            return Place { offset: self.source.end_of_logical_line(last.range.end), before: 2, after: 0 };
        }
        if let Some(first) = groups.first().and_then(|group| group.first()) {
            return Place { offset: self.source.line_start(first.range.start), before: 0, after: 2 };
        }
        self.place_in_front(&block)
    }

    /// Runs of imports with no blank line and no other statement between; `__future__` left out.
    fn groups<'b>(&self, block: &'b [ImportStatement<'a>]) -> Vec<Vec<&'b ImportStatement<'a>>> {
        let mut groups: Vec<Vec<&ImportStatement<'a>>> = Vec::new();
        for statement in block.iter().filter(|statement| statement.form != ImportForm::Future) {
            let joins = groups.last().and_then(|group| group.last()).is_some_and(|last| {
                let between = TextRange::new(last.range.end, statement.range.start).slice(self.source.text);
                let blank =
                    between.split('\n').skip(1).any(|line| line.trim().is_empty() && line.ends_with('\r'))
                        || between.contains("\n\n");
                let only_comments = between
                    .lines()
                    .all(|line| line.trim().is_empty() || line.trim_start().starts_with(['#', ';']));
                !blank && only_comments
            });
            match groups.last_mut() {
                Some(group) if joins => group.push(statement),
                _ => groups.push(vec![statement]),
            }
        }
        // Imports far below, between other statements, are no place to look first.
        groups
    }

    fn place_in(&self, group: &[&ImportStatement<'a>], line: &str, kind: Kind) -> Place {
        let after = |statement: &ImportStatement<'a>| Place {
            offset: self.source.end_of_logical_line(statement.range.end),
            before: 1,
            after: 0,
        };
        let keys: Vec<(u8, String)> =
            group.iter().map(|statement| sort_key(statement.range.slice(self.source.text))).collect();
        let own = sort_key(line);
        let by_form = keys.is_sorted();
        let by_module = keys.is_sorted_by_key(|(_, module)| module);
        let position = if by_form && (keys.len() > 1 || keys.iter().any(|key| key.0 != own.0) || !by_module) {
            keys.iter().position(|key| *key > own)
        } else if by_form || by_module {
            keys.iter().position(|key| key.1 > own.1)
        } else {
            let last = group.iter().rposition(|statement| kind_of(statement.module) == kind);
            last.map(|last| last + 1).filter(|next| *next < group.len())
        };
        match position {
            // What shares the line may be the docstring, which has to stay the first.
            Some(0) if !self.source.begins_line(group[0].range.start) => after(group[0]),
            Some(0) => Place { offset: self.source.line_start(group[0].range.start), before: 0, after: 1 },
            Some(position) => after(group[position - 1]),
            None => after(group[group.len() - 1]),
        }
    }

    /// The first import of a file: behind `__future__`, the docstring, or the comments at its head.
    fn place_in_front(&self, block: &[ImportStatement<'a>]) -> Place {
        let text = self.source.text;
        let future = block.iter().rev().find(|statement| statement.form == ImportForm::Future);
        let head = future.map(|statement| statement.range.end).or_else(|| self.source.docstring_end());
        let target = super::tree::top_level_statement(self.at).start_byte() as u32;
        if let Some(head) = head.filter(|head| *head <= target) {
            let offset = self.source.end_of_logical_line(head);
            let follows_blank = text[offset as usize..].trim_start_matches('\r').starts_with("\n\n")
                || text[offset as usize..].starts_with("\r\n\r\n");
            let after = match self.source.statement_after(offset) {
                Some(_) if follows_blank => 0,
                Some((_, true)) => 2,
                Some((_, false)) => 1,
                None => 0,
            };
            return Place { offset, before: 2, after };
        }
        // Comments that a blank line, or a `#!` or coding line, parts from the code are the file's head.
        let mut offset = 0_usize;
        let mut at = 0_usize;
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim();
            if trimmed.starts_with('#') {
                at += line.len();
                if trimmed.starts_with("#!") || trimmed.contains("coding") {
                    offset = at;
                }
            } else if trimmed.is_empty() {
                at += line.len();
                offset = at;
            } else {
                break;
            }
        }
        let offset = offset.min(target as usize) as u32;
        let after = match self.source.statement_after(offset) {
            Some((_, true)) => 3,
            _ => 2,
        };
        Place { offset, before: 0, after }
    }
}

/// Where lines go, and how many line ends go before and after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    offset: u32,
    before: usize,
    after: usize,
}

/// The sections of an import block, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Standard,
    ThirdParty,
    Relative,
}

fn kind_of(module: &str) -> Kind {
    if module.starts_with('.') {
        return Kind::Relative;
    }
    if is_stdlib(module.split('.').next().unwrap_or(module)) { Kind::Standard } else { Kind::ThirdParty }
}

/// `import` before `from`, then the module without regard to case.
fn sort_key(line: &str) -> (u8, String) {
    let mut words = line.split_whitespace();
    let form = u8::from(words.next() == Some("from"));
    (form, words.next().unwrap_or("").trim_end_matches(',').to_lowercase())
}

/// Splits a qualified name into the module to import and the attributes to take from it. By custom modules are
/// written small and classes large; the few modules that are not are named.
fn split_module(qualified: &str) -> (&str, &str) {
    const LARGE_MODULES: [&str; 4] = ["ElementTree", "Crypto", "Cryptodome", "MySQLdb"];
    // Modules whose attributes have attributes of their own that are small too.
    const SHALLOW_MODULES: [&str; 4] = ["os", "sys", "ssl", "socket"];
    let parts: Vec<&str> = qualified.split('.').collect();
    if parts.len() == 1 {
        return (qualified, "");
    }
    let in_large_package = matches!(parts[0], "Crypto" | "Cryptodome");
    let mut length = if SHALLOW_MODULES.contains(&parts[0]) {
        1
    } else {
        let is_class = |part: &&str| part.starts_with(char::is_uppercase) && !LARGE_MODULES.contains(part);
        let class = if in_large_package { None } else { parts.iter().position(is_class) };
        class.unwrap_or(parts.len() - 1).clamp(1, parts.len() - 1)
    };
    if in_large_package {
        length = length.max(2).min(parts.len() - 1);
    }
    let at = parts[..length].iter().map(|part| part.len() + 1).sum::<usize>() - 1;
    (&qualified[..at], &qualified[at + 1..])
}

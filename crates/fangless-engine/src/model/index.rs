//! The models by qualified name.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::schema::{HandlerRow, Label, ModelFile, PropagateRow, Tag};
use crate::flow::taint::TagSet;
use crate::rule::schema::{ArgumentSelector, Condition};

/// An argument of a callee through which data does harm.
#[derive(Clone, Debug)]
pub struct Sink {
    pub argument: Vec<ArgumentSelector>,
    pub tag: Tag,
    pub when: Vec<Condition>,
}

/// All models, by qualified name.
#[derive(Debug, Default)]
pub struct Models {
    source_calls: FxHashMap<SmolStr, Label>,
    source_attributes: FxHashMap<SmolStr, Label>,
    sinks: FxHashMap<SmolStr, Vec<Sink>>,
    method_sinks: FxHashMap<SmolStr, Vec<Sink>>,
    sanitizers: FxHashMap<SmolStr, TagSet>,
    method_sanitizers: FxHashMap<SmolStr, TagSet>,
    returns: FxHashMap<SmolStr, SmolStr>,
    attribute_types: FxHashMap<SmolStr, SmolStr>,
    propagators: FxHashMap<SmolStr, PropagateRow>,
    handlers: Vec<HandlerRow>,
    never_returns: FxHashSet<SmolStr>,
    aliases: FxHashMap<SmolStr, SmolStr>,
    undeclared: FxHashMap<SmolStr, SmolStr>,
    undeclared_instances: FxHashMap<SmolStr, SmolStr>,
}

static BUILTIN: LazyLock<Models> = LazyLock::new(|| match super::load_builtin() {
    Ok(files) => Models::new(files),
    // A test loads the same files; a binary with broken ones is never built.
    Err(errors) => panic!("built-in models: {}", errors.join("; ")),
});

impl Models {
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    fn new(files: Vec<ModelFile>) -> Self {
        let mut models = Self::default();
        for file in files {
            for row in file.source {
                models.source_calls.extend(row.call.into_iter().map(|name| (name, row.label)));
                models.source_attributes.extend(row.attribute.into_iter().map(|name| (name, row.label)));
            }
            for row in file.sink {
                for callee in row.callee {
                    let sink = Sink { argument: row.argument.clone(), tag: row.tag, when: row.when.clone() };
                    match callee.strip_prefix("*.") {
                        Some(method) => models.method_sinks.entry(method.into()).or_default().push(sink),
                        None => models.sinks.entry(callee).or_default().push(sink),
                    }
                }
            }
            for row in file.sanitizer {
                let tags = if row.clears.is_empty() { TagSet::ALL } else { TagSet::of(&row.clears) };
                for callee in row.callee {
                    let (map, key) = match callee.strip_prefix("*.") {
                        Some(method) => (&mut models.method_sanitizers, SmolStr::new(method)),
                        None => (&mut models.sanitizers, callee),
                    };
                    let known = map.entry(key).or_default();
                    *known = known.union(tags);
                }
            }
            for row in file.returns {
                let map = if row.attribute { &mut models.attribute_types } else { &mut models.returns };
                map.extend(row.callee.into_iter().map(|name| (name, row.result.clone())));
            }
            for row in file.propagate {
                for callee in &row.callee {
                    models.propagators.insert(callee.clone(), row.clone());
                }
            }
            models.handlers.extend(file.handler);
            models.never_returns.extend(file.never_returns);
            models.aliases.extend(file.alias);
            models.undeclared.extend(file.undeclared);
            models.undeclared_instances.extend(file.undeclared_instance);
        }
        models
    }

    pub fn source_call(&self, name: &str) -> Option<Label> {
        self.source_calls.get(name).copied()
    }

    pub fn source_attribute(&self, name: &str) -> Option<Label> {
        self.source_attributes.get(name).copied()
    }

    pub fn sinks(&self, name: &str) -> &[Sink] {
        self.sinks.get(name).map_or(&[], Vec::as_slice)
    }

    /// Sinks of a method whose receiver is of unknown type.
    pub fn sinks_of_method(&self, method: &str) -> &[Sink] {
        self.method_sinks.get(method).map_or(&[], Vec::as_slice)
    }

    pub fn sanitizer(&self, name: &str) -> Option<TagSet> {
        self.sanitizers.get(name).copied()
    }

    pub fn sanitizer_method(&self, method: &str) -> Option<TagSet> {
        self.method_sanitizers.get(method).copied()
    }

    /// The class of a call's result.
    pub fn returns(&self, name: &str) -> Option<&SmolStr> {
        self.returns.get(name)
    }

    /// The class of an attribute; `owner.*` stands for every attribute and item.
    pub fn attribute_type(&self, name: &str) -> Option<&SmolStr> {
        self.attribute_types.get(name).or_else(|| {
            let (owner, member) = name.rsplit_once('.')?;
            if member == "*"
                || member.starts_with('_')
                || self.returns.contains_key(name)
                || self.sinks.contains_key(name)
            {
                return None;
            }
            self.attribute_types.get(format!("{owner}.*").as_str())
        })
    }

    pub fn propagate(&self, name: &str) -> Option<&PropagateRow> {
        self.propagators.get(name)
    }

    pub fn handlers(&self) -> &[HandlerRow] {
        &self.handlers
    }

    /// Whether a call of it ends the function as a `raise` does.
    pub fn never_returns(&self, name: &str) -> bool {
        self.never_returns.contains(name)
    }

    /// The one name of something that can be imported under several.
    pub fn canonical<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, SmolStr::as_str)
    }

    /// The module or object that a name means where no import declares it.
    pub fn undeclared(&self, name: &str) -> Option<&str> {
        self.undeclared.get(name).map(SmolStr::as_str)
    }

    /// The class of the object that a name means where nothing declares it.
    pub fn undeclared_instance(&self, name: &str) -> Option<&SmolStr> {
        self.undeclared_instances.get(name)
    }
}

//! Models by name: what the evaluator asks of a callee, an attribute or a class. Built once, never changed.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::load::{ModelError, builtin_files};
use super::schema::{CallbackRow, HandlerRow, Label, ModelFile, Page, PropagateRow, Tag};
use super::tag::TagSet;
use crate::rule::schema::{ArgumentSelector, Condition};

/// Bases are walked at most this far; no library's chain is longer.
const MAX_BASES: usize = 12;

/// Arguments of a callee through which data does harm.
#[derive(Clone, Debug)]
pub struct Sink {
    pub argument: Vec<ArgumentSelector>,
    pub tag: Tag,
    pub when: Vec<Condition>,
    pub is_fragment: bool,
    pub below_base: bool,
    pub page: Option<Page>,
    pub says_type: Vec<ArgumentSelector>,
}

/// What a call makes harmless where its arguments say so.
#[derive(Clone, Debug)]
pub struct Conversion {
    pub clears: TagSet,
    pub when: Vec<Condition>,
}

/// Values by qualified name, and by method name for receivers of unknown type.
#[derive(Debug)]
struct Names<T> {
    exact: FxHashMap<SmolStr, T>,
    methods: FxHashMap<SmolStr, T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { exact: FxHashMap::default(), methods: FxHashMap::default() }
    }
}

impl<T> Names<T> {
    fn put(&mut self, name: &str, value: T) {
        match name.strip_prefix("*.") {
            Some(method) => self.methods.insert(method.into(), value),
            None => self.exact.insert(name.into(), value),
        };
    }

    fn place(&mut self, name: &str) -> &mut T
    where
        T: Default,
    {
        match name.strip_prefix("*.") {
            Some(method) => self.methods.entry(method.into()).or_default(),
            None => self.exact.entry(name.into()).or_default(),
        }
    }
}

/// All models, by name.
#[derive(Debug, Default)]
pub struct Models {
    source_calls: Names<Label>,
    source_attributes: Names<Label>,
    source_clears: Names<TagSet>,
    bare_sources: Names<()>,
    source_fields: Names<()>,
    sinks: Names<Vec<Sink>>,
    bound_sinks: Names<Vec<Sink>>,
    sanitizers: Names<TagSet>,
    conversions: Names<Vec<Conversion>>,
    returns: Names<SmolStr>,
    attribute_types: Names<SmolStr>,
    propagates: Names<PropagateRow>,
    callbacks: Names<CallbackRow>,
    handlers: Vec<HandlerRow>,
    client_calls: HandlerRow,
    registrars: Names<HandlerRow>,
    aliases: FxHashMap<SmolStr, SmolStr>,
    /// First segments of the aliases: most names are done after one look here.
    alias_roots: FxHashSet<SmolStr>,
    bases: FxHashMap<SmolStr, Vec<SmolStr>>,
    /// First segments of all names that rows speak of.
    roots: FxHashSet<SmolStr>,
    never_returns: FxHashSet<SmolStr>,
    configures: FxHashSet<SmolStr>,
    safe_when_overridden: Vec<SmolStr>,
    provides: FxHashSet<SmolStr>,
    /// The last parts of the names.
    resolves: FxHashSet<SmolStr>,
    patterns: FxHashSet<SmolStr>,
    declares_option: Names<()>,
    never_empty: FxHashSet<SmolStr>,
    types_of_answer: FxHashSet<SmolStr>,
    present_answers: FxHashSet<SmolStr>,
    prepares_answer: Vec<SmolStr>,
    script_operators: FxHashSet<SmolStr>,
    literal_operators: FxHashSet<SmolStr>,
    managers: FxHashSet<SmolStr>,
    lookups: FxHashSet<SmolStr>,
    /// Beginnings of the names of such methods.
    lookup_starts: Vec<SmolStr>,
    asks_client: FxHashSet<SmolStr>,
    first_parameters: FxHashMap<SmolStr, SmolStr>,
    constants: FxHashMap<SmolStr, i64>,
    undeclared: FxHashMap<SmolStr, SmolStr>,
    undeclared_instances: FxHashMap<SmolStr, SmolStr>,
}

static BUILTIN: LazyLock<Models> = LazyLock::new(|| {
    let built = Models::load();
    built.expect("the embedded model files are all loaded by a test")
});

impl Models {
    /// The models that are built into the binary.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    fn load() -> Result<Self, ModelError> {
        let files = builtin_files()?;
        Ok(Self::from_files(files.into_iter().map(|(_, file)| file)))
    }

    /// The index of some files. Where rows disagree, the later one holds; sinks add up.
    pub fn from_files(files: impl IntoIterator<Item = ModelFile>) -> Self {
        let client_calls = HandlerRow { label: Some(Label::Web), ..HandlerRow::default() };
        let mut models = Self { client_calls, ..Self::default() };
        for file in files {
            models.add(file);
        }
        models.widen_handlers();
        models.find_roots();
        models
    }

    fn find_roots(&mut self) {
        let names = self
            .source_calls
            .exact
            .keys()
            .chain(self.source_attributes.exact.keys())
            .chain(self.sinks.exact.keys())
            .chain(self.bound_sinks.exact.keys())
            .chain(self.sanitizers.exact.keys())
            .chain(self.returns.exact.keys())
            .chain(self.propagates.exact.keys())
            .chain(self.bases.keys())
            .chain(self.handlers.iter().flat_map(|row| row.base.iter().chain(&row.decorator)));
        self.roots = names.filter_map(|name| name.split('.').next()).map(SmolStr::new).collect();
    }

    fn add(&mut self, file: ModelFile) {
        for row in file.source {
            row.call.iter().for_each(|name| self.source_calls.put(name, row.label));
            row.attribute.iter().for_each(|name| self.source_attributes.put(name, row.label));
            if !row.clears.is_empty() {
                let tags = TagSet::of(&row.clears);
                row.call.iter().chain(&row.attribute).for_each(|name| self.source_clears.put(name, tags));
            }
            if row.bare {
                row.call.iter().for_each(|name| self.bare_sources.put(name, ()));
            }
            if row.has_fields {
                row.attribute.iter().for_each(|name| self.source_fields.put(name, ()));
            }
        }
        for row in file.sink {
            for name in &row.callee {
                let sink = Sink {
                    argument: row.argument.clone(),
                    tag: row.tag,
                    when: row.when.clone(),
                    is_fragment: row.is_fragment,
                    below_base: row.below_base,
                    page: row.page,
                    says_type: row.says_type.clone(),
                };
                let table = if row.attribute { &mut self.bound_sinks } else { &mut self.sinks };
                table.place(name).push(sink);
            }
        }
        for row in file.sanitizer {
            let tags = if row.clears.is_empty() { TagSet::ALL } else { TagSet::of(&row.clears) };
            for name in &row.callee {
                if row.when.is_empty() {
                    let known = self.sanitizers.place(name);
                    *known = known.union(tags);
                } else {
                    let conversion = Conversion { clears: tags, when: row.when.clone() };
                    self.conversions.place(name).push(conversion);
                }
            }
        }
        for row in file.returns {
            let table = if row.attribute { &mut self.attribute_types } else { &mut self.returns };
            row.callee.iter().for_each(|name| table.put(name, row.result.clone()));
        }
        for row in file.propagate {
            for name in row.callee.clone() {
                self.propagates.put(&name, row.clone());
            }
        }
        for row in file.callback {
            for name in row.callee.clone() {
                self.callbacks.put(&name, row.clone());
            }
        }
        for row in &file.handler {
            for name in &row.registrar {
                self.registrars.put(name, row.clone());
            }
        }
        self.handlers.extend(file.handler);
        for (from, to) in file.alias {
            let root = from.split('.').next().unwrap_or(&from);
            self.alias_roots.insert(root.into());
            self.aliases.insert(from, to);
        }
        self.never_returns.extend(file.never_returns);
        self.configures.extend(file.configures);
        self.safe_when_overridden.extend(file.safe_when_overridden);
        self.provides.extend(file.provides);
        let last = |name: &SmolStr| name.rsplit('.').next().map(SmolStr::new);
        self.resolves.extend(file.resolves.iter().filter_map(last));
        self.patterns.extend(file.patterns);
        file.declares_option.iter().for_each(|name| self.declares_option.put(name, ()));
        self.never_empty.extend(file.never_empty);
        self.types_of_answer.extend(file.type_of_answer);
        self.present_answers.extend(file.present_answer);
        self.prepares_answer.extend(file.prepares_answer);
        self.script_operators.extend(file.script_operators);
        self.literal_operators.extend(file.literal_operators);
        self.managers.extend(file.managers);
        for name in file.lookups {
            match name.strip_suffix('*') {
                Some(start) => self.lookup_starts.push(start.into()),
                None => {
                    self.lookups.insert(name);
                }
            }
        }
        self.asks_client.extend(file.asks_client);
        self.first_parameters.extend(file.first_parameter);
        self.bases.extend(file.class);
        self.constants.extend(file.constant);
        self.undeclared.extend(file.undeclared);
        self.undeclared_instances.extend(file.undeclared_instance);
    }

    /// What holds for a class holds for the classes that derive from it: `quart.Quart.route`, `ListView.get`.
    fn widen_handlers(&mut self) {
        let mut derived: FxHashMap<SmolStr, Vec<SmolStr>> = FxHashMap::default();
        let mut classes: Vec<&SmolStr> = self.bases.keys().collect();
        classes.sort();
        for class in classes {
            for ancestor in self.ancestors(class) {
                derived.entry(ancestor).or_default().push(class.clone());
            }
        }
        for handler in &mut self.handlers {
            let more: Vec<SmolStr> =
                handler.base.iter().filter_map(|base| derived.get(base)).flatten().cloned().collect();
            handler.base.extend(more);
            let more: Vec<SmolStr> = handler
                .decorator
                .iter()
                .filter_map(|decorator| decorator.rsplit_once('.'))
                .filter_map(|(class, method)| derived.get(class).map(|classes| (classes, method)))
                .flat_map(|(classes, method)| {
                    classes.iter().map(move |class| SmolStr::from(format!("{class}.{method}")))
                })
                .collect();
            handler.decorator.extend(more);
        }
    }

    /// All bases of a class, the nearest first.
    fn ancestors(&self, class: &str) -> Vec<SmolStr> {
        let mut found: Vec<SmolStr> = self.bases(class).to_vec();
        let mut next = 0;
        while next < found.len() && found.len() < MAX_BASES * MAX_BASES {
            let more: Vec<SmolStr> =
                self.bases(&found[next]).iter().filter(|base| !found.contains(base)).cloned().collect();
            found.extend(more);
            next += 1;
        }
        found
    }

    /// The value at a name, or at the same member of a base of its class.
    fn find<'m, T>(&'m self, table: &'m Names<T>, name: &str) -> Option<&'m T> {
        self.find_below(table, name, 0)
    }

    fn find_below<'m, T>(&'m self, table: &'m Names<T>, name: &str, depth: usize) -> Option<&'m T> {
        if let Some(value) = table.exact.get(name) {
            return Some(value);
        }
        let (class, member) = name.rsplit_once('.')?;
        if depth == MAX_BASES {
            return None;
        }
        let bases = self.bases.get(class)?;
        bases.iter().find_map(|base| self.find_below(table, &format!("{base}.{member}"), depth + 1))
    }

    /// The label of what a call gives.
    pub fn source_call(&self, name: &str, has_arguments: bool) -> Option<Label> {
        let is_made_of_them = has_arguments && self.find(&self.bare_sources, name).is_some();
        self.find(&self.source_calls, name).copied().filter(|_| !is_made_of_them)
    }

    /// The label of what a read of the name gives.
    pub fn source_attribute(&self, name: &str) -> Option<Label> {
        self.find(&self.source_attributes, name).copied()
    }

    /// The tags for which a source is harmless.
    pub fn source_clears(&self, name: &str) -> TagSet {
        self.find(&self.source_clears, name).copied().unwrap_or_default()
    }

    /// Whether a source holds a field for each that the class of its object declares.
    pub fn has_fields(&self, name: &str) -> bool {
        self.find(&self.source_fields, name).is_some()
    }

    pub fn sinks(&self, name: &str) -> &[Sink] {
        self.find(&self.sinks, name).map_or(&[], Vec::as_slice)
    }

    /// What an attribute is a sink for when it is bound.
    pub fn bound_sinks(&self, name: &str) -> &[Sink] {
        self.find(&self.bound_sinks, name).map_or(&[], Vec::as_slice)
    }

    /// The same for a method of an unknown receiver.
    pub fn sinks_of_method(&self, method: &str) -> &[Sink] {
        self.sinks.methods.get(method).map_or(&[], Vec::as_slice)
    }

    /// The tags for which the result of a call is no longer dangerous.
    pub fn sanitizer(&self, name: &str) -> Option<TagSet> {
        self.find(&self.sanitizers, name).copied()
    }

    /// The same for a method of an unknown receiver.
    pub fn sanitizer_method(&self, method: &str) -> Option<TagSet> {
        self.sanitizers.methods.get(method).copied()
    }

    /// What a call makes harmless where its arguments say so; by its method where its name is not known.
    pub fn conversions(&self, name: Option<&str>, method: Option<&str>) -> &[Conversion] {
        name.and_then(|name| self.find(&self.conversions, name))
            .or_else(|| method.and_then(|method| self.conversions.methods.get(method)))
            .map_or(&[], Vec::as_slice)
    }

    /// The number that a name of a module stands for.
    pub fn constant(&self, name: &str) -> Option<i64> {
        self.constants.get(name).copied()
    }

    /// The class of what a call gives.
    pub fn returns(&self, name: &str) -> Option<&SmolStr> {
        self.find(&self.returns, name)
    }

    /// The class of what a read of the name gives. `Class.*` answers for members that no other row knows.
    pub fn attribute_type(&self, name: &str) -> Option<&SmolStr> {
        if let Some(class) = self.find(&self.attribute_types, name) {
            return Some(class);
        }
        let (class, member) = name.rsplit_once('.')?;
        if member == "*" {
            return None;
        }
        let any = self.find(&self.attribute_types, &format!("{class}.*"))?;
        (!self.is_callee(name)).then_some(any)
    }

    /// Whether some row speaks of a call of the name.
    fn is_callee(&self, name: &str) -> bool {
        self.find(&self.sinks, name).is_some()
            || self.find(&self.returns, name).is_some()
            || self.find(&self.source_calls, name).is_some()
            || self.find(&self.propagates, name).is_some()
            || self.find(&self.sanitizers, name).is_some()
    }

    /// How a call passes data on, where it is not from the arguments and the receiver to the result.
    pub fn propagate(&self, name: &str) -> Option<&PropagateRow> {
        self.find(&self.propagates, name)
    }

    /// What a library call does with a function that it is passed.
    pub fn callback(&self, name: &str) -> Option<&CallbackRow> {
        self.find(&self.callbacks, name)
    }

    /// The same for a method of an unknown receiver.
    pub fn callback_method(&self, method: &str) -> Option<&CallbackRow> {
        self.callbacks.methods.get(method)
    }

    /// The functions that frameworks call. Their bases and decorators name the known subclasses too.
    pub fn handlers(&self) -> &[HandlerRow] {
        &self.handlers
    }

    /// How a framework calls the function that this call hands to it.
    pub fn registrar(&self, name: &str) -> Option<&HandlerRow> {
        self.find(&self.registrars, name)
    }

    /// The same for a method of an unknown receiver.
    pub fn registrar_method(&self, method: &str) -> Option<&HandlerRow> {
        self.registrars.methods.get(method)
    }

    /// How a framework calls a function that provides something to a handler.
    pub fn client_calls(&self) -> &HandlerRow {
        &self.client_calls
    }

    /// The name under which the models know a thing: re-exports and forks are renamed.
    pub fn canonical<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let root = name.split('.').next().unwrap_or(name);
        if !self.alias_roots.contains(root) {
            return Cow::Borrowed(name);
        }
        let mut end = name.len();
        loop {
            if let Some(to) = self.aliases.get(&name[..end]) {
                return Cow::Owned(format!("{to}{}", &name[end..]));
            }
            match name[..end].rfind('.') {
                Some(dot) => end = dot,
                None => return Cow::Borrowed(name),
            }
        }
    }

    /// Whether rows speak of the package that a name begins with.
    pub fn knows_package(&self, name: &str) -> bool {
        name.split('.').next().is_some_and(|root| self.roots.contains(root))
    }

    /// The bases of a library class, as far as rows name them.
    pub fn bases(&self, class: &str) -> &[SmolStr] {
        self.bases.get(class).map_or(&[], Vec::as_slice)
    }

    /// Whether a library class is another one, or derives from it.
    pub fn derives_from(&self, class: &str, base: &str) -> bool {
        class == base || self.ancestors(class).iter().any(|ancestor| ancestor == base)
    }

    /// Whether a call of it ends the function as a `raise` does.
    /// The methods of a library class whose own version in a class of the workspace makes its objects harmless.
    pub fn safe_when_overridden<'m>(&'m self, class: &'m str) -> impl Iterator<Item = &'m str> {
        self.safe_when_overridden
            .iter()
            .filter_map(move |method| method.strip_prefix(class)?.strip_prefix('.'))
    }

    pub fn never_returns(&self, name: &str) -> bool {
        self.never_returns.contains(name)
    }

    /// Whether the keyword arguments of its calls are settings of Django.
    pub fn configures(&self, name: &str) -> bool {
        self.configures.contains(name)
    }

    /// Whether a parameter with a call of it as default or in its annotation is provided by the program.
    pub fn provides(&self, name: &str) -> bool {
        self.provides.contains(name)
    }

    /// Whether a function of this name takes `..` and links out of a path.
    pub fn resolves(&self, function: &str) -> bool {
        self.resolves.contains(function)
    }

    /// Whether a text under this key of a query is run as a script.
    pub fn is_script_operator(&self, key: &str) -> bool {
        self.script_operators.contains(key)
    }

    /// Whether a value under this key of a query stands for nothing but itself.
    pub fn is_literal_operator(&self, key: &str) -> bool {
        self.literal_operators.contains(key)
    }

    /// Whether objects of a class are read from a database through an attribute of this name.
    pub fn is_manager(&self, attribute: &str) -> bool {
        self.managers.contains(attribute)
    }

    /// Whether a method of this name gives what lies under a key, not the key.
    pub fn is_lookup(&self, method: &str) -> bool {
        self.lookups.contains(method)
            || self.lookup_starts.iter().any(|start| method.starts_with(start.as_str()))
    }

    /// Whether a keyword of a validator is a regular expression that a text has to match.
    pub fn is_pattern(&self, keyword: &str) -> bool {
        self.patterns.contains(keyword)
    }

    /// Whether a method tells a parser of command lines what one of its options may be.
    pub fn declares_option(&self, method: &str) -> bool {
        self.find(&self.declares_option, method).is_some()
    }

    /// Whether what a call gives has an element.
    pub fn is_never_empty(&self, callee: &str) -> bool {
        self.never_empty.contains(callee)
    }

    /// Whether an attribute or keyword says of what type an answer is.
    pub fn is_type_of_answer(&self, name: &str) -> bool {
        self.types_of_answer.contains(name)
    }

    /// Whether an object stands for the answer to the present request.
    pub fn is_present_answer(&self, name: &str) -> bool {
        self.present_answers.contains(name)
    }

    /// Methods that a framework calls before the one that answers.
    pub fn prepares_answer(&self) -> &[SmolStr] {
        &self.prepares_answer
    }

    /// Whether a parameter with a call of it as default or in its annotation is given by the client.
    pub fn asks_client(&self, name: &str) -> bool {
        self.asks_client.contains(name)
    }

    /// The class of a first parameter of this name that nothing else describes.
    pub fn first_parameter(&self, name: &str) -> Option<&SmolStr> {
        self.first_parameters.get(name)
    }

    /// What a name that a file never binds is taken for: a qualified name, or the class of the object.
    pub fn undeclared(&self, name: &str) -> Option<&str> {
        self.undeclared.get(name).or_else(|| self.undeclared_instances.get(name)).map(SmolStr::as_str)
    }

    /// The class of the object that a name is taken for, where it is one.
    pub fn undeclared_instance(&self, name: &str) -> Option<&SmolStr> {
        self.undeclared_instances.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Models;
    use crate::model::load::parse;
    use crate::model::schema::{Label, Tag};

    fn models(text: &str) -> Models {
        let text = format!("library = \"x\"\n{text}");
        Models::from_files([parse("x.toml", &text).unwrap_or_else(|error| panic!("{error}"))])
    }

    #[test]
    fn methods_are_found_in_the_bases() {
        let models = models(
            "[class]\n\"a.C\" = [\"a.B\"]\n\"a.B\" = [\"a.A\"]\n\
             [[sink]]\ncallee = [\"a.A.run\", \"*.go\"]\nargument = [\"0\"]\ntag = \"sql\"\n\
             [[handler]]\ndecorator = [\"a.A.route\"]\nbase = [\"a.A\"]\n",
        );
        assert_eq!(models.sinks("a.C.run").len(), 1);
        assert_eq!(models.sinks("a.D.run").len(), 0);
        assert_eq!(models.sinks("a.C.go").len(), 0);
        assert_eq!(models.sinks_of_method("go").len(), 1);
        assert_eq!(models.sinks_of_method("run").len(), 0);
        assert!(models.derives_from("a.C", "a.A") && !models.derives_from("a.A", "a.C"));
        assert!(models.handlers()[0].decorator.iter().any(|name| name == "a.C.route"));
        assert!(models.handlers()[0].base.iter().any(|name| name == "a.B"));
    }

    #[test]
    fn bases_in_a_circle_end() {
        let models = models("[class]\n\"a.C\" = [\"a.B\"]\n\"a.B\" = [\"a.C\"]\n");
        assert!(models.sinks("a.C.run").is_empty());
        assert!(models.derives_from("a.C", "a.B"));
    }

    #[test]
    fn a_star_answers_for_members_that_no_row_names() {
        let models = models(
            "[[returns]]\ncallee = [\"a.Client.*\"]\ntype = \"a.Database\"\nattribute = true\n\
             [[returns]]\ncallee = [\"a.Client.open\"]\ntype = \"a.Handle\"\n",
        );
        assert_eq!(
            models.attribute_type("a.Client.users").map(smol_str::SmolStr::as_str),
            Some("a.Database")
        );
        assert_eq!(models.attribute_type("a.Client.*").map(smol_str::SmolStr::as_str), Some("a.Database"));
        assert_eq!(models.attribute_type("a.Client.open"), None);
        assert_eq!(models.attribute_type("a.Other.*"), None);
    }

    #[test]
    fn aliases_rename_what_lies_below() {
        let models = models("[alias]\n\"a.b\" = \"z\"\nc = \"z\"\n");
        for (name, canonical) in [
            ("a.b", "z"),
            ("a.b.x", "z.x"),
            ("a.bc", "a.bc"),
            ("c.d.e", "z.d.e"),
            ("a", "a"),
            ("q.c", "q.c"),
            ("", ""),
        ] {
            assert_eq!(models.canonical(name), canonical, "{name}");
        }
    }

    #[test]
    fn no_alias_leads_to_another_alias() {
        let models = Models::builtin();
        for (from, to) in &models.aliases {
            assert_eq!(models.canonical(to), to.as_str(), "{from}");
        }
    }

    /// Rows whose names some alias would rename are never found.
    #[test]
    fn rows_use_canonical_names() {
        let models = Models::builtin();
        let mut wrong = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        names.extend(models.source_calls.exact.keys().map(smol_str::SmolStr::as_str));
        names.extend(models.source_attributes.exact.keys().map(smol_str::SmolStr::as_str));
        names.extend(models.sinks.exact.keys().map(smol_str::SmolStr::as_str));
        names.extend(models.bound_sinks.exact.keys().map(smol_str::SmolStr::as_str));
        names.extend(models.sanitizers.exact.keys().map(smol_str::SmolStr::as_str));
        names.extend(models.returns.exact.iter().flat_map(|(name, class)| [name.as_str(), class.as_str()]));
        names.extend(
            models.attribute_types.exact.iter().flat_map(|(name, class)| [name.as_str(), class.as_str()]),
        );
        names.extend(models.propagates.exact.keys().map(smol_str::SmolStr::as_str));
        names.extend(models.bases.iter().flat_map(|(name, bases)| {
            std::iter::once(name.as_str()).chain(bases.iter().map(smol_str::SmolStr::as_str))
        }));
        names.extend(
            models
                .handlers
                .iter()
                .flat_map(|row| row.base.iter().chain(&row.decorator))
                .map(smol_str::SmolStr::as_str),
        );
        names.extend(models.undeclared.values().map(smol_str::SmolStr::as_str));
        for name in names {
            let canonical = models.canonical(name);
            if canonical != name {
                wrong.push(format!("{name} is known as {canonical}"));
            }
        }
        wrong.sort();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn undeclared_names_are_modules_or_objects() {
        let models = Models::builtin();
        assert_eq!(models.undeclared("np"), Some("numpy"));
        assert_eq!(models.undeclared("request"), Some("flask.request"));
        assert_eq!(models.undeclared_instance("request"), None);
        assert_eq!(models.undeclared_instance("app").map(smol_str::SmolStr::as_str), Some("flask.Flask"));
        assert_eq!(models.undeclared("anything"), None);
    }

    /// One known answer for each kind of question, through the real rows.
    #[test]
    fn builtin_rows_answer() {
        let models = Models::builtin();
        assert_eq!(models.source_attribute("flask.request.args"), Some(Label::Web));
        assert_eq!(models.source_call("flask.request.get_json", false), Some(Label::Web));
        assert_eq!(models.source_attribute("sys.argv"), Some(Label::Cli));
        let tag_of = |name: &str| models.sinks(name).iter().map(|sink| sink.tag).collect::<Vec<_>>();
        assert!(tag_of("os.system").contains(&Tag::Shell));
        assert!(tag_of("sqlite3.Cursor.execute").contains(&Tag::Sql));
        assert!(tag_of("psycopg2.extras.RealDictCursor.execute").contains(&Tag::Sql));
        assert!(tag_of("yaml.load").contains(&Tag::Deserialization));
        assert!(models.sinks_of_method("execute").iter().any(|sink| sink.tag == Tag::Sql));
        let quote = models.sanitizer("shlex.quote").unwrap_or_default();
        assert!(quote.contains(Tag::Shell) && !quote.contains(Tag::Sql));
        assert!(models.sanitizer("int").is_some_and(|tags| tags.contains(Tag::Sql)));
        assert_eq!(
            models.returns("sqlite3.connect").map(smol_str::SmolStr::as_str),
            Some("sqlite3.Connection")
        );
        assert_eq!(
            models.returns("sqlite3.Connection.cursor").map(smol_str::SmolStr::as_str),
            Some("sqlite3.Cursor")
        );
        assert!(models.propagate("len").is_some_and(|row| row.from.is_empty()));
        assert_eq!(models.canonical("flask.globals.request"), "flask.request");
        assert!(
            models.handlers().iter().any(|row| row.decorator.iter().any(|name| name == "flask.Flask.route"))
        );
    }
}

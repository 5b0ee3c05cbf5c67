//! The shape of a model file, one per library. Closed enums and tables, no behaviour.
//!
//! A callee is a qualified name. Classes are named where they are imported from (`sqlite3.Connection`), methods by
//! class and name (`sqlite3.Connection.execute`); `*.execute` is a method of that name on a receiver of unknown type.
//! Calling a class (last segment capitalised) gives an instance of it without any row. In `returns` rows with
//! `attribute = true`, `pymongo.MongoClient.*` stands for every attribute and every subscript that no other row names.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use smol_str::SmolStr;

use crate::rule::schema::{ArgumentSelector, Condition};

/// One file of models.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelFile {
    /// The library and the version that the rows were checked against.
    pub library: String,
    #[serde(default)]
    pub source: Vec<SourceRow>,
    #[serde(default)]
    pub sink: Vec<SinkRow>,
    #[serde(default)]
    pub sanitizer: Vec<SanitizerRow>,
    #[serde(default)]
    pub returns: Vec<ReturnsRow>,
    #[serde(default)]
    pub propagate: Vec<PropagateRow>,
    #[serde(default)]
    pub handler: Vec<HandlerRow>,
    #[serde(default)]
    pub callback: Vec<CallbackRow>,
    /// Callees that never return: they raise or end the process.
    #[serde(default)]
    pub never_returns: Vec<SmolStr>,
    /// Callees whose keyword arguments are settings of Django.
    #[serde(default)]
    pub configures: Vec<SmolStr>,
    /// Methods of library classes that, where a class of the workspace has its own, say what its objects may do.
    #[serde(default)]
    pub safe_when_overridden: Vec<SmolStr>,
    /// Other names under which something is imported: `"flask.globals.request" = "flask.request"`. What lies below is
    /// renamed too.
    #[serde(default)]
    pub alias: FxHashMap<SmolStr, SmolStr>,
    /// The bases of library classes: what is known of a base's methods and attributes holds for the class.
    #[serde(default)]
    pub class: FxHashMap<SmolStr, Vec<SmolStr>>,
    /// Callees that, as a parameter's default or in its annotation, say that the program provides it, not the client.
    #[serde(default)]
    pub provides: Vec<SmolStr>,
    /// Keys of a query under which a text is run as a script …
    #[serde(default)]
    pub script_operators: Vec<SmolStr>,
    /// … and those under which a value stands for nothing but itself.
    #[serde(default)]
    pub literal_operators: Vec<SmolStr>,
    /// Attributes of a class through which its objects are read from a database.
    #[serde(default)]
    pub managers: Vec<SmolStr>,
    /// Methods that give what lies under a key, not the key (`get_*`), whatever they are called on.
    #[serde(default)]
    pub lookups: Vec<SmolStr>,
    /// Calls that take `..` and links out of a path.
    #[serde(default)]
    pub resolves: Vec<SmolStr>,
    /// Keywords of validators whose value is a regular expression that a text has to match.
    #[serde(default)]
    pub patterns: Vec<SmolStr>,
    /// Methods that tell a parser of command lines what one of its options may be.
    #[serde(default)]
    pub declares_option: Vec<SmolStr>,
    /// Calls that raise where they find nothing: what they give has an element.
    #[serde(default)]
    pub never_empty: Vec<SmolStr>,
    /// Attributes and keywords that say of what type an answer is.
    #[serde(default)]
    pub type_of_answer: Vec<SmolStr>,
    /// Objects that stand for the answer to the present request, whichever it is.
    #[serde(default)]
    pub present_answer: Vec<SmolStr>,
    /// Methods of handlers that a framework calls before the one that answers: they may say the answer's type.
    #[serde(default)]
    pub prepares_answer: Vec<SmolStr>,
    /// Callees that, as a parameter's default or in its annotation, say that the client gives it.
    #[serde(default)]
    pub asks_client: Vec<SmolStr>,
    /// The class of a first parameter without annotation, by its name: `request = "web.Request"`.
    #[serde(default)]
    pub first_parameter: FxHashMap<SmolStr, SmolStr>,
    /// Numbers of modules, by qualified name.
    #[serde(default)]
    pub constant: FxHashMap<SmolStr, i64>,
    /// Names that mean a module or an object where no import declares them.
    #[serde(default)]
    pub undeclared: FxHashMap<SmolStr, SmolStr>,
    /// Names that mean an object of a class where nothing declares them.
    #[serde(default)]
    pub undeclared_instance: FxHashMap<SmolStr, SmolStr>,
}

/// Who controls a source (catalogue §18.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// An HTTP request, a web socket message, a serverless event.
    Web,
    Queue,
    /// The body of a response, a raw socket.
    Network,
    /// The output of a language model.
    Model,
    /// The name, type or bytes of an uploaded file.
    Upload,
    /// A name inside of an archive.
    Archive,
    /// A parameter of a public function: possible, not certain.
    Parameter,
    Cli,
    Environment,
    /// Read back from a database, a cache or a file.
    Stored,
    /// Sensitive by name or by API.
    Secret,
    /// A caught exception or a traceback.
    Exception,
}

/// What a sink is dangerous for; a sanitizer clears some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tag {
    Sql,
    Shell,
    Argument,
    Code,
    Reflection,
    Template,
    Html,
    Path,
    Request,
    Redirect,
    Deserialization,
    LdapDn,
    LdapFilter,
    Nosql,
    Xpath,
    Xml,
    Log,
    LogSecret,
    Header,
    Regex,
    Format,
    ErrorText,
    TrustBoundary,
    Resource,
    Random,
    Hash,
    /// A cell of a table that a spreadsheet opens.
    Cell,
    /// Names and values that are spread over the fields of a stored object.
    MassAssignment,
    /// The path or the query of a request whose host is constant: what a sink for requests is then.
    RequestPath,
    /// A document whose parser may fetch what it names.
    XmlExternal,
}

/// Where untrusted data enters. At least one of `call` and `attribute` is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SourceRow {
    /// The result of a call of one of these.
    #[serde(default)]
    pub call: Vec<SmolStr>,
    /// A read of one of these (`flask.request.args`, `sys.argv`, `django.http.HttpRequest.GET`).
    #[serde(default)]
    pub attribute: Vec<SmolStr>,
    pub label: Label,
    /// The sinks for which what enters here is harmless: a form has checked which fields there are.
    #[serde(default)]
    pub clears: Vec<Tag>,
    /// It holds a field for each that the object's class declares; those of a harmless kind (a sanitizer's class) are
    /// harmless.
    #[serde(default)]
    pub has_fields: bool,
    /// A call with arguments gives what is made of them.
    #[serde(default)]
    pub bare: bool,
}

/// An argument through which data does harm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SinkRow {
    pub callee: Vec<SmolStr>,
    /// Empty: the receiver of the method.
    #[serde(default)]
    pub argument: Vec<ArgumentSelector>,
    pub tag: Tag,
    /// Conditions on the call's arguments (`shell=True`).
    #[serde(default)]
    pub when: Vec<Condition>,
    /// The row speaks of a binding of the names, not of a call: `answer.text = value`.
    #[serde(default)]
    pub attribute: bool,
    /// It is a part of a statement: on a receiver of unknown type it need not read as a whole one.
    #[serde(default)]
    pub is_fragment: bool,
    /// What begins with a slash lies below an address that the receiver has: it names no other host.
    #[serde(default)]
    pub below_base: bool,
    /// The text becomes part of an answer, which is a page by its type.
    #[serde(default)]
    pub page: Option<Page>,
    /// Arguments without a telling name that say of what type the answer is, or are its headers.
    #[serde(default)]
    pub says_type: Vec<ArgumentSelector>,
}

/// When an answer is a page that a browser shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// Unless the program says that it is of another type.
    ByDefault,
    /// Only where the program says so.
    WhereSaid,
}

/// A call whose result is no longer dangerous for the tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SanitizerRow {
    pub callee: Vec<SmolStr>,
    /// Empty: clears everything.
    #[serde(default)]
    pub clears: Vec<Tag>,
    /// Conditions on the call's arguments (`type=int`).
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// The type of a call's result, or of an attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReturnsRow {
    pub callee: Vec<SmolStr>,
    /// A qualified class name, or `str`, `int`, `bool`, `bytes`, `float`.
    #[serde(rename = "type")]
    pub result: SmolStr,
    /// The row speaks of a read of the name, not of a call.
    #[serde(default)]
    pub attribute: bool,
}

/// A library call that passes data on in another way than from its arguments and receiver to its result.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PropagateRow {
    pub callee: Vec<SmolStr>,
    /// Arguments that pass; empty: nothing passes to the result.
    #[serde(default)]
    pub from: Vec<ArgumentSelector>,
    #[serde(default)]
    pub to: Target,
    /// It undoes an encoding: what that made harmless is harmful again.
    #[serde(default)]
    pub decodes: bool,
}

/// A library call that calls a function it is passed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CallbackRow {
    pub callee: Vec<SmolStr>,
    pub function: ArgumentSelector,
    #[serde(default)]
    pub passes: Passes,
    /// The argument that holds the function's keyword arguments as a mapping.
    #[serde(default)]
    pub keywords: Option<ArgumentSelector>,
    /// The argument that holds the function's arguments as a list; of itself it passes each of its elements.
    #[serde(default)]
    pub arguments: Option<ArgumentSelector>,
    #[serde(default)]
    pub gives: Gives,
}

/// What the function is called with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passes {
    /// The arguments after the function, or what `arguments` lists.
    #[default]
    Rest,
    /// An element of each argument after the function.
    Each,
}

/// What the function's result is for the call's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// The library keeps it.
    #[default]
    Nothing,
    Result,
    /// Something from which it can be asked: a future.
    Future,
    /// One element of the call's result.
    Elements,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    #[default]
    Result,
    Receiver,
}

/// A function that a framework calls: its parameters come from outside.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HandlerRow {
    /// Decorators (`flask.Flask.route`, `*.route`).
    #[serde(default)]
    pub decorator: Vec<SmolStr>,
    /// Methods of subclasses of these classes …
    #[serde(default)]
    pub base: Vec<SmolStr>,
    /// … with one of these names (`resolve_*`); all methods when empty.
    #[serde(default)]
    pub method: Vec<SmolStr>,
    /// Functions of these names.
    #[serde(default)]
    pub function: Vec<SmolStr>,
    /// Functions, or methods of classes whose names, or whose bases' names, end like this (`base-ends`), whose first
    /// parameters have these names.
    #[serde(default)]
    pub signature: Vec<SmolStr>,
    #[serde(default)]
    pub base_ends: Option<SmolStr>,
    /// Calls that hand a function to the framework …
    #[serde(default)]
    pub registrar: Vec<SmolStr>,
    /// … and the argument that it stands in.
    #[serde(default)]
    pub registered: Option<ArgumentSelector>,
    /// Functions that take a request (`first-parameter`) and return the result of one of these, wherever they are
    /// wired up.
    #[serde(default)]
    pub returning: Vec<SmolStr>,
    /// Only in files that import something of this package: the names alone say too little.
    #[serde(default)]
    pub package: Option<SmolStr>,
    /// Label of the parameters that no other key describes.
    #[serde(default)]
    pub label: Option<Label>,
    /// The program's own tests call it: its parameters are what the tests chose.
    #[serde(default)]
    pub trusted: bool,
    /// Types of single parameters by position (`self` not counted): `{ "0" = "django.http.HttpRequest" }`.
    #[serde(default)]
    pub parameter: toml::map::Map<String, toml::Value>,
    /// Parameters by position that the handler's class describes under a name: `{ "0" = "form_class" }`.
    #[serde(default)]
    pub declared: toml::map::Map<String, toml::Value>,
    /// What the handler returns reaches this sink (`html` for web views).
    #[serde(default)]
    pub returns: Option<Tag>,
    /// Keyword of the decorator, and the classes that, given there, make what is returned HTML.
    #[serde(default)]
    pub html_when: FxHashMap<SmolStr, Vec<SmolStr>>,
}

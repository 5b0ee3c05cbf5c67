//! The shape of a rule: what the front matter of a rule page may say. Closed enums and tables, no behaviour.

use serde::Deserialize;
use smol_str::SmolStr;

use super::pattern::Pattern;
use crate::finding::{Applicability, Certainty, Severity};
use crate::model::schema::Tag;

/// When a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    #[default]
    Default,
    /// Only when the configuration asks for the strict profile.
    Strict,
}

/// The front matter of a rule page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleDefinition {
    pub name: SmolStr,
    pub title: String,
    pub severity: Severity,
    /// CWE numbers, the primary one first.
    pub cwe: Vec<u16>,
    /// OWASP Top 10 categories with their edition, `A08:2021`.
    pub owasp: Vec<SmolStr>,
    #[serde(default)]
    pub bandit: Vec<SmolStr>,
    #[serde(default)]
    pub ruff: Vec<SmolStr>,
    /// The section of the standards reference that the rule enforces.
    #[serde(default)]
    pub standard: Option<String>,
    #[serde(default)]
    pub profile: Profile,
    /// Silent in files of tests.
    #[serde(default)]
    pub outside_tests: bool,
    /// Silent in what is certainly a test, by the name of the file itself.
    #[serde(default)]
    pub outside_test_files: bool,
    pub since: SmolStr,
    /// Rules that say less of the same place: their finding there is dropped when this rule has one.
    #[serde(default)]
    pub replaces: Vec<SmolStr>,
    /// Only where the whole project lacks something; then once in the project.
    #[serde(default)]
    pub absence: Option<Absence>,
    /// One sentence for the finding. `{callee}`, `{name}`, `{source}`, `{value}` are filled in where known.
    pub message: String,

    #[serde(default)]
    pub call: Vec<CallMatch>,
    /// Calls that take the edge off: what the rule reports is no finding where its result goes into one of them.
    #[serde(default)]
    pub passed_on: Vec<PassedOn>,
    #[serde(default)]
    pub flow: Vec<FlowMatch>,
    #[serde(default)]
    pub assign: Vec<AssignMatch>,
    #[serde(default)]
    pub setting: Vec<SettingMatch>,
    #[serde(default)]
    pub decorator: Vec<DecoratorMatch>,
    #[serde(default)]
    pub comparison: Vec<ComparisonMatch>,
    #[serde(default)]
    pub import: Vec<ImportMatch>,
    #[serde(default)]
    pub query: Vec<QueryMatch>,
    /// Names of coded checks (`checks/`).
    #[serde(default)]
    pub check: Vec<CheckMatch>,
    #[serde(default)]
    pub manifest: Vec<ManifestMatch>,
    #[serde(default)]
    pub file: Vec<FileMatch>,

    #[serde(default)]
    pub fix: Vec<FixRecipe>,
}

impl RuleDefinition {
    /// What shows whether the project lacks something, where the rule is about that.
    pub fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        self.absence
            .iter()
            .flat_map(|absence| std::iter::once(&absence.provided_by).chain(&absence.only_with))
    }
}

/// What a project lacks, in all its files but those of tests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Absence {
    /// The word by which a configuration says that it is done elsewhere, by a proxy for example.
    pub declared_as: SmolStr,
    /// Where the project does it after all.
    pub provided_by: Evidence,
    /// What makes the lack matter; it always does when absent.
    #[serde(default)]
    pub only_with: Option<Evidence>,
}

/// Places in a project that show something, matched as those that rules report.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Evidence {
    pub call: Vec<CallMatch>,
    pub assign: Vec<AssignMatch>,
    pub setting: Vec<SettingMatch>,
    pub decorator: Vec<DecoratorMatch>,
    pub import: Vec<ImportMatch>,
    pub query: Vec<QueryMatch>,
    pub file: Vec<FileMatch>,
}

/// A call to one of the callees whose arguments satisfy every condition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CallMatch {
    /// Qualified names; `*.execute` is a method of that name on a receiver of unknown type.
    pub callee: Vec<SmolStr>,
    #[serde(default)]
    pub when: Vec<Condition>,
    /// Overrides the rule's severity for this match.
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub message: Option<String>,
    /// `possible` where the match cannot know that what it finds is in anybody's hands.
    #[serde(default)]
    pub certainty: Option<Certainty>,
    /// Which argument to underline; the whole call when absent.
    #[serde(default)]
    pub report: Option<ArgumentSelector>,
    /// Only where the receiver outlives the call: not where an object is made in front of the dot, and thrown away.
    #[serde(default)]
    pub kept: bool,
    /// The call sets a state of its object, of which the first argument says which: a later call for the same one counts
    /// instead.
    #[serde(default)]
    pub settles: bool,
}

/// Calls into which the result of what a rule reports may go, in the same body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PassedOn {
    /// As in `call`.
    pub callee: Vec<SmolStr>,
}

/// Untrusted data reaches a sink with one of the tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FlowMatch {
    /// Sink tags of the models: `sql`, `shell`, `path`, …
    pub sink: Vec<SmolStr>,
    /// Labels of the sources that count: `web`, `cli`, `parameter`, …
    pub source: Vec<SmolStr>,
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub message: Option<String>,
}

/// A value is bound to a name: variable, attribute, dictionary key, keyword argument, default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AssignMatch {
    /// Exact target: a qualified attribute (`flask.Flask.debug`) or a bare name (`DEBUG`).
    #[serde(default)]
    pub target: Vec<SmolStr>,
    /// A vocabulary of names instead of exact ones.
    #[serde(default)]
    pub named: Option<NameKind>,
    /// How the name comes to its value; any way when empty.
    #[serde(default)]
    pub binding: Vec<BindingKind>,
    #[serde(default)]
    pub when: Vec<Condition>,
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub message: Option<String>,
}

/// How a name comes to its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindingKind {
    Assignment,
    Attribute,
    /// A key of a dictionary, or a subscript that is assigned to.
    Key,
    /// A keyword argument of a call.
    Keyword,
    /// The default of a parameter.
    Default,
    /// What a function returns, under the function's name; only where a rule asks for it.
    Return,
}

/// Word-split vocabularies of identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    /// `password`, `api_key`, `client_secret`, … but not `secret_name`, `password_field`.
    Credential,
    /// Names whose value must be unpredictable: token, otp, nonce, salt, …
    SecurityToken,
    /// Passwords only.
    Password,
    /// Personal or payment data, and secrets: what must not be logged.
    Sensitive,
    /// What is compared to let somebody in, passwords aside: `api_key`, `webhook_secret`, `reset_token`.
    Authenticator,
    /// What somebody may do: `role`, `is_admin`, `permissions`.
    Role,
    /// Where a request comes from: `client_ip`, `remote_addr`, `X-Forwarded-For`, `referer`.
    Address,
}

/// A setting of a web framework: a name of a settings module or of a class of settings, or a key of `app.config`. What
/// is set for development only, or in a branch, does not count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SettingMatch {
    pub name: Vec<SmolStr>,
    /// Whose setting it is, where the name alone does not say.
    #[serde(default)]
    pub framework: Option<Framework>,
    #[serde(default)]
    pub when: Vec<Condition>,
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub message: Option<String>,
}

/// Frameworks whose settings go by the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framework {
    Django,
    Flask,
}

/// A function or a class is decorated. The decorator is reported.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DecoratorMatch {
    /// Qualified names, called or not; `*.login_required` is an attribute of something unknown.
    #[serde(default)]
    pub decorator: Vec<SmolStr>,
    /// A regular expression that is found in the last part of the decorator's name.
    #[serde(default)]
    pub matches: Option<Pattern>,
    /// Only where one of these stands below it, so that it does not see what this one makes.
    #[serde(default)]
    pub above: Vec<SmolStr>,
}

/// Two values are compared by `==` or `!=`, in either order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ComparisonMatch {
    pub one: Vec<Condition>,
    pub other: Vec<Condition>,
}

/// An import of a module.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImportMatch {
    pub module: Vec<SmolStr>,
}

/// A tree-sitter query. The capture `@match` (or the first one) is what is reported.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QueryMatch {
    pub pattern: String,
    /// Words without which the query cannot match; a chunk that has none of them is not searched.
    #[serde(default)]
    pub words: Vec<SmolStr>,
}

/// A coded check, by the name of its file in `checks/`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckMatch {
    pub name: CheckName,
}

/// The coded checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    FailOpenExcept,
    LogoutIncomplete,
    OpenModeBroaderThanUse,
    ProviderToken,
    PrivateKey,
    CredentialInUrl,
    SilentHandlerPass,
    SilentHandlerContinue,
    UrlSubstring,
    RouteMissingAuth,
    SsrfDenylist,
    AuthFailureUnlogged,
    DenialUnlogged,
    UploadTypeUnchecked,
    SessionFixation,
}

/// Something in a file that says what is installed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ManifestMatch {
    pub kind: ManifestKind,
    /// For the kinds `package` and `lookalike`: names of packages, in lower case and with `-` between the words.
    #[serde(default)]
    pub package: Vec<SmolStr>,
    /// Overrides the rule's severity for this match.
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub message: Option<String>,
}

/// What can be wrong in a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestKind {
    /// A requirement of pip that allows more than one version, and nothing else that decides; not in lists for developers
    /// only.
    Unpinned,
    /// A dependency in `pyproject.toml` that allows every version, and no lock file.
    Unbounded,
    /// A pinned requirement without the hash of what is to be installed: once for a file that has no hashes at all.
    NoHash,
    /// Dependencies in `pyproject.toml`, and no lock file.
    NoLockFile,
    /// An index, a repository or an archive is fetched without encryption.
    Cleartext,
    /// The certificate of a host of packages is not checked.
    TrustedHost,
    /// A package may come from more than one index.
    SeveralIndexes,
    /// A repository without a commit, or an address without a hash: what is there may change.
    MovingSource,
    /// One of the packages.
    Package,
    /// A name that is one slip of the keyboard away from one of the packages, and none of them.
    Lookalike,
}

/// A file of the project that is no Python: a Dockerfile, a pipeline, `.gitignore`, a manifest. Its first line that fits is
/// reported; lines that go on behind a backslash are one, those that are comments are none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileMatch {
    /// Found in the file's path.
    pub path: Pattern,
    /// Found in the line; its first group is reported, if it has one. Any line when absent.
    #[serde(default)]
    pub line: Option<Pattern>,
    /// Found in no line of the file.
    #[serde(default)]
    pub unless: Option<Pattern>,
    /// Only where what is reported looks like a secret, not like a placeholder.
    #[serde(default)]
    pub secret: bool,
}

/// `"1:Loader"` is the second positional argument or the keyword `Loader`; `"0"` positional only; `":verify"` keyword only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ArgumentSelector {
    pub position: Option<u16>,
    pub keyword: Option<SmolStr>,
}

impl TryFrom<String> for ArgumentSelector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (position, keyword) = text.split_once(':').unwrap_or((&text, ""));
        let position = match position {
            "" => None,
            digits => Some(digits.parse().map_err(|_| {
                format!("`{text}` names no argument; write a position, a keyword, or both: \"0\", \":verify\", \"1:Loader\"")
            })?),
        };
        let keyword = (!keyword.is_empty()).then(|| keyword.into());
        if position.is_none() && keyword.is_none() {
            return Err(format!("`{text}` names no argument; write \"0\", \":verify\" or \"1:Loader\""));
        }
        Ok(Self { position, keyword })
    }
}

/// A condition on a match. Every key that is given must hold; `not` turns the whole around.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Condition {
    /// The argument it speaks of; for `assign` matches absent: the value.
    #[serde(default)]
    pub argument: Option<ArgumentSelector>,
    #[serde(default)]
    pub is: Option<Is>,
    /// A constant that the value certainly equals.
    #[serde(default)]
    pub equals: Option<toml::Value>,
    #[serde(default)]
    pub one_of: Option<Vec<toml::Value>>,
    /// Qualified names, one of which the value is (a class, a function, a constant of a module).
    #[serde(default)]
    pub refers_to: Option<Vec<SmolStr>>,
    /// Qualified class names, of one of which the value is an instance.
    #[serde(default)]
    pub instance_of: Option<Vec<SmolStr>>,
    /// Qualified class names: the value is a class that is or derives from one of them.
    #[serde(default)]
    pub derives_from: Option<Vec<SmolStr>>,
    /// A regular expression that a constant string must match somewhere.
    #[serde(default)]
    pub matches: Option<Pattern>,
    /// A regular expression that a text must match of which not all need be known: `\u{fffd}` stands for each part that
    /// is not.
    #[serde(default)]
    pub text_matches: Option<Pattern>,
    /// A constant number that has one of these bits: a mode of a file.
    #[serde(default)]
    pub has_bits: Option<i64>,
    /// The condition speaks of an item of the value.
    #[serde(default)]
    pub item: Option<Item>,
    /// What a value that the program gives no name is taken for: `password`.
    #[serde(default)]
    pub taken_for: Option<SmolStr>,
    /// Constants, one of which is in the list, the tuple or the set, or is a key of the dictionary.
    #[serde(default)]
    pub contains: Option<Vec<toml::Value>>,
    /// Labels, data of one of which reaches the value.
    #[serde(default)]
    pub tainted_by: Option<Vec<SmolStr>>,
    /// Untrusted data that is still dangerous for this kind of sink reaches the value.
    #[serde(default)]
    pub tainted_for: Option<Tag>,
    /// A part of the value is not constant, and no check and no encoding makes it harmless for this kind of sink. Where it
    /// comes from need not be known.
    #[serde(default)]
    pub unvetted_for: Option<Tag>,
    /// A constant regular expression that takes exponential time when it is matched against a part of a text, or a whole.
    #[serde(default)]
    pub explodes: Option<Matching>,
    /// A constant number below this one.
    #[serde(default)]
    pub below: Option<f64>,
    /// A constant number above this one.
    #[serde(default)]
    pub above: Option<f64>,
    /// A constant text or bytes of fewer bytes than this.
    #[serde(default)]
    pub shorter_than: Option<usize>,
    /// The expression or what it is assigned to carries a name of this vocabulary.
    #[serde(default)]
    pub named: Option<NameKind>,
    /// Qualified callees, of one of which the value is the result, or is made from it.
    #[serde(default)]
    pub result_of: Option<Vec<SmolStr>>,
    /// Qualified callees: every part of a text that is not constant is a result of one of them.
    #[serde(default)]
    pub made_only_of: Option<Vec<SmolStr>>,
    #[serde(default)]
    pub not: bool,
    /// Alternatives: at least one of them holds.
    #[serde(default)]
    pub any: Vec<Condition>,
}

/// What a regular expression has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    Part,
    Whole,
}

/// Which item of a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Item {
    /// That at this place of a list or tuple, from zero.
    Place(usize),
    /// That under this key of a dictionary.
    Key(SmolStr),
}

/// What can be said of a value without naming another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Is {
    /// The argument is not given (and no `*args`/`**kwargs` could give it); the dictionary certainly has no such item.
    Missing,
    Present,
    Constant,
    /// Not a constant.
    Dynamic,
    /// Not a constant, and no check of a signature vouches for it.
    Unverified,
    /// A text that is put together of constant and other parts.
    Assembled,
    Tainted,
    /// A constant that is true in a condition.
    Truthy,
    Falsy,
    None,
    /// A constant, non-empty string or bytes.
    Text,
    /// A literal that looks like a credential, not like a placeholder.
    SecretText,
}

/// One way to mend a finding. Exactly one of the actions is given; `fix/` carries them out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FixRecipe {
    pub title: String,
    pub applicability: Applicability,
    /// Only for these callees; for all when empty.
    #[serde(default)]
    pub callee: Vec<SmolStr>,
    /// Only when this condition on the call holds.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// Only where this is found in what is reported.
    #[serde(default)]
    pub source_matches: Option<Pattern>,

    /// For edits of manifests: hosts that are known to give the same by `https`; there the edit is safe.
    #[serde(default)]
    pub hosts: Vec<SmolStr>,

    /// The qualified name to call instead; the import is added or reused.
    #[serde(default)]
    pub replace_callee: Option<SmolStr>,
    #[serde(default)]
    pub remove_argument: Vec<ArgumentSelector>,
    /// Keyword arguments to add or overwrite, with Python source; `${os.environ}` names something to import.
    #[serde(default)]
    pub set_keyword: toml::map::Map<String, toml::Value>,
    #[serde(default)]
    pub replace_argument: Option<ReplaceArgument>,
    /// Wrap an argument in a call of this qualified name.
    #[serde(default)]
    pub wrap_argument: Option<WrapArgument>,
    /// Wrap each value that the argument is made of in a call of the first of these that the file's imports suggest.
    #[serde(default)]
    pub wrap_parts: Vec<SmolStr>,
    /// Python source that replaces the reported expression (or the assigned value).
    #[serde(default)]
    pub replace_with: Option<String>,
    /// Sets an item of an argument that is written as a dictionary, or adds it.
    #[serde(default)]
    pub set_item: Option<SetItem>,
    /// A statement to put before the reported one.
    #[serde(default)]
    pub insert_before: Option<String>,
    /// Takes out the statement or the decorator that is reported.
    #[serde(default)]
    pub delete: bool,
    /// A structural rewrite by name.
    #[serde(default)]
    pub rewrite: Option<Rewrite>,
    /// Python source that follows the reported statement; `{name}` is what that assigns to.
    #[serde(default)]
    pub add_statement: Option<String>,
    /// Replacements in the text of literals.
    #[serde(default)]
    pub edit_text: Option<EditText>,
    /// Items of the reported list, tuple, set or dictionary that go.
    #[serde(default)]
    pub remove_items: Option<Pattern>,
    /// Python source of an item that goes behind the last one of the reported list or tuple.
    #[serde(default)]
    pub add_item: Option<String>,
    /// Python source of an item that goes before the first one of the reported list or tuple.
    #[serde(default)]
    pub add_first_item: Option<String>,
    /// The reported import takes the same from another package.
    #[serde(default)]
    pub rename_module: Option<RenameModule>,
    /// A check before the statement, of the value that reaches the sink.
    #[serde(default)]
    pub guard: Option<Guard>,
    /// An edit of a manifest by name.
    #[serde(default)]
    pub manifest: Option<ManifestEdit>,
    /// Lines for the end of the reported file, which is no Python.
    #[serde(default)]
    pub append: Option<String>,
}

/// Replacements in the text of the literals that an expression is made of, constants that it names included.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EditText {
    /// Of what is reported when absent.
    #[serde(default)]
    pub argument: Option<ArgumentSelector>,
    pub replace: Vec<TextEdit>,
}

/// What is found is replaced, until nothing changes any more; `$1` stands for a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TextEdit {
    pub find: Pattern,
    pub with: String,
}

/// `from` of an import becomes `to`, which has these names; any when empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RenameModule {
    pub from: SmolStr,
    pub to: SmolStr,
    #[serde(default)]
    pub names: Vec<SmolStr>,
}

/// `if REFUSE: OTHERWISE`; `{value}` stands for the value's name, `{base}` for the folder that a path begins in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Guard {
    /// What the value is called, where it is no name already.
    pub variable: String,
    /// What becomes of the value before it is checked; here `{value}` stands for its source.
    #[serde(default)]
    pub value: Option<String>,
    pub refuse: String,
    pub otherwise: String,
    /// The value is the only part of the text at fault that is not constant.
    #[serde(default)]
    pub part: bool,
}

/// Edits of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestEdit {
    /// The address begins with `https`. Safe for hosts that are known to answer so.
    UseHttps,
    /// The option is taken out.
    Remove,
    /// Packages come from one index.
    OneIndex,
    /// The lowest version that is allowed is the only one.
    PinLowest,
    /// The name becomes the one that it is a slip away from.
    MeantName,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SetItem {
    pub argument: ArgumentSelector,
    pub key: String,
    pub with: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReplaceArgument {
    pub argument: ArgumentSelector,
    pub with: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrapArgument {
    pub argument: ArgumentSelector,
    pub with: SmolStr,
}

/// Rewrites that need more than one template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rewrite {
    /// String-built SQL becomes placeholders and parameters in the style of the driver.
    SqlParameters,
    /// `os.system(...)`/`shell=True` becomes `subprocess.run([...])`.
    ShellToList,
    /// Each dynamic part of a shell string is wrapped in `shlex.quote`.
    ShellQuote,
    /// A literal secret becomes `os.environ["NAME"]`.
    SecretToEnvironment,
    /// `random.*` becomes the call of `secrets` with the same type and range.
    RandomToSecrets,
    /// The permissive literal returned by a handler becomes the restrictive one.
    FailClosed,
    /// A comparison with forbidden hosts becomes one with those that are allowed.
    AllowedHosts,
    /// Values in a text that is declared to be HTML are filled in by what escapes them.
    HtmlFormat,
    /// `a == b` becomes `hmac.compare_digest(a, b)`.
    CompareDigest,
    /// The reported decorator goes below the last one of the function, next to it.
    DecoratorInnermost,
    /// The text of an exception in an answer becomes a constant one, and is logged.
    ConstantAnswer,
    /// Sensitive values in a call become `"***"`.
    MaskSensitive,
    /// A digest of a password becomes a hash by Argon2.
    PasswordHash,
    /// `assert x` becomes `if not x: raise PermissionError`.
    AssertToRaise,
    /// `assert x` becomes `if not x: raise AssertionError`.
    AssertToCheck,
    /// `str(path).startswith(str(folder))` becomes `path.is_relative_to(folder)`.
    RelativePath,
    /// A host that is looked for in an address is compared with the address's host.
    UrlHost,
    /// A path in `/tmp` becomes one in a new folder.
    PrivateTemporary,
    /// `"--"` goes before the first value in a list of arguments.
    EndOfOptions,
    /// Values in the text of a template become variables that it is rendered with.
    TemplateVariables,
    /// Values in an `XPath` expression become variables.
    XpathVariables,
    /// `ssl.wrap_socket` becomes a method of the default context, where the host is known.
    DefaultContext,
    /// The visitor gets another session before the reported statement.
    RenewSession,
    /// A constant nonce becomes one for each message, which goes before the text that was encrypted with it.
    FreshNonce,
    /// `locals()` for a template becomes the variables one by one.
    NamedContext,
    /// `**data` for a model becomes the items of its fields, one by one.
    NamedFields,
    /// A comparison in `$where` becomes an operator of the query.
    QueryOperator,
    /// A handler that does nothing logs the exception.
    LogException,
}

//! The configuration of a project: what `fangless.toml`, or `[tool.fangless]` in `pyproject.toml`, may say. Both
//! shells find the file and read it; here its text becomes a `Config`, or an error that names line and key.

use std::fmt;
use std::ops::Range;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use smol_str::SmolStr;
use toml::Spanned;

use crate::model::schema::Tag;
use crate::rule::schema::{Profile, RuleDefinition};
use crate::text::LineIndex;

/// A project's wishes. Paths in it are relative to the folder of its file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Only these rules; all of the profile when absent.
    pub select: Option<Vec<SmolStr>>,
    pub ignore: Vec<SmolStr>,
    pub profile: Profile,
    pub exclude: PathPatterns,
    pub per_file_ignores: Vec<PerFileIgnore>,
    pub sanitizers: Vec<Sanitizer>,
    /// What is done outside the code, as rules about absence call it: `csrf`, `security-headers`, …
    pub provided: Vec<SmolStr>,
}

/// Rules that are silent in the files of a pattern.
#[derive(Clone, Debug)]
pub struct PerFileIgnore {
    pub files: PathPatterns,
    pub rules: Vec<SmolStr>,
}

/// A function of the project that makes data harmless.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sanitizer {
    /// Its qualified name.
    pub callee: SmolStr,
    /// The sink tags it clears: `sql`, `shell`, …; all when none is named.
    #[serde(default)]
    pub clears: Vec<Tag>,
}

/// Patterns in the manner of `.gitignore`: without a `/` inside they match at any depth, and what they match they
/// match with all that is below it.
#[derive(Clone, Debug, Default)]
pub struct PathPatterns {
    set: GlobSet,
}

impl PathPatterns {
    pub fn new(patterns: &[&str]) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let trimmed = pattern.trim_end_matches('/');
            let anchored = match trimmed.strip_prefix('/').or_else(|| trimmed.strip_prefix("./")) {
                Some(rest) => rest.to_string(),
                None if trimmed.contains('/') => trimmed.to_string(),
                None => format!("**/{trimmed}"),
            };
            for form in [anchored.clone(), format!("{anchored}/**")] {
                let glob = GlobBuilder::new(&form)
                    .literal_separator(true)
                    .build()
                    .map_err(|error| format!("`{pattern}` is no file pattern: {}", error.kind()))?;
                set.add(glob);
            }
        }
        set.build().map(|set| Self { set }).map_err(|error| error.to_string())
    }

    /// Whether a path, relative to the folder of the configuration and with `/` between its parts, is meant.
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

/// What is wrong with the text of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// From one.
    pub line: u32,
    /// In characters, from one.
    pub column: u32,
    /// The key at fault, as far as one is.
    pub key: Option<String>,
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: ", self.line, self.column)?;
        if let Some(key) = &self.key {
            write!(formatter, "key `{key}`: ")?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

#[derive(Deserialize)]
struct Pyproject {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    fangless: Option<Table>,
}

/// The table as it is written. Spans are kept where a value can still be wrong once its type is right.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Table {
    select: Option<Vec<Spanned<SmolStr>>>,
    ignore: Vec<Spanned<SmolStr>>,
    profile: Profile,
    exclude: Vec<Spanned<String>>,
    per_file_ignores: std::collections::BTreeMap<Spanned<String>, Vec<Spanned<SmolStr>>>,
    sanitizers: Vec<Sanitizer>,
    provided: Vec<Spanned<SmolStr>>,
}

/// Reads `fangless.toml`. `rules` are those that may be named.
pub fn parse_fangless_toml(text: &str, rules: &[&RuleDefinition]) -> Result<Config, ConfigError> {
    let table: Table = toml::from_str(text).map_err(|error| syntax_error(text, &error))?;
    check(text, table, rules)
}

/// Reads `[tool.fangless]` of a `pyproject.toml`; `None` when it has no such table.
pub fn parse_pyproject(text: &str, rules: &[&RuleDefinition]) -> Result<Option<Config>, ConfigError> {
    let document: Pyproject = toml::from_str(text).map_err(|error| syntax_error(text, &error))?;
    document.tool.and_then(|tools| tools.fangless).map(|table| check(text, table, rules)).transpose()
}

/// Whether a selector (`all`, a rule's name, its CWE, its Bandit or Ruff code) means the rule.
pub fn selects(selector: &str, rule: &RuleDefinition) -> bool {
    selector == rule.name
        || selector.eq_ignore_ascii_case("all")
        || rule.bandit.iter().chain(&rule.ruff).any(|code| code == selector)
        || cwe_number(selector).is_some_and(|number| rule.cwe.contains(&number))
}

fn cwe_number(selector: &str) -> Option<u16> {
    let (prefix, digits) = selector.split_once('-')?;
    prefix.eq_ignore_ascii_case("cwe").then(|| digits.parse().ok()).flatten()
}

/// Says why a selector selects nothing; `None` when it does.
pub fn selector_error(selector: &str, rules: &[&RuleDefinition]) -> Option<String> {
    if selector.eq_ignore_ascii_case("all") || rules.iter().any(|rule| selects(selector, rule)) {
        return None;
    }
    Some(format!("`{selector}` is no rule, and no CWE, Bandit or Ruff code of one"))
}

impl Config {
    /// Whether findings of the rule are wanted in the file, whose path is relative to the configuration's folder.
    pub fn reports(&self, rule: &RuleDefinition, path: &str) -> bool {
        let any = |selectors: &[SmolStr]| selectors.iter().any(|selector| selects(selector, rule));
        // Who names a strict rule wants it, whatever the profile.
        let named = self.select.as_deref().is_some_and(|select| {
            select.iter().any(|selector| !selector.eq_ignore_ascii_case("all") && selects(selector, rule))
        });
        (named || rule.profile == Profile::Default || self.profile == Profile::Strict)
            && self.select.as_deref().is_none_or(any)
            && !any(&self.ignore)
            && !rule.absence.as_ref().is_some_and(|absence| self.provided.contains(&absence.declared_as))
            && !self.per_file_ignores.iter().any(|entry| entry.files.matches(path) && any(&entry.rules))
    }
}

fn check(text: &str, table: Table, rules: &[&RuleDefinition]) -> Result<Config, ConfigError> {
    let selectors = |key: &str, list: Vec<Spanned<SmolStr>>| {
        for item in &list {
            if let Some(message) = selector_error(item.get_ref(), rules) {
                return Err(error_at(text, item.span(), Some(key.to_string()), message));
            }
        }
        Ok(list.into_iter().map(Spanned::into_inner).collect::<Vec<_>>())
    };
    let mut per_file_ignores = Vec::new();
    for (pattern, list) in table.per_file_ignores {
        let files = PathPatterns::new(&[pattern.get_ref()]).map_err(|message| {
            error_at(text, pattern.span(), Some("per-file-ignores".to_string()), message)
        })?;
        per_file_ignores.push(PerFileIgnore { files, rules: selectors("per-file-ignores", list)? });
    }
    for pattern in &table.exclude {
        PathPatterns::new(&[pattern.get_ref()])
            .map_err(|message| error_at(text, pattern.span(), Some("exclude".to_string()), message))?;
    }
    let words = || rules.iter().filter_map(|rule| rule.absence.as_ref()).map(|absence| &absence.declared_as);
    for word in &table.provided {
        if !words().any(|known| known == word.get_ref()) {
            let known: Vec<&str> = words().map(SmolStr::as_str).collect();
            let message =
                format!("`{}` is nothing to be provided; there are {}", word.get_ref(), known.join(", "));
            return Err(error_at(text, word.span(), Some("provided".to_string()), message));
        }
    }
    let exclude: Vec<&str> = table.exclude.iter().map(|pattern| pattern.get_ref().as_str()).collect();
    Ok(Config {
        select: table.select.map(|list| selectors("select", list)).transpose()?,
        ignore: selectors("ignore", table.ignore)?,
        profile: table.profile,
        exclude: PathPatterns::new(&exclude).map_err(|message| error_at(text, 0..0, None, message))?,
        per_file_ignores,
        sanitizers: table.sanitizers,
        provided: table.provided.into_iter().map(Spanned::into_inner).collect(),
    })
}

fn syntax_error(text: &str, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    error_at(
        text,
        span.clone(),
        key_of_line(text, span.start),
        error.message().trim_end().replace('\n', "; "),
    )
}

fn error_at(text: &str, span: Range<usize>, key: Option<String>, message: String) -> ConfigError {
    let position = LineIndex::new(text).line_column(span.start.min(text.len()) as u32);
    let start = span.start.min(text.len());
    let line_start = start - position.column as usize;
    let column = text.get(line_start..start).map_or(0, |before| before.chars().count()) as u32;
    ConfigError { line: position.line + 1, column: column + 1, key, message }
}

/// The key that the line of an offset assigns, or the last one assigned before it (a list over several lines).
fn key_of_line(text: &str, offset: usize) -> Option<String> {
    let until = text.get(..offset)?;
    let end = text[offset..].find('\n').map_or(text.len(), |length| offset + length);
    let this_line = &text[until.rfind('\n').map_or(0, |at| at + 1)..end];
    std::iter::once(this_line).chain(until.lines().rev().skip(1)).find_map(|line| {
        let line = line.trim();
        let key = line.split_once('=')?.0.trim();
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "-_.\"' ".contains(c));
        is_key.then(|| key.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Vec<RuleDefinition> {
        let rule = |name: &str, cwe: u16, code: &str, profile: &str| {
            toml::from_str(&format!(
                "name = \"{name}\"\ntitle = \"\"\nseverity = \"high\"\ncwe = [{cwe}]\nowasp = []\n\
                 ruff = [\"{code}\"]\nprofile = \"{profile}\"\nsince = \"0.1.0\"\nmessage = \"\"\n"
            ))
            .unwrap()
        };
        vec![rule("sql-injection", 89, "S608", "default"), rule("weak-hash", 327, "S324", "strict")]
    }

    fn fangless(text: &str) -> Result<Config, ConfigError> {
        let rules = rules();
        parse_fangless_toml(text, &rules.iter().collect::<Vec<_>>())
    }

    fn pyproject(text: &str) -> Result<Option<Config>, ConfigError> {
        let rules = rules();
        parse_pyproject(text, &rules.iter().collect::<Vec<_>>())
    }

    #[test]
    fn every_key_is_read() {
        let config = pyproject(
            "[project]\nname = \"x\"\n[tool.fangless]\nselect = [\"all\"]\nignore = [\"CWE-89\"]\n\
             profile = \"strict\"\nexclude = [\"vendored\"]\n\
             sanitizers = [{ callee = \"app.clean\", clears = [\"sql\"] }]\n\
             [tool.fangless.per-file-ignores]\n\"tests/**\" = [\"S324\"]\n",
        )
        .unwrap()
        .unwrap();
        let rules = rules();
        assert!(config.exclude.matches("a/vendored/b.py"));
        assert!(!config.exclude.matches("a/vendored_not/b.py"));
        assert!(!config.reports(&rules[0], "a.py"), "ignored by its CWE");
        assert!(config.reports(&rules[1], "a.py"));
        assert!(!config.reports(&rules[1], "tests/unit/a.py"), "ignored by its Ruff code in tests");
        assert_eq!(config.sanitizers[0].callee, "app.clean");
    }

    #[test]
    fn a_strict_rule_runs_when_asked_for() {
        let rules = rules();
        let reports = |text: &str| fangless(text).unwrap().reports(&rules[1], "a.py");
        assert!(!reports(""));
        assert!(!reports("select = [\"all\"]"));
        assert!(reports("profile = \"strict\""));
        assert!(reports("select = [\"weak-hash\"]"));
    }

    #[test]
    fn a_pyproject_without_the_table_is_no_configuration() {
        assert!(pyproject("[tool.ruff]\nselect = 3\n").unwrap().is_none());
    }

    #[test]
    fn errors_name_line_and_key() {
        let error = fangless("ignore = []\nselekt = [\"all\"]\n").unwrap_err();
        assert_eq!((error.line, error.column, error.key.as_deref()), (2, 1, Some("selekt")));
        assert!(error.message.contains("per-file-ignores"), "the allowed keys are named: {}", error.message);

        let error = fangless("\nprofile = \"strikt\"\n").unwrap_err();
        assert_eq!((error.line, error.column, error.key.as_deref()), (2, 11, Some("profile")));
        assert!(error.message.contains("strict"), "the allowed values are named: {}", error.message);

        let error = fangless("select = [\n  \"all\",\n  \"nonsense\",\n]\n").unwrap_err();
        assert_eq!((error.line, error.column, error.key.as_deref()), (3, 3, Some("select")));

        let error = pyproject("[tool.fangless]\nexclude = [\"a[\"]\n").unwrap_err();
        assert_eq!((error.line, error.key.as_deref()), (2, Some("exclude")));

        let error =
            fangless("sanitizers = [\n  { callee = \"a.b\", clears = [\"sqll\"] },\n]\n").unwrap_err();
        assert_eq!(error.line, 2, "{error}");
        assert!(error.message.contains("shell"), "the allowed tags are named: {}", error.message);

        let error = pyproject("[tool.fangless]\nexclude = [\n").unwrap_err();
        assert!(error.line >= 2, "{error}");
    }

    #[test]
    fn patterns_are_anchored_like_those_of_git() {
        let patterns = PathPatterns::new(&["/build", "docs/*.py", "gen_*.py", "old/"]).unwrap();
        let matched = ["build/a.py", "docs/conf.py", "x/gen_1.py", "x/old/y/z.py"];
        let free = ["x/build/a.py", "docs/x/conf.py", "x/gen.py"];
        assert!(matched.iter().all(|path| patterns.matches(path)));
        assert!(!free.iter().any(|path| patterns.matches(path)));
    }
}

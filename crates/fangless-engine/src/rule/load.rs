//! From the text of pages to rules. Every error is found before any is reported, and names file, line and key.
//! Reads no file: the built-in pages are embedded, those of a project are handed in.

use std::ops::Range;

use include_dir::{Dir, include_dir};
use regex::Regex;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use smol_str::SmolStr;

use super::page::{self, Example, Fault, Halves, PageError};
use super::pattern::Pattern;
use super::schema::{Condition, FixRecipe, RuleDefinition};
use super::{Rule, RuleSet};
use crate::model::schema::{Label, Tag};

static BUILTIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The built-in pages, in no particular order: path and text.
pub(super) fn builtin_pages() -> Vec<(&'static str, &'static str)> {
    let topics = BUILTIN.dirs();
    topics
        .flat_map(Dir::files)
        .filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
        .filter(|(path, _)| path.rsplit_once('.').is_some_and(|(_, extension)| extension == "md"))
        .collect()
}

/// The rules of the pages, sorted by name. The examples are looked at only when asked for: they cost more than the
/// rest of a page.
pub(super) fn load(pages: &[(&str, &str)], with_examples: bool) -> Result<RuleSet, Vec<PageError>> {
    let mut rules: Vec<Rule> = Vec::with_capacity(pages.len());
    let mut errors = Vec::new();
    for (path, text) in pages {
        match rule(path, text, with_examples) {
            Ok(rule) => rules.push(rule),
            Err(mut found) => errors.append(&mut found),
        }
    }
    rules.sort_by(|one, other| one.definition.name.cmp(&other.definition.name));
    for pair in rules.windows(2) {
        if pair[0].definition.name == pair[1].definition.name {
            let message =
                format!("the rule `{}` has another page already: {}", pair[1].definition.name, pair[0].path);
            errors.push(PageError { path: pair[1].path.clone(), line: 1, key: Some("name".into()), message });
        }
    }
    if errors.is_empty() {
        return Ok(RuleSet { rules });
    }
    errors.sort();
    Err(errors)
}

fn rule(path: &str, text: &str, with_examples: bool) -> Result<Rule, Vec<PageError>> {
    let fault = |fault: Fault| {
        vec![PageError { path: path.into(), line: fault.line, key: None, message: fault.message }]
    };
    let halves = page::halves(text).map_err(fault)?;
    let definition: RuleDefinition = toml::from_str(halves.front_matter)
        .map_err(|error| vec![toml_error(path, halves.front_matter, &error)])?;
    let mut errors = mistakes(path, &halves, &definition);
    if with_examples {
        errors.extend(broken_patterns(path, halves.front_matter, &definition));
        match page::examples(halves.body, halves.body_line, &definition.name) {
            Ok(examples) => {
                errors.extend(missing_examples(path, halves.body_line, &definition.name, &examples));
            }
            Err(found) => errors.append(&mut fault(found)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let (folder, _) = path.rsplit_once('/').unwrap_or(("", path));
    let topic = folder.rsplit('/').next().unwrap_or_default();
    Ok(Rule {
        definition,
        topic: topic.into(),
        page: halves.body.into(),
        path: path.into(),
        body_line: halves.body_line,
    })
}

/// What the types of the schema cannot say.
fn mistakes(path: &str, halves: &Halves<'_>, definition: &RuleDefinition) -> Vec<PageError> {
    let mut errors = Vec::new();
    let mut add = |key: &str, value: &str, message: String| {
        let line = line_of(halves.front_matter, key, value);
        errors.push(PageError { path: path.into(), line, key: Some(key.into()), message });
    };
    let file = path.rsplit('/').next().unwrap_or(path);
    if file.strip_suffix(".md") != Some(&definition.name) {
        add("name", &definition.name, format!("a page is named after its rule: `{}.md`", definition.name));
    }
    if definition.cwe.is_empty() {
        add("cwe", "", "a rule names at least one CWE".into());
    }
    for flow in &definition.flow {
        for tag in &flow.sink {
            if let Err(message) = one_of::<Tag>(tag) {
                add("sink", tag, message);
            }
        }
        for label in &flow.source {
            if let Err(message) = one_of::<Label>(label) {
                add("source", label, message);
            }
        }
    }
    for assign in &definition.assign {
        if assign.target.is_empty() == assign.named.is_none() {
            add("assign", "", "give one of `target` and `named`".into());
        }
    }
    for decorator in &definition.decorator {
        if decorator.decorator.is_empty() == decorator.matches.is_none() {
            add("decorator", "", "give one of `decorator` and `matches`".into());
        }
    }
    let matches = definition.call.len()
        + definition.flow.len()
        + definition.assign.len()
        + definition.setting.len()
        + definition.decorator.len()
        + definition.comparison.len()
        + definition.import.len()
        + definition.query.len()
        + definition.check.len()
        + definition.manifest.len()
        + definition.file.len();
    if matches == 0 {
        let kinds = "`[[call]]`, `[[flow]]`, `[[assign]]`, `[[setting]]`, `[[decorator]]`, `[[comparison]]`, \
                     `[[import]]`, `[[query]]`, `[[check]]`, `[[manifest]]` or `[[file]]`";
        add("name", &definition.name, format!("the rule matches nothing; give it {kinds}"));
    }
    for fix in &definition.fix {
        if actions(fix) != 1 {
            let kinds = "`replace-callee`, `remove-argument`, `set-keyword`, `replace-argument`, `wrap-argument`, \
                         `wrap-parts`, `replace-with`, `set-item`, `insert-before`, `delete`, `add-statement`, `edit-text`, \
                         `remove-items`, `add-item`, `add-first-item`, `rename-module`, `guard`, `manifest`, `append` or `rewrite`";
            add("title", &fix.title, format!("a fix has exactly one action: {kinds}"));
        }
    }
    errors
}

/// Regular expressions and queries that do not compile. Compiling them is what a start of the program can do without.
fn broken_patterns(path: &str, front_matter: &str, definition: &RuleDefinition) -> Vec<PageError> {
    let evidence = || definition.evidence();
    let calls =
        definition.call.iter().chain(evidence().flat_map(|one| &one.call)).flat_map(|call| &call.when);
    let assigns = definition
        .assign
        .iter()
        .chain(evidence().flat_map(|one| &one.assign))
        .flat_map(|assign| &assign.when);
    let settings = definition
        .setting
        .iter()
        .chain(evidence().flat_map(|one| &one.setting))
        .flat_map(|setting| &setting.when);
    let comparisons =
        definition.comparison.iter().flat_map(|compared| compared.one.iter().chain(&compared.other));
    let fixes = definition.fix.iter().flat_map(|fix| &fix.when);
    let mut waiting: Vec<&Condition> =
        calls.chain(assigns).chain(settings).chain(comparisons).chain(fixes).collect();
    let mut errors = Vec::new();
    let mut check = |key: &str, pattern: Option<&Pattern>| {
        let Some(pattern) = pattern else { return };
        if let Err(error) = Regex::new(pattern.as_str()) {
            let line = line_of(front_matter, key, "");
            let message = format!("`{}` is no regular expression: {error}", pattern.as_str());
            errors.push(PageError { path: path.into(), line, key: Some(key.into()), message });
        }
    };
    for file in definition.file.iter().chain(evidence().flat_map(|one| &one.file)) {
        check("path", Some(&file.path));
        check("line", file.line.as_ref());
        check("unless", file.unless.as_ref());
    }
    for decorator in &definition.decorator {
        check("matches", decorator.matches.as_ref());
    }
    for fix in &definition.fix {
        check("source-matches", fix.source_matches.as_ref());
        check("remove-items", fix.remove_items.as_ref());
        for edit in fix.edit_text.iter().flat_map(|edit| &edit.replace) {
            check("edit-text", Some(&edit.find));
        }
    }
    let mut labels = Vec::new();
    while let Some(condition) = waiting.pop() {
        waiting.extend(&condition.any);
        check("matches", condition.matches.as_ref());
        check("text-matches", condition.text_matches.as_ref());
        labels.extend(condition.tainted_by.iter().flatten());
    }
    for label in labels {
        if let Err(message) = one_of::<Label>(label) {
            let line = line_of(front_matter, "tainted-by", label);
            errors.push(PageError { path: path.into(), line, key: Some("tainted-by".into()), message });
        }
    }
    for query in definition.query.iter().chain(definition.evidence().flat_map(|one| &one.query)) {
        if let Err(error) = super::query::compile(&query.pattern) {
            let line = line_of(front_matter, "pattern", "");
            errors.push(PageError { path: path.into(), line, key: Some("pattern".into()), message: error });
        }
    }
    errors
}

fn actions(fix: &FixRecipe) -> usize {
    let given = [
        fix.replace_callee.is_some(),
        !fix.remove_argument.is_empty(),
        !fix.set_keyword.is_empty(),
        fix.replace_argument.is_some(),
        fix.wrap_argument.is_some(),
        !fix.wrap_parts.is_empty(),
        fix.replace_with.is_some(),
        fix.set_item.is_some(),
        fix.insert_before.is_some(),
        fix.delete,
        fix.rewrite.is_some(),
        fix.add_statement.is_some(),
        fix.manifest.is_some(),
        fix.append.is_some(),
        fix.edit_text.is_some(),
        fix.remove_items.is_some(),
        fix.add_item.is_some(),
        fix.add_first_item.is_some(),
        fix.rename_module.is_some(),
        fix.guard.is_some(),
    ];
    given.into_iter().filter(|given| *given).count()
}

/// The error of serde for a name that is none of a closed enum's; it lists the allowed ones.
fn one_of<'de, T: Deserialize<'de>>(name: &'de SmolStr) -> Result<(), String> {
    let deserializer: StrDeserializer<'de, ValueError> = name.as_str().into_deserializer();
    T::deserialize(deserializer).map(|_| ()).map_err(|error| error.to_string())
}

fn missing_examples(path: &str, line: u32, rule: &str, examples: &[Example]) -> Vec<PageError> {
    let mut errors = Vec::new();
    let mut add = |message: &str| {
        errors.push(PageError { path: path.into(), line, key: None, message: message.into() });
    };
    if !examples.iter().any(|example| example.fires(rule)) {
        add("the page has no example that fires: mark a line with `# error`");
    }
    if !examples.iter().any(|example| example.files.iter().all(|file| file.expected.is_empty())) {
        add("the page has no silent example: add a ```python block without markers");
    }
    errors
}

fn toml_error(path: &str, front_matter: &str, error: &toml::de::Error) -> PageError {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().trim().replace('\n', ", ");
    let line = line_at(front_matter, span.start);
    let quoted = message.starts_with("missing field") || message.starts_with("unknown field");
    let key =
        if quoted { message.split('`').nth(1).map(Into::into) } else { key_before(front_matter, &span) };
    PageError { path: path.into(), line, key, message }
}

/// The page's line of an offset into its front matter, which begins in line two.
fn line_at(front_matter: &str, offset: usize) -> u32 {
    2 + front_matter.bytes().take(offset).filter(|byte| *byte == b'\n').count() as u32
}

/// The page's line at which a key stands with a value.
fn line_of(front_matter: &str, key: &str, value: &str) -> u32 {
    let stands = |line: &str| line.contains(key) && line.contains(value);
    front_matter.lines().position(stands).map_or(1, |line| line as u32 + 2)
}

/// The key whose value has the span.
fn key_before(front_matter: &str, span: &Range<usize>) -> Option<String> {
    let before = front_matter.get(..span.start)?;
    let (keys, _) = before.rsplit_once('=')?;
    let key =
        keys.trim_end().rsplit(|letter: char| !(letter.is_alphanumeric() || "-_".contains(letter))).next()?;
    (!key.is_empty()).then(|| key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "name = \"no-print\"\ntitle = \"t\"\nseverity = \"low\"\ncwe = [1]\nowasp = []\nsince = \"0.1.0\"\n\
                         message = \"m\"\n";
    const MATCH: &str = "[[call]]\ncallee = [\"print\"]\n";
    const EXAMPLES: &str = "```python\nprint()  # error\n```\n```python\nlen(x)\n```\n";

    fn errors(front_matter: &str, body: &str) -> Vec<String> {
        let page = format!("+++\n{front_matter}+++\n{body}");
        let errors = RuleSet::load(&[("security/no-print.md", &page)]).map(|_| ()).expect_err("a mistake");
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_without_mistakes_is_a_rule() {
        let page = format!("+++\n{FRONT}{MATCH}+++\n{EXAMPLES}");
        let rules = RuleSet::load(&[("security/no-print.md", &page)]).expect("a rule");
        let rule = rules.rule("no-print").expect("found by its name");
        assert_eq!(rule.topic, "security");
        assert_eq!(rule.examples().expect("examples").len(), 2);
    }

    #[test]
    fn an_unknown_value_names_line_key_and_what_is_allowed() {
        let front = FRONT.replace("\"low\"", "\"lowest\"");
        let errors = errors(&format!("{front}{MATCH}"), EXAMPLES);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("security/no-print.md:4: `severity`: "), "{errors:?}");
        assert!(errors[0].contains("`critical`"), "{errors:?}");
    }

    #[test]
    fn an_unknown_condition_inside_a_table_is_found_on_its_line() {
        let errors =
            errors(&format!("{FRONT}{MATCH}when = [{{ argument = \"0\", is = \"odd\" }}]\n"), EXAMPLES);
        assert!(errors[0].starts_with("security/no-print.md:11: `is`: "), "{errors:?}");
        assert!(errors[0].contains("`missing`"), "{errors:?}");
    }

    #[test]
    fn an_unknown_key_and_a_missing_one_are_named() {
        let unknown = errors(&format!("{FRONT}colour = 1\n{MATCH}"), EXAMPLES);
        assert!(unknown[0].starts_with("security/no-print.md:9: `colour`: unknown field"), "{unknown:?}");
        let missing = errors(&format!("{}{MATCH}", FRONT.replace("title = \"t\"\n", "")), EXAMPLES);
        assert!(missing[0].starts_with("security/no-print.md:2: `title`: missing field"), "{missing:?}");
    }

    #[test]
    fn tags_and_labels_are_closed_lists() {
        let errors =
            errors(&format!("{FRONT}[[flow]]\nsink = [\"sqll\"]\nsource = [\"web\", \"tv\"]\n"), EXAMPLES);
        assert!(
            errors[0].starts_with("security/no-print.md:10: `sink`: unknown variant `sqll`"),
            "{errors:?}"
        );
        assert!(
            errors[1].starts_with("security/no-print.md:11: `source`: unknown variant `tv`"),
            "{errors:?}"
        );
    }

    #[test]
    fn a_page_needs_a_firing_and_a_silent_example() {
        let silent = errors(&format!("{FRONT}{MATCH}"), "```python\nlen(x)\n```\n");
        assert!(silent[0].contains("no example that fires"), "{silent:?}");
        let firing = errors(&format!("{FRONT}{MATCH}"), "```python\nprint()  # error\n```\n");
        assert!(firing[0].contains("no silent example"), "{firing:?}");
    }

    #[test]
    fn a_rule_matches_something_and_a_fix_does_one_thing() {
        assert!(errors(FRONT, EXAMPLES)[0].contains("matches nothing"));
        let fix = "[[fix]]\ntitle = \"f\"\napplicability = \"safe\"\n";
        assert!(errors(&format!("{FRONT}{MATCH}{fix}"), EXAMPLES)[0].contains("exactly one action"));
    }

    #[test]
    fn a_broken_regular_expression_is_found() {
        let errors =
            errors(&format!("{FRONT}{MATCH}when = [{{ argument = \"0\", matches = \"(\" }}]\n"), EXAMPLES);
        assert!(errors[0].starts_with("security/no-print.md:11: `matches`: "), "{errors:?}");
    }

    #[test]
    fn two_pages_with_one_name_are_an_error() {
        let page = format!("+++\n{FRONT}{MATCH}+++\n{EXAMPLES}");
        let errors =
            RuleSet::load(&[("a/no-print.md", &page), ("b/no-print.md", &page)]).map(|_| ()).unwrap_err();
        assert!(errors[0].to_string().starts_with("b/no-print.md:1: `name`: "), "{errors:?}");
    }
}

//! `cargo xtask docs`: `docs/rules/` from the rule pages, one file a rule and an index, and `docs/standard.md` from them
//! and the table of the standard. They are the one source; what is written is never edited by hand, and `--check` holds
//! that.

mod standard;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use toml::{Table, Value};

use crate::process::root;

const NOTICE: &str = "<!-- Written by `cargo xtask docs` from the rule page. Edit that instead. -->";

/// Where the rule pages are.
const PAGES: &str = "crates/fangless-engine/rules";

/// One rule page, cut into its parts.
struct Page {
    /// The folder of the page: what the rule is about.
    topic: String,
    front: Table,
    body: String,
}

impl Page {
    fn text(&self, key: &str) -> &str {
        self.front.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The values of a list, as words.
    fn list(&self, key: &str) -> Vec<String> {
        let items = self.front.get(key).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect()
    }

    fn fixes(&self) -> impl Iterator<Item = &Table> {
        self.front.get("fix").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
    }
}

pub(crate) fn run(check: bool) -> Result<()> {
    let pages = read_pages(&root().join(PAGES))?;
    let folder = root().join("docs/rules");
    let mut files: BTreeMap<String, String> =
        pages.iter().map(|page| (format!("{}.md", page.text("name")), rule_file(page))).collect();
    files.insert("README.md".to_owned(), index(&pages));
    let present = names_in(&folder)?;
    let mut wrong = Vec::new();
    for (name, text) in &files {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|found| found == *text) {
            continue;
        }
        wrong.push(name.clone());
        if !check {
            fs::create_dir_all(&folder)?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    for name in present.iter().filter(|name| !files.contains_key(*name)) {
        wrong.push(name.clone());
        if !check {
            fs::remove_file(folder.join(name))?;
        }
    }
    let standard = standard::written(&pages)?;
    let path = root().join("docs/standard.md");
    if fs::read_to_string(&path).is_ok_and(|found| found != standard) || !path.exists() {
        wrong.push("standard.md".to_owned());
        if !check {
            fs::write(&path, standard).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    if check && !wrong.is_empty() {
        bail!("docs is not what the rule pages say; run `cargo xtask docs` ({})", wrong.join(", "));
    }
    println!(
        "docs: {} rules, {} files {}",
        pages.len(),
        wrong.len(),
        if check { "wrong" } else { "written" }
    );
    Ok(())
}

/// The names of all rules that have a page.
pub(crate) fn rule_names() -> Result<Vec<String>> {
    let pages = read_pages(&root().join(PAGES))?;
    Ok(pages.iter().map(|page| page.text("name").to_owned()).collect())
}

/// Every page below the folder, sorted by topic and name.
fn read_pages(folder: &Path) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for topic in subfolders(folder)? {
        let topic_name = topic.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for path in
            entries(&topic)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"))
        {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            pages.push(parse(&topic_name, &text).with_context(|| format!("in {}", path.display()))?);
        }
    }
    Ok(pages)
}

/// The folder may not be there yet: then there is nothing in it.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// Names of the files directly in the folder.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    let files = entries(folder)?.into_iter().filter(|path| path.is_file());
    Ok(files.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
}

fn parse(topic: &str, text: &str) -> Result<Page> {
    let rest = text.strip_prefix("+++\n").context("the page does not begin with `+++`")?;
    let (front, body) = rest.split_once("\n+++\n").context("the front matter is not closed by `+++`")?;
    let front: Table = front.parse().context("the front matter is no TOML")?;
    if front.get("name").and_then(Value::as_str).is_none() {
        bail!("the front matter has no `name`");
    }
    Ok(Page { topic: topic.to_owned(), front, body: body.trim().to_owned() })
}

fn rule_file(page: &Page) -> String {
    let mut text = format!("{NOTICE}\n\n# `{}`: {}\n\n", page.text("name"), page.text("title"));
    let cwe = page.list("cwe").iter().map(|number| cwe_link(number)).collect::<Vec<_>>().join(", ");
    let profile = if page.text("profile").is_empty() { "default" } else { page.text("profile") };
    let facts = [
        ("Severity", page.text("severity").to_owned()),
        ("Profile", profile.to_owned()),
        ("CWE", cwe),
        ("OWASP Top 10", page.list("owasp").join(", ")),
        ("Bandit", page.list("bandit").join(", ")),
        ("Ruff", page.list("ruff").join(", ")),
        ("Since", page.text("since").to_owned()),
    ];
    text.push_str("| | |\n| --- | --- |\n");
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    let mut heading = "\nFixes:\n\n";
    for fix in page.fixes() {
        let said = |key: &str| fix.get(key).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(text, "{heading}* {} ({})", said("title"), said("applicability"));
        heading = "";
    }
    let _ = writeln!(text, "\n{}", page.body);
    text
}

fn cwe_link(number: &str) -> String {
    format!("[CWE-{number}](https://cwe.mitre.org/data/definitions/{number}.html)")
}

fn index(pages: &[Page]) -> String {
    let mut text = format!("{NOTICE}\n\n# Rules\n\n{} rules.\n", pages.len());
    let mut topic = "";
    for page in pages {
        if page.topic != topic {
            topic = &page.topic;
            let _ = writeln!(
                text,
                "\n## {topic}\n\n| rule | what it finds | severity | fix |\n| --- | --- | --- | --- |"
            );
        }
        let name = page.text("name");
        let fix = best_fix(page);
        let _ = writeln!(
            text,
            "| [`{name}`]({name}.md) | {} | {} | {fix} |",
            page.text("title"),
            page.text("severity")
        );
    }
    text
}

/// The strongest promise that one of the fixes makes.
fn best_fix(page: &Page) -> &'static str {
    let mut kinds = page.fixes().filter_map(|fix| fix.get("applicability")?.as_str()).peekable();
    if kinds.peek().is_none() {
        "none"
    } else if kinds.any(|kind| kind == "safe") {
        "safe"
    } else {
        "suggested"
    }
}

#[cfg(test)]
mod tests {
    use super::{index, parse, rule_file};

    const PAGE: &str = "+++\nname = \"a-rule\"\ntitle = \"A title\"\nseverity = \"high\"\ncwe = [502]\n\
                        owasp = [\"A08:2021\"]\nsince = \"0.1.0\"\n[[fix]]\ntitle = \"Mend\"\n\
                        applicability = \"suggested\"\n+++\n\nProse.\n";

    #[test]
    fn a_rule_file_says_what_the_front_matter_says() {
        let page = parse("topic", PAGE).unwrap();
        let text = rule_file(&page);
        assert!(text.contains("# `a-rule`: A title\n"), "{text}");
        assert!(text.contains("[CWE-502](https://cwe.mitre.org/data/definitions/502.html)"), "{text}");
        assert!(text.contains("* Mend (suggested)"), "{text}");
        assert!(text.ends_with("\nProse.\n"), "{text}");
    }

    #[test]
    fn the_index_groups_by_topic() {
        let pages = [parse("first", PAGE).unwrap(), parse("second", PAGE).unwrap()];
        let text = index(&pages);
        assert!(text.contains("## first\n") && text.contains("## second\n"), "{text}");
        assert!(text.contains("| [`a-rule`](a-rule.md) | A title | high | suggested |"), "{text}");
    }

    #[test]
    fn a_page_without_front_matter_is_refused() {
        assert!(parse("topic", "# A page\n").is_err());
        assert!(parse("topic", "+++\nname = \"a\"\n").is_err());
        assert!(parse("topic", "+++\ntitle = \"a\"\n+++\nProse.\n").is_err());
    }
}

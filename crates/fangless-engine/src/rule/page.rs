//! A rule page as text: the front matter between two lines `+++`, and the examples in the Markdown below it.
//! Knows nothing of other pages and runs no example; an error names its line in the page.

use std::fmt;

use smol_str::SmolStr;

/// What is wrong with a page, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageError {
    pub path: String,
    /// From one.
    pub line: u32,
    /// The key of the front matter that is at fault.
    pub key: Option<String>,
    pub message: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: ", self.path, self.line)?;
        if let Some(key) = &self.key {
            write!(formatter, "`{key}`: ")?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for PageError {}

/// A line and what is wrong there; the caller knows the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: u32,
    pub(super) message: String,
}

/// The two halves of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Halves<'a> {
    pub(super) front_matter: &'a str,
    pub(super) body: &'a str,
    /// The page's line (from one) at which the body begins.
    pub(super) body_line: u32,
}

/// Splits a page into front matter and body.
pub(super) fn halves(text: &str) -> Result<Halves<'_>, Fault> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "+++" {
        let message = "a rule page begins with a line `+++`, its front matter, and another line `+++`".into();
        return Err(Fault { line: 1, message });
    }
    let start = first.len();
    let mut at = start;
    let mut number = 1;
    for line in lines {
        number += 1;
        if line.trim_end() == "+++" {
            let body = &text[at + line.len()..];
            return Ok(Halves { front_matter: &text[start..at], body, body_line: number + 1 });
        }
        at += line.len();
    }
    Err(Fault { line: 1, message: "the front matter does not end: a second line `+++` is missing".into() })
}

/// One example of a page: one or more files that are checked together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The page's line (from one) of the opening fence.
    pub line: u32,
    pub files: Vec<ExampleFile>,
    /// The files after the first fix of every finding of the page's rule; empty when the page does not say.
    pub fixed: Vec<ExampleFile>,
}

impl Example {
    /// Whether the rule with this name must report something in the example.
    pub fn fires(&self, rule: &str) -> bool {
        self.files.iter().flat_map(|file| &file.expected).any(|expected| expected.rule == rule)
    }
}

/// One file of an example, without its markers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Relative to the folder that holds the example.
    pub path: String,
    /// The page's line (from one) of the file's first line.
    pub line: u32,
    pub text: String,
    pub expected: Vec<Expected>,
}

/// A finding that an example announces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// The file's line, from zero.
    pub line: u32,
    pub rule: SmolStr,
}

/// What the words after the opening fence ask for.
enum Fence {
    Check(Language),
    Fixed(Language),
    /// What is shown only, or another language.
    Shown,
}

/// The languages of examples.
#[derive(Clone, Copy)]
enum Language {
    Python,
    /// What pip installs.
    Requirements,
    /// A `pyproject.toml`.
    Toml,
    Dockerfile,
    /// A pipeline.
    Yaml,
    Gitignore,
    /// A `.env`.
    Dotenv,
}

impl Language {
    fn of(word: &str) -> Option<Self> {
        match word {
            "python" => Some(Self::Python),
            "requirements" => Some(Self::Requirements),
            "toml" => Some(Self::Toml),
            "dockerfile" => Some(Self::Dockerfile),
            "yaml" => Some(Self::Yaml),
            "gitignore" => Some(Self::Gitignore),
            "dotenv" => Some(Self::Dotenv),
            _ => None,
        }
    }

    /// What the file of an example is called that does not say.
    fn file_name(self, rule: &str) -> String {
        match self {
            Self::Python => format!("{}.py", rule.replace('-', "_")),
            Self::Requirements => "requirements.txt".into(),
            Self::Toml => "pyproject.toml".into(),
            Self::Dockerfile => "Dockerfile".into(),
            Self::Yaml => ".github/workflows/ci.yml".into(),
            Self::Gitignore => ".gitignore".into(),
            Self::Dotenv => ".env".into(),
        }
    }
}

/// The examples of a page body whose first line has the number `first_line`.
pub(super) fn examples(body: &str, first_line: u32, rule: &str) -> Result<Vec<Example>, Fault> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = (first_line..).zip(body.lines());
    while let Some((number, line)) = lines.next() {
        let Some((fence, info)) = opening_fence(line) else { continue };
        let mut block = Vec::new();
        let mut closed = false;
        for (_, line) in lines.by_ref() {
            if line.trim_start().starts_with(fence) && line.trim().bytes().all(|byte| byte == b'`') {
                closed = true;
                break;
            }
            block.push(line);
        }
        if !closed {
            return Err(Fault { line: number, message: "this code block does not end".into() });
        }
        match fence_kind(info).map_err(|message| Fault { line: number, message })? {
            Fence::Shown => {}
            Fence::Check(language) => {
                let files = files(&block, number + 1, rule, language)?;
                examples.push(Example { line: number, files, fixed: Vec::new() });
            }
            Fence::Fixed(language) => {
                let fixed = files(&block, number + 1, rule, language)?;
                if let Some(file) = fixed.iter().find(|file| !file.expected.is_empty()) {
                    let message = "a `fixed` block shows the text after the fix and takes no markers".into();
                    return Err(Fault { line: file.line + file.expected[0].line, message });
                }
                match examples.last_mut() {
                    Some(example) if example.fixed.is_empty() && example.fires(rule) => example.fixed = fixed,
                    _ => {
                        let message = "a `fixed` block follows the example whose findings it mends".into();
                        return Err(Fault { line: number, message });
                    }
                }
            }
        }
    }
    Ok(examples)
}

fn opening_fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
    (ticks >= 3).then(|| (&line[..ticks], line[ticks..].trim()))
}

fn fence_kind(info: &str) -> Result<Fence, String> {
    let mut words = info.split_whitespace();
    let word = words.next().unwrap_or_default();
    let Some(language) = Language::of(word) else { return Ok(Fence::Shown) };
    match (words.next(), words.next()) {
        (None, _) => Ok(Fence::Check(language)),
        (Some("fixed"), None) => Ok(Fence::Fixed(language)),
        (Some("ignore"), None) => Ok(Fence::Shown),
        _ => Err(format!("`{info}`: write `{word}`, `{word} fixed` or `{word} ignore`")),
    }
}

/// Cuts a block at its lines `# file: name.py`. Without any, it is one file named after the rule, or as the tools that
/// read it call it.
fn files(block: &[&str], first_line: u32, rule: &str, language: Language) -> Result<Vec<ExampleFile>, Fault> {
    let mut files: Vec<ExampleFile> = Vec::new();
    for (number, line) in (first_line..).zip(block) {
        if let Some(path) = line.strip_prefix("# file:") {
            let path = path.trim();
            if path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..") {
                let message = format!("`{path}` is no path inside the example; write `# file: app/views.py`");
                return Err(Fault { line: number, message });
            }
            files.push(ExampleFile {
                path: path.into(),
                line: number + 1,
                text: String::new(),
                expected: Vec::new(),
            });
            continue;
        }
        if files.is_empty() {
            let path = language.file_name(rule);
            files.push(ExampleFile { path, line: number, text: String::new(), expected: Vec::new() });
        }
        let Some(file) = files.last_mut() else { continue };
        let (code, rules) = marker(line, rule).map_err(|message| Fault { line: number, message })?;
        let line = number - file.line;
        file.expected.extend(rules.into_iter().map(|rule| Expected { line, rule }));
        file.text.push_str(code);
        file.text.push('\n');
    }
    Ok(files)
}

/// The line without its marker, and the rules that the marker names.
fn marker<'a>(line: &'a str, rule: &str) -> Result<(&'a str, Vec<SmolStr>), String> {
    let Some((code, words)) = line.rsplit_once("# error") else { return Ok((line, Vec::new())) };
    let words = words.trim();
    if words.is_empty() {
        return Ok((code.trim_end(), vec![rule.into()]));
    }
    // A comment such as `# errors are kept` is prose.
    let Some(list) = words.strip_prefix(':') else { return Ok((line, Vec::new())) };
    let names = list.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let names: Vec<SmolStr> = names.unwrap_or_default().split(',').map(|name| name.trim().into()).collect();
    if names.iter().any(SmolStr::is_empty) {
        return Err(format!(
            "`# error{words}` names no rule; write `# error` or `# error: [one-rule, another-rule]`"
        ));
    }
    Ok((code.trim_end(), names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_split_at_its_two_lines_of_pluses() {
        let split = halves("+++\nname = \"x\"\n+++\nprose\n").expect("a page");
        assert_eq!(split, Halves { front_matter: "name = \"x\"\n", body: "prose\n", body_line: 4 });
    }

    #[test]
    fn an_open_front_matter_is_an_error() {
        assert!(halves("+++\nname = 1\n").unwrap_err().message.contains("second line `+++`"));
        assert_eq!(halves("# Title\n").unwrap_err().line, 1);
    }

    #[test]
    fn markers_name_rules_and_leave_the_text() {
        let body = "```python\na()  # error\nb()  # error: [one, two]\nc()  # errors here are prose\n```\n";
        let examples = examples(body, 10, "own").expect("examples");
        let file = &examples[0].files[0];
        assert_eq!(file.path, "own.py");
        assert_eq!(file.text, "a()\nb()\nc()  # errors here are prose\n");
        let expected: Vec<_> =
            file.expected.iter().map(|expected| (expected.line, expected.rule.as_str())).collect();
        assert_eq!(expected, [(0, "own"), (1, "one"), (1, "two")]);
        assert_eq!(examples[0].line, 10);
    }

    #[test]
    fn files_of_one_example_count_their_own_lines() {
        let body = "```python\n# file: a.py\nx = 1\n# file: app/b.py\ny = 2\nz()  # error\n```\n";
        let examples = examples(body, 1, "own").expect("examples");
        let files: Vec<_> = examples[0].files.iter().map(|file| (file.path.as_str(), file.line)).collect();
        assert_eq!(files, [("a.py", 3), ("app/b.py", 5)]);
        assert_eq!(examples[0].files[1].expected[0].line, 1);
    }

    #[test]
    fn a_fixed_block_belongs_to_the_firing_example_before_it() {
        let body = "```python\na()  # error\n```\n\n```python fixed\nb()\n```\n\n```python ignore\n(\n```\n";
        let examples = examples(body, 1, "own").expect("examples");
        assert_eq!(examples.len(), 1);
        assert_eq!(examples[0].fixed[0].text, "b()\n");
    }

    #[test]
    fn manifests_are_examples_too() {
        let body = "```requirements\nflask  # error\n```\n\n```requirements fixed\nflask==3.0.0\n```\n\n\
                    ```toml\na = 1\n```\n\n```toml ignore\n(\n```\n\n```sh\nls\n```\n";
        let examples = examples(body, 1, "own").expect("examples");
        let paths: Vec<_> = examples.iter().map(|example| example.files[0].path.as_str()).collect();
        assert_eq!(paths, ["requirements.txt", "pyproject.toml"]);
        assert_eq!(examples[0].fixed[0].path, "requirements.txt");
        assert!(examples[0].fires("own") && !examples[1].fires("own"));
    }

    #[test]
    fn mistakes_in_examples_name_their_line() {
        let line = |body: &str| examples(body, 1, "own").unwrap_err().line;
        assert_eq!(line("text\n```python\na()\n"), 2);
        assert_eq!(line("```python fixed\na()\n```\n"), 1);
        assert_eq!(line("```python\na()  # error: []\n```\n"), 2);
        assert_eq!(line("```python secret\na()\n```\n"), 1);
        assert_eq!(line("```python\n# file: ../a.py\n```\n"), 2);
    }
}

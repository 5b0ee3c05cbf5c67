//! `fangless doctor`: what holds for a file and why. For people who wonder why something is found, or is not.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use fangless_engine::config::{Config, selects};
use fangless_engine::model::schema::Tag;
use fangless_engine::rule::schema::{Profile, RuleDefinition};
use fangless_engine::{RuleSet, Workspace};
use fangless_project::discovery::{Discovery, FILE_NAMES, Overrides, Settings};
use smol_str::SmolStr;

use super::{Exit, print, print_messages};
use crate::discovery::message;
use crate::paths::{absolute, shown, with_slashes};
use crate::read::read_file;
use crate::walk::is_checked;

pub(crate) fn run(path: &Path) -> anyhow::Result<Exit> {
    let working_directory = super::working_directory()?;
    let file = absolute(path, &working_directory);
    if !file.exists() {
        bail!("{} does not exist", path.display());
    }
    let rules = Arc::new(RuleSet::builtin());
    let mut discovery = Discovery::new(Arc::clone(&rules), &working_directory, Overrides::default());
    // A folder is asked about as the files in it would be.
    let inside = if file.is_dir() { file.join("__init__.py") } else { file.clone() };
    let settings = discovery.settings_of(&inside);
    let show = |path: &Path| shown(path, &working_directory);
    let mut output = format!("fangless {}, {}\n", env!("CARGO_PKG_VERSION"), show(&file));
    configuration(&mut output, &settings, &inside, &show);
    if discovery.problems().any(|problem| Some(&problem.file) == settings.file.as_ref()) {
        line(
            &mut output,
            "but",
            "it is wrong, as is said below; until it is right it counts as if it were empty",
        );
    }
    rules_on_and_off(&mut output, &settings, &rules, &inside);
    if file.is_file() {
        seen(&mut output, &settings, &rules, &file, &show);
    }
    print(&output)?;
    let problems: Vec<_> = discovery.problems().map(|problem| message(problem, &working_directory)).collect();
    print_messages(&problems);
    Ok(if problems.is_empty() { Exit::Clean } else { Exit::Error })
}

fn line(output: &mut String, name: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(output, "  {name:<14} {text}");
}

fn configuration(output: &mut String, settings: &Settings, file: &Path, show: &impl Fn(&Path) -> String) {
    output.push_str("\nConfiguration\n");
    let folder = file.parent().unwrap_or(file);
    match &settings.file {
        Some(found) => {
            let which = if found.parent() == Some(folder) { "beside it" } else { "the nearest above it" };
            line(output, "file", &format!("{} ({which})", show(found)));
        }
        None => line(
            output,
            "file",
            "none: no fangless.toml and no [tool.fangless] in this folder or above; the defaults hold",
        ),
    }
    for passed in passed_by(settings, folder) {
        let why = if passed.file_name().is_some_and(|name| name == "pyproject.toml") {
            match &settings.file {
                Some(found) if found.parent() == passed.parent() => "the fangless.toml beside it counts",
                _ => "has no [tool.fangless]",
            }
        } else {
            "another one counts"
        };
        line(output, "passed by", &format!("{} ({why})", show(&passed)));
    }
    let config = &settings.config;
    line(output, "profile", if config.profile == Profile::Strict { "strict" } else { "default" });
    let list = |names: &[SmolStr]| names.join(", ");
    if let Some(select) = &config.select {
        line(output, "select", &list(select));
    }
    if !config.ignore.is_empty() {
        line(output, "ignore", &list(&config.ignore));
    }
    if settings.excludes(file) {
        line(
            output,
            "excluded",
            "yes, by `exclude`: no findings in the editor, nor of `check` on its folder",
        );
    }
    for sanitizer in &config.sanitizers {
        line(output, "sanitizer", &format!("{} clears {}", sanitizer.callee, clears(&sanitizer.clears)));
    }
}

/// The configuration files on the way to the one that counts.
fn passed_by(settings: &Settings, folder: &Path) -> Vec<PathBuf> {
    let end = settings.file.as_ref().and_then(|file| file.parent());
    let mut passed = Vec::new();
    for ancestor in folder.ancestors() {
        let files = FILE_NAMES.iter().map(|name| ancestor.join(name));
        passed.extend(files.filter(|file| file.is_file() && Some(file) != settings.file.as_ref()));
        if Some(ancestor) == end {
            break;
        }
    }
    passed
}

fn rules_on_and_off(output: &mut String, settings: &Settings, rules: &RuleSet, file: &Path) {
    let mut definitions: Vec<&RuleDefinition> = rules.iter().map(|rule| &rule.definition).collect();
    definitions.sort_by(|a, b| a.name.cmp(&b.name));
    let all = definitions.len();
    let (on, off): (Vec<_>, Vec<_>) =
        definitions.into_iter().partition(|definition| settings.reports(definition, file));
    let _ = writeln!(output, "\nRules that are on: {} of {all}", on.len());
    for definition in on {
        let _ = writeln!(output, "  {}", definition.name);
    }
    if !off.is_empty() {
        let _ = writeln!(output, "\nRules that are off: {}", off.len());
    }
    let relative = settings.relative(file);
    for definition in off {
        let _ = writeln!(
            output,
            "  {:<28} {}",
            definition.name,
            why_off(&settings.config, definition, &relative)
        );
    }
}

fn why_off(config: &Config, rule: &RuleDefinition, path: &str) -> String {
    let by = |selectors: &[SmolStr]| selectors.iter().find(|selector| selects(selector, rule)).cloned();
    if let Some(selector) = by(&config.ignore) {
        return format!("`{selector}` in `ignore`");
    }
    if config.select.as_deref().is_some_and(|select| by(select).is_none()) {
        return "not in `select`".to_string();
    }
    let mut entries = config.per_file_ignores.iter().filter(|entry| entry.files.matches(path));
    if let Some(selector) = entries.find_map(|entry| by(&entry.rules)) {
        return format!("`{selector}` in `per-file-ignores`");
    }
    "strict: runs with `profile = \"strict\"`, or when `select` names it".to_string()
}

/// What the server would make of the file, were it opened as it is on disk.
fn seen(
    output: &mut String,
    settings: &Settings,
    rules: &Arc<RuleSet>,
    file: &Path,
    show: &impl Fn(&Path) -> String,
) {
    output.push_str("\nWhat the server sees\n");
    if !is_checked(file) {
        line(output, "language", "no Python by its name; checked where the editor calls it Python");
    }
    let reading = match read_file(file, &show(file)) {
        Ok(reading) => reading,
        Err(message) => {
            line(output, "text", &format!("none: {}", message.text));
            return;
        }
    };
    if let Some(notebook) = &reading.notebook {
        let (cells, python) = (notebook.cells(), notebook.program().cells());
        line(
            output,
            "notebook",
            &format!("{cells} cells, {python} of them in Python and read as one program"),
        );
    }
    let text = reading.source.text;
    line(output, "text", &format!("{} lines, {} bytes", text.lines().count(), text.len()));
    let path = with_slashes(file);
    let mut workspace = Workspace::with_profile(Arc::clone(rules), settings.needs_strict);
    workspace.set_file(&path, text);
    let (present, missing): (Vec<_>, Vec<_>) =
        workspace.wanted().into_iter().partition(|path| Path::new(path.as_str()).is_file());
    for imported in &present {
        line(output, "imports", &show(Path::new(imported.as_str())));
        if let Ok(reading) = read_file(Path::new(imported.as_str()), imported) {
            workspace.set_file(imported, reading.source.text);
        }
    }
    if !missing.is_empty() {
        let looked = missing.len();
        let text =
            format!("{looked} more places were looked at, and nothing is there: packages need no source");
        line(output, "imports", &text);
    }
    missing.iter().for_each(|path| workspace.set_missing(path));
    let mut findings = workspace.findings(&path);
    findings.retain(|finding| {
        let rule = workspace.rules().rule(&finding.rule);
        rule.is_none_or(|rule| settings.reports(&rule.definition, file))
    });
    let silenced = findings.iter().filter(|finding| finding.suppressed.is_some()).count();
    let count = findings.len() - silenced;
    let text = if settings.excludes(file) {
        format!("none shown, since the file is excluded ({count} without that)")
    } else {
        format!("{count}, and {silenced} silenced by comments")
    };
    line(output, "findings", &text);
}

/// For what a function of the project makes data harmless.
fn clears(tags: &[Tag]) -> String {
    if tags.is_empty() {
        return "everything".into();
    }
    tags.iter().map(|tag| tag.name()).collect::<Vec<_>>().join(", ")
}

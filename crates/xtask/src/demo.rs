//! `cargo xtask demo`: the checker against the flaws planted in `tests/projects/demo`, as `EXPECTED.json` there lists
//! them. Every flaw whose rule has a page is found, and nothing else is reported.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::docs;
use crate::process::{release_binary, root};

const PROJECT: &str = "tests/projects/demo";

#[derive(Deserialize)]
struct Expected {
    flaws: Vec<Flaw>,
    silent: Vec<Silent>,
}

#[derive(Deserialize)]
struct Flaw {
    what: String,
    /// Any of these names the danger.
    rules: Vec<String>,
    /// Any of these is where it may be reported.
    places: Vec<Place>,
}

#[derive(Deserialize)]
struct Silent {
    why: String,
    #[serde(flatten)]
    place: Place,
}

#[derive(Deserialize)]
struct Place {
    file: String,
    line: u64,
    /// A part of the line, so that a list that has gone stale is seen.
    code: String,
}

struct Report {
    rule: String,
    file: String,
    line: u64,
}

impl Place {
    fn is_at(&self, report: &Report) -> bool {
        self.line == report.line && Path::new(&report.file).ends_with(&self.file)
    }
}

impl Flaw {
    fn is(&self, report: &Report) -> bool {
        self.rules.contains(&report.rule) && self.places.iter().any(|place| place.is_at(report))
    }
}

pub(crate) fn run() -> Result<()> {
    let project = root().join(PROJECT);
    let expected = read_expected(&project)?;
    let reports = reports(&project)?;
    let rules = docs::rule_names()?;

    let (known, waiting): (Vec<_>, Vec<_>) =
        expected.flaws.iter().partition(|flaw| flaw.rules.iter().any(|rule| rules.contains(rule)));
    let mut wrong = 0;
    for flaw in known.iter().filter(|flaw| !reports.iter().any(|report| flaw.is(report))) {
        wrong += 1;
        let place = &flaw.places[0];
        println!("not found: {}:{}: {} ({})", place.file, place.line, flaw.what, flaw.rules.join(" or "));
    }
    for report in reports.iter().filter(|report| !expected.flaws.iter().any(|flaw| flaw.is(report))) {
        wrong += 1;
        let why = expected.silent.iter().find(|silent| silent.place.is_at(report));
        let why = why.map_or("no flaw was planted here", |silent| &silent.why);
        println!("not wanted: {}:{}: {}: {why}", report.file, report.line, report.rule);
    }
    for flaw in &waiting {
        println!("no rule yet: {} ({})", flaw.what, flaw.rules.join(" or "));
    }
    println!(
        "demo: {} flaws planted, {} of them wait for their rule, {wrong} wrong",
        expected.flaws.len(),
        waiting.len()
    );
    ensure!(wrong == 0, "the demo application is not judged as it should be");
    Ok(())
}

/// The list, held against the files that it speaks of.
fn read_expected(project: &Path) -> Result<Expected> {
    let text = fs::read_to_string(project.join("EXPECTED.json")).context("cannot read EXPECTED.json")?;
    let expected: Expected = serde_json::from_str(&text).context("EXPECTED.json")?;
    let silent = expected.silent.iter().map(|silent| &silent.place);
    for place in expected.flaws.iter().flat_map(|flaw| &flaw.places).chain(silent) {
        let source = fs::read_to_string(project.join(&place.file)).with_context(|| place.file.clone())?;
        let line = usize::try_from(place.line)?.checked_sub(1).and_then(|index| source.lines().nth(index));
        if !line.is_some_and(|line| line.contains(&place.code)) {
            bail!("EXPECTED.json: {}:{} does not hold `{}`", place.file, place.line, place.code);
        }
    }
    Ok(expected)
}

fn reports(project: &Path) -> Result<Vec<Report>> {
    let output = Command::new(release_binary()?)
        .args(["check", "--output-format", "sarif"])
        .arg(project)
        .output()
        .context("cannot start the checker")?;
    let sarif: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("no SARIF came: {}", String::from_utf8_lossy(&output.stderr)))?;
    let results = sarif["runs"].as_array().into_iter().flatten().filter_map(|run| run["results"].as_array());
    let mut reports = Vec::new();
    for result in results.flatten() {
        let place = &result["locations"][0]["physicalLocation"];
        reports.push(Report {
            rule: result["ruleId"].as_str().context("a result without a rule")?.to_owned(),
            file: place["artifactLocation"]["uri"].as_str().context("a result without a file")?.to_owned(),
            line: place["region"]["startLine"].as_u64().context("a result without a line")?,
        });
    }
    Ok(reports)
}

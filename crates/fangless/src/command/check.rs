//! `fangless check`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal};
use std::path::Path;

use rayon::prelude::*;
use smol_str::SmolStr;

use super::{Exit, has_error, print, print_messages};
use crate::analysis::{Findings, Loaded, LoadedFile, load, with_threads};
use crate::arguments::{CheckArguments, Color, OutputFormat};
use crate::messages::Message;
use crate::paths::{shown, with_slashes};
use crate::report::{
    FileReport, FindingReport, Report, RuleInformation, concise, github, json, junit, sarif, statistics, text,
};
use crate::source::{Encoding, SourceText};

/// Where no terminal says how wide it is.
const WIDTH: usize = 120;

pub(crate) fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let working_directory = super::working_directory()?;
    let report = with_threads(|| {
        load(&arguments.selection, &working_directory)
            .map(|loaded| report(loaded, &working_directory, shows_fixes(arguments)))
    })?;
    let report = match report {
        Ok(report) => report,
        Err(message) => {
            print_messages(&[message]);
            return Ok(Exit::Error);
        }
    };
    print_messages(&report.messages);
    print(&render(&report, arguments))?;
    Ok(if has_error(&report.messages) {
        Exit::Error
    } else if arguments.exit_zero || report.active().next().is_none() {
        Exit::Clean
    } else {
        Exit::Found
    })
}

fn render(report: &Report, arguments: &CheckArguments) -> String {
    if arguments.statistics {
        return statistics::render(report);
    }
    match arguments.output_format {
        OutputFormat::Text => text::render(report, is_colored(arguments.color), WIDTH),
        OutputFormat::Concise => concise::render(report),
        OutputFormat::Json => json::render(report),
        OutputFormat::Sarif => sarif::render(report),
        OutputFormat::Github => github::render(report),
        OutputFormat::Junit => junit::render(report),
    }
}

fn is_colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            !is_refused && io::stdout().is_terminal()
        }
    }
}

/// Whether the report says how findings are mended. To find that out takes longer than to find them.
fn shows_fixes(arguments: &CheckArguments) -> bool {
    !arguments.statistics
        && matches!(arguments.output_format, OutputFormat::Text | OutputFormat::Json | OutputFormat::Sarif)
}

/// Asks for all findings, in parallel, and keeps the texts that the reports show.
fn report(mut loaded: Loaded, working_directory: &Path, with_fixes: bool) -> Report {
    let found: Vec<Result<Findings, Message>> =
        loaded.files.par_iter().map(|file| loaded.findings(file, with_fixes)).collect();
    let mut messages = std::mem::take(&mut loaded.messages);
    let mut with_findings: Vec<(&LoadedFile, Findings)> = Vec::new();
    for (file, result) in loaded.files.iter().zip(found) {
        match result {
            Ok(findings) if findings.is_empty() => {}
            Ok(findings) => with_findings.push((file, findings)),
            Err(message) => messages.push(message),
        }
    }
    let mut rule_names = BTreeSet::new();
    let mut step_paths = BTreeSet::new();
    for (_, findings) in &with_findings {
        for (finding, _) in findings {
            rule_names.insert(finding.rule.clone());
            step_paths.extend(finding.flow.iter().map(|step| step.path.clone()));
        }
    }
    let known: BTreeMap<&str, &LoadedFile> =
        loaded.files.iter().map(|file| (file.engine_path.as_str(), file)).collect();
    let source = |path: &str| {
        let text = loaded.workspace.text(path).unwrap_or_default().to_string();
        SourceText { text, encoding: known.get(path).map_or(Encoding::Utf8, |file| file.encoding) }
    };
    let mut files: Vec<FileReport> = with_findings
        .into_iter()
        .map(|(file, findings)| {
            let findings =
                findings.into_iter().map(|(finding, fixes)| FindingReport { finding, fixes }).collect();
            let path = SmolStr::new(&file.engine_path);
            let secrets = loaded.secrets(&file.engine_path);
            FileReport::new(path, file.shown.clone(), source(&file.engine_path), findings, secrets)
                .of_notebook(file.notebook.clone())
        })
        .collect();
    for path in step_paths {
        if files.iter().any(|file| file.engine_path == path) || loaded.workspace.text(&path).is_none() {
            continue;
        }
        let shown = known
            .get(path.as_str())
            .map_or_else(|| shown(Path::new(path.as_str()), working_directory), |file| file.shown.clone());
        let (source, secrets) = (source(&path), loaded.secrets(&path));
        files.push(FileReport::new(path, shown, source, Vec::new(), secrets));
    }
    files.sort_by(|a, b| a.engine_path.cmp(&b.engine_path));
    let rules = rule_names
        .iter()
        .filter_map(|name| loaded.workspace.rules().rule(name))
        .map(RuleInformation::from)
        .collect();
    let root = with_slashes(working_directory);
    Report::new(files, loaded.files.len(), messages, rules, root)
}

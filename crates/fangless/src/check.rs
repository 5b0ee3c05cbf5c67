//! `fangless check`: reads, analyses, reports.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use fangless_engine::{Finding, Fix, RuleSet, Workspace};
use rayon::prelude::*;

use crate::files::{self, SourceFile};
use crate::report;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Source excerpts, the flow and the fix.
    Text,
    /// One line for each finding.
    Concise,
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Profile {
    Default,
    /// Also the rules that are too noisy for everyday use.
    Strict,
}

#[derive(Args)]
pub(crate) struct CheckArguments {
    /// Files and folders; `-` reads standard input.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    output_format: OutputFormat,
    #[arg(long, value_enum, default_value_t = Profile::Default)]
    profile: Profile,
    /// Only these rules.
    #[arg(long, value_delimiter = ',')]
    select: Vec<String>,
    /// Not these rules.
    #[arg(long, value_delimiter = ',')]
    ignore: Vec<String>,
    /// The name of what standard input holds.
    #[arg(long, default_value = "stdin.py")]
    stdin_filename: PathBuf,
    /// Exit with 0 even with findings.
    #[arg(long)]
    exit_zero: bool,
}

/// A file with what was found in it.
pub(crate) struct FileReport {
    /// As the user named it.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) findings: Vec<(Finding, Vec<Fix>)>,
}

pub(crate) fn run(arguments: &CheckArguments) -> anyhow::Result<ExitCode> {
    let read = if arguments.paths.iter().any(|path| path.as_os_str() == "-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| anyhow::anyhow!("standard input: {error}"))?;
        files::Read {
            files: vec![SourceFile { path: arguments.stdin_filename.clone(), text }],
            messages: Vec::new(),
        }
    } else {
        files::read_all(&arguments.paths)?
    };
    for message in &read.messages {
        eprintln!("warning: {message}");
    }
    let rules = Arc::new(RuleSet::builtin());
    for name in arguments.select.iter().chain(&arguments.ignore) {
        if rules.rule(name).is_none() {
            anyhow::bail!("there is no rule `{name}`; `fangless rules` lists them all");
        }
    }
    let reports = analyse(arguments, read.files, &rules);
    let shown: usize = reports
        .iter()
        .map(|report| report.findings.iter().filter(|(finding, _)| finding.suppressed.is_none()).count())
        .sum();
    let output = match arguments.output_format {
        OutputFormat::Text => report::text::render(&reports, read.messages.len()),
        OutputFormat::Concise => report::concise::render(&reports),
        OutputFormat::Json => report::json::render(&reports, &rules)?,
        OutputFormat::Sarif => report::sarif::render(&reports, &rules)?,
    };
    report::print(&output)?;
    Ok(ExitCode::from(u8::from(shown > 0 && !arguments.exit_zero)))
}

fn analyse(arguments: &CheckArguments, sources: Vec<SourceFile>, rules: &Arc<RuleSet>) -> Vec<FileReport> {
    let mut workspace = Workspace::with_profile(rules.clone(), arguments.profile == Profile::Strict);
    let paths: Vec<(PathBuf, String)> =
        sources.iter().map(|source| (source.path.clone(), absolute(&source.path))).collect();
    workspace.set_files(sources.into_iter().map(|source| (absolute(&source.path), source.text)).collect());
    load_imports(&mut workspace);
    let pool = rayon::ThreadPoolBuilder::new().stack_size(crate::STACK).build();
    let work = || {
        paths.par_iter().for_each(|(_, key)| workspace.evaluate(key));
        paths
            .par_iter()
            .map(|(path, key)| {
                let findings = workspace
                    .findings(key)
                    .into_iter()
                    .filter(|finding| {
                        let named = |names: &[String]| names.iter().any(|name| *name == finding.rule);
                        (arguments.select.is_empty() || named(&arguments.select)) && !named(&arguments.ignore)
                    })
                    .map(|finding| {
                        let fixes = workspace.fixes(key, &finding);
                        (finding, fixes)
                    })
                    .collect();
                FileReport {
                    path: path.clone(),
                    text: workspace.text(key).unwrap_or_default().to_owned(),
                    findings,
                }
            })
            .collect()
    };
    match pool {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Reads what the files import from outside the paths that are checked.
fn load_imports(workspace: &mut Workspace) {
    for _ in 0..4 {
        let wanted = workspace.wanted();
        if wanted.is_empty() {
            return;
        }
        let mut found = Vec::new();
        for path in wanted {
            match files::read_file(Path::new(path.as_str())) {
                Ok(text) => found.push((path.to_string(), text)),
                Err(_) => workspace.set_missing(&path),
            }
        }
        if found.is_empty() {
            return;
        }
        workspace.set_files(found);
    }
}

fn absolute(path: &Path) -> String {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // `a/./b` and `a/b` are the same file.
    full.components().collect::<PathBuf>().to_string_lossy().replace('\\', "/")
}

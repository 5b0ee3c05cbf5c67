//! The command line as it is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "Exit codes: 0 nothing found, 1 something found, 2 error: wrong usage or configuration, a \
path that does not exist, or not one of the files could be read. A file that is skipped (too large, undecodable, \
unreadable) is named on stderr and changes the exit code only when no other file was read.";

#[derive(Debug, Parser)]
#[command(name = "fangless", version, about, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report the security problems of Python files and notebooks.
    #[command(after_help = EXIT_CODES)]
    Check(CheckArguments),
    /// Apply the safe fixes, until none is left.
    #[command(after_help = EXIT_CODES)]
    Fix(FixArguments),
    /// Show the page of a rule.
    Explain {
        /// Its name, for example `sql-injection`.
        rule: String,
    },
    /// List all rules.
    Rules {
        #[arg(long, value_enum, default_value_t)]
        output_format: ListFormat,
    },
    /// Say what holds for a file: its configuration and why, its rules, and what the server sees of it.
    Doctor {
        /// A file, or a folder.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Run the language server on standard input and output.
    Server(ServerArguments),
    /// Print a completion script for a shell.
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// What to look at, and with which rules.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Files and folders; `-` is standard input.
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// The path that standard input stands for: it decides the configuration, and is reported.
    #[arg(long, value_name = "PATH")]
    pub(crate) stdin_filename: Option<PathBuf>,
    /// Only these rules: names, CWE numbers (`CWE-89`), Bandit or Ruff codes, or `all`.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// Not these rules, in addition to those that the configuration ignores.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// Which rules run when none are selected; the configuration's choice when absent.
    #[arg(long, value_enum)]
    pub(crate) profile: Option<ProfileName>,
    /// This configuration file for every path, instead of the nearest one of each.
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    pub(crate) config: Option<PathBuf>,
    /// No configuration file at all.
    #[arg(long)]
    pub(crate) isolated: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output_format: OutputFormat,
    /// Exit with 0 even when something is found.
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Count the findings of each rule instead of showing them.
    #[arg(long)]
    pub(crate) statistics: bool,
    /// Colours in the text format.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) color: Color,
}

#[derive(Debug, Args)]
pub(crate) struct FixArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Show what would change, with secrets masked, and change nothing. Exit code 1 when something would.
    #[arg(long)]
    pub(crate) diff: bool,
    /// Also the fixes that a person must look at.
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    /// Write the log here instead of to stderr. What is logged: the variable `FANGLESS_LOG`, for example `debug`.
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Accepted, since several editors add it: the server speaks over standard input and output anyway.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Excerpts, flows and fixes, to be read.
    #[default]
    Text,
    /// One line a finding.
    Concise,
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    Junit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    Default,
    Strict,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

//! Chores of the repository, run as `cargo xtask CHORE`. Only reads and builds what is in the repository; it knows
//! nothing of the product's insides.

mod demo;
mod docs;
mod editors;
mod fixed;
mod process;
mod run_fixes;
mod standard;
mod suite;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the Fangless repository")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run every test: unit, rule pages, server, command line, and the editors end to end.
    Test {
        /// Only the end-to-end tests in real editors.
        #[arg(long)]
        editors: bool,
    },
    /// Run the programs of the fixes' pages before and after their fix.
    Fixes,
    /// Hold the checker against the flaws planted in the demo application.
    Demo,
    /// Hold the checker against the examples of the Python Security Standards Reference.
    Standard {
        /// The reference's own `check.py`.
        #[arg(value_name = "CHECK.PY")]
        script: PathBuf,
    },
    /// Write `docs/rules/` and `docs/standard.md` from the rule pages.
    Docs {
        /// Write nothing; fail where a file is not what would be written.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().chore {
        Chore::Test { editors: true } => editors::run(&editors::Context::from_environment()),
        Chore::Test { editors: false } => suite::run(),
        Chore::Fixes => run_fixes::run(),
        Chore::Demo => demo::run(),
        Chore::Standard { script } => standard::run(&script),
        Chore::Docs { check } => docs::run(check),
    }
}

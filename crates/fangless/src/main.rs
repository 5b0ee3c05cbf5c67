//! The command line: arguments, files in, reports out. All analysis is the engine's.

mod check;
mod explain;
mod files;
mod report;
mod server;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Finds security problems in Python, shows the path from the attacker's input to the danger, offers the fix.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check files and folders. Exits with 0 when clean, 1 with findings, 2 on an error.
    Check(check::CheckArguments),
    /// Explain a rule: what goes wrong, how it is exploited, how to fix it.
    Explain {
        /// Name of the rule.
        rule: String,
    },
    /// List the rules.
    Rules {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run the language server on standard input and output.
    Server {
        /// Write the log to this file instead of standard error.
        #[arg(long)]
        log_file: Option<std::path::PathBuf>,
    },
}

/// Deep code needs a deep stack; the engine bounds its depth to fit this one.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || run(arguments.command));
    let result = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(anyhow::anyhow!("internal error; please report it with the message above")),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain { rule } => explain::explain(&rule),
        Command::Rules { json } => explain::list(json),
        Command::Server { log_file } => server::run(log_file.as_deref()),
    }
}

//! The command line of Fangless: arguments, files, configuration and reports around the engine. What is a finding is
//! decided by the engine alone.

mod analysis;
mod arguments;
mod command;
mod discovery;
mod repair;
mod report;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use fangless_project::{messages, paths, read, source, walk};

use crate::arguments::{Arguments, Command};
use crate::command::Exit;

/// Trees and abstract values are many small allocations, most of them short-lived.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check(arguments) => command::check::run(&arguments),
        Command::Fix(arguments) => command::fix::run(&arguments),
        Command::Doctor { path } => command::doctor::run(&path),
        Command::Explain { rule } => command::explain::run(&rule),
        Command::Rules { output_format } => command::rules::run(output_format),
        Command::Server(arguments) => {
            return command::server::run(&arguments).unwrap_or_else(|error| failed(&error));
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "fangless", &mut std::io::stdout());
            Ok(Exit::Clean)
        }
    };
    result.map_or_else(|error| failed(&error), |exit| ExitCode::from(exit as u8))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(Exit::Error as u8)
}

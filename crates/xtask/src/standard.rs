//! `cargo xtask standard`: the checker against the examples of the Python Security Standards Reference. The reference
//! is not part of the repository; its `check.py` runs a command over its examples and compares the lines.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::{must, release_binary};

pub(crate) fn run(script: &Path) -> Result<()> {
    ensure!(
        script.is_file(),
        "{} is not a file; give the path of the reference's check.py",
        script.display()
    );
    let binary = release_binary()?;
    must(Command::new("python3").arg(script).arg("--").arg(binary).args([
        "check",
        "--output-format",
        "sarif",
        "{dir}",
    ]))
}

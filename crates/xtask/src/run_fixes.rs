//! Programs before and after their fixes, run by Python: the pages in `tests/fixes_run` of the engine. The packages that
//! they import are installed below the target folder, once for each list of them. What cannot be installed is a reason to
//! skip; in CI that is a failure.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{cargo, in_ci, must, root, target};

const REQUIREMENTS: &str = "crates/fangless-engine/tests/fixes_run/requirements.txt";

pub(crate) fn run() -> Result<()> {
    let python = match python() {
        Ok(python) => python,
        Err(reason) if !in_ci() => {
            println!("skipped: no Python with the packages of {REQUIREMENTS}: {reason:#}");
            return Ok(());
        }
        Err(reason) => return Err(reason.context("in CI no program may be skipped")),
    };
    let test = ["test", "--package", "fangless-engine", "--test", "fixes_run", "--", "--nocapture"];
    must(cargo(test).env("FANGLESS_PYTHON", python))
}

/// The interpreter of a virtual environment in which the packages are installed.
fn python() -> Result<PathBuf> {
    let home = target().join("fixes-python");
    let program = home.join("bin").join("python");
    let list = root().join(REQUIREMENTS);
    let wanted = fs::read_to_string(&list).context(REQUIREMENTS)?;
    // Written last: an installation that broke off does not count.
    let installed = home.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    must(
        Command::new(&program)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&list),
    )?;
    fs::write(&installed, wanted).context("cannot note what is installed")?;
    Ok(program)
}

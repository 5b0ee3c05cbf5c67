//! Looks at every Python file below the workspace's folders: on a thread and with an engine of its own, so that typing
//! costs what it costs without it. Files that are open count with the text they have in the editor.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fangless_engine::rule::schema::Profile;
use fangless_project::discovery::Settings;
use fangless_project::paths::with_slashes;
use fangless_project::read::read_file;
use fangless_project::walk::walk;
use ropey::Rope;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_lsp::Client;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{Diagnostic, ProgressToken, Uri};
use tracing::{debug, error};

use crate::analysis::Analysis;
use crate::configuration::Scopes;
use crate::progress::Progress;
use crate::publish::result_id;
use crate::server::Shared;
use crate::worker::{STACK_BYTES, diagnostics, keep_wanted};

/// Scans the workspace and tells the client of every file, for clients that do not ask for such diagnostics.
pub(crate) const COMMAND: &str = "fangless.scanWorkspace";
pub(crate) const TITLE: &str = "Looking for security problems";

/// What a scan says of a file that is not open.
#[derive(Clone)]
pub(crate) struct Scanned {
    pub(crate) uri: Uri,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) result_id: String,
}

/// The last scan, and what became of it.
#[derive(Default)]
pub(crate) struct Scans {
    /// Grows when something changed on disk or in the configuration.
    generation: AtomicU64,
    last: Mutex<Option<(u64, Arc<Vec<Scanned>>)>>,
    /// The files of which the client was told unasked.
    told: Mutex<BTreeSet<Uri>>,
}

impl Scans {
    /// What the last scan found is no more to be relied on.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    fn told(&self) -> MutexGuard<'_, BTreeSet<Uri>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, Option<(u64, Arc<Vec<Scanned>>)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Step {
    Evaluated { done: usize, all: usize },
    Ready(Vec<Scanned>),
}

/// A scan under way. Dropping it stops its thread at the next file.
struct Scan {
    steps: UnboundedReceiver<Step>,
    stop: Arc<AtomicBool>,
}

impl Drop for Scan {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Every file of the workspace that is not open, in the order of their paths. The last scan is good enough as long as
/// the client would have told of a change.
pub(crate) async fn files(shared: &Arc<Shared>, progress: &mut Progress) -> Result<Arc<Vec<Scanned>>> {
    let generation = shared.scans.generation.load(Ordering::Relaxed);
    if shared.abilities().watches_files
        && let Some((then, files)) = &*shared.scans.last()
        && *then == generation
    {
        return Ok(Arc::clone(files));
    }
    let mut scan = start(shared)?;
    let cancelled = progress.cancelled();
    loop {
        let step = tokio::select! {
            step = scan.steps.recv() => step,
            () = cancelled.notified() => return Err(Error::request_cancelled()),
        };
        match step {
            Some(Step::Evaluated { done, all }) => progress.report(done, all).await,
            Some(Step::Ready(files)) => {
                let files = Arc::new(files);
                *shared.scans.last() = Some((generation, Arc::clone(&files)));
                return Ok(files);
            }
            None => return Err(Error::internal_error()),
        }
    }
}

/// The command: everything that a scan finds is published. Answers how many findings there are in how many files.
pub(crate) async fn publish(
    shared: &Arc<Shared>,
    client: &Client,
    token: Option<ProgressToken>,
) -> Result<Value> {
    let mut progress = match token {
        Some(token) => Progress::begin(shared, client, Some(token), TITLE).await,
        None => Progress::create(shared, client, TITLE),
    };
    // Who asks for it by hand wants to know how things are now.
    shared.scans.forget();
    let files = files(shared, &mut progress).await?;
    let mut findings = 0;
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| !file.diagnostics.is_empty()) {
        // Opened in the meantime: then its own analysis speaks for it.
        if shared.documents.revision(&file.uri).is_some() {
            continue;
        }
        findings += file.diagnostics.len();
        found.insert(file.uri.clone());
        shared.scans.told().insert(file.uri.clone());
        client.publish_diagnostics(file.uri.clone(), file.diagnostics.clone(), None).await;
    }
    let before: Vec<Uri> = shared.scans.told().iter().filter(|uri| !found.contains(*uri)).cloned().collect();
    for uri in before {
        take_back(shared, client, &uri).await;
    }
    Ok(json!({"findings": findings, "files": found.len(), "scanned": files.len()}))
}

/// What a scan has told of the file, or of the files below the folder, holds no more.
pub(crate) async fn take_back(shared: &Shared, client: &Client, uri: &Uri) {
    let below = format!("{}/", uri.as_str());
    let gone: Vec<Uri> = {
        let mut told = shared.scans.told();
        let gone = told.iter().filter(|told| *told == uri || told.as_str().starts_with(&below));
        let gone: Vec<Uri> = gone.cloned().collect();
        told.retain(|uri| !gone.contains(uri));
        gone
    };
    for uri in gone {
        // A client that takes pushes is told by the publisher what holds for an open document.
        if shared.abilities().pulls || shared.documents.revision(&uri).is_none() {
            client.publish_diagnostics(uri, Vec::new(), None).await;
        }
    }
}

fn start(shared: &Arc<Shared>) -> Result<Scan> {
    let (sender, steps) = unbounded_channel();
    let stop = Arc::new(AtomicBool::new(false));
    let (shared, stopped) = (Arc::clone(shared), Arc::clone(&stop));
    let thread = std::thread::Builder::new().name("fangless-scan".to_string()).stack_size(STACK_BYTES);
    let work = move || {
        if run(&shared, &stopped, &sender).is_none() {
            debug!("the scan was stopped");
        }
    };
    match thread.spawn(work) {
        Ok(_) => Ok(Scan { steps, stop }),
        Err(failure) => {
            error!(%failure, "no thread for the scan");
            Err(Error::internal_error())
        }
    }
}

/// A file to look at.
struct File {
    path: String,
    text: Rope,
    settings: Arc<Settings>,
    uri: Uri,
    open: bool,
}

/// Nothing where the scan was stopped.
fn run(shared: &Shared, stop: &AtomicBool, steps: &UnboundedSender<Step>) -> Option<()> {
    let go_on = || (!stop.load(Ordering::Relaxed)).then_some(());
    let mut files = read(shared, &go_on)?;
    let strict = files.iter().any(|file| file.settings.needs_strict);
    let profile = if strict { Profile::Strict } else { Profile::Default };
    let mut analysis = load(shared, profile, &files);
    let all = files.len();
    let mut at = 0;
    // Findings of a file can come from the evaluation of any other: first all are evaluated.
    while at < files.len() {
        go_on()?;
        let path = &files[at].path;
        if catch_unwind(AssertUnwindSafe(|| analysis.evaluate(path))).is_ok() {
            at += 1;
        } else {
            error!(path, "the engine panicked; the scan leaves this file out");
            files.remove(at);
            analysis = load(shared, profile, &files);
        }
        steps.send(Step::Evaluated { done: all - (files.len() - at), all }).ok()?;
    }
    let mut scanned = Vec::new();
    for file in files.iter().filter(|file| !file.open) {
        go_on()?;
        let Ok(mut findings) = catch_unwind(AssertUnwindSafe(|| analysis.findings(&file.path))) else {
            error!(path = file.path, "the engine panicked; the scan leaves this file out");
            analysis = load(shared, profile, &files);
            continue;
        };
        keep_wanted(&mut findings, &shared.rules, &file.settings, &file.path);
        let diagnostics = diagnostics(shared, analysis.as_ref(), &file.path, &file.text, &findings);
        let result_id = result_id(&diagnostics);
        scanned.push(Scanned { uri: file.uri.clone(), diagnostics, result_id });
    }
    steps.send(Step::Ready(scanned)).ok()
}

/// The files below the folders that the configuration does not exclude.
fn read(shared: &Shared, go_on: &impl Fn() -> Option<()>) -> Option<Vec<File>> {
    let wishes = shared.wishes();
    let mut scopes = Scopes::new(&shared.rules, &wishes);
    let roots: Vec<PathBuf> = wishes.roots.iter().map(|root| root.path.clone()).collect();
    let found = walk(&roots, Path::new("/"));
    for message in &found.messages {
        debug!(%message, "met on the way");
    }
    let mut files = Vec::new();
    for found in found.files {
        go_on()?;
        let path = with_slashes(&found.path);
        let settings = scopes.settings_of(&path);
        let Some(uri) = Uri::from_file_path(&found.path).filter(|_| !settings.excludes(&found.path)) else {
            continue;
        };
        let open = shared.documents.uri_of(&path).and_then(|uri| shared.documents.view(&uri));
        match open.filter(|view| view.analysed) {
            Some(view) => files.push(File { path, text: view.rope, settings, uri, open: true }),
            None => match read_file(&found.path, &path) {
                Ok(reading) => {
                    let text = Rope::from_str(&reading.source.text);
                    files.push(File { path, text, settings, uri, open: false });
                }
                Err(message) => debug!(%message, "left out of the scan"),
            },
        }
    }
    Some(files)
}

fn load(shared: &Shared, profile: Profile, files: &[File]) -> Box<dyn Analysis> {
    let mut analysis = (shared.make)(profile);
    let sanitizers: Vec<_> =
        files.iter().flat_map(|file| &file.settings.config.sanitizers).cloned().collect();
    analysis.set_sanitizers(&sanitizers);
    for file in files {
        analysis.set_file(&file.path, file.text.to_string());
    }
    analysis
}

//! Looks at every file below the workspace's folders: on a thread and with an engine of its own, so that typing
//! costs what it costs without it. Files that are open count with the text they have in the editor.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fangless_engine::Finding;
use fangless_engine::rule::schema::Profile;
use fangless_engine::text::TextRange;
use fangless_project::discovery::Settings;
use fangless_project::notebook::Notebook;
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
use crate::proto::Ground;
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
    Evaluated {
        done: usize,
        all: usize,
        /// What the file itself tells of; others may add to it.
        found: Option<Scanned>,
    },
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

/// What a scan says, in the order in which it knows it.
pub(crate) enum Found {
    /// A file in which something was found, while others are still looked at.
    Early(Scanned),
    /// Every file of the workspace that is not open, in the order of their paths.
    All(Arc<Vec<Scanned>>),
}

/// The files of the workspace that are not open.
pub(crate) struct Files<'a> {
    shared: &'a Arc<Shared>,
    progress: &'a mut Progress,
    generation: u64,
    /// Nothing where the last scan is good enough: as long as the client would have told of a change.
    scan: Option<Scan>,
}

impl<'a> Files<'a> {
    /// Begins to look; where `early` is wanted, each file's own findings come as soon as they are known.
    pub(crate) fn look(shared: &'a Arc<Shared>, progress: &'a mut Progress, early: bool) -> Result<Self> {
        let generation = shared.scans.generation.load(Ordering::Relaxed);
        let is_known = shared.abilities().watches_files
            && shared.scans.last().as_ref().is_some_and(|(then, _)| *then == generation);
        let scan = if is_known { None } else { Some(start(shared, early)?) };
        Ok(Self { shared, progress, generation, scan })
    }

    /// After `All` there is no more.
    pub(crate) async fn next(&mut self) -> Result<Found> {
        let Some(scan) = &mut self.scan else {
            let last = self.shared.scans.last().as_ref().map(|(_, files)| Arc::clone(files));
            return last.map(Found::All).ok_or_else(Error::internal_error);
        };
        let cancelled = self.progress.cancelled();
        loop {
            let step = tokio::select! {
                step = scan.steps.recv() => step,
                () = cancelled.notified() => return Err(Error::request_cancelled()),
            };
            match step {
                Some(Step::Evaluated { done, all, found }) => {
                    self.progress.report(done, all).await;
                    if let Some(found) = found {
                        return Ok(Found::Early(found));
                    }
                }
                Some(Step::Ready(files)) => {
                    let files = Arc::new(files);
                    *self.shared.scans.last() = Some((self.generation, Arc::clone(&files)));
                    return Ok(Found::All(files));
                }
                None => return Err(Error::internal_error()),
            }
        }
    }

    async fn all(mut self) -> Result<Arc<Vec<Scanned>>> {
        loop {
            if let Found::All(files) = self.next().await? {
                return Ok(files);
            }
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
    let files = Files::look(shared, &mut progress, false)?.all().await?;
    let mut findings = 0;
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| !file.diagnostics.is_empty()) {
        // Opened in the meantime: then its own analysis speaks for it.
        if shared.documents.has_open(&file.uri) {
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

fn start(shared: &Arc<Shared>, early: bool) -> Result<Scan> {
    let (sender, steps) = unbounded_channel();
    let stop = Arc::new(AtomicBool::new(false));
    let (shared, stopped) = (Arc::clone(shared), Arc::clone(&stop));
    let thread = std::thread::Builder::new().name("fangless-scan".to_string()).stack_size(STACK_BYTES);
    let work = move || {
        if run(&shared, &stopped, early, &sender).is_none() {
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
    /// Of a notebook, its program.
    text: Rope,
    /// A notebook that is not open, and the text of its file.
    notebook: Option<(Notebook, Rope)>,
    settings: Arc<Settings>,
    uri: Uri,
    open: bool,
}

impl File {
    fn scanned(&self, shared: &Shared, analysis: &dyn Analysis, mut findings: Vec<Finding>) -> Scanned {
        keep_wanted(&mut findings, &shared.rules, &self.settings, &self.path);
        let ground = match &self.notebook {
            Some((notebook, file)) => Ground::File(notebook, file),
            None => Ground::Text(&self.text),
        };
        let diagnostics = diagnostics(shared, analysis, (&self.path, &self.uri), ground, &findings);
        let result_id = result_id(&diagnostics);
        Scanned { uri: self.uri.clone(), diagnostics, result_id }
    }
}

/// Nothing where the scan was stopped.
fn run(shared: &Shared, stop: &AtomicBool, early: bool, steps: &UnboundedSender<Step>) -> Option<()> {
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
        let file = &files[at];
        let own = catch_unwind(AssertUnwindSafe(|| {
            analysis.evaluate(&file.path);
            let whole = TextRange::new(0, file.text.len_bytes() as u32);
            (early && !file.open).then(|| analysis.findings_at(&file.path, whole))
        }));
        let mut found = None;
        if let Ok(own) = own {
            found = own.map(|findings| file.scanned(shared, analysis.as_ref(), findings));
            at += 1;
        } else {
            error!(path = file.path, "the engine panicked; the scan leaves this file out");
            files.remove(at);
            analysis = load(shared, profile, &files);
        }
        let found = found.filter(|found| !found.diagnostics.is_empty());
        steps.send(Step::Evaluated { done: all - (files.len() - at), all, found }).ok()?;
    }
    let mut scanned = Vec::new();
    for file in files.iter().filter(|file| !file.open) {
        go_on()?;
        let Ok(findings) = catch_unwind(AssertUnwindSafe(|| analysis.findings(&file.path))) else {
            error!(path = file.path, "the engine panicked; the scan leaves this file out");
            analysis = load(shared, profile, &files);
            continue;
        };
        scanned.push(file.scanned(shared, analysis.as_ref(), findings));
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
            Some(view) => {
                files.push(File { path, text: view.rope, notebook: None, settings, uri, open: true });
            }
            None => match read_file(&found.path, &path) {
                Ok(reading) => {
                    let text = Rope::from_str(&reading.source.text);
                    let with_file = |notebook: Notebook| {
                        let file = Rope::from_str(notebook.json());
                        (notebook, file)
                    };
                    let notebook = reading.notebook.map(with_file);
                    files.push(File { path, text, notebook, settings, uri, open: false });
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

//! The language server: what it can do, and which part does it. Notifications change the documents before anything
//! is awaited; no handler waits for an answer of the client.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fangless_engine::RuleSet;
use tokio::sync::{Notify, watch};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    CodeAction, CodeActionParams, CodeActionResponse, CreateFilesParams, DeleteFilesParams, Diagnostic,
    DidChangeConfigurationParams, DidChangeNotebookDocumentParams, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseNotebookDocumentParams,
    DidCloseTextDocumentParams, DidOpenNotebookDocumentParams, DidOpenTextDocumentParams,
    DidSaveNotebookDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams,
    DocumentDiagnosticReportResult, ExecuteCommandParams, FileChangeType, Hover, HoverParams,
    InitializeParams, InitializeResult, InitializedParams, LSPAny, MessageType, Registration,
    RenameFilesParams, ServerInfo, Uri, WorkDoneProgressCancelParams, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReportResult,
};
use tower_lsp::{Client, LanguageServer};
use tracing::{info, warn};

use crate::Make;
use crate::abilities::Abilities;
use crate::capabilities::{capabilities, registrations};
use crate::configuration::{self, Root, Wishes};
use crate::documents::Documents;
use crate::parameters::LostParams;
use crate::parent;
use crate::paths::{client_name, engine_path, notebook_key};
use crate::progress::Cancellations;
use crate::proto::SOURCE;
use crate::publish::Results;
use crate::queue::Queue;
use crate::request::{code_action, diagnostic, hover, workspace};
use crate::scan::{self, Scans};

/// What the handlers, the engine thread and the publisher share.
pub(crate) struct Shared {
    pub(crate) documents: Documents,
    pub(crate) results: Results,
    pub(crate) queue: Queue,
    pub(crate) rules: Arc<RuleSet>,
    /// Results of documents changed that the client did not touch: one that pulls must be told.
    pub(crate) refresh: Notify,
    pub(crate) shut_down: AtomicBool,
    /// The process that started the server is gone.
    pub(crate) orphaned: Notify,
    pub(crate) scans: Scans,
    pub(crate) cancellations: Cancellations,
    pub(crate) make: Make,
    /// What is wrong with configuration files.
    pub(crate) problems: watch::Sender<BTreeMap<Uri, Diagnostic>>,
    wishes: Mutex<Wishes>,
    abilities: OnceLock<Abilities>,
}

impl Shared {
    pub(crate) fn new(rules: Arc<RuleSet>, make: Make) -> Self {
        Self {
            documents: Documents::default(),
            results: Results::default(),
            queue: Queue::default(),
            rules,
            refresh: Notify::new(),
            shut_down: AtomicBool::new(false),
            orphaned: Notify::new(),
            scans: Scans::default(),
            cancellations: Cancellations::default(),
            make,
            problems: watch::Sender::default(),
            wishes: Mutex::default(),
            abilities: OnceLock::new(),
        }
    }

    pub(crate) fn abilities(&self) -> &Abilities {
        self.abilities.get_or_init(Abilities::default)
    }

    /// What the client wants, as far as it has said so.
    pub(crate) fn wishes(&self) -> Wishes {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what the client wants, and has the configuration looked at anew.
    pub(crate) fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.wishes.lock().unwrap_or_else(PoisonError::into_inner));
        self.configure();
    }

    /// Has the configuration looked at anew.
    fn configure(&self) {
        self.scans.forget();
        self.queue.configure();
    }

    /// A file or folder on disk was made, changed or deleted.
    fn on_disk(&self, path: String) {
        self.scans.forget();
        if configuration::is_configuration(&path) {
            self.queue.configure();
        } else {
            self.queue.on_disk(path);
        }
    }
}

pub(crate) struct Server {
    pub(crate) client: Client,
    pub(crate) shared: Arc<Shared>,
}

impl Server {
    /// Asks the client for its settings, where it can be asked.
    fn ask_for_settings(&self) {
        if self.shared.abilities().configuration {
            tokio::spawn(configuration::ask(Arc::clone(&self.shared), self.client.clone()));
        }
    }

    /// The answer to what is no JSON-RPC message; see `input`.
    #[allow(clippy::unused_async)] // A handler is asynchronous by its type.
    pub(crate) async fn malformed(&self) -> Result<()> {
        Err(Error::parse_error())
    }

    /// An edit could not be read; see `parameters`.
    pub(crate) async fn lost(&self, params: LostParams) {
        if !self.shared.documents.lose(&params.uri) {
            return;
        }
        self.shared.queue.changed(params.uri.clone());
        let name = client_name(&params.uri);
        let message =
            format!("Fangless could not read an edit of {name}, and is silent until it is opened again.");
        self.client.show_message(MessageType::WARNING, message).await;
    }

    /// The user wants no more of the work behind a progress.
    #[allow(clippy::unused_async)] // A handler is asynchronous by its type.
    pub(crate) async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        self.shared.cancellations.cancel(&params.token);
    }

    fn close(&self, uri: &Uri) {
        if let Some(path) = self.shared.documents.close(uri) {
            self.shared.results.remove(uri);
            self.shared.queue.closed(path);
        }
    }

    /// A file or folder is there, or is there no more.
    fn moved(&self, uri: &str) {
        if let Ok(uri) = uri.parse::<Uri>() {
            self.shared.on_disk(engine_path(&uri));
        }
    }

    async fn gone(&self, uri: &str) {
        if let Ok(uri) = uri.parse::<Uri>() {
            scan::take_back(&self.shared, &self.client, &uri).await;
        }
    }

    /// See `malformed`: JSON, but no message.
    #[allow(clippy::unused_async)] // A handler is asynchronous by its type.
    pub(crate) async fn invalid(&self) -> Result<()> {
        Err(Error::invalid_request())
    }
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let abilities = Abilities::of(&params.capabilities, params.initialization_options.as_ref());
        let client = params.client_info.as_ref().map_or("?", |info| info.name.as_str());
        info!(client, ?abilities, "initialize");
        // An editor that would ask for the whole workspace all the time can be kept from it.
        let whole =
            params.initialization_options.as_ref().and_then(|options| options.get("workspaceDiagnostics"));
        let capabilities = capabilities(&abilities, whole != Some(&serde_json::Value::Bool(false)));
        if let Some(process) = params.process_id {
            parent::watch(process, &self.shared);
        }
        let roots = configuration::roots(&params);
        let settings = params.initialization_options.unwrap_or_default();
        let (overrides, complaints) = configuration::overrides(&settings, &self.shared.rules);
        self.shared.wish(|wishes| *wishes = Wishes { roots, overrides, complaints });
        if self.shared.abilities.set(abilities).is_err() {
            warn!("initialized twice; the first counts");
        }
        Ok(InitializeResult {
            capabilities,
            server_info: Some(ServerInfo {
                name: SOURCE.to_string(),
                version: Some(env!("CARGO_PKG_VERSION").to_string()),
            }),
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let abilities = self.shared.abilities();
        for complaint in self.shared.wishes().complaints {
            self.client.show_message(MessageType::WARNING, complaint).await;
        }
        // A client that never answers must not hold up anything, neither question the other.
        let register = register(self.client.clone(), registrations(abilities));
        let ask = configuration::ask(Arc::clone(&self.shared), self.client.clone());
        let asks = abilities.configuration;
        tokio::spawn(async move {
            tokio::join!(register, async {
                if asks {
                    ask.await;
                }
            })
        });
        if abilities.pulls && abilities.refreshes {
            tokio::spawn(refresh_forever(Arc::clone(&self.shared), self.client.clone()));
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.shared.shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let uri = params.text_document.uri.clone();
        self.shared.documents.open(&params.text_document);
        self.shared.queue.changed(params.text_document.uri);
        if self.shared.abilities().pulls {
            // From now on the client asks; what a scan has told it would stand there twice.
            scan::take_back(&self.shared, &self.client, &uri).await;
        }
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.uri;
        let encoding = self.shared.abilities().encoding;
        let version = params.text_document.version;
        if self.shared.documents.change(&uri, version, params.content_changes, encoding) {
            self.shared.queue.changed(uri);
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.close(&params.text_document.uri);
    }

    async fn notebook_did_open(&self, params: DidOpenNotebookDocumentParams) {
        let file = params.notebook_document.uri.clone();
        let key = self.shared.documents.open_notebook(params);
        self.shared.queue.changed(key);
        // From now on its cells are told of, and its file is not.
        scan::take_back(&self.shared, &self.client, &file).await;
    }

    async fn notebook_did_change(&self, params: DidChangeNotebookDocumentParams) {
        let encoding = self.shared.abilities().encoding;
        if let Some(key) = self.shared.documents.change_notebook(params, encoding) {
            self.shared.queue.changed(key);
        }
    }

    async fn notebook_did_save(&self, _: DidSaveNotebookDocumentParams) {
        self.shared.configure();
    }

    async fn notebook_did_close(&self, params: DidCloseNotebookDocumentParams) {
        self.close(&notebook_key(&params.notebook_document.uri));
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {
        // Not every client watches files, and none watches those above its folders.
        self.shared.configure();
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        for change in params.changes {
            self.shared.on_disk(engine_path(&change.uri));
            if change.typ == FileChangeType::DELETED {
                scan::take_back(&self.shared, &self.client, &change.uri).await;
            }
        }
    }

    async fn did_create_files(&self, params: CreateFilesParams) {
        for file in params.files {
            self.moved(&file.uri);
        }
    }

    async fn did_rename_files(&self, params: RenameFilesParams) {
        for file in params.files {
            self.moved(&file.old_uri);
            self.moved(&file.new_uri);
            self.gone(&file.old_uri).await;
        }
    }

    async fn did_delete_files(&self, params: DeleteFilesParams) {
        for file in params.files {
            self.moved(&file.uri);
            self.gone(&file.uri).await;
        }
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if self.shared.abilities().configuration {
            self.ask_for_settings();
        } else if let Some(settings) = params.settings.get(SOURCE) {
            let (overrides, complaints) = configuration::overrides(settings, &self.shared.rules);
            self.shared.wish(|wishes| wishes.overrides = overrides);
            for complaint in complaints {
                self.client.show_message(MessageType::WARNING, complaint).await;
            }
        }
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let event = params.event;
        self.shared.wish(|wishes| {
            wishes.roots.retain(|root| event.removed.iter().all(|removed| removed.uri != root.uri));
            wishes.roots.extend(event.added.into_iter().filter_map(|added| Root::new(added.uri)));
        });
        self.ask_for_settings();
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        code_action::list(&self.shared, params).await.map(Some)
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        code_action::resolve(&self.shared, action).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        hover::hover(&self.shared, params).await
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        diagnostic::report(&self.shared, params).await
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        workspace::report(&self.shared, &self.client, params).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        if params.command != scan::COMMAND {
            return Err(Error::invalid_params(format!("there is no command `{}`", params.command)));
        }
        let token = params.work_done_progress_params.work_done_token;
        scan::publish(&self.shared, &self.client, token).await.map(Some)
    }
}

async fn register(client: Client, registrations: Vec<Registration>) {
    if registrations.is_empty() {
        return;
    }
    if let Err(error) = client.register_capability(registrations).await {
        warn!(%error, "the client does not say what changes");
    }
}

/// Asks a client that pulls to pull again. At most one such request is under way.
async fn refresh_forever(shared: Arc<Shared>, client: Client) {
    loop {
        shared.refresh.notified().await;
        if let Err(error) = client.workspace_diagnostic_refresh().await {
            warn!(%error, "the client does not refresh");
        }
    }
}

//! What the server offers, and what it asks the client to tell it.

use tower_lsp::ls_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, DiagnosticOptions,
    DiagnosticServerCapabilities, DidChangeWatchedFilesRegistrationOptions, ExecuteCommandOptions,
    FileOperationFilter, FileOperationPattern, FileOperationPatternKind, FileOperationRegistrationOptions,
    FileSystemWatcher, GlobPattern, HoverProviderCapability, Notebook, NotebookCellSelector,
    NotebookDocumentSyncOptions, NotebookSelector, OneOf, Registration, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
    WorkDoneProgressOptions, WorkspaceFileOperationsServerCapabilities, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};

use crate::abilities::Abilities;
use crate::proto::SOURCE;
use crate::request::code_action;
use crate::scan;

/// The files that findings hang on: Python, manifests by the names that `fangless_engine::manifest` knows, and what
/// configures Fangless.
const WATCHED: [&str; 6] = [
    "**/*.{py,pyi,pyw,ipynb}",
    "**/{fangless,pyproject}.toml",
    "**/*{requirements,constraints}*.{txt,in}",
    "**/requirements/*.{txt,in}",
    "**/{uv,poetry,pdm}.lock",
    "**/pylock*.toml",
];

/// What the server can do for this client.
pub(crate) fn capabilities(abilities: &Abilities, workspace_diagnostics: bool) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    let mut kinds = vec![CodeActionKind::QUICKFIX, code_action::FIX_ALL];
    if abilities.notebooks {
        kinds.push(code_action::FIX_ALL_CELLS);
    }
    let actions = CodeActionOptions {
        code_action_kinds: Some(kinds),
        work_done_progress_options: WorkDoneProgressOptions::default(),
        resolve_provider: Some(abilities.resolves_edits),
    };
    let pull = DiagnosticOptions {
        identifier: Some(SOURCE.to_string()),
        inter_file_dependencies: true,
        workspace_diagnostics,
        work_done_progress_options: WorkDoneProgressOptions::default(),
    };
    let filter = |glob: &str, kind| FileOperationFilter {
        scheme: Some("file".to_string()),
        pattern: FileOperationPattern { glob: glob.to_string(), matches: Some(kind), options: None },
    };
    let files = FileOperationRegistrationOptions {
        filters: WATCHED
            .iter()
            .map(|glob| filter(glob, FileOperationPatternKind::File))
            .chain([filter("**", FileOperationPatternKind::Folder)])
            .collect(),
    };
    ServerCapabilities {
        position_encoding: Some(abilities.encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        notebook_document_sync: abilities.notebooks.then(|| OneOf::Left(notebooks())),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: Some(WorkspaceFileOperationsServerCapabilities {
                did_create: Some(files.clone()),
                did_rename: Some(files.clone()),
                did_delete: Some(files),
                ..WorkspaceFileOperationsServerCapabilities::default()
            }),
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: vec![scan::COMMAND.to_string()],
            work_done_progress_options: WorkDoneProgressOptions { work_done_progress: Some(true) },
        }),
        diagnostic_provider: abilities.pulls.then_some(DiagnosticServerCapabilities::Options(pull)),
        ..ServerCapabilities::default()
    }
}

/// The cells in Python of Jupyter's notebooks.
fn notebooks() -> NotebookDocumentSyncOptions {
    NotebookDocumentSyncOptions {
        notebook_selector: vec![NotebookSelector::ByNotebook {
            notebook: Notebook::String("jupyter-notebook".to_string()),
            cells: Some(vec![NotebookCellSelector { language: "python".to_string() }]),
        }],
        save: Some(true),
    }
}

/// What the client is asked to tell, as far as it can be asked.
pub(crate) fn registrations(abilities: &Abilities) -> Vec<Registration> {
    let watcher =
        |glob: &str| FileSystemWatcher { glob_pattern: GlobPattern::String(glob.to_string()), kind: None };
    let files = DidChangeWatchedFilesRegistrationOptions {
        watchers: WATCHED.iter().map(|glob| watcher(glob)).collect(),
    };
    let files = abilities.watches_files.then(|| Registration {
        id: "fangless-files".to_string(),
        method: "workspace/didChangeWatchedFiles".to_string(),
        register_options: serde_json::to_value(files).ok(),
    });
    let settings = abilities.registers_configuration.then(|| Registration {
        id: "fangless-settings".to_string(),
        method: "workspace/didChangeConfiguration".to_string(),
        register_options: Some(serde_json::json!({"section": SOURCE})),
    });
    files.into_iter().chain(settings).collect()
}

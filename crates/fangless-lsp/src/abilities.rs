//! What the client can do, boiled down to what the server asks.

use serde_json::Value;
use tower_lsp::ls_types::{ClientCapabilities, DiagnosticTag, MarkupKind, ResourceOperationKind};

use crate::position::Encoding;

/// The client's answers to the server's questions. Everything optional is off unless the client announces it.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // Each is an independent announcement of the client.
pub(crate) struct Abilities {
    pub(crate) encoding: Encoding,
    /// It asks for diagnostics; such a client is never sent any.
    pub(crate) pulls: bool,
    pub(crate) refreshes: bool,
    pub(crate) version_in_publish: bool,
    pub(crate) related_information: bool,
    pub(crate) code_description: bool,
    /// It strikes out what is deprecated.
    pub(crate) deprecated_tag: bool,
    /// It tells of notebooks as such, not of their cells one by one.
    pub(crate) notebooks: bool,
    pub(crate) document_changes: bool,
    pub(crate) resolves_edits: bool,
    pub(crate) markdown: bool,
    pub(crate) watches_files: bool,
    /// A workspace edit may make a file.
    pub(crate) creates_files: bool,
    /// A report on one document may bring those of others.
    pub(crate) related_documents: bool,
    /// The server may start a progress of its own.
    pub(crate) progress: bool,
    /// It answers `workspace/configuration`.
    pub(crate) configuration: bool,
    /// It wants to be asked before it says that its settings changed.
    pub(crate) registers_configuration: bool,
    /// The commands that it carries out itself when an action names them. No capability of the protocol says so; they
    /// come as `clientCommands` of the initialization options.
    pub(crate) commands: Vec<String>,
    /// Where it wants links to the pages of rules to lead, `{rule}` standing for the name; `rulePages` of the
    /// initialization options.
    pub(crate) rule_pages: Option<String>,
}

impl Abilities {
    pub(crate) fn of(client: &ClientCapabilities, options: Option<&Value>) -> Self {
        let option = |name: &str| options.and_then(|options| options.get(name));
        let commands = option("clientCommands").and_then(Value::as_array).into_iter().flatten();
        let text = client.text_document.as_ref();
        let workspace = client.workspace.as_ref();
        let publish = text.and_then(|text| text.publish_diagnostics.as_ref());
        let pull = text.and_then(|text| text.diagnostic.as_ref());
        let action = text.and_then(|text| text.code_action.as_ref());
        let offered = client.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let refreshes =
            workspace.and_then(|workspace| workspace.diagnostics.as_ref()?.refresh_support).unwrap_or(false);
        let resolvable = action.and_then(|action| action.resolve_support.as_ref());
        Self {
            encoding: Encoding::negotiate(offered),
            // A client that asks, but cannot be told to ask again, would not hear of what changes elsewhere: it is told
            // unasked, if it can be.
            pulls: pull.is_some() && (refreshes || publish.is_none()),
            refreshes,
            version_in_publish: publish.and_then(|publish| publish.version_support).unwrap_or(false),
            // Announced with either way of getting diagnostics.
            related_information: publish.and_then(|publish| publish.related_information).unwrap_or(false)
                || pull.and_then(|pull| pull.related_information).unwrap_or(false),
            code_description: publish.and_then(|publish| publish.code_description_support).unwrap_or(false)
                || pull.and_then(|pull| pull.code_description_support).unwrap_or(false),
            deprecated_tag: publish
                .and_then(|publish| publish.tag_support.as_ref())
                .is_some_and(|tags| tags.value_set.contains(&DiagnosticTag::DEPRECATED))
                || pull.is_some_and(|pull| pull.tag_support.is_some()),
            notebooks: client.notebook_document.is_some(),
            document_changes: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref()?.document_changes)
                .unwrap_or(false),
            resolves_edits: resolvable
                .is_some_and(|support| support.properties.iter().any(|name| name == "edit"))
                && action.and_then(|action| action.data_support).unwrap_or(false),
            markdown: text
                .and_then(|text| text.hover.as_ref()?.content_format.as_ref())
                .is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            watches_files: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref()?.dynamic_registration)
                .unwrap_or(false),
            creates_files: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref()?.resource_operations.as_ref())
                .is_some_and(|operations| operations.contains(&ResourceOperationKind::Create)),
            related_documents: pull.and_then(|pull| pull.related_document_support).unwrap_or(false),
            progress: client.window.as_ref().and_then(|window| window.work_done_progress).unwrap_or(false),
            configuration: workspace.and_then(|workspace| workspace.configuration).unwrap_or(false),
            registers_configuration: workspace
                .and_then(|workspace| workspace.did_change_configuration.as_ref()?.dynamic_registration)
                .unwrap_or(false),
            commands: commands.filter_map(Value::as_str).map(str::to_string).collect(),
            rule_pages: option("rulePages").and_then(Value::as_str).map(str::to_string),
        }
    }

    /// Whether an action may name this command of the client.
    pub(crate) fn runs(&self, command: &str) -> bool {
        self.commands.iter().any(|known| known == command)
    }
}

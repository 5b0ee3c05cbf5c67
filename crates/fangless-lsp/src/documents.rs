//! The open documents as the client knows them, notebooks among them. Notifications change them before anything is
//! awaited; no guard of the map leaves this module. Knows nothing of findings.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use fangless_engine::Edit;
use fangless_engine::text::TextRange;
use ropey::Rope;
use tower_lsp::ls_types::{
    DidChangeNotebookDocumentParams, DidOpenNotebookDocumentParams, Position, Range,
    TextDocumentContentChangeEvent, TextDocumentItem, Uri,
};
use tracing::warn;

use crate::notebook::{Notebook, replace};
use crate::paths::{engine_path, made_up_path, notebook_key};
use crate::position::{self, Encoding, text_range};

/// Above this size a document is kept in step with the client but not analysed.
pub(crate) const MAX_ANALYSED_BYTES: usize = 10 * 1024 * 1024;
/// Above this number the edits that wait for the engine are replaced by the whole text.
const MAX_PENDING_EDITS: usize = 512;

/// Tells one state of one document from every other state of any document, reopened ones included.
pub(crate) type Revision = u64;

struct Document {
    /// Of a notebook, its program.
    rope: Rope,
    notebook: Option<Arc<Notebook>>,
    version: i32,
    revision: Revision,
    checked: bool,
    /// An edit could not be read: until the client sends the whole text, this one is not the client's.
    lost: bool,
    path: String,
    pending: Pending,
}

/// What the engine has not been told yet.
enum Pending {
    Edits(Vec<Edit>),
    Whole,
}

/// What the engine must do to know the newest text.
pub(crate) enum Change {
    Nothing,
    Edits(Vec<Edit>),
    Whole(String),
}

/// One state of a document.
#[derive(Clone)]
pub(crate) struct View {
    /// Of a notebook, its program.
    pub(crate) rope: Rope,
    pub(crate) notebook: Option<Arc<Notebook>>,
    pub(crate) version: i32,
    pub(crate) revision: Revision,
    pub(crate) path: String,
    /// Python or a manifest, in step with the client, and not too large.
    pub(crate) analysed: bool,
}

#[derive(Default)]
pub(crate) struct Documents {
    by_uri: DashMap<Uri, Document>,
    by_path: DashMap<String, Uri>,
    /// The notebook of each cell.
    cells: DashMap<Uri, Uri>,
    revisions: AtomicU64,
}

impl Documents {
    pub(crate) fn open(&self, item: &TextDocumentItem) {
        let mut path = engine_path(&item.uri);
        let checked = is_python(&item.language_id, &path) || fangless_engine::manifest::is_checked(&path);
        if !checked && Path::new(path.as_str()).extension().is_some_and(|extension| extension == "ipynb") {
            // The text of a notebook's file: its path is the notebook's, which may be open beside it.
            path = made_up_path(&item.uri);
        }
        let document = Document {
            rope: Rope::from_str(&item.text),
            notebook: None,
            version: item.version,
            revision: self.next_revision(),
            checked,
            lost: false,
            path,
            pending: Pending::Whole,
        };
        self.keep(item.uri.clone(), document);
    }

    /// The name under which the notebook is known from now on.
    pub(crate) fn open_notebook(&self, params: DidOpenNotebookDocumentParams) -> Uri {
        let document = params.notebook_document;
        let key = notebook_key(&document.uri);
        let notebook = Notebook::new(document.cells, params.cell_text_documents);
        for cell in notebook.cells() {
            self.cells.insert(cell.uri.clone(), key.clone());
        }
        let document = Document {
            rope: Rope::from_str(&notebook.text()),
            notebook: Some(Arc::new(notebook)),
            version: document.version,
            revision: self.next_revision(),
            checked: true,
            lost: false,
            path: engine_path(&document.uri),
            pending: Pending::Whole,
        };
        self.keep(key.clone(), document);
        key
    }

    fn keep(&self, uri: Uri, document: Document) {
        self.by_path.insert(document.path.clone(), uri.clone());
        if self.by_uri.insert(uri.clone(), document).is_some() {
            warn!(uri = uri.as_str(), "opened twice; the newer text counts");
        }
    }

    /// The same for a notebook; the name under which it is known, or nothing where it is not open.
    pub(crate) fn change_notebook(
        &self,
        params: DidChangeNotebookDocumentParams,
        encoding: Encoding,
    ) -> Option<Uri> {
        let key = notebook_key(&params.notebook_document.uri);
        let Some(mut document) = self.by_uri.get_mut(&key) else {
            warn!(uri = key.as_str(), "changed but not open; ignored");
            return None;
        };
        let before = document.notebook.clone()?;
        document.version = params.notebook_document.version;
        let change = params.change.cells?;
        let next = before.changed(change, encoding);
        if let Some(Edit { range, text }) = before.edit_to(&next) {
            document.edit(range, text);
        }
        let names =
            |notebook: &Notebook| notebook.cells().iter().map(|cell| cell.uri.clone()).collect::<Vec<_>>();
        let (old, new) = (names(&before), names(&next));
        if old != new {
            old.iter().for_each(|cell| drop(self.cells.remove(cell)));
            new.into_iter().for_each(|cell| drop(self.cells.insert(cell, key.clone())));
        }
        document.notebook = Some(Arc::new(next));
        document.revision = self.next_revision();
        Some(key)
    }

    /// The document that the client means: of a cell, its notebook.
    pub(crate) fn owner(&self, uri: &Uri) -> Uri {
        self.cells.get(uri).map_or_else(|| uri.clone(), |key| key.clone())
    }

    /// Whether a file is open, as a text or as a notebook.
    pub(crate) fn has_open(&self, file: &Uri) -> bool {
        self.by_uri.contains_key(file) || self.by_uri.contains_key(&notebook_key(file))
    }

    /// Applies changes one after the other; `false` where no such document is open.
    pub(crate) fn change(
        &self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> bool {
        let Entry::Occupied(mut entry) = self.by_uri.entry(uri.clone()) else {
            warn!(uri = uri.as_str(), "changed but not open; ignored");
            return false;
        };
        let document = entry.get_mut();
        if version <= document.version {
            warn!(uri = uri.as_str(), version, known = document.version, "the version did not grow");
        }
        for change in changes {
            apply(document, change, encoding);
        }
        document.version = version;
        document.revision = self.next_revision();
        true
    }

    /// Notes that the text is no longer the client's; whether that is news.
    pub(crate) fn lose(&self, uri: &Uri) -> bool {
        let Some(mut document) = self.by_uri.get_mut(uri) else { return false };
        let is_news = !std::mem::replace(&mut document.lost, true);
        document.revision = self.next_revision();
        is_news
    }

    /// Forgets a document; its path, or nothing where it was not open.
    pub(crate) fn close(&self, uri: &Uri) -> Option<String> {
        let Some((_, document)) = self.by_uri.remove(uri) else {
            warn!(uri = uri.as_str(), "closed but not open; ignored");
            return None;
        };
        for cell in document.notebook.iter().flat_map(|notebook| notebook.cells()) {
            self.cells.remove(&cell.uri);
        }
        self.by_path.remove_if(&document.path, |_, owner| owner == uri);
        Some(document.path)
    }

    pub(crate) fn revision(&self, uri: &Uri) -> Option<Revision> {
        self.by_uri.get(uri).map(|document| document.revision)
    }

    pub(crate) fn view(&self, uri: &Uri) -> Option<View> {
        self.by_uri.get(uri).map(|document| view(&document))
    }

    /// The newest state, and what leads the engine to it. The engine is taken to know it from now on.
    pub(crate) fn take(&self, uri: &Uri) -> Option<(View, Change)> {
        let mut document = self.by_uri.get_mut(uri)?;
        let view = view(&document);
        let change = match std::mem::replace(&mut document.pending, Pending::Edits(Vec::new())) {
            Pending::Edits(edits) if edits.is_empty() => Change::Nothing,
            Pending::Edits(edits) if view.analysed => Change::Edits(edits),
            Pending::Whole if view.analysed => Change::Whole(document.rope.to_string()),
            _ => {
                document.pending = Pending::Whole;
                Change::Nothing
            }
        };
        Some((view, change))
    }

    /// After this the engine is told the whole text again.
    pub(crate) fn forget_what_the_engine_knows(&self) {
        for mut document in self.by_uri.iter_mut() {
            document.pending = Pending::Whole;
        }
    }

    /// The open document that has this path in the engine.
    pub(crate) fn uri_of(&self, path: &str) -> Option<Uri> {
        self.by_path.get(path).map(|uri| uri.clone())
    }

    /// All open documents, in the order of their names.
    pub(crate) fn uris(&self) -> Vec<Uri> {
        let mut uris: Vec<Uri> = self.by_uri.iter().map(|document| document.key().clone()).collect();
        uris.sort();
        uris
    }

    fn next_revision(&self) -> Revision {
        self.revisions.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl View {
    /// Where a range of the engine's is to the client; of a notebook, within its cell.
    pub(crate) fn range(&self, range: TextRange, encoding: Encoding) -> Range {
        match &self.notebook {
            Some(notebook) => notebook.range(range, encoding),
            None => position::range(&self.rope, range, encoding),
        }
    }

    pub(crate) fn position(&self, offset: u32, encoding: Encoding) -> Position {
        match &self.notebook {
            Some(notebook) => notebook.position(offset, encoding),
            None => position::position(&self.rope, offset as usize, encoding),
        }
    }

    /// The engine's offset of a place that the client names; nothing in a cell that is not analysed.
    pub(crate) fn offset(&self, uri: &Uri, position: Position, encoding: Encoding) -> Option<u32> {
        match &self.notebook {
            Some(notebook) => notebook.offset(uri, position, encoding),
            None => Some(position::offset(&self.rope, position, encoding) as u32),
        }
    }

    /// Whether a range of the engine's is in what the client names so.
    pub(crate) fn is_in(&self, uri: &Uri, range: TextRange) -> bool {
        let cell =
            |notebook: &Arc<Notebook>| notebook.cell_at(range.start).is_some_and(|cell| cell.uri == *uri);
        self.notebook.as_ref().is_none_or(cell)
    }
}

fn view(document: &Document) -> View {
    View {
        rope: document.rope.clone(),
        notebook: document.notebook.clone(),
        version: document.version,
        revision: document.revision,
        path: document.path.clone(),
        analysed: document.checked && !document.lost && document.rope.len_bytes() <= MAX_ANALYSED_BYTES,
    }
}

fn apply(document: &mut Document, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    let Some(range) = change.range else {
        document.rope = Rope::from_str(&change.text);
        document.pending = Pending::Whole;
        document.lost = false;
        return;
    };
    document.edit(text_range(&document.rope, range, encoding), change.text);
}

impl Document {
    fn edit(&mut self, range: TextRange, text: String) {
        replace(&mut self.rope, range, &text);
        match &mut self.pending {
            Pending::Edits(edits) if edits.len() < MAX_PENDING_EDITS => edits.push(Edit { range, text }),
            pending => *pending = Pending::Whole,
        }
    }
}

/// The client's word counts, not the file's ending: notebooks come as one Python text under an `.ipynb` name.
fn is_python(language: &str, path: &str) -> bool {
    match language {
        "" => path.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "py" | "pyi" | "pyw")),
        name => name.eq_ignore_ascii_case("python"),
    }
}

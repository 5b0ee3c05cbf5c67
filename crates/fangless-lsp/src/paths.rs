//! Between the client's URIs and the engine's paths.

use std::fmt::Write as _;

use tower_lsp::ls_types::Uri;

/// Where documents live that are no files; no real path starts so.
const MADE_UP: &str = "/.fangless";

/// What marks the name of a notebook as such: its file may be open as a text, too.
const NOTEBOOK: &str = "notebook+";

/// The name under which an open notebook is known here.
pub(crate) fn notebook_key(uri: &Uri) -> Uri {
    // With more of a scheme a URI stays one.
    format!("{NOTEBOOK}{}", uri.as_str()).parse().unwrap_or_else(|_| uri.clone())
}

/// The client's name of what is known by this one.
pub(crate) fn client_name(key: &Uri) -> &str {
    key.as_str().strip_prefix(NOTEBOOK).unwrap_or(key.as_str())
}

/// The path under which the engine knows a document: the file's own, or a made-up one for everything else.
pub(crate) fn engine_path(uri: &Uri) -> String {
    if uri.scheme().as_str().eq_ignore_ascii_case("file")
        && let Some(path) = uri.to_file_path()
    {
        return path.to_string_lossy().replace('\\', "/");
    }
    made_up_path(uri)
}

/// A path of its own for a document that is no file to the engine.
pub(crate) fn made_up_path(uri: &Uri) -> String {
    let mut name = String::new();
    for byte in uri.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            // Writing to a string cannot fail.
            other => drop(write!(name, ".{other:02x}")),
        }
    }
    format!("{MADE_UP}/{name}.py")
}

/// Whether a path names no file on disk.
pub(crate) fn is_made_up(path: &str) -> bool {
    path.starts_with(MADE_UP)
}

/// The URI of a path that is not open.
pub(crate) fn file_uri(path: &str) -> Option<Uri> {
    if is_made_up(path) { None } else { Uri::from_file_path(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(uri: &str) -> String {
        engine_path(&uri.parse().unwrap())
    }

    #[test]
    fn files_keep_their_path() {
        assert_eq!(path("file:///tmp/a%20b/%C3%A9.py"), "/tmp/a b/\u{e9}.py");
    }

    #[test]
    fn other_documents_get_different_ones() {
        assert!(is_made_up(&path("untitled:Untitled-1")));
        assert_ne!(path("untitled:Untitled-1"), path("untitled:Untitled.2d1"));
        assert_ne!(path("vscode-notebook-cell:/a.ipynb#1"), path("vscode-notebook-cell:/a.ipynb#2"));
    }
}

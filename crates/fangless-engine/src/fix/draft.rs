//! A fix in the making: collects edits and imports, and gives the fix only if the result still parses.

use super::import::Importer;
use super::tree::{
    Source, begins_interpolation, comments_in, enclosing_statement, errors_after, header_of_suite,
    is_only_one_of_suite, quotes_around, range_of,
};
use crate::finding::{Applicability, Edit, Fix};
use crate::text::TextRange;
use tree_sitter::Node;

pub(super) struct Draft<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    importer: Importer<'s, 'a>,
    edits: Vec<Edit>,
    /// Comments of what is replaced: they go before their statements.
    comments: Vec<TextRange>,
}

impl<'s, 'a> Draft<'s, 'a> {
    /// A draft whose references stand at `at`.
    pub(super) fn new(source: &'s Source<'a>, at: Node<'s>) -> Self {
        Self { source, importer: Importer::new(source, at), edits: Vec::new(), comments: Vec::new() }
    }

    /// How a qualified name is written here; its import is added if it needs one. None where it cannot be reached.
    pub(super) fn reference(&mut self, qualified: &str) -> Option<String> {
        // The same library goes by two names; a file has one of them.
        if let Some(rest) = qualified.strip_prefix("Crypto.")
            && self.imports("Cryptodome")
            && !self.imports("Crypto")
        {
            return self.importer.resolve(&format!("Cryptodome.{rest}"));
        }
        self.importer.resolve(qualified)
    }

    /// Whether a top-level package is imported by the module.
    pub(super) fn imports(&self, package: &str) -> bool {
        self.importer.imports(package)
    }

    pub(super) fn replace(&mut self, range: TextRange, text: impl Into<String>) {
        self.edits.push(Edit { range, text: text.into() });
    }

    pub(super) fn replace_node(&mut self, node: Node<'_>, text: impl Into<String>) {
        self.replace(range_of(node), text);
    }

    /// The same; what comments say in the node is kept, in lines before its statement.
    pub(super) fn rewrite_node(&mut self, node: Node<'_>, text: impl Into<String>) {
        self.comments.extend(comments_in(self.source, node));
        self.replace_node(node, text);
    }

    /// Takes a part out; what comments say in it is kept, in lines before its statement.
    pub(super) fn give_up(&mut self, range: TextRange) {
        let comments = comments_in(self.source, self.source.root()).into_iter();
        self.comments.extend(comments.filter(|one| range.start <= one.start && one.end <= range.end));
        self.delete(range);
    }

    pub(super) fn insert(&mut self, offset: u32, text: impl Into<String>) {
        self.replace(TextRange::new(offset, offset), text);
    }

    pub(super) fn delete(&mut self, range: TextRange) {
        if !range.is_empty() {
            self.replace(range, "");
        }
    }

    /// Puts lines before a statement. A suite on the line of its header gets lines of its own.
    pub(super) fn insert_lines(&mut self, statement: Node<'_>, lines: &[String]) -> Option<()> {
        let source = self.source;
        let start = range_of(statement).start;
        let (from, indentation) = self.place_of(statement)?;
        let separator = format!("{}{indentation}", source.line_end());
        let lines = lines.join(&separator);
        match from {
            None => self.insert(start, format!("{lines}{separator}")),
            Some(colon) => {
                self.replace(TextRange::new(colon, start), format!("{separator}{lines}{separator}"));
            }
        }
        Some(())
    }

    /// Puts lines in place of a statement that has its line, or the rest of its header's line, for itself.
    pub(super) fn replace_by_lines(&mut self, statement: Node<'_>, lines: &[String]) -> Option<()> {
        let source = self.source;
        let range = range_of(statement);
        let (from, indentation) = self.place_of(statement)?;
        let behind = TextRange::new(range.end, source.line_stop(range.end)).slice(source.text).trim();
        let is_alone = from.is_none() || is_only_one_of_suite(statement);
        if !is_alone || !(behind.is_empty() || behind.starts_with('#')) {
            return None;
        }
        let separator = format!("{}{indentation}", source.line_end());
        let lines = lines.join(&separator);
        match from {
            None => self.replace(range, lines),
            Some(colon) => self.replace(TextRange::new(colon, range.end), format!("{separator}{lines}")),
        }
        Some(())
    }

    /// The indentation of a statement that begins its line; for the first one behind a colon where that ends, and the
    /// indentation that its suite would have.
    fn place_of(&self, statement: Node<'_>) -> Option<(Option<u32>, String)> {
        let source = self.source;
        let start = range_of(statement).start;
        if source.begins_line(start) {
            return Some((None, source.indentation(start).to_owned()));
        }
        let (header, colon) = header_of_suite(source, statement)?;
        let indentation = source.indentation(range_of(header).start);
        Some((Some(colon), format!("{indentation}{}", step(indentation))))
    }

    /// The fix, if its edits can be made and leave no more errors than there were.
    pub(super) fn finish(mut self, title: &str, applicability: Applicability) -> Option<Fix> {
        let source = self.source;
        for comment in std::mem::take(&mut self.comments) {
            let statement = enclosing_statement(source.node(comment)?);
            self.insert_lines(statement, &[comment.slice(source.text).to_owned()])?;
        }
        let mut edits = Vec::with_capacity(self.edits.len());
        for edit in self.edits {
            if edit.range.slice(source.text) == edit.text {
                continue;
            }
            let text = fit_into_string(source, edit.range, edit.text)?;
            edits.push(Edit { range: edit.range, text });
        }
        if edits.is_empty() {
            return None;
        }
        // Imports first, where they meet with something else at the file's beginning.
        let mut edits: Vec<Edit> = self.importer.finish().into_iter().chain(edits).collect();
        // A stable sort by place alone: insertions at one place keep the order in which they were made.
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let edits = joined(edits)?;
        let before = source.error_count();
        let after = errors_after(source, &edits)?;
        (after <= before).then(|| Fix { title: title.to_owned(), applicability, edits })
    }
}

/// One step of indentation, in the manner of what stands around.
pub(super) fn step(indentation: &str) -> &'static str {
    if indentation.starts_with('\t') { "\t" } else { "    " }
}

/// Makes one edit of those that touch with nothing between; none where two overlap.
fn joined(edits: Vec<Edit>) -> Option<Vec<Edit>> {
    let mut result: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match result.last_mut() {
            Some(last) if edit.range.start < last.range.end => return None,
            Some(last) if edit.range.start == last.range.end => {
                last.range.end = edit.range.end;
                last.text.push_str(&edit.text);
            }
            _ => result.push(edit),
        }
    }
    Some(result)
}

/// Text that goes into the hole of an f-string may not use its quotes, backslashes or lines before Python 3.12.
fn fit_into_string(source: &Source<'_>, range: TextRange, text: String) -> Option<String> {
    let taken = quotes_around(source, range);
    if taken.is_empty() {
        return Some(text);
    }
    if text.contains(['\\', '\n']) || (text.starts_with('{') && begins_interpolation(source, range)) {
        return None;
    }
    let replaced = range.slice(source.text);
    let clashes = |quote: char| taken.contains(&quote) && text.contains(quote);
    if !clashes('"') && !clashes('\'') {
        return Some(text);
    }
    // Quotes that stood there before stay: whoever wrote them runs a Python that reads them.
    if replaced.contains(|character| taken.contains(&character)) {
        return Some(text);
    }
    let (bad, good) = if clashes('"') { ('"', '\'') } else { ('\'', '"') };
    let can_swap = !taken.contains(&good) && !text.contains(good);
    can_swap.then(|| text.replace(bad, &good.to_string()))
}

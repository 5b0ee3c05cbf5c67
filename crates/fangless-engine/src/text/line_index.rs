//! Lines and columns, for the edges only. Lines end at `\n`, `\r\n` and `\r`, as the Language Server Protocol says.

/// Where each line of a text begins.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

/// A line and a column, both from zero; the column counts bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    pub line: u32,
    pub column: u32,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => {
                    at += 1;
                    starts.push(at as u32 + 1);
                }
                b'\n' | b'\r' => starts.push(at as u32 + 1),
                _ => {}
            }
            at += 1;
        }
        Self { starts }
    }

    /// Number of lines; a text that ends with a line end has an empty last line.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        false
    }

    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        LineColumn { line: line as u32, column: offset - self.starts[line] }
    }

    /// The offset at which a line (from zero) begins.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get(line as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_counts_once() {
        let index = LineIndex::new("a\r\nb\rc\n\u{c}d\u{2028}e");
        assert_eq!(index.starts, [0, 3, 5, 7]);
        assert_eq!(index.line_column(4), LineColumn { line: 1, column: 1 });
        assert_eq!(index.line_column(5), LineColumn { line: 2, column: 0 });
    }
}

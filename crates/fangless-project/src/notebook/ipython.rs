//! What `IPython` adds to Python in a cell: magics, shell lines, help. They are taken out so that nothing moves: what is
//! left is Python, each byte of it where it was.

/// The Python of a code cell.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Where it begins in the cell's text: behind the cell's magics.
    pub begins: u32,
    /// As long as the cell's text from there on.
    pub text: String,
}

/// Magics of a whole cell that run what follows as Python, in the notebook's own process. Under any other the cell is
/// another language's, or another process's.
const PYTHON_CELLS: [&str; 8] =
    ["%%capture", "%%debug", "%%memit", "%%mprun", "%%prun", "%%time", "%%timeit", "%%xdel"];
/// Magics of a line that run the rest of it as Python.
const PYTHON_LINES: [&str; 4] = ["%time", "%timeit", "%prun", "%memit"];

/// The Python of a cell; nothing where it is in another language.
pub fn code(cell: &str) -> Option<Code> {
    let mut begins = 0;
    for line in cell.split_inclusive('\n') {
        let word = line.split_whitespace().next().unwrap_or_default();
        if word.starts_with("%%") {
            if !PYTHON_CELLS.contains(&word) {
                return None;
            }
            begins += line.len();
        } else if word.is_empty() && cell[begins + line.len()..].trim_start().starts_with("%%") {
            // Blank lines before a magic.
            begins += line.len();
        } else {
            break;
        }
    }
    Some(Code { begins: begins as u32, text: without_commands(&cell[begins..]) })
}

fn without_commands(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut python = Python::default();
    let mut command_goes_on = false;
    for line in text.split_inclusive('\n') {
        let replaced = if command_goes_on { Some(Replaced::all(line, 0)) } else { replaced(line, &python) };
        match replaced {
            Some(Replaced { text, is_python }) => {
                command_goes_on = !is_python && line.trim_end().ends_with('\\');
                if is_python {
                    python.read(&text);
                } else {
                    // Whatever was open before, the command is not part of it.
                    python = Python::default();
                }
                output.push_str(&text);
            }
            None => {
                python.read(line);
                output.push_str(line);
            }
        }
    }
    output
}

/// A line without the command in it, of the same length.
struct Replaced {
    text: String,
    /// Some of the line is Python still.
    is_python: bool,
}

impl Replaced {
    /// Blanks from an offset on. In an indented block something must stand: a name that means nothing.
    fn all(line: &str, from: usize) -> Self {
        let end = line.trim_end_matches(['\r', '\n']).len();
        let name = if from > 0 && from < end { "_" } else { "" };
        let blanks = " ".repeat(end.saturating_sub(from + name.len()));
        Self { text: format!("{}{name}{blanks}{}", &line[..from], &line[end..]), is_python: false }
    }
}

/// What stands in for a line that holds a command; nothing for one that is Python.
fn replaced(line: &str, python: &Python) -> Option<Replaced> {
    let rest = line.trim_start_matches([' ', '\t']);
    let indent = line.len() - rest.len();
    let is_command = |rest: &str| {
        let mut characters = rest.chars();
        match characters.next() {
            Some('!') => !rest.starts_with("!="),
            Some('%') => characters.next().is_some_and(|next| next.is_alphabetic() || next == '%'),
            Some('?') => true,
            _ => false,
        }
    };
    if !python.begins_statement() {
        // An open bracket above does not turn a command at the edge into an operand.
        let is_at_edge = indent == 0 && python.string.is_none() && !python.continued;
        return (is_at_edge && is_command(rest)).then(|| Replaced::all(line, 0));
    }
    let word = rest.split([' ', '\t']).next().unwrap_or_default();
    let after = rest[word.len()..].trim_start();
    if PYTHON_LINES.contains(&word) && !after.is_empty() && !after.starts_with('-') {
        let blanks = " ".repeat(word.len() - 2);
        let text = format!("{}_;{blanks}{}", &line[..indent], &rest[word.len()..]);
        return Some(Replaced { text, is_python: true });
    }
    if is_command(rest) || is_help(rest.trim_end()) {
        return Some(Replaced::all(line, indent));
    }
    // `files = !ls`: what the command says is not known.
    let equals = rest.find('=')?;
    let target = &rest[..equals];
    let is_target = |character: char| character.is_alphanumeric() || "_.,[]'\"*() \t".contains(character);
    let value = rest[equals + 1..].trim_start_matches([' ', '\t']);
    let from = line.len() - value.len();
    (!target.trim().is_empty() && target.chars().all(is_target) && is_command(value))
        .then(|| Replaced::all(line, from))
}

/// `name?`, `name.other??`.
fn is_help(line: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || "_.*%[]'\"".contains(character);
    let name = line.trim_end_matches('?');
    name.len() < line.len() && name.chars().all(is_part)
}

/// Where a line stands in Python: only in front of a statement can there be a command.
#[derive(Default)]
struct Python {
    depth: usize,
    /// The quote of an open string, and whether there are three of it.
    string: Option<(u8, bool)>,
    /// The line before ended in a backslash.
    continued: bool,
}

impl Python {
    fn begins_statement(&self) -> bool {
        self.depth == 0 && self.string.is_none() && !self.continued
    }

    fn read(&mut self, line: &str) {
        let bytes = line.as_bytes();
        self.continued = false;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match (self.string, byte) {
                // Whatever is escaped does not end the string; nor does it in a raw one.
                (Some(_), b'\\') => at += 1 + usize::from(bytes[at..].starts_with(b"\\\r\n")),
                (Some((quote, false)), _) if byte == quote || byte == b'\n' => self.string = None,
                (Some((quote, true)), _) if bytes[at..].starts_with(&[quote; 3]) => {
                    self.string = None;
                    at += 2;
                }
                (Some(_), _) => {}
                (None, b'#') => return,
                (None, b'"' | b'\'') => {
                    let triple = bytes[at..].starts_with(&[byte; 3]);
                    self.string = Some((byte, triple));
                    at += if triple { 2 } else { 0 };
                }
                (None, b'(' | b'[' | b'{') => self.depth += 1,
                (None, b')' | b']' | b'}') => self.depth = self.depth.saturating_sub(1),
                (None, b'\\') => self.continued = line[at + 1..].trim().is_empty(),
                (None, _) => {}
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(cell: &str) -> String {
        let code = code(cell).expect("Python");
        assert_eq!(code.text.len(), cell.len() - code.begins as usize, "{cell:?}");
        let lines: Vec<&str> = code.text.lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    #[test]
    fn commands_leave_blanks_or_a_name() {
        for (cell, expected) in [
            ("%matplotlib inline\nx = 1", "\nx = 1"),
            ("!pip install é x\ny", "\ny"),
            ("if a:\n    !ls {a}\nb", "if a:\n    _\nb"),
            ("if a:\n\t%cd x\r\nb", "if a:\n\t_\nb"),
            ("files = !ls -l\nfiles", "files = _\nfiles"),
            ("a, b.c = %who_ls", "a, b.c = _"),
            ("!cat a \\\n  b\nc", "\n\nc"),
            ("frame.head?\n?frame\nframe??\nx", "\n\n\nx"),
            ("%time y = f(x)\n    ", "_;    y = f(x)\n"),
            ("%timeit -n 3 f(x)", ""),
            ("f(\n%run other.py\nx", "f(\n\nx"),
        ] {
            assert_eq!(python(cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn what_is_python_stays() {
        for cell in [
            "x = (a\n     % b)",
            "x = a \\\n    % b",
            "s = '''\n%time\n!ls\n'''\ny",
            "s = \"a\\\n%b\"",
            "a != b",
            "x = '%d' % y  # what?",
            "assert a == b, \"?\"",
            "print(\"# ('\")\nx = {\n  1: 2}",
            "x = a == (\n  b)",
        ] {
            assert_eq!(python(cell), cell, "{cell:?}");
        }
    }

    #[test]
    fn magics_of_a_cell() {
        assert_eq!(code("%%bash\nls"), None);
        assert_eq!(code("\n%%html\n<b>"), None);
        assert_eq!(code("%%time\nx"), Some(Code { begins: 7, text: "x".to_string() }));
        assert_eq!(code("%%capture out\n\n%%time\nx").map(|code| code.begins), Some(22));
        assert_eq!(code("%%sql"), None);
        assert_eq!(code("").map(|code| code.begins), Some(0));
    }
}

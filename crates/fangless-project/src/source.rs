//! Bytes of a Python file to text and back: byte order mark, PEP 263 cookie, UTF-8 and Latin-1. Pure.

use std::fmt;

/// Larger files are skipped with a message. Nobody writes such a file by hand; what is that large is generated data.
pub const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;

/// How the bytes of a file say its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8WithMark,
    Latin1,
}

/// A decoded file. The text never begins with a byte order mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    pub text: String,
    pub encoding: Encoding,
}

/// Why a file's bytes are no text that Fangless can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    InvalidUtf8 {
        offset: usize,
    },
    Utf16,
    /// The cookie names an encoding that is not known here, and the text is not UTF-8 either.
    UnknownEncoding {
        name: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUtf8 { offset } => write!(
                formatter,
                "is not UTF-8 (the byte at offset {offset}), and declares no other encoding"
            ),
            Self::Utf16 => formatter.write_str("is UTF-16, which Python does not read; save it as UTF-8"),
            Self::UnknownEncoding { name } => write!(
                formatter,
                "declares the encoding `{name}`; Fangless reads UTF-8 and Latin-1, and it is not valid UTF-8"
            ),
        }
    }
}

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

pub fn decode(bytes: Vec<u8>) -> Result<SourceText, DecodeError> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(DecodeError::Utf16);
    }
    let has_mark = bytes.starts_with(UTF8_MARK);
    let cookie = cookie(&bytes);
    if !has_mark && cookie.as_deref().is_some_and(is_latin1) {
        let text = bytes.iter().map(|byte| char::from(*byte)).collect();
        return Ok(SourceText { text, encoding: Encoding::Latin1 });
    }
    let bytes = if has_mark { bytes[UTF8_MARK.len()..].to_vec() } else { bytes };
    match String::from_utf8(bytes) {
        Ok(text) => {
            Ok(SourceText { text, encoding: if has_mark { Encoding::Utf8WithMark } else { Encoding::Utf8 } })
        }
        Err(error) => Err(match cookie {
            Some(name) if !is_utf8(&name) => DecodeError::UnknownEncoding { name },
            _ => {
                let mark = if has_mark { UTF8_MARK.len() } else { 0 };
                DecodeError::InvalidUtf8 { offset: error.utf8_error().valid_up_to() + mark }
            }
        }),
    }
}

/// The bytes that say `text` in the encoding; `None` where it has characters that the encoding lacks.
pub fn encode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Utf8 => Some(text.as_bytes().to_vec()),
        Encoding::Utf8WithMark => Some([UTF8_MARK, text.as_bytes()].concat()),
        Encoding::Latin1 => text.chars().map(|character| u8::try_from(character).ok()).collect(),
    }
}

impl SourceText {
    /// Where a byte of the text stands in the file.
    pub fn file_offset(&self, offset: u32) -> u32 {
        match self.encoding {
            Encoding::Utf8 => offset,
            Encoding::Utf8WithMark => offset + UTF8_MARK.len() as u32,
            Encoding::Latin1 => {
                self.text.get(..offset as usize).map_or(offset, |before| before.chars().count() as u32)
            }
        }
    }
}

/// The encoding that a comment in the first two lines names, as PEP 263 says.
fn cookie(bytes: &[u8]) -> Option<String> {
    let text = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes);
    let (first, rest) = split_line(text);
    let is_comment = |line: &[u8]| line.trim_ascii_start().first().is_none_or(|byte| *byte == b'#');
    if !is_comment(first) {
        return None;
    }
    cookie_of_line(first)
        .or_else(|| cookie_of_line(Some(split_line(rest).0).filter(|line| is_comment(line))?))
}

/// The first line without its end, and what follows.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else { return (bytes, &[]) };
    let end = if bytes[at..].starts_with(b"\r\n") { at + 2 } else { at + 1 };
    (&bytes[..at], &bytes[end..])
}

fn cookie_of_line(line: &[u8]) -> Option<String> {
    let after = line.windows(6).position(|window| window == b"coding").map(|at| &line[at + 6..])?;
    let value = after.strip_prefix(b":").or_else(|| after.strip_prefix(b"="))?;
    let name: String = value
        .trim_ascii_start()
        .iter()
        .map(|byte| char::from(*byte))
        .take_while(|character| character.is_ascii_alphanumeric() || "-_.".contains(*character))
        .collect();
    (!name.is_empty()).then_some(name)
}

fn is_latin1(name: &str) -> bool {
    matches!(
        normalised(name).as_str(),
        "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "iso-latin-1" | "8859" | "cp819"
    )
}

fn is_utf8(name: &str) -> bool {
    matches!(normalised(name).as_str(), "utf-8" | "utf8" | "u8" | "utf-8-sig")
}

/// Lower case, `-` for `_`, and without the line-end suffix that Emacs adds (`latin-1-unix`).
fn normalised(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    ["-unix", "-dos", "-mac"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_utf8() {
        let source = decode("a = 'é'\n".as_bytes().to_vec()).unwrap();
        assert_eq!(source, SourceText { text: "a = 'é'\n".to_string(), encoding: Encoding::Utf8 });
    }

    #[test]
    fn the_mark_is_taken_off_and_offsets_count_it() {
        let bytes = b"\xef\xbb\xbfa = 1\n".to_vec();
        let source = decode(bytes.clone()).unwrap();
        assert_eq!(source.text, "a = 1\n");
        assert_eq!(source.file_offset(4), 7);
        assert_eq!(encode(&source.text, source.encoding), Some(bytes));
    }

    #[test]
    fn latin1_needs_its_cookie() {
        for head in ["# -*- coding: latin-1 -*-", "#!/bin/py\r\n# vim: set fileencoding=ISO_8859_1-unix :"] {
            let bytes = [head.as_bytes(), b"\na = '\xe9'; b\n"].concat();
            let source = decode(bytes.clone()).unwrap();
            assert!(source.text.ends_with("a = 'é'; b\n"));
            assert_eq!(source.file_offset(source.text.len() as u32), bytes.len() as u32);
            assert_eq!(encode(&source.text, source.encoding), Some(bytes));
        }
        assert_eq!(decode(b"a = '\xe9'\n".to_vec()), Err(DecodeError::InvalidUtf8 { offset: 5 }));
        // Neither the third line nor a string is a cookie.
        assert!(decode(b"\n\n# coding: latin-1\n'\xe9'\n".to_vec()).is_err());
        assert!(decode(b"x = 'coding: latin-1'\n'\xe9'\n".to_vec()).is_err());
    }

    #[test]
    fn other_encodings_are_named() {
        let bytes = b"# coding: cp1252\n'\x80'\n".to_vec();
        assert_eq!(decode(bytes), Err(DecodeError::UnknownEncoding { name: "cp1252".to_string() }));
        assert_eq!(decode(b"# coding: cp1252\n'a'\n".to_vec()).unwrap().encoding, Encoding::Utf8);
        assert_eq!(decode(b"\xff\xfea\0".to_vec()), Err(DecodeError::Utf16));
        assert_eq!(encode("€", Encoding::Latin1), None);
    }
}

//! The messages that come in, one by one. The transport stops for good at the first message that it cannot read, so
//! this filter stands before it: what is no message becomes a request that is answered with the right error. It also
//! sees the end of the input, and whether the client said so before. What messages mean only `parameters` knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tower_lsp::jsonrpc::{Request, Response};
use tracing::warn;

use crate::parameters;

/// The methods that stand for unreadable input; the server answers them with the error.
pub(crate) const MALFORMED: &str = "fangless/malformed";
pub(crate) const INVALID: &str = "fangless/invalid";
/// A larger message is skipped.
const MAX_MESSAGE_BYTES: usize = 256 * 1024 * 1024;
/// A longer line is no header.
const MAX_HEADER_BYTES: u64 = 16 * 1024;

/// Everything that the transport can read; of the same shape as its own type.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Response(#[allow(dead_code, reason = "only whether it can be read matters")] Response),
    Request(Request),
}

/// Hands messages on until the input ends, breaks, or `output` is no longer read. Sets `exit` when the client asks for
/// the end.
pub(crate) async fn filter(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    exit: Arc<AtomicBool>,
) -> std::io::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut message = Vec::new();
    while let Some(length) = read_headers(&mut input).await? {
        match length {
            Some(length) if length <= MAX_MESSAGE_BYTES => {
                message.clear();
                let read = (&mut input).take(length as u64).read_to_end(&mut message).await?;
                if read < length {
                    break;
                }
                forward(&message, &mut output, &exit).await?;
            }
            Some(length) => {
                warn!(length, "a message that large is skipped");
                tokio::io::copy(&mut (&mut input).take(length as u64), &mut tokio::io::sink()).await?;
                write(&stand_in(INVALID), &mut output).await?;
            }
            None => {
                warn!("headers without a length");
                write(&stand_in(MALFORMED), &mut output).await?;
            }
        }
        message.shrink_to(1024 * 1024);
    }
    Ok(())
}

async fn forward(
    message: &[u8],
    output: &mut (impl AsyncWrite + Unpin),
    exit: &AtomicBool,
) -> std::io::Result<()> {
    let read = serde_json::from_slice::<Message>(message);
    let paired = if read.is_err() { with_whole_characters(message) } else { None };
    if let Some(paired) = paired.filter(|paired| serde_json::from_slice::<Message>(paired).is_ok()) {
        warn!("half a character is read as U+FFFD");
        return write(&paired, output).await;
    }
    match read {
        Ok(Message::Request(request)) => {
            if request.method() == "exit" {
                exit.store(true, Ordering::Relaxed);
            }
            match parameters::in_place_of(&request) {
                Some(other) => write(&other, output).await,
                None => write(message, output).await,
            }
        }
        Ok(Message::Response(_)) => write(message, output).await,
        Err(error) => {
            warn!(%error, "not a message");
            let method = if error.is_data() { INVALID } else { MALFORMED };
            write(&stand_in(method), output).await
        }
    }
}

/// With U+FFFD for each escaped half of a surrogate pair that stands alone; nothing where there is none. Editors whose
/// texts are UTF-16 can hold such halves and send them; without the message the server's text would no longer be the
/// client's. What stands in for a half is as long as it, in UTF-16.
fn with_whole_characters(message: &[u8]) -> Option<Vec<u8>> {
    let mut output = Vec::with_capacity(message.len());
    let mut at = 0;
    let mut changed = false;
    while at < message.len() {
        let rest = &message[at..];
        let (taken, is_half) = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, false),
            (Some(0xD800..=0xDFFF), _) => (6, true),
            // The backslash and what it escapes.
            _ if rest[0] == b'\\' => (rest.len().min(2), false),
            _ => (1, false),
        };
        output.extend_from_slice(if is_half { b"\\ufffd" } else { &rest[..taken] });
        changed |= is_half;
        at += taken;
    }
    changed.then_some(output)
}

/// The UTF-16 code unit that the text begins with as an escape.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A request without a usable id, as JSON-RPC wants its answer.
fn stand_in(method: &str) -> Vec<u8> {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"{method}\"}}").into_bytes()
}

async fn write(message: &[u8], output: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    output.write_all(format!("Content-Length: {}\r\n\r\n", message.len()).as_bytes()).await?;
    output.write_all(message).await
}

/// The length that the headers give, if any; nothing at the end of the input.
async fn read_headers(input: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<Option<usize>>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut *input).take(MAX_HEADER_BYTES).read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            return Ok(Some(length));
        }
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}

//! A session that a real editor had is had again: the server must say the same, byte for byte.

use std::collections::VecDeque;
use std::path::Path;

use fangless_lsp::Ended;
use serde_json::{Value, json};

use crate::client::Client;

/// A message of the trace, or of the server, and whom it answers or what it asks.
struct Said {
    text: String,
    name: String,
}

impl Said {
    fn new(text: String) -> Self {
        let message: Value = serde_json::from_str(&text).expect("a message is JSON");
        let method = message["method"].as_str().unwrap_or("reply");
        let name = format!("{method} {}", message.get("id").unwrap_or(&Value::Null));
        Self { text, name }
    }
}

#[tokio::test]
async fn a_session_of_vs_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vscode.jsonl");
    let trace = std::fs::read_to_string(&path).unwrap();
    let retrace = std::env::var_os("FANGLESS_RETRACE").is_some();
    let version = |from: &str, to: &str| (format!("\"version\":\"{from}\""), format!("\"version\":\"{to}\""));
    let (placeholder, real) = version("VERSION", env!("CARGO_PKG_VERSION"));

    let mut client = Client::connect_real();
    let mut early: VecDeque<Said> = VecDeque::new();
    let mut after = String::new();
    let mut answers = 0;
    for line in trace.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let message = line["message"].as_str().unwrap();
        let mut message = message.to_string();
        if line["from"] == "client" {
            client.send_body(message.as_bytes()).await;
        } else {
            let expected = Said::new(message.replacen(&placeholder, &real, 1));
            let same = |said: &Said| said.name == expected.name;
            // Answers to questions that were asked at the same time may come in another order.
            let said = match early.iter().position(same) {
                Some(at) => early.remove(at).unwrap(),
                None => loop {
                    let said = Said::new(client.next_body().await);
                    if same(&said) {
                        break said;
                    }
                    early.push_back(said);
                },
            };
            assert!(retrace || said.text == expected.text, "was\n{}\nis\n{}", expected.text, said.text);
            message = said.text.replacen(&real, &placeholder, 1);
            answers += 1;
        }
        after.push_str(&json!({"from": line["from"], "message": message}).to_string());
        after.push('\n');
    }
    assert!(answers > 50, "{answers}");
    let early: Vec<&str> = early.iter().map(|said| said.name.as_str()).collect();
    assert_eq!(early, Vec::<&str>::new(), "nothing is said that was not said then");
    assert_eq!(client.ended().await, Ended::Orderly);
    if retrace {
        std::fs::write(path, after).unwrap();
    }
}

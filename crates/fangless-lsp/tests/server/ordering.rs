//! What was sent last is what counts, and nothing else is ever published.

use serde_json::{Value, json};

use crate::client::Client;
use crate::engine::Plan;
use crate::model::{self, Numbers, Unit};

const URI: &str = "file:///tmp/ordering.py";

const PIECES: [&str; 9] = ["a", "\n", "\u{1F600}", "\r\n", "\u{e9}", "\r", "", "word", "\u{2028}"];

/// An edit at a place that may lie outside the text, or inside a surrogate pair.
fn random_change(numbers: &mut Numbers) -> Value {
    let mut position = || json!({"line": numbers.below(12), "character": numbers.below(9)});
    let range = json!({"start": position(), "end": position()});
    json!({"range": range, "text": PIECES[numbers.below(PIECES.len())]})
}

#[tokio::test]
async fn a_burst_of_edits_ends_in_the_clients_text() {
    for unit in Unit::ALL {
        let mut client = Client::connect(Plan::echoing());
        let mut capabilities = crate::client::push_capabilities();
        capabilities["general"]["positionEncodings"] = json!([unit.name()]);
        client.initialize(capabilities).await;
        let mut text = "one\r\ntwo \u{1F600}\rthree\n".to_string();
        client.open(URI, &text).await;
        let mut numbers = Numbers::new(unit as u64);
        let last = 400;
        for version in 2..=last {
            let mut changes = Vec::new();
            for _ in 0..=numbers.below(2) {
                let change = random_change(&mut numbers);
                text = model::change(&text, &change, unit);
                changes.push(change);
            }
            if version % 97 == 0 {
                text = format!("fresh {version}\n\u{1F600}\u{1F600}\r\n");
                changes.push(json!({"text": text}));
            }
            client.change(URI, version, json!(changes)).await;
            // Now and then the engine is let catch up, so that it is told edits and not the whole text.
            if version % 5 == 0 && version < last {
                client.published_version(URI, version).await;
            }
        }
        let mut published = client.published_version(URI, last).await;
        if published["diagnostics"][0]["message"] != text {
            // What is being typed is shown as it was until it is finished, or saved.
            client.notify("textDocument/didSave", json!({"textDocument": {"uri": URI}})).await;
            published = client.published_version(URI, last).await;
        }
        assert_eq!(published["diagnostics"][0]["message"], text, "{unit:?}");
        client.barrier().await;
        assert!(client.unread_publishes().is_empty(), "the last version is published last");
    }
}

#[tokio::test]
async fn a_stale_result_is_never_published() {
    let (plan, mut keeper) = Plan::echoing().gated();
    let mut client = Client::pushed(plan).await;
    client.open(URI, "first").await;
    assert_eq!(keeper.started().await, "first");
    client.change(URI, 2, json!([{"text": "second"}])).await;
    client.barrier().await;
    keeper.let_one_through();
    // The next analysis starts after the result of the first was kept.
    assert_eq!(keeper.started().await, "second");
    client.settle().await;
    assert_eq!(client.unread_publishes(), Vec::<&Value>::new());
    keeper.let_one_through();
    let published = client.published(URI).await;
    assert_eq!(
        (&published["version"], &published["diagnostics"][0]["message"]),
        (&json!(2), &json!("second"))
    );
}

#[tokio::test]
async fn who_asks_is_never_given_a_stale_result() {
    let (plan, mut keeper) = Plan::echoing().gated();
    let mut client = Client::pulling(plan).await;
    client.open(URI, "first").await;
    assert_eq!(keeper.started().await, "first");
    let asked = client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": URI}})).await;
    client.change(URI, 2, json!([{"text": "second"}])).await;
    client.barrier().await;
    keeper.let_one_through();
    assert_eq!(keeper.started().await, "second");
    client.settle().await;
    assert!(!client.is_answered(asked), "the only result is that of an older text");
    keeper.let_one_through();
    assert_eq!(client.reply(asked).await.unwrap()["items"][0]["message"], "second");
}

#[tokio::test]
async fn a_burst_costs_one_analysis_and_one_publish() {
    let (plan, mut keeper) = Plan::echoing().gated();
    let mut client = Client::pushed(plan).await;
    client.open(URI, "").await;
    assert_eq!(keeper.started().await, "");
    for version in 2..=51 {
        let start = json!({"line": 0, "character": version - 2});
        client.change(URI, version, json!([{"range": {"start": start, "end": start}, "text": "x"}])).await;
    }
    client.barrier().await;
    keeper.let_one_through();
    assert_eq!(keeper.started().await, "x".repeat(50));
    keeper.let_one_through();
    assert_eq!(client.published(URI).await["version"], 51);
    // Nothing was left of the other forty-nine edits to be done before this.
    client.open("file:///tmp/other.py", "other").await;
    assert_eq!(keeper.started().await, "other");
    assert!(client.unread_publishes().is_empty());
}

#[tokio::test]
async fn a_document_that_was_closed_says_nothing_more() {
    let (plan, mut keeper) = Plan::echoing().gated();
    let mut client = Client::pushed(plan).await;
    client.open(URI, "first").await;
    keeper.started().await;
    client.close(URI).await;
    client.barrier().await;
    keeper.open();
    client.open("file:///tmp/other.py", "other").await;
    client.published("file:///tmp/other.py").await;
    assert!(client.unread_publishes().is_empty());
}

#[tokio::test]
async fn closing_takes_the_diagnostics_back_and_reopening_starts_anew() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "first").await;
    assert_eq!(client.published(URI).await["diagnostics"][0]["message"], "first");
    client.close(URI).await;
    assert_eq!(client.published(URI).await["diagnostics"], json!([]));
    client.open(URI, "again").await;
    assert_eq!(client.published(URI).await["diagnostics"][0]["message"], "again");
}

#[tokio::test]
async fn what_is_asked_behind_a_close_finds_the_document_closed() {
    let mut client = Client::pulling(Plan::echoing()).await;
    let ask = |uri: &str| json!({"textDocument": {"uri": uri}});
    let unknown = client.request("textDocument/diagnostic", ask("file:///tmp/never.py")).await;
    assert!(unknown.is_err());
    client.open(URI, "first").await;
    client.request("textDocument/diagnostic", ask(URI)).await.unwrap();
    client.close(URI).await;
    let closed = client.request("textDocument/diagnostic", ask(URI)).await;
    assert_eq!(closed.unwrap_err()["code"], unknown.unwrap_err()["code"]);
}

//! A panic in the engine costs the analysis that it happened in, and nothing else.

use serde_json::json;

use crate::client::Client;
use crate::engine::{PANIC, Plan};

const GOOD: &str = "file:///tmp/good.py";
const BAD: &str = "file:///tmp/bad.py";

#[tokio::test]
async fn a_panic_loses_one_analysis_and_no_text() {
    let (plan, mut keeper) = Plan::echoing().gated();
    let mut client = Client::pushed(plan).await;
    client.open(GOOD, "good").await;
    assert_eq!(keeper.started().await, "good");
    keeper.let_one_through();
    client.published(GOOD).await;
    client.open(BAD, PANIC).await;
    assert_eq!(keeper.started().await, PANIC);
    keeper.open();
    // The edit speaks of the text that the engine died of.
    let end = json!({"line": 0, "character": 5});
    client.change(BAD, 2, json!([{"range": {"start": end, "end": end}, "text": " still"}])).await;
    let start = json!({"line": 0, "character": 0});
    client.change(BAD, 3, json!([{"range": {"start": start, "end": end}, "text": "calm"}])).await;
    let published = client.published(BAD).await;
    assert_eq!(
        (&published["version"], &published["diagnostics"][0]["message"]),
        (&json!(3), &json!("calm still"))
    );
    // The engine was restarted; it knows the other document as it is.
    let at = json!({"line": 0, "character": 4});
    client.change(GOOD, 2, json!([{"range": {"start": at, "end": at}, "text": "!"}])).await;
    let published = client.published_version(GOOD, 2).await;
    assert_eq!(published["diagnostics"][0]["message"], "good!");
}

#[tokio::test]
async fn a_lost_analysis_is_an_error_to_who_asks_and_no_end() {
    let mut client = Client::pulling(Plan::echoing()).await;
    client.open(BAD, PANIC).await;
    let params = json!({"textDocument": {"uri": BAD}});
    let error = client.request("textDocument/diagnostic", params.clone()).await.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["retriggerRequest"]), (&json!(-32802), &json!(false)));
    client.open(GOOD, "good").await;
    let report =
        client.request("textDocument/diagnostic", json!({"textDocument": {"uri": GOOD}})).await.unwrap();
    assert_eq!(report["items"][0]["message"], "good");
    client.change(BAD, 2, json!([{"text": "mended"}])).await;
    let report = client.request("textDocument/diagnostic", params).await.unwrap();
    assert_eq!(report["items"][0]["message"], "mended");
}

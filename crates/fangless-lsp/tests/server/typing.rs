//! While a statement is being typed, what is found elsewhere stays as it was; and when that ends.

use serde_json::{Value, json};

use crate::client::Client;
use crate::engine::Plan;

const URI: &str = "file:///tmp/typing.py";
/// The first line has a finding as long as the second one has one.
const TEXT: &str = "uses:typing.py\nx = DANGER\n";
const USER: &str = "file:///tmp/user.py";

/// A change of what stands behind `x = `.
fn typed(end: u32, text: &str) -> Value {
    let range = json!({"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": end}});
    json!([{"range": range, "text": text}])
}

async fn messages(client: &mut Client, version: i64) -> Vec<String> {
    let published = client.published_version(URI, version).await;
    let diagnostics = published["diagnostics"].as_array().unwrap();
    diagnostics.iter().map(|diagnostic| diagnostic["message"].as_str().unwrap().to_string()).collect()
}

/// A client whose second line does not parse any more, and has lost its danger.
async fn half_typed() -> Client {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, TEXT).await;
    assert_eq!(messages(&mut client, 1).await, ["elsewhere", "DANGER"]);
    client.change(URI, 2, typed(10, "BROKEN (")).await;
    assert_eq!(messages(&mut client, 2).await, ["elsewhere"]);
    client
}

#[tokio::test]
async fn it_ends_when_the_statement_parses() {
    let mut client = half_typed().await;
    client.change(URI, 3, typed(12, "(calm)")).await;
    assert_eq!(messages(&mut client, 3).await, Vec::<String>::new());
}

#[tokio::test]
async fn it_ends_behind_the_word_that_is_typed_last() {
    let mut client = half_typed().await;
    client.change(URI, 3, typed(12, "calm")).await;
    assert_eq!(messages(&mut client, 3).await, ["elsewhere"]);
    client.change(URI, 4, typed(8, "calm\n")).await;
    assert_eq!(messages(&mut client, 4).await, Vec::<String>::new());
}

#[tokio::test]
async fn it_ends_when_another_place_is_edited_or_all_is_new() {
    for change in [
        json!([{"range": {"start": {"line": 0, "character": 14}, "end": {"line": 0, "character": 14}}, "text": " "}]),
        json!([{"text": "uses:typing.py\nx = BROKEN (\n"}]),
    ] {
        let mut client = half_typed().await;
        client.change(URI, 3, change).await;
        assert_eq!(messages(&mut client, 3).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn it_ends_when_the_file_is_saved() {
    let mut client = half_typed().await;
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": URI}})).await;
    assert_eq!(messages(&mut client, 2).await, Vec::<String>::new());
    let mut client = Client::pulling(Plan::default()).await;
    client.open(URI, TEXT).await;
    let params = json!({"textDocument": {"uri": URI}});
    client.request("textDocument/diagnostic", params.clone()).await.unwrap();
    client.change(URI, 2, typed(10, "BROKEN (")).await;
    let report = client.request("textDocument/diagnostic", params.clone()).await.unwrap();
    assert_eq!(report["items"][0]["message"], "elsewhere");
    client.notify("textDocument/didSave", params.clone()).await;
    client.asked("workspace/diagnostic/refresh").await;
    let report = client.request("textDocument/diagnostic", params).await.unwrap();
    assert_eq!(report["items"], json!([]));
}

#[tokio::test]
async fn what_comes_elsewhere_waits_too() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, &TEXT.replace("DANGER", "calm\n")).await;
    assert_eq!(messages(&mut client, 1).await, Vec::<String>::new());
    client.change(URI, 2, typed(8, "DANGER BROKEN")).await;
    assert_eq!(messages(&mut client, 2).await, ["DANGER"]);
    client.change(URI, 3, typed(17, "(DANGER)")).await;
    assert_eq!(messages(&mut client, 3).await, ["elsewhere", "DANGER"]);
}

#[tokio::test]
async fn other_documents_wait_as_well() {
    let mut client = Client::pulling(Plan::default()).await;
    let params = json!({"textDocument": {"uri": USER}});
    client.open(URI, TEXT).await;
    client.open(USER, "uses:typing.py").await;
    let report = client.request("textDocument/diagnostic", params.clone()).await.unwrap();
    assert_eq!(report["items"][0]["message"], "elsewhere");
    client.change(URI, 2, typed(10, "BROKEN (")).await;
    client.request("textDocument/diagnostic", json!({"textDocument": {"uri": URI}})).await.unwrap();
    let report = client.request("textDocument/diagnostic", params.clone()).await.unwrap();
    assert_eq!(report["items"][0]["message"], "elsewhere");
    client.change(URI, 3, typed(12, "(calm)")).await;
    client.asked("workspace/diagnostic/refresh").await;
    let report = client.request("textDocument/diagnostic", params).await.unwrap();
    assert_eq!(report["items"], json!([]));
}

#[tokio::test]
async fn fixes_are_those_of_the_text_as_it_is() {
    let mut client = half_typed().await;
    let start = json!({"line": 0, "character": 0});
    let params = json!({
        "textDocument": {"uri": URI}, "range": {"start": start, "end": start},
        "context": {"diagnostics": [], "only": ["quickfix"]},
    });
    let actions = client.request("textDocument/codeAction", params).await.unwrap();
    let titles: Vec<&str> =
        actions.as_array().unwrap().iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Ignore `danger` on this line"]);
}

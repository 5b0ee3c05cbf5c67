//! How a session ends, and what the process ends with.

use fangless_lsp::Ended;
use serde_json::{Value, json};

use crate::client::Client;
use crate::engine::Plan;

const URI: &str = "file:///tmp/endings.py";

#[tokio::test]
async fn shutdown_then_exit() {
    let mut client = Client::pushed(Plan::default()).await;
    client.open(URI, "").await;
    assert_eq!(client.request("shutdown", Value::Null).await, Ok(Value::Null));
    let hover = json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}});
    assert_eq!(client.request("textDocument/hover", hover).await.unwrap_err()["code"], -32600);
    client.notify("exit", Value::Null).await;
    let ended = client.ended().await;
    assert_eq!((ended, ended.exit_code()), (Ended::Orderly, 0));
}

#[tokio::test]
async fn exit_alone_is_a_failure() {
    let mut client = Client::pushed(Plan::default()).await;
    client.notify("exit", Value::Null).await;
    let ended = client.ended().await;
    assert_eq!((ended, ended.exit_code()), (Ended::Abrupt, 1));
}

#[tokio::test]
async fn the_end_of_the_input_is_an_end() {
    let mut client = Client::pushed(Plan::default()).await;
    client.end_input();
    assert_eq!(client.ended().await, Ended::Orderly);
}

/// The parts of the server run on several threads in the program; none may be faster than another in every run.
#[tokio::test(flavor = "multi_thread")]
async fn how_it_ends_does_not_depend_on_who_is_faster() {
    for _ in 0..50 {
        let mut client = Client::pushed(Plan::default()).await;
        client.end_input();
        assert_eq!(client.ended().await, Ended::Orderly);
        let mut client = Client::pushed(Plan::default()).await;
        client.notify("exit", Value::Null).await;
        client.end_input();
        assert_eq!(client.ended().await, Ended::Abrupt);
    }
}

#[tokio::test]
async fn the_end_of_the_input_in_the_middle_of_a_message() {
    let mut client = Client::pushed(Plan::default()).await;
    client.send_bytes(b"Content-Length: 100\r\n\r\n{").await;
    client.end_input();
    assert_eq!(client.ended().await, Ended::Orderly);
}

#[tokio::test]
async fn what_was_asked_before_the_end_is_answered() {
    let mut client = Client::pushed(Plan::echoing()).await;
    client.open(URI, "text").await;
    let hover = json!({"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}});
    let id = client.ask("textDocument/hover", hover).await;
    client.end_input();
    assert!(client.reply(id).await.unwrap().is_object());
    assert_eq!(client.ended().await, Ended::Orderly);
}

#[tokio::test]
async fn an_engine_that_is_stuck_holds_nobody_up() {
    let (plan, mut keeper) = Plan::default().gated();
    let mut client = Client::pulling(plan).await;
    client.open(URI, "").await;
    keeper.started().await;
    client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": URI}})).await;
    client.barrier().await;
    client.end_input();
    assert_eq!(client.ended().await, Ended::Orderly);
}

#[tokio::test]
#[cfg(unix)]
async fn the_end_of_the_clients_process_is_an_end() {
    let mut process = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let mut client = Client::connect(Plan::default());
    client.initialize_with(json!({}), json!({"processId": process.id()})).await;
    client.open(URI, "").await;
    client.published(URI).await;
    process.kill().unwrap();
    process.wait().unwrap();
    // The input is open still: nothing else tells the server.
    assert_eq!(client.ended().await, Ended::Orderly);
}

#[tokio::test]
async fn a_process_that_cannot_be_seen_is_not_waited_for() {
    let mut client = Client::connect(Plan::default());
    client.initialize_with(json!({}), json!({"processId": i32::MAX})).await;
    client.open(URI, "").await;
    client.published(URI).await;
}

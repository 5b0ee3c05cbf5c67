//! Clients that ask much of the server, with the engine that is shipped: in the end every one sees what a client sees
//! that opens the final text.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Client, pull_capabilities, push_capabilities};
use crate::model::{self, Numbers, Unit};
use crate::project::{BAD, codes};

const URI: &str = "file:///tmp/fangless-abuse/a.py";

/// Findings behind characters of one, two, three and four bytes, and flows through several functions.
const TEXT: &str = "import pickle\nimport sqlite3\nfrom flask import request\n\n\n\
    def name():\n    return request.args[\"n\u{e4}me\"]\n\n\n\
    def show(cursor):\n    cursor.execute(\"\u{1F600} \u{4e2d}\" + name()); x = '\u{1F600}'; y = pickle.loads(request.data)\n\n\n\
    class Store:\n    def keep(self):\n        return '\u{e9}', eval(request.form[\"x\"])\n";

async fn pull(client: &mut Client, uri: &str) -> Value {
    let params = json!({"textDocument": {"uri": uri}});
    client.request("textDocument/diagnostic", params).await.unwrap()["items"].clone()
}

/// What a client sees that opens the text and does nothing else.
async fn from_scratch(text: &str, unit: Unit) -> Value {
    let mut client = Client::connect_real();
    let mut capabilities = pull_capabilities();
    capabilities["general"]["positionEncodings"] = json!([unit.name()]);
    client.initialize(capabilities).await;
    client.open(URI, text).await;
    pull(&mut client, URI).await
}

#[tokio::test]
async fn positions_mean_the_same_place_in_every_encoding() {
    let mut places: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for unit in Unit::ALL {
        for diagnostic in from_scratch(TEXT, unit).await.as_array().unwrap() {
            let range = &diagnostic["range"];
            let start = model::offset(TEXT, &range["start"], unit);
            let end = model::offset(TEXT, &range["end"], unit);
            let found = (diagnostic["code"].to_string(), TEXT[start..end].to_string());
            places.entry(unit.name()).or_default().push(found);
        }
    }
    assert!(places["utf-16"].len() >= 2, "{places:?}");
    assert_eq!(places["utf-8"], places["utf-16"]);
    assert_eq!(places["utf-32"], places["utf-16"]);
    assert!(places["utf-8"].iter().any(|(_, text)| text.contains("request.data")), "{places:?}");
}

#[tokio::test]
async fn two_thousand_edits_in_a_burst_end_in_what_the_final_text_has() {
    const PIECES: [&str; 10] = [
        "eval(request.form)",
        "\n",
        "\u{1F600}",
        "'",
        "\"\"\"",
        "(",
        ")",
        "    ",
        "pickle.loads(request.data)\n",
        "",
    ];
    for unit in [Unit::Utf8, Unit::Utf16] {
        let mut client = Client::connect_real();
        let mut capabilities = pull_capabilities();
        capabilities["general"]["positionEncodings"] = json!([unit.name()]);
        client.initialize(capabilities).await;
        let mut text = TEXT.to_string();
        client.open(URI, &text).await;
        let mut numbers = Numbers::new(unit as u64 + 7);
        for version in 2..=2_001 {
            let line = numbers.below(24);
            let start = json!({"line": line, "character": numbers.below(40)});
            let end = if version % 3 == 0 {
                json!({"line": line, "character": numbers.below(40)})
            } else {
                start.clone()
            };
            let change =
                json!({"range": {"start": start, "end": end}, "text": PIECES[numbers.below(PIECES.len())]});
            text = model::change(&text, &change, unit);
            client.change(URI, version, json!([change])).await;
        }
        // At both ends of the text: nothing is being typed any more.
        let end = json!({"line": text.len(), "character": 0});
        let start = json!({"line": 0, "character": 0});
        let changes = json!([
            {"range": {"start": end, "end": end}, "text": "\n"}, {"range": {"start": start, "end": start}, "text": "\n"},
        ]);
        client.change(URI, 2_002, changes).await;
        text = format!("\n{text}\n");
        assert_eq!(pull(&mut client, URI).await, from_scratch(&text, unit).await, "{unit:?}: {text}");
        // What was broken by chance is mended in one go.
        client.change(URI, 3_000, json!([{"text": TEXT}])).await;
        assert_eq!(pull(&mut client, URI).await, from_scratch(TEXT, unit).await);
    }
}

#[tokio::test]
async fn five_hundred_files_at_once() {
    let mut client = Client::connect_real();
    client.initialize(push_capabilities()).await;
    let uri = |number: usize| format!("file:///tmp/fangless-abuse/many/f{number}.py");
    for number in 0..500 {
        client.open(&uri(number), if number % 2 == 0 { BAD } else { "x = 1\n" }).await;
    }
    for number in 0..500 {
        let expected: &[&str] = if number % 2 == 0 { &["yaml-unsafe-load"] } else { &[] };
        assert_eq!(codes(&client.published(&uri(number)).await["diagnostics"]), expected, "{number}");
    }
}

#[tokio::test]
async fn a_client_that_never_answers_and_can_do_nothing_gets_what_there_is() {
    let mut client = Client::connect_real();
    client
        .initialize(json!({"workspace": {"configuration": true}, "window": {"workDoneProgress": true}}))
        .await;
    client.open(URI, BAD).await;
    assert_eq!(codes(&client.published(URI).await["diagnostics"]), ["yaml-unsafe-load"]);
    client.change(URI, 2, json!([{"text": ""}])).await;
    assert_eq!(client.published(URI).await["diagnostics"], json!([]));
}

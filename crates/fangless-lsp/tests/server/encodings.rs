//! Columns in the units that the client asked for, both ways.

use serde_json::json;

use crate::client::{Client, push_capabilities};
use crate::engine::Plan;
use crate::model::{self, Unit};

const URI: &str = "file:///tmp/encodings.py";
const TEXT: &str = "first\r\nface = '\u{1F600}\u{e9}'; DANGER; after\n";

#[tokio::test]
async fn an_emoji_before_the_finding() {
    for unit in Unit::ALL {
        let mut capabilities = push_capabilities();
        capabilities["general"]["positionEncodings"] = json!(["utf-7", unit.name(), "utf-16"]);
        let mut client = Client::connect(Plan::default());
        let server = client.initialize(capabilities).await;
        assert_eq!(server["positionEncoding"], unit.name());
        client.open(URI, TEXT).await;
        let published = client.published(URI).await;
        let range = &published["diagnostics"][0]["range"];
        let start = TEXT.find("DANGER").unwrap();
        assert_eq!(range["start"], model::position(TEXT, start, unit), "{unit:?}");
        assert_eq!(range["end"], model::position(TEXT, start + 6, unit), "{unit:?}");
        let context = json!({"diagnostics": [], "only": ["quickfix"]});
        let params = json!({"textDocument": {"uri": URI}, "range": range, "context": context});
        let actions = client.request("textDocument/codeAction", params).await.unwrap();
        let edits = &actions[0]["edit"]["documentChanges"][0]["edits"];
        assert_eq!(model::text_edits(TEXT, edits, unit), TEXT.replace("DANGER", "calm"), "{unit:?}");
    }
}

#[tokio::test]
async fn without_a_word_it_is_utf_16() {
    let mut client = Client::connect(Plan::default());
    let server = client.initialize(json!({})).await;
    assert_eq!(server["positionEncoding"], "utf-16");
}

#[tokio::test]
async fn the_three_encodings_differ_here() {
    let start = TEXT.find("DANGER").unwrap();
    let columns = Unit::ALL.map(|unit| model::position(TEXT, start, unit)["character"].clone());
    assert_eq!(columns, [json!(17), json!(14), json!(13)].map(|column| column));
}

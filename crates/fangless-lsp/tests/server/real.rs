//! The whole way once, with the engine and the rules that are shipped.

use serde_json::json;

use crate::client::{Client, push_capabilities};
use crate::model::{self, Unit};

const URI: &str = "file:///tmp/fangless-real/settings.py";
const TEXT: &str = "import yaml\n\n\ndef load(path):\n    with open(path) as file:\n        return yaml.load(file, Loader=yaml.Loader)\n";

#[tokio::test]
async fn an_unsafe_load_is_found_explained_and_mended() {
    let mut client = Client::connect_real();
    client.initialize(push_capabilities()).await;
    client.open(URI, TEXT).await;
    let published = client.published(URI).await;
    let diagnostic = &published["diagnostics"][0];
    assert_eq!(
        (&diagnostic["code"], &diagnostic["range"]["start"]["line"]),
        (&json!("yaml-unsafe-load"), &json!(5))
    );
    let document = json!({"uri": URI});
    let hover = json!({"textDocument": document, "position": diagnostic["range"]["start"]});
    let hover = client.request("textDocument/hover", hover).await.unwrap();
    assert!(hover["contents"]["value"].as_str().unwrap().contains("CWE-502"));
    let context = json!({"diagnostics": [diagnostic], "only": ["quickfix"]});
    let params = json!({"textDocument": document, "range": diagnostic["range"], "context": context});
    let actions = client.request("textDocument/codeAction", params).await.unwrap();
    let after = model::text_edits(TEXT, &actions[0]["edit"]["documentChanges"][0]["edits"], Unit::Utf16);
    client.change(URI, 2, json!([{"text": after}])).await;
    let published = client.published_version(URI, 2).await;
    assert_eq!(published["diagnostics"], json!([]), "{after}");
}

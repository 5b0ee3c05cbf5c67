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

#[tokio::test]
async fn a_rule_has_a_page_and_what_is_obsolete_is_struck_out() {
    let uri = "file:///tmp/fangless-real/requirements.txt";
    let text = "pycrypto==2.6.1\nflask\n";
    for (options, expected) in [
        (json!({}), "https://cwe.mitre.org/data/definitions/1104.html"),
        (
            json!({"rulePages": "https://rules.example/{rule}.html"}),
            "https://rules.example/abandoned-security-package.html",
        ),
    ] {
        let mut capabilities = push_capabilities();
        capabilities["textDocument"]["publishDiagnostics"]["tagSupport"] = json!({"valueSet": [1, 2]});
        let mut client = Client::connect_real();
        client.initialize_with(capabilities, json!({"initializationOptions": options})).await;
        let document = json!({"uri": uri, "languageId": "pip-requirements", "version": 1, "text": text});
        client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
        let diagnostics = client.published(uri).await["diagnostics"].as_array().unwrap().clone();
        let of = |code: &str| diagnostics.iter().find(|one| one["code"] == code).expect(code);
        let obsolete = of("abandoned-security-package");
        assert_eq!(
            (&obsolete["tags"], &obsolete["codeDescription"]["href"]),
            (&json!([2]), &json!(expected))
        );
        assert_eq!(of("requirement-unpinned").get("tags"), None);
        let hover = json!({"textDocument": {"uri": uri}, "position": obsolete["range"]["start"]});
        let hover = client.request("textDocument/hover", hover).await.unwrap();
        assert!(hover["contents"]["value"].as_str().unwrap().contains(expected), "{hover}");
    }
}

#[tokio::test]
async fn a_manifest_is_checked_while_it_is_typed() {
    let uri = "file:///tmp/fangless-real/requirements.txt";
    let text = "--index-url http://packages.example.com/simple\nflask==3.0.3\n";
    let mut client = Client::connect_real();
    client.initialize(push_capabilities()).await;
    let document = json!({"uri": uri, "languageId": "pip-requirements", "version": 1, "text": text});
    client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    let published = client.published(uri).await;
    let diagnostic = &published["diagnostics"][0];
    assert_eq!(diagnostic["code"], "insecure-package-index");
    let context = json!({"diagnostics": [diagnostic], "only": ["quickfix"]});
    let document = json!({"uri": uri});
    let params = json!({"textDocument": document, "range": diagnostic["range"], "context": context});
    let actions = client.request("textDocument/codeAction", params).await.unwrap();
    let after = model::text_edits(text, &actions[0]["edit"]["documentChanges"][0]["edits"], Unit::Utf16);
    assert!(after.starts_with("--index-url https://"), "{after}");
    let typed = json!([{"range": {"start": {"line": 1, "character": 5}, "end": {"line": 1, "character": 12}}, "text": ""}]);
    client.change(uri, 2, typed).await;
    let published = client.published_version(uri, 2).await;
    let codes: Vec<_> =
        published["diagnostics"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["insecure-package-index", "requirement-unpinned"]);
}

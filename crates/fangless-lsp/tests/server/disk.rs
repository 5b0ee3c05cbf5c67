//! What happens on disk beside the editor, to modules that open documents import.

use serde_json::{Value, json};

use crate::client::{Client, push_capabilities};
use crate::project::Project;

const VIEWS: &str = "import sqlite3\nfrom store import name\n\n\ndef show():\n    \
                     sqlite3.connect('x').execute('select ' + name())\n";
const TAINTED: &str = "from flask import request\n\n\ndef name():\n    return request.args['name']\n";
const HARMLESS: &str = "def name():\n    return 'x'\n";

async fn watched(client: &mut Client, uri: &str, how: i64) {
    let changes = json!({"changes": [{"uri": uri, "type": how}]});
    client.notify("workspace/didChangeWatchedFiles", changes).await;
}

fn count(published: &Value) -> usize {
    published["diagnostics"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_module_that_comes_changes_and_goes_is_seen_by_who_imports_it() {
    let project = Project::new(&[]);
    let mut client = Client::connect_real();
    client.initialize_with(push_capabilities(), project.folders(&[""])).await;
    let (views, store) = (project.uri("views.py"), project.uri("store.py"));
    client.open(&views, VIEWS).await;
    assert_eq!(count(&client.published(&views).await), 0);
    project.write("store.py", TAINTED);
    watched(&mut client, &store, 1).await;
    assert_eq!(count(&client.published(&views).await), 1);
    project.write("store.py", HARMLESS);
    watched(&mut client, &store, 2).await;
    assert_eq!(count(&client.published(&views).await), 0);
    // What is open counts with the text it has in the editor, whatever happens on disk.
    client.open(&store, TAINTED).await;
    assert_eq!(count(&client.published(&views).await), 1);
    watched(&mut client, &store, 2).await;
    project.remove("store.py");
    watched(&mut client, &store, 3).await;
    client.barrier().await;
    client.close(&store).await;
    assert_eq!(count(&client.published(&views).await), 0, "closed, and no more on disk");
    project.write("store.py", TAINTED);
    client.notify("workspace/didCreateFiles", json!({"files": [{"uri": store}]})).await;
    assert_eq!(count(&client.published(&views).await), 1);
    project.remove("store.py");
    watched(&mut client, &store, 3).await;
    assert_eq!(count(&client.published(&views).await), 0);
}

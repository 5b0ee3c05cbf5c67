use fangless_engine::{Edit, RuleSet, Workspace, text::TextRange};
use std::sync::Arc;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let needle = std::env::args().nth(2).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let mut w = Workspace::new(Arc::new(RuleSet::builtin()));
    w.set_file("/a/f.py", text.clone());
    w.findings("/a/f.py");
    let at = (text.find(&needle).unwrap() + needle.len()) as u32;
    for key in 0..300 {
        eprintln!("KEY {key}");
        let t = std::time::Instant::now();
        w.edit_file("/a/f.py", &[Edit { range: TextRange::new(at + key, at + key), text: "x".into() }]);
        let e = t.elapsed();
        let n = w.findings("/a/f.py").len();
        eprintln!("DONE edit {e:?} all {:?} findings {n}", t.elapsed());
    }
}

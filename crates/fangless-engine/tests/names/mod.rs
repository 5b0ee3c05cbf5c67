//! The names that a text uses after a fix, and those that nothing in it binds.

use std::collections::BTreeSet;

use tree_sitter::{Node, Parser, Tree};

/// Built-in names that fixes write.
const BUILT_IN: [&str; 13] = [
    "str",
    "repr",
    "int",
    "len",
    "range",
    "min",
    "max",
    "open",
    "ValueError",
    "PermissionError",
    "AssertionError",
    "RuntimeError",
    "TypeError",
];

pub(crate) fn parsed(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).expect("the grammar fits the parser");
    parser.parse(text, None).expect("no time limit is set")
}

/// Names that the fixed text uses, the text before did not hold, and nothing in it binds.
pub(crate) fn unbound(before: &str, after: &str) -> Vec<String> {
    let mut names = Names::default();
    names.read(parsed(after).root_node(), after);
    let known = |name: &str| {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        before.split(|character| !is_part(character)).any(|word| word == name)
    };
    let unbound = names.used.difference(&names.bound);
    unbound.filter(|name| !known(name) && !BUILT_IN.contains(&name.as_str())).cloned().collect()
}

#[derive(Default)]
struct Names {
    used: BTreeSet<String>,
    bound: BTreeSet<String>,
}

impl Names {
    fn read(&mut self, node: Node<'_>, text: &str) {
        match node.kind() {
            "identifier" => {
                self.used.insert(text[node.byte_range()].to_owned());
            }
            "attribute" => self.read_field(node, "object", text),
            "keyword_argument" => self.read_field(node, "value", text),
            "import_statement" | "import_from_statement" | "parameters" | "lambda_parameters" => {
                self.bind(node, text);
            }
            "assignment" | "named_expression" | "for_statement" | "for_in_clause" => {
                if let Some(target) =
                    node.child_by_field_name("left").or_else(|| node.child_by_field_name("name"))
                {
                    self.bind(target, text);
                }
                self.read_children(node, text);
            }
            "function_definition" | "class_definition" => {
                if let Some(name) = node.child_by_field_name("name") {
                    self.bind(name, text);
                }
                self.read_children(node, text);
            }
            _ => self.read_children(node, text),
        }
    }

    fn read_field(&mut self, node: Node<'_>, field: &str, text: &str) {
        if let Some(child) = node.child_by_field_name(field) {
            self.read(child, text);
        }
    }

    fn read_children(&mut self, node: Node<'_>, text: &str) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.read(child, text);
        }
    }

    fn bind(&mut self, node: Node<'_>, text: &str) {
        if node.kind() == "identifier" {
            self.bound.insert(text[node.byte_range()].to_owned());
        }
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.bind(child, text);
        }
    }
}

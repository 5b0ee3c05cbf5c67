//! SQL built as a string becomes a statement with placeholders, and its values become parameters, in the style of the
//! driver. Offered only where every value stands where SQL takes one.

use super::sql_parameters::{Parameter, parametrise};
use crate::fix::Site;
use crate::fix::built::{argument_at_fault, locate};
use crate::fix::draft::Draft;
use crate::fix::simple::add_arguments;
use crate::fix::tree::{ArgumentKind, Call, Source, display_elements, range_of, without_parentheses};

/// How a driver writes placeholders and takes their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `?` and a tuple.
    Question,
    /// `%s` and a tuple.
    Percent,
    /// `:1` and a list.
    Numbered,
    /// `$1` and further arguments.
    Dollar,
    /// `:name` in `text()`, and a dictionary.
    Named,
    /// `{{ name }}` in a template of Jinja, and keyword arguments.
    Jinja,
    /// `${name}` in a template of Mako, and keyword arguments.
    Mako,
    /// `$name` in an `XPath` expression, and keyword arguments.
    XPath,
}

const DRIVERS: [(&str, Style); 22] = [
    ("sqlite3", Style::Question),
    ("aiosqlite", Style::Question),
    ("pyodbc", Style::Question),
    ("aioodbc", Style::Question),
    ("duckdb", Style::Question),
    ("mariadb", Style::Question),
    ("psycopg", Style::Percent),
    ("psycopg2", Style::Percent),
    ("aiopg", Style::Percent),
    ("MySQLdb", Style::Percent),
    ("pymysql", Style::Percent),
    ("aiomysql", Style::Percent),
    ("asyncmy", Style::Percent),
    ("mysql", Style::Percent),
    ("pymssql", Style::Percent),
    ("django", Style::Percent),
    ("oracledb", Style::Numbered),
    ("cx_Oracle", Style::Numbered),
    ("asyncpg", Style::Dollar),
    ("sqlalchemy", Style::Named),
    ("flask_sqlalchemy", Style::Named),
    ("sqlmodel", Style::Named),
];

/// Calls whose first argument is a statement and whose second takes its parameters.
const METHODS: [&str; 6] = ["execute", "raw", "RawSQL", "fetch", "fetchrow", "fetchval"];
/// Calls of `sqlalchemy` that take `text()` and a dictionary.
const NAMED_METHODS: [&str; 5] = ["execute", "scalar", "scalars", "stream", "stream_scalars"];

pub(super) fn build(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let style = style(site, draft)?;
    let argument = argument_at_fault(&call, site)?;
    // `execute(text(f"…"))`, seen from either call.
    let inner = Call::of(without_parentheses(argument.value)).filter(|inner| inner.method(source) == "text");
    let text_call = if call.method(source) == "text" { Some(call.clone()) } else { inner };
    if let Some(text_call) = text_call.filter(|_| style == Style::Named) {
        let built = locate(source, text_call.positional(0)?.value)?;
        let parameters = parametrise(&built, style, draft)?;
        match text_call.outer().filter(|outer| takes_dictionary(source, outer, &text_call)) {
            Some(outer) => add_parameters(&outer, &parameters, style, draft),
            None => {
                let end = text_call.node.end_byte() as u32;
                draft.insert(end, format!(".bindparams({})", keywords(&parameters)));
            }
        }
        return Some(());
    }
    let positional = call.arguments.iter().filter(|other| other.kind == ArgumentKind::Positional).count();
    let known = if style == Style::Named { &NAMED_METHODS[..] } else { &METHODS[..] };
    let has_parameters = call.arguments.iter().any(|other| {
        matches!(other.kind, ArgumentKind::Splat | ArgumentKind::DoubleSplat)
            || other.keyword.is_some_and(|keyword| {
                matches!(source.text_of(keyword), "params" | "parameters" | "vars" | "args" | "query_params")
            })
    });
    // An empty list of parameters is waiting to be filled.
    let empty = call
        .positional(1)
        .or_else(|| call.keyword(source, "params"))
        .filter(|other| display_elements(other.value).is_some_and(|elements| elements.is_empty()));
    let positional =
        positional - usize::from(empty.is_some_and(|empty| empty.kind == ArgumentKind::Positional));
    let has_parameters = has_parameters && empty.is_none();
    let is_first = call.positional(0).is_some_and(|first| first.node.id() == argument.node.id());
    // The name by which it is known, whatever it is called here.
    let method = site.callee.and_then(|callee| callee.rsplit('.').next());
    let is_known =
        known.contains(&call.method(source)) || method.is_some_and(|method| known.contains(&method));
    if !is_known || positional != 1 || has_parameters || !is_first {
        return None;
    }
    let built = locate(source, argument.value)?;
    let parameters = parametrise(&built, style, draft)?;
    if style == Style::Named {
        let text = draft.reference("sqlalchemy.text")?;
        draft.insert(argument.node.start_byte() as u32, format!("{text}("));
        draft.insert(argument.node.end_byte() as u32, ")");
    }
    if let Some(empty) = empty {
        draft.replace_node(empty.value, written(&parameters, style).join(", "));
        return Some(());
    }
    add_parameters(&call, &parameters, style, draft);
    Some(())
}

/// The driver by the callee's module, or the only style among those that the file imports.
fn style(site: &Site<'_>, draft: &Draft<'_, '_>) -> Option<Style> {
    let package = site.callee.and_then(|callee| callee.split('.').next()).unwrap_or("");
    if let Some((_, style)) = DRIVERS.iter().find(|(name, _)| *name == package) {
        return Some(*style);
    }
    // Managers of models are most often imported from the program's own modules.
    if site.callee.is_some_and(|callee| callee.ends_with(".objects.raw")) {
        return Some(Style::Percent);
    }
    let mut imported = DRIVERS.iter().filter(|(name, _)| draft.imports(name)).map(|(_, style)| *style);
    let first = imported.next()?;
    imported.all(|style| style == first).then_some(first)
}

fn takes_dictionary(source: &Source<'_>, outer: &Call<'_>, text_call: &Call<'_>) -> bool {
    let is_first = outer.positional(0).is_some_and(|first| first.node.id() == text_call.node.id());
    NAMED_METHODS.contains(&outer.method(source)) && is_first && outer.arguments.len() == 1
}

/// Gives the call its parameters, behind the statement.
fn add_parameters(call: &Call<'_>, parameters: &[Parameter], style: Style, draft: &mut Draft<'_, '_>) {
    let written = written(parameters, style);
    if call.arguments.len() == 1 {
        add_arguments(call, &written, &[], draft);
        return;
    }
    draft.insert(range_of(call.arguments[0].node).end, format!(", {}", written.join(", ")));
}

/// The arguments that give the parameters, as source.
fn written(parameters: &[Parameter], style: Style) -> Vec<String> {
    let values: Vec<&str> = parameters.iter().map(|parameter| parameter.value.as_str()).collect();
    match style {
        Style::Question | Style::Percent if values.len() == 1 => vec![format!("({},)", values[0])],
        Style::Question | Style::Percent => vec![format!("({})", values.join(", "))],
        Style::Jinja | Style::Mako | Style::XPath => vec![keywords(parameters)],
        Style::Numbered => vec![format!("[{}]", values.join(", "))],
        Style::Dollar => values.iter().map(|value| (*value).to_owned()).collect(),
        Style::Named => {
            let entries: Vec<String> = parameters
                .iter()
                .map(|parameter| format!("\"{}\": {}", parameter.name, parameter.value))
                .collect();
            vec![format!("{{{}}}", entries.join(", "))]
        }
    }
}

fn keywords(parameters: &[Parameter]) -> String {
    let written: Vec<String> =
        parameters.iter().map(|parameter| format!("{}={}", parameter.name, parameter.value)).collect();
    written.join(", ")
}

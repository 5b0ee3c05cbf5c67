//! `pyproject.toml`: the lists of PEP 621, PEP 735 and PEP 518, and the tables of Poetry, uv and PDM. What is broken in
//! the file is passed over; the rest counts.

use smol_str::SmolStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::contents::{
    Contents, Dependency, Index, Origin, Place, Role, Trusted, host_of, is_cleartext, is_local, normalised,
};
use super::requirement::{self, is_commit};
use crate::text::TextRange;

type Value<'i> = Spanned<DeValue<'i>>;

pub(super) fn read(text: &str) -> Contents {
    let (document, _) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, contents: Contents::default() };
    let root = document.get_ref();
    if let Some(project) = table_in(root, "project") {
        reader.named_list(project, "dependencies");
        reader.lists_below(project, "optional-dependencies");
    }
    reader.lists_below(root, "dependency-groups");
    if let Some(build) = table_in(root, "build-system") {
        reader.list(get(build, "requires").map(|(_, value)| value));
    }
    if let Some(tools) = table_in(root, "tool") {
        table_in(tools, "poetry").into_iter().for_each(|poetry| reader.poetry(poetry));
        table_in(tools, "uv").into_iter().for_each(|uv| reader.uv(uv));
        table_in(tools, "pdm").into_iter().for_each(|pdm| reader.pdm(pdm));
    }
    reader.contents.dependencies.sort_by_key(|one| one.range);
    reader.contents
}

fn get<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<(TextRange, &'t Value<'i>)> {
    let (key, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some((range_of(key), value))
}

fn table_in<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
    get(table, key).and_then(|(_, value)| value.get_ref().as_table())
}

fn text_in<'t>(table: &'t DeTable<'_>, key: &str) -> Option<(TextRange, &'t str)> {
    let (_, value) = get(table, key)?;
    Some((range_of(value), value.get_ref().as_str()?))
}

fn is_true(table: &DeTable<'_>, key: &str) -> bool {
    get(table, key).and_then(|(_, value)| value.get_ref().as_bool()) == Some(true)
}

fn tables_in<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> impl Iterator<Item = &'t DeTable<'i>> {
    let items = get(table, key).and_then(|(_, value)| value.get_ref().as_array());
    items.into_iter().flat_map(|items| items.iter()).filter_map(|item| item.get_ref().as_table())
}

/// Strings of a list, or the one string that stands for it.
fn texts<'t>(value: &'t Value<'_>) -> Vec<(TextRange, &'t str)> {
    match value.get_ref() {
        DeValue::String(text) => vec![(range_of(value), text.as_ref())],
        DeValue::Array(items) => {
            items.iter().filter_map(|item| Some((range_of(item), item.get_ref().as_str()?))).collect()
        }
        _ => Vec::new(),
    }
}

fn range_of<T>(spanned: &Spanned<T>) -> TextRange {
    let span = spanned.span();
    TextRange::new(span.start as u32, span.end as u32)
}

struct Reader<'a> {
    text: &'a str,
    contents: Contents,
}

impl Reader<'_> {
    fn add(&mut self, range: TextRange, name: SmolStr, origin: Origin) {
        let place = Place::Project;
        self.contents.dependencies.push(Dependency { range, name, origin, hashed: false, place });
    }

    /// Where the text between the quotes begins, if it is what it looks like.
    fn inside(&self, range: TextRange, value: &str) -> Option<u32> {
        let written = range.slice(self.text);
        let quotes = (written.len().checked_sub(value.len())? / 2) as u32;
        let inner = TextRange::new(range.start + quotes, range.end.checked_sub(quotes)?);
        (inner.start <= inner.end && inner.slice(self.text) == value).then_some(inner.start)
    }

    fn requirement(&mut self, range: TextRange, value: &str) {
        let trimmed = value.trim_start();
        let start = self.inside(range, value).map(|start| start + (value.len() - trimmed.len()) as u32);
        let Some((name, mut origin)) = requirement::read(trimmed, start.unwrap_or_default()) else { return };
        if let (Origin::Some { lowest }, None) = (&mut origin, start) {
            *lowest = None;
        }
        self.add(range, name, origin);
    }

    fn list(&mut self, value: Option<&Value<'_>>) {
        for (range, text) in value.map(texts).unwrap_or_default() {
            self.requirement(range, text);
        }
    }

    /// A list that a project cannot do without.
    fn named_list(&mut self, table: &DeTable<'_>, key: &str) {
        let Some((key, value)) = get(table, key) else { return };
        let before = self.contents.dependencies.len();
        self.list(Some(value));
        if self.contents.dependencies.len() > before {
            self.contents.project.get_or_insert(key);
        }
    }

    fn lists_below(&mut self, table: &DeTable<'_>, key: &str) {
        for (_, value) in table_in(table, key).into_iter().flat_map(|lists| lists.iter()) {
            self.list(Some(value));
        }
    }

    fn index(&mut self, table: &DeTable<'_>, role: Role) {
        let Some((range, url)) = text_in(table, "url") else { return };
        self.address(range, url, role);
    }

    fn address(&mut self, range: TextRange, url: &str, role: Role) {
        let (host, cleartext) = (host_of(url), is_cleartext(url));
        self.contents.indexes.push(Index { range, option: range, host, cleartext, role });
    }

    fn trust(&mut self, range: TextRange, host: &str) {
        let host = host_of(host);
        if !is_local(&host) {
            self.contents.trusted.push(Trusted { range, host });
        }
    }

    /// A package that is described by a table: `{ git = "…", rev = "…" }`.
    fn described(&mut self, range: TextRange, name: &str, table: &DeTable<'_>) {
        let name = normalised(name);
        let repository = ["git", "hg", "svn"].iter().find_map(|key| text_in(table, key));
        if let Some((range, url)) = repository {
            let at_commit = text_in(table, "rev").is_some_and(|(_, rev)| is_commit(rev, false));
            self.add(range, name, Origin::Repository { at_commit, cleartext: is_cleartext(url) });
        } else if let Some((range, url)) = text_in(table, "url") {
            self.add(range, name, requirement::address(url));
        } else if let Some((range, versions)) = text_in(table, "version") {
            self.add(range, name, poetry_versions(versions));
        } else if get(table, "path").is_some() {
            self.add(range, name, Origin::Local);
        }
    }

    fn described_values(&mut self, name: &str, value: &Value<'_>) {
        match value.get_ref() {
            DeValue::Table(table) => self.described(range_of(value), name, table),
            DeValue::Array(items) => {
                for item in items {
                    if let Some(table) = item.get_ref().as_table() {
                        self.described(range_of(item), name, table);
                    }
                }
            }
            _ => {}
        }
    }

    fn poetry(&mut self, poetry: &DeTable<'_>) {
        self.poetry_dependencies(poetry, "dependencies", true);
        self.poetry_dependencies(poetry, "dev-dependencies", false);
        for (_, group) in table_in(poetry, "group").into_iter().flat_map(|groups| groups.iter()) {
            if let Some(group) = group.get_ref().as_table() {
                self.poetry_dependencies(group, "dependencies", false);
            }
        }
        let mut others = false;
        for source in tables_in(poetry, "source") {
            let priority = text_in(source, "priority").map_or("primary", |(_, priority)| priority);
            let role = match priority {
                "explicit" => Role::Scoped,
                // Asked when the others lack the package: whoever puts it there is served first.
                "supplemental" | "secondary" => Role::Extra,
                _ if is_true(source, "secondary") || others => Role::Extra,
                _ => Role::Primary,
            };
            others |= role == Role::Primary;
            self.index(source, role);
        }
    }

    fn poetry_dependencies(&mut self, table: &DeTable<'_>, key: &str, of_project: bool) {
        let Some((key, value)) = get(table, key) else { return };
        for (name, value) in value.get_ref().as_table().into_iter().flat_map(|packages| packages.iter()) {
            let package = name.get_ref().as_ref();
            if package == "python" {
                continue;
            }
            if of_project {
                self.contents.project.get_or_insert(key);
            }
            match value.get_ref() {
                DeValue::String(versions) => {
                    let range = TextRange::new(range_of(name).start, range_of(value).end);
                    self.add(range, normalised(package), poetry_versions(versions));
                }
                _ => self.described_values(package, value),
            }
        }
    }

    fn uv(&mut self, uv: &DeTable<'_>) {
        self.list(get(uv, "dev-dependencies").map(|(_, value)| value));
        for (name, value) in table_in(uv, "sources").into_iter().flat_map(|sources| sources.iter()) {
            self.described_values(name.get_ref(), value);
        }
        for index in tables_in(uv, "index") {
            // The first index that has the package wins, unless a strategy says otherwise.
            self.index(index, if is_true(index, "default") { Role::Primary } else { Role::Scoped });
        }
        for options in [Some(uv), table_in(uv, "pip")].into_iter().flatten() {
            for (key, role) in [
                ("index-url", Role::Primary),
                ("extra-index-url", Role::Scoped),
                ("find-links", Role::Scoped),
            ] {
                for (range, url) in get(options, key).map(|(_, value)| texts(value)).unwrap_or_default() {
                    self.address(range, url, role);
                }
            }
            for (range, host) in
                get(options, "allow-insecure-host").map(|(_, value)| texts(value)).unwrap_or_default()
            {
                self.trust(range, host);
            }
            if let Some((range, strategy)) = text_in(options, "index-strategy")
                && strategy.starts_with("unsafe-")
            {
                let host = strategy.to_owned();
                let role = Role::Strategy;
                self.contents.indexes.push(Index { range, option: range, host, cleartext: false, role });
            }
        }
    }

    fn pdm(&mut self, pdm: &DeTable<'_>) {
        self.lists_below(pdm, "dev-dependencies");
        for source in tables_in(pdm, "source") {
            let is_default = text_in(source, "name").is_some_and(|(_, name)| name == "pypi");
            let is_scoped = get(source, "include_packages").is_some();
            self.index(
                source,
                match (is_default, is_scoped) {
                    (true, _) => Role::Primary,
                    (_, true) => Role::Scoped,
                    _ => Role::Extra,
                },
            );
            let unverified =
                get(source, "verify_ssl").filter(|(_, value)| value.get_ref().as_bool() == Some(false));
            if let (Some((_, value)), Some((_, url))) = (unverified, text_in(source, "url")) {
                self.trust(range_of(value), url);
            }
        }
    }
}

/// Poetry's own way to write versions: a bare one is the only one.
fn poetry_versions(versions: &str) -> Origin {
    let versions = versions.trim();
    if matches!(versions, "" | "*") {
        return Origin::Any;
    }
    let is_bare =
        versions.starts_with(|character: char| character.is_ascii_digit()) && !versions.contains('*');
    if is_bare || (versions.starts_with("==") && !versions.contains('*')) {
        return Origin::Pinned;
    }
    Origin::Some { lowest: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = r#"
[build-system]
requires = ["hatchling"]
[project]
name = "x"
dependencies = [
    "flask>=3.0.1",  # a comment
    'django==5.0',
    "lib @ git+https://h/lib.git@main",
]
[project.optional-dependencies]
dev = ["pytest"]
[dependency-groups]
test = ["tox", { include-group = "dev" }]
[tool.poetry.dependencies]
python = "^3.12"
requests = "*"
own = { git = "https://h/own.git", rev = "0123456789abcdef" }
other = [{ url = "https://h/o.whl", python = "<3" }, { path = "../o" }]
[tool.poetry.group.dev.dependencies]
black = "24.1.0"
[[tool.poetry.source]]
name = "own"
url = "http://h/simple"
priority = "supplemental"
[tool.uv]
index-strategy = "unsafe-best-match"
allow-insecure-host = ["h:8080"]
[tool.uv.sources]
thing = { git = "https://h/thing", branch = "main" }
[[tool.uv.index]]
url = "http://localhost:3141/simple"
"#;

    #[test]
    fn every_table_is_read() {
        let contents = read(PROJECT);
        let names: Vec<_> = contents.dependencies.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "hatchling",
                "flask",
                "django",
                "lib",
                "pytest",
                "tox",
                "requests",
                "own",
                "other",
                "other",
                "black",
                "thing"
            ]
        );
        let origin = |name: &str| &contents.dependencies.iter().find(|one| one.name == name).unwrap().origin;
        let Origin::Some { lowest: Some((range, version)) } = origin("flask") else { panic!("a range") };
        assert_eq!((range.slice(PROJECT), version.as_str()), (">=3.0.1", "3.0.1"));
        assert_eq!(*origin("lib"), Origin::Repository { at_commit: false, cleartext: false });
        assert_eq!(*origin("own"), Origin::Repository { at_commit: true, cleartext: false });
        assert_eq!(*origin("black"), Origin::Pinned);
        let indexes: Vec<_> =
            contents.indexes.iter().map(|one| (one.host.as_str(), one.role, one.cleartext)).collect();
        assert_eq!(
            indexes,
            [
                ("h", Role::Extra, true),
                ("localhost", Role::Scoped, false),
                ("unsafe-best-match", Role::Strategy, false)
            ]
        );
        assert_eq!(contents.trusted[0].host, "h");
        assert_eq!(contents.project.map(|range| range.slice(PROJECT)), Some("dependencies"));
    }

    #[test]
    fn what_is_broken_leaves_the_rest() {
        let broken = PROJECT.replace("name = \"x\"", "name = \"x");
        let names: Vec<_> = read(&broken).dependencies.iter().map(|one| one.name.clone()).collect();
        assert!(names.contains(&"flask".into()) && names.contains(&"thing".into()), "{names:?}");
    }

    #[test]
    fn every_beginning_of_a_file_is_read() {
        for end in (0..PROJECT.len()).filter(|end| PROJECT.is_char_boundary(*end)) {
            read(&PROJECT[..end]);
        }
    }
}

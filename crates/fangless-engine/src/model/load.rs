//! Reads model files. Errors say the file, the line, the key and what is allowed; nothing is guessed or skipped.

use std::fmt;

use include_dir::{Dir, include_dir};

use super::schema::ModelFile;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

/// Why a model file is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError {
    pub file: String,
    /// Counted from one.
    pub line: usize,
    /// The key or the table that the error stands in; empty where the file does not even parse that far.
    pub key: String,
    pub message: String,
}

impl fmt::Display for ModelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: ", self.file, self.line)?;
        if !self.key.is_empty() {
            write!(formatter, "in `{}`: ", self.key)?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ModelError {}

/// All built-in model files with their names, sorted by name.
pub fn builtin_files() -> Result<Vec<(String, ModelFile)>, ModelError> {
    let mut files: Vec<_> =
        FILES.files().filter(|file| file.path().extension().is_some_and(|end| end == "toml")).collect();
    files.sort_by_key(|file| file.path());
    files
        .into_iter()
        .map(|file| {
            let name = file.path().display().to_string();
            let text = file.contents_utf8().ok_or_else(|| ModelError {
                file: name.clone(),
                line: 1,
                key: String::new(),
                message: "the file is not UTF-8".to_owned(),
            })?;
            Ok((name.clone(), parse(&name, text)?))
        })
        .collect()
}

/// Reads one model file.
pub fn parse(name: &str, text: &str) -> Result<ModelFile, ModelError> {
    let file: ModelFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        ModelError {
            file: name.to_owned(),
            line,
            key: key_at(text, line),
            message: error.message().to_owned(),
        }
    })?;
    check(name, text, &file)?;
    Ok(file)
}

/// The key whose value stands on a line, or the table that it opens: searched upwards, since lists go over lines.
fn key_at(text: &str, line: usize) -> String {
    let lines: Vec<&str> = text.lines().take(line).collect();
    for line in lines.iter().rev() {
        let line = line.trim();
        if line.starts_with("[[") {
            return line.split_inclusive("]]").next().unwrap_or(line).to_owned();
        }
        if let Some((key, _)) = line.split_once('=')
            && !key.is_empty()
            && key
                .trim()
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.'))
        {
            return key.trim().to_owned();
        }
    }
    String::new()
}

/// What the types of the schema cannot say.
fn check(name_of_file: &str, text: &str, file: &ModelFile) -> Result<(), ModelError> {
    let wrong = |table: &str, number: usize, message: String| {
        let header = format!("[[{table}]]");
        let mut headers = text.lines().enumerate().filter(|(_, line)| line.trim().starts_with(&header));
        let line = headers.nth(number).map_or(1, |(at, _)| at + 1);
        ModelError { file: name_of_file.to_owned(), line, key: header, message }
    };
    let names = |table: &str, number: usize, key: &str, names: &[smol_str::SmolStr], stars: Stars| match names
        .iter()
        .find(|one| !is_name(one, stars))
    {
        Some(bad) => {
            Err(wrong(table, number, format!("`{bad}` in `{key}` is no qualified name; {}", stars.allowed())))
        }
        None => Ok(()),
    };
    for (number, row) in file.source.iter().enumerate() {
        if row.call.is_empty() && row.attribute.is_empty() {
            return Err(wrong("source", number, "`call` or `attribute` must be given".to_owned()));
        }
        names("source", number, "call", &row.call, Stars::None)?;
        names("source", number, "attribute", &row.attribute, Stars::None)?;
    }
    for (number, row) in file.sink.iter().enumerate() {
        if row.callee.is_empty() {
            return Err(wrong("sink", number, "`callee` must not be empty".to_owned()));
        }
        names("sink", number, "callee", &row.callee, Stars::Method)?;
    }
    for (number, row) in file.sanitizer.iter().enumerate() {
        if row.callee.is_empty() {
            return Err(wrong("sanitizer", number, "`callee` must not be empty".to_owned()));
        }
        names("sanitizer", number, "callee", &row.callee, Stars::Method)?;
    }
    for (number, row) in file.returns.iter().enumerate() {
        let stars = if row.attribute { Stars::Member } else { Stars::None };
        names("returns", number, "callee", &row.callee, stars)?;
        names("returns", number, "type", std::slice::from_ref(&row.result), Stars::None)?;
    }
    for (number, row) in file.callback.iter().enumerate() {
        names("callback", number, "callee", &row.callee, Stars::Method)?;
    }
    for (number, row) in file.propagate.iter().enumerate() {
        names("propagate", number, "callee", &row.callee, Stars::None)?;
    }
    for (number, row) in file.handler.iter().enumerate() {
        let called =
            [&row.decorator, &row.base, &row.function, &row.signature, &row.registrar, &row.returning];
        if called.iter().all(|names| names.is_empty()) {
            let message = "one of `decorator`, `base`, `function`, `signature`, `registrar` and `returning` \
                           must be given";
            return Err(wrong("handler", number, message.to_owned()));
        }
        if row.registrar.is_empty() != row.registered.is_none() {
            return Err(wrong("handler", number, "`registrar` and `registered` go together".to_owned()));
        }
        if row.base_ends.is_some() && row.signature.is_empty() {
            return Err(wrong("handler", number, "`base-ends` goes with `signature`".to_owned()));
        }
        names("handler", number, "registrar", &row.registrar, Stars::Method)?;
        names("handler", number, "returning", &row.returning, Stars::None)?;
        names("handler", number, "decorator", &row.decorator, Stars::Method)?;
        names("handler", number, "base", &row.base, Stars::None)?;
        for (position, class) in &row.parameter {
            if position.parse::<u16>().is_err()
                || !class.as_str().is_some_and(|class| is_name(class, Stars::None))
            {
                let message = format!(
                    "`parameter.{position}` must be a position with a class, `\"0\" = \"flask.Request\"`"
                );
                return Err(wrong("handler", number, message));
            }
        }
        for (position, name) in &row.declared {
            if row.base.is_empty() || position.parse::<u16>().is_err() || name.as_str().is_none() {
                let message = format!(
                    "`declared.{position}` must be a position with a name of the class, `\"0\" = \"form_class\"`, \
                     and goes with `base`"
                );
                return Err(wrong("handler", number, message));
            }
        }
    }
    let pairs = file.alias.iter().chain(&file.undeclared).chain(&file.undeclared_instance);
    let class = file.class.iter().flat_map(|(name, bases)| bases.iter().map(move |base| (name, base)));
    for (key, name) in pairs.chain(class) {
        if let Some(bad) = [key, name].into_iter().find(|name| !is_name(name, Stars::None)) {
            let quoted = format!("\"{key}\"");
            let at = text.lines().position(|line| line.trim_start_matches('"').starts_with(key.as_str()));
            let line = at.map_or(1, |at| at + 1);
            let message = format!("`{bad}` is no qualified name; {}", Stars::None.allowed());
            return Err(ModelError { file: name_of_file.to_owned(), line, key: quoted, message });
        }
    }
    Ok(())
}

/// Where a name may have a star.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stars {
    None,
    /// `*.execute`
    Method,
    /// `pymongo.MongoClient.*`
    Member,
}

impl Stars {
    const fn allowed(self) -> &'static str {
        match self {
            Self::None => "write `module.name`",
            Self::Method => "write `module.name` or `*.method`",
            Self::Member => "write `module.Class.name` or `module.Class.*`",
        }
    }
}

fn is_name(name: &str, stars: Stars) -> bool {
    let rest = match stars {
        Stars::None => name,
        Stars::Method => name.strip_prefix("*.").unwrap_or(name),
        Stars::Member => name.strip_suffix(".*").unwrap_or(name),
    };
    rest.split('.').all(|part| {
        part.chars().next().is_some_and(|first| first == '_' || first.is_alphabetic())
            && part.chars().all(|character| character == '_' || character.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::{builtin_files, parse};

    #[test]
    fn all_files_load() {
        match builtin_files() {
            Ok(files) => assert!(files.len() > 1, "no models are embedded"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn no_row_is_double() {
        let mut seen = FxHashSet::default();
        let mut double = Vec::new();
        for (name, file) in builtin_files().expect("all_files_load says what is wrong") {
            let mut once = |row: String| {
                if !seen.insert(row.clone()) {
                    double.push(format!("{name}: {row}"));
                }
            };
            for row in &file.sink {
                for callee in &row.callee {
                    if row.argument.is_empty() {
                        once(format!("sink {callee} receiver {}", row.tag.name()));
                    }
                    for argument in &row.argument {
                        once(format!("sink {callee} {argument:?} {} {:?}", row.tag.name(), row.when));
                    }
                }
            }
            for row in &file.source {
                row.call.iter().for_each(|call| once(format!("source call {call}")));
                row.attribute.iter().for_each(|attribute| once(format!("source attribute {attribute}")));
            }
            for row in &file.sanitizer {
                for callee in &row.callee {
                    match row.clears.as_slice() {
                        [] => once(format!("sanitizer {callee} {:?}", row.when)),
                        tags => {
                            tags.iter().for_each(|tag| once(format!("sanitizer {callee} {}", tag.name())));
                        }
                    }
                }
            }
            for row in &file.returns {
                row.callee.iter().for_each(|callee| once(format!("returns {callee} {}", row.attribute)));
            }
            for row in &file.propagate {
                row.callee.iter().for_each(|callee| once(format!("propagate {callee}")));
            }
            file.alias.keys().for_each(|from| once(format!("alias {from}")));
            file.class.keys().for_each(|class| once(format!("class {class}")));
            file.undeclared.keys().for_each(|known| once(format!("undeclared {known}")));
            file.undeclared_instance.keys().for_each(|known| once(format!("undeclared {known}")));
        }
        assert!(double.is_empty(), "{}", double.join("\n"));
    }

    #[test]
    fn errors_say_where_and_what_is_allowed() {
        let text = "library = \"x\"\n[[sink]]\ncallee = [\n  \"os.system\",\n]\nargument = [\"0\"]\ntag = \"shel\"\n";
        let error = parse("x.toml", text).expect_err("no such tag");
        assert_eq!((error.line, error.key.as_str()), (7, "tag"));
        assert!(error.message.contains("`shel`") && error.message.contains("`shell`"), "{error}");
        assert!(error.to_string().starts_with("x.toml:7: in `tag`: "), "{error}");
    }

    #[test]
    fn rows_that_say_nothing_are_errors() {
        for (text, line, key) in [
            ("library = \"x\"\n[[source]]\nlabel = \"web\"\n", 2, "[[source]]"),
            ("library = \"x\"\n\n[[handler]]\nlabel = \"web\"\n", 3, "[[handler]]"),
            ("library = \"x\"\n[[handler]]\nregistrar = [\"a.b\"]\n", 2, "[[handler]]"),
            ("library = \"x\"\n[[handler]]\nfunction = [\"f\"]\nbase-ends = \"S\"\n", 2, "[[handler]]"),
            (
                "library = \"x\"\n[[handler]]\nfunction = [\"f\"]\ndeclared = { \"0\" = \"x\" }\n",
                2,
                "[[handler]]",
            ),
            ("library = \"x\"\n[[sanitizer]]\ncallee = []\n", 2, "[[sanitizer]]"),
            ("library = \"x\"\n[[source]]\ncall = [\"a.*\"]\nlabel = \"web\"\n", 2, "[[source]]"),
            ("library = \"x\"\n[[sanitizer]]\ncallee = [\"a\"]\nclear = []\n", 4, "clear"),
        ] {
            let error = parse("x.toml", text).expect_err(text);
            assert_eq!((error.line, error.key.as_str()), (line, key), "{error}");
        }
    }
}

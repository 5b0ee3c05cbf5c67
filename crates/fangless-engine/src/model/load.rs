//! Loading the model files that are built into the binary.

use include_dir::{Dir, include_dir};

use super::schema::ModelFile;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

/// The built-in model files, or what is wrong with each broken one: file, line, key and the values allowed there.
pub fn load_builtin() -> Result<Vec<ModelFile>, Vec<String>> {
    let mut loaded = Vec::new();
    let mut errors = Vec::new();
    let mut files: Vec<_> = FILES.files().collect();
    files.sort_by_key(|file| file.path());
    for file in files {
        let text = file.contents_utf8().unwrap_or_default();
        match toml::from_str::<ModelFile>(text) {
            Ok(model) => loaded.push(model),
            Err(error) => {
                let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
                errors.push(format!("{}:{line}: {}", file.path().display(), error.message()));
            }
        }
    }
    if errors.is_empty() { Ok(loaded) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_models_load() {
        let models = load_builtin().unwrap_or_else(|errors| panic!("{}", errors.join("\n")));
        assert!(models.iter().any(|model| !model.sink.is_empty()));
    }
}

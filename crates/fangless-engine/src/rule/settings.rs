//! Whether something that is bound is a setting of a web framework, by where it stands and what its place is called.

use super::schema::Framework;
use crate::flow::event::{SettingEvent, SettingPlace};
use crate::secret::names::words;

/// Words by which settings that are not meant for production go.
const NOT_PRODUCTION: [&str; 8] = ["dev", "devel", "development", "local", "test", "testing", "tests", "ci"];

/// The modules in which frameworks keep what holds where a program sets nothing.
const DEFAULTS: [&str; 1] = ["django/conf/global_settings.py"];

/// Whether the event is a setting of the framework, or of any, that a server in production may read.
pub(super) fn counts(event: &SettingEvent<'_>, framework: Option<Framework>) -> bool {
    if DEFAULTS.iter().any(|module| event.module.ends_with(module)) {
        return false;
    }
    let (folder, file) = event.module.rsplit_once('/').unwrap_or(("", event.module));
    let file = words(file.strip_suffix(".py").unwrap_or(file));
    let is_for = |words: &[String], wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    if is_for(&file, &NOT_PRODUCTION) {
        return false;
    }
    match event.place {
        SettingPlace::Object => framework != Some(Framework::Django),
        SettingPlace::Django => framework != Some(Framework::Flask),
        SettingPlace::Class(name) => {
            let words = words(name);
            let last = words.last().map_or("", String::as_str);
            ["config", "configuration", "settings"].contains(&last) && !is_for(&words, &NOT_PRODUCTION)
        }
        SettingPlace::Module => {
            let folder = words(folder.rsplit('/').next().unwrap_or_default());
            let django = is_for(&file, &["settings"]) || is_for(&folder, &["settings"]);
            let config = is_for(&file, &["config", "conf", "configuration", "settings"]);
            match framework {
                Some(Framework::Django) => django,
                Some(Framework::Flask) => config && !django,
                // A name that only a framework has says by itself what it is.
                None => true,
            }
        }
    }
}

//! The few checks that data can't say, one file each. They read the IR of one chunk, and where a name of the module is
//! concerned, of its others; those that look for secrets read the text.

mod denylist;
mod fail_open;
mod open_mode;
mod routes;
mod secrets;
mod session;
mod silent_handler;
mod unlogged;
mod upload;
mod url_substring;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use self::silent_handler::Nothing;
use self::unlogged::Refusal;
use crate::flow::program::Program;
use crate::flow::taint::Location;
use crate::rule::matching::{RawFinding, RuleIndex};
use crate::rule::schema::CheckName;
use crate::text::TextRange;

/// A place that a check reports.
struct Found {
    range: TextRange,
    callee: Option<SmolStr>,
    name: Option<SmolStr>,
    /// Who issued the secret.
    issuer: Option<&'static str>,
}

impl From<TextRange> for Found {
    fn from(range: TextRange) -> Self {
        Self { range, callee: None, name: None, issuer: None }
    }
}

/// The secrets in a text that is not Python: rule, place and message.
pub(crate) fn secrets_in(index: &RuleIndex, text: &str) -> Vec<(usize, TextRange, String)> {
    let mut found = Vec::new();
    for (rule, name) in &index.checks {
        let places = match name {
            CheckName::ProviderToken => secrets::tokens(text),
            CheckName::PrivateKey => secrets::private_keys(text),
            CheckName::CredentialInUrl => secrets::urls(text),
            _ => continue,
        };
        found.extend(places.into_iter().map(|place| (*rule, place.range, message(index, *rule, &place))));
    }
    found
}

fn message(index: &RuleIndex, rule: usize, place: &Found) -> String {
    index
        .message(rule)
        .replace("{name}", place.name.as_deref().unwrap_or_default())
        .replace("{value}", place.issuer.unwrap_or_default())
}

/// Runs the coded checks that some rule names; gives the other chunks that were read.
pub(crate) fn run(
    index: &RuleIndex,
    program: &Program,
    chunk: u64,
    text: &str,
    found: &mut Vec<RawFinding>,
) -> FxHashSet<u64> {
    let mut read = FxHashSet::default();
    let Some(info) = program.chunks.get(&chunk) else { return read };
    let silent = |wanted| -> Vec<Found> {
        silent_handler::find(&info.ir, wanted).into_iter().map(Found::from).collect()
    };
    for (rule, name) in &index.checks {
        let places: Vec<Found> = match name {
            CheckName::FailOpenExcept => fail_open::find(&info.ir).into_iter().map(Found::from).collect(),
            CheckName::LogoutIncomplete => session::kept(&info.ir),
            CheckName::RouteMissingAuth => routes::open(program, chunk, text, &mut read),
            CheckName::SessionFixation => session::fixed(&info.ir),
            CheckName::OpenModeBroaderThanUse => open_mode::find(program, chunk, &mut read),
            CheckName::ProviderToken => secrets::tokens(text),
            CheckName::PrivateKey => secrets::private_keys(text),
            CheckName::CredentialInUrl => secrets::urls_outside_documentation(&info.ir, text),
            CheckName::UrlSubstring => url_substring::find(&info.ir).into_iter().map(Found::from).collect(),
            CheckName::SsrfDenylist => denylist::find(&info.ir).into_iter().map(Found::from).collect(),
            CheckName::AuthFailureUnlogged => unlogged::find(&info.ir, Refusal::Login),
            CheckName::DenialUnlogged => unlogged::find(&info.ir, Refusal::Right),
            CheckName::UploadTypeUnchecked => upload::find(&info.ir).into_iter().map(Found::from).collect(),
            CheckName::SilentHandlerPass => silent(Nothing::Pass),
            CheckName::SilentHandlerContinue => silent(Nothing::Continue),
        };
        for place in places {
            let at = Location { chunk, range: place.range };
            let plain = RawFinding::plain(index, *rule, at);
            let message = message(index, *rule, &place);
            found.push(RawFinding { message, callee: place.callee, name: place.name, ..plain });
        }
    }
    read
}

//! The few checks that data can't say, one file each. They read the IR of one chunk, and where a name of the module is
//! concerned, of its others; those that look for secrets read the text.

mod fail_open;
mod open_mode;
mod routes;
mod secrets;
mod session;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

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
    for (rule, name) in &index.checks {
        let places: Vec<Found> = match name {
            CheckName::FailOpenExcept => fail_open::find(&info.ir).into_iter().map(Found::from).collect(),
            CheckName::LogoutIncomplete => session::kept(&info.ir),
            CheckName::RouteMissingAuth => routes::open(program, chunk, text, &mut read),
            CheckName::SessionFixation => session::fixed(&info.ir),
            CheckName::OpenModeBroaderThanUse => open_mode::find(program, chunk, &mut read),
            CheckName::ProviderToken => secrets::tokens(text),
            CheckName::PrivateKey => secrets::private_keys(text),
            CheckName::CredentialInUrl => secrets::urls(text),
        };
        for place in places {
            let at = Location { chunk, range: place.range };
            let plain = RawFinding::plain(index, *rule, at);
            let message = plain
                .message
                .replace("{name}", place.name.as_deref().unwrap_or_default())
                .replace("{value}", place.issuer.unwrap_or_default());
            found.push(RawFinding { message, callee: place.callee, name: place.name, ..plain });
        }
    }
    read
}

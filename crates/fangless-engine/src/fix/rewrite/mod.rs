//! Rewrites by name: what needs more than one template.

mod answer;
mod assertion;
mod compare;
mod context;
mod decorator;
mod fail_closed;
pub(super) mod guard;
mod hosts;
mod html_format;
pub(super) mod items;
mod js_operator;
mod mask;
pub(super) mod module;
mod nonce;
mod options;
pub(super) mod parts;
mod password;
mod random;
mod relative;
mod secret;
mod session;
mod shell;
mod shell_words;
mod silent;
mod sql;
mod sql_parameters;
mod sql_position;
mod temporary;
pub(super) mod text;
mod url_host;
mod variables;
mod wrap_socket;

use super::Site;
use super::draft::Draft;
use crate::finding::Applicability;
use crate::rule::schema::Rewrite;

/// What a rewrite that was carried out says of the fix's applicability: nothing, or what holds instead of the recipe's.
type Outcome = Option<Applicability>;

/// Carries a rewrite out; none where it cannot be made with certainty.
pub(super) fn build(rewrite: Rewrite, site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<Outcome> {
    match rewrite {
        Rewrite::SqlParameters => sql::build(site, draft).map(|()| None),
        Rewrite::ShellToList => shell::to_list(site, draft),
        Rewrite::ShellQuote => shell::quote(site, draft).map(|()| None),
        Rewrite::SecretToEnvironment => secret::build(site, draft).map(|()| None),
        Rewrite::RandomToSecrets => random::build(site, draft).map(|()| None),
        Rewrite::HtmlFormat => html_format::build(site, draft).map(|()| None),
        Rewrite::CompareDigest => compare::build(site, draft).map(|()| None),
        Rewrite::DecoratorInnermost => decorator::build(site, draft).map(|()| None),
        Rewrite::ConstantAnswer => answer::build(site, draft).map(|()| None),
        Rewrite::MaskSensitive => mask::build(site, draft).map(|()| None),
        Rewrite::PasswordHash => password::build(site, draft).map(|()| None),
        Rewrite::AssertToRaise => assertion::guarding(site, draft).map(|()| None),
        Rewrite::AssertToCheck => assertion::kept(site, draft).map(|()| None),
        Rewrite::RelativePath => relative::build(site, draft).map(|()| None),
        Rewrite::UrlHost => url_host::build(site, draft).map(|()| None),
        Rewrite::PrivateTemporary => temporary::build(site, draft).map(|()| None),
        Rewrite::EndOfOptions => options::build(site, draft).map(|()| None),
        Rewrite::TemplateVariables => variables::template(site, draft).map(|()| None),
        Rewrite::XpathVariables => variables::xpath(site, draft).map(|()| None),
        Rewrite::DefaultContext => wrap_socket::build(site, draft).map(|()| None),
        Rewrite::RenewSession => session::build(site, draft).map(|()| None),
        Rewrite::FreshNonce => nonce::build(site, draft).map(|()| None),
        Rewrite::NamedContext => context::of_template(site, draft).map(|()| None),
        Rewrite::NamedFields => context::of_model(site, draft).map(|()| None),
        Rewrite::QueryOperator => js_operator::build(site, draft).map(|()| None),
        Rewrite::LogException => silent::build(site, draft).map(|()| None),
        Rewrite::AllowedHosts => hosts::build(site, draft).map(|()| None),
        Rewrite::FailClosed => fail_closed::build(site, draft).map(|()| None),
    }
}

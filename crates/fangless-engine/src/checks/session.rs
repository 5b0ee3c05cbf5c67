//! Sessions that outlive a change of who the visitor is: CWE-384 when somebody logs in, CWE-613 when somebody logs out.

use smol_str::SmolStr;

use super::Found;
use crate::flow::event::spelled;
use crate::secret::names::words;
use crate::syntax::ir::{Expression, ExpressionKind, Function, Ir, Statement, StatementKind};

/// Keys under which a session remembers who is logged in.
const IDENTITY: [&str; 16] = [
    "user",
    "user_id",
    "userid",
    "uid",
    "username",
    "user_name",
    "account",
    "account_id",
    "logged_in",
    "loggedin",
    "is_authenticated",
    "authenticated",
    "current_user",
    "is_admin",
    "admin",
    "email",
];

/// What gives the visitor another session, or leaves that to a library.
const RENEWS: [&str; 16] = [
    "clear",
    "cycle_key",
    "flush",
    "regenerate",
    "regenerate_id",
    "rotate",
    "renew",
    "invalidate",
    "login",
    "login_user",
    "new_session",
    "create_session",
    "changed",
    "remember",
    "logout",
    "logout_user",
];

/// The first statement of a login that puts the user into a session which was there before.
pub(super) fn fixed(ir: &Ir) -> Vec<Found> {
    let mut found = Vec::new();
    for function in ir.functions.iter().filter(|function| is_login(function)) {
        let mut steps = Steps::default();
        steps.read(&function.body);
        if let (Some((range, owner)), false) = (steps.identified, steps.renewed) {
            found.push(Found { callee: Some(owner.clone()), name: Some(owner), ..Found::from(range) });
        }
    }
    found
}

/// The statement of a logout that takes one item out of the session and leaves the rest.
pub(super) fn kept(ir: &Ir) -> Vec<Found> {
    let mut found = Vec::new();
    let named = |function: &&Function| {
        let words = words(&function.name);
        has(&words, "logout")
            || pair(&words, "log", "out")
            || has(&words, "signout")
            || pair(&words, "sign", "out")
    };
    for function in ir.functions.iter().filter(named) {
        let mut steps = Steps::default();
        steps.read(&function.body);
        if let (Some((range, owner)), false) = (steps.popped, steps.renewed) {
            found.push(Found { callee: Some(owner.clone()), name: Some(owner), ..Found::from(range) });
        }
    }
    found
}

fn has(words: &[String], word: &str) -> bool {
    words.iter().any(|one| one == word)
}

fn pair(words: &[String], first: &str, second: &str) -> bool {
    words.windows(2).any(|two| two[0] == first && two[1] == second)
}

pub(super) fn is_login(function: &Function) -> bool {
    let words = words(&function.name);
    has(&words, "login")
        || has(&words, "signin")
        || has(&words, "authenticate")
        || pair(&words, "log", "in")
        || pair(&words, "sign", "in")
}

/// What a function does with the session, in the order of the text.
#[derive(Default)]
struct Steps {
    /// Where the user is put into the session, and how the session is spelled.
    identified: Option<(crate::text::TextRange, SmolStr)>,
    popped: Option<(crate::text::TextRange, SmolStr)>,
    renewed: bool,
}

impl Steps {
    fn read(&mut self, statements: &[Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Assign { targets, value } => {
                    self.calls(value, statement);
                    for target in targets {
                        if let Some(owner) = identity(target)
                            && self.identified.is_none()
                        {
                            self.identified = Some((statement.range, owner));
                        }
                    }
                }
                StatementKind::Delete(targets) => {
                    for target in targets {
                        if let ExpressionKind::Subscript { value, .. } = &target.kind
                            && let Some(owner) = session(value)
                        {
                            self.popped.get_or_insert((statement.range, owner));
                        }
                    }
                }
                StatementKind::Expression(value) => self.calls(value, statement),
                StatementKind::Return(Some(value)) => self.calls(value, statement),
                StatementKind::If { test, .. } | StatementKind::While { test, .. } => {
                    self.calls(test, statement);
                }
                _ => {}
            }
            statement.blocks().into_iter().for_each(|block| self.read(block));
        }
    }

    fn calls(&mut self, expression: &Expression, statement: &Statement) {
        let inner = match &expression.kind {
            ExpressionKind::Await(inner) => inner,
            _ => expression,
        };
        let ExpressionKind::Call { function, .. } = &inner.kind else { return };
        let (owner, name) = match &function.kind {
            ExpressionKind::Name(name) => (None, name),
            ExpressionKind::Attribute { value, name } => (Some(&**value), name),
            _ => return,
        };
        if RENEWS.contains(&name.as_str()) {
            self.renewed = true;
        } else if let (Some(owner), "pop") = (owner.and_then(session), name.as_str()) {
            self.popped.get_or_insert((statement.range, owner));
        }
    }
}

/// `session["user_id"]`, with a key that says who the visitor is.
fn identity(target: &Expression) -> Option<SmolStr> {
    let ExpressionKind::Subscript { value, index } = &target.kind else { return None };
    let ExpressionKind::Text(key) = &index.kind else { return None };
    IDENTITY.contains(&&**key).then(|| session(value))?
}

/// How a session is spelled: `session`, `request.session`, `self.request.session`.
fn session(expression: &Expression) -> Option<SmolStr> {
    match &expression.kind {
        ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } if name == "session" => {
            spelled(expression)
        }
        _ => None,
    }
}

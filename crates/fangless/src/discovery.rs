//! From the options of the command line to the configuration of each file.

use std::path::Path;
use std::sync::Arc;

use fangless_engine::RuleSet;
use fangless_engine::config::selector_error;
use fangless_engine::rule::schema::{Profile, RuleDefinition};
use fangless_project::discovery::{Discovery, Overrides, Problem};

use crate::arguments::{ProfileName, Selection};
use crate::messages::{Gravity, Message};
use crate::paths::{absolute, shown};

/// The error says which selector or configuration file of the command line is wrong.
pub(crate) fn discovery(
    rules: &Arc<RuleSet>,
    selection: &Selection,
    working_directory: &Path,
) -> Result<Discovery, Message> {
    let definitions: Vec<&RuleDefinition> = rules.iter().map(|rule| &rule.definition).collect();
    for (option, selectors) in [("--select", &selection.select), ("--ignore", &selection.ignore)] {
        if let Some(error) = selectors.iter().find_map(|selector| selector_error(selector, &definitions)) {
            return Err(Message::new(Gravity::Error, option, error));
        }
    }
    let overrides = Overrides {
        select: (!selection.select.is_empty()).then(|| selection.select.iter().map(Into::into).collect()),
        ignore: selection.ignore.iter().map(Into::into).collect(),
        profile: selection.profile.map(|name| match name {
            ProfileName::Default => Profile::Default,
            ProfileName::Strict => Profile::Strict,
        }),
    };
    let mut discovery = Discovery::new(Arc::clone(rules), working_directory, overrides);
    if selection.isolated {
        discovery.isolate();
    } else if let Some(file) = &selection.config {
        let file = absolute(file, working_directory);
        discovery.fix_on(&file).map_err(|problem| message(&problem, working_directory))?;
    }
    Ok(discovery)
}

/// A configuration file that is wrong, as it is said on stderr.
pub(crate) fn message(problem: &Problem, working_directory: &Path) -> Message {
    Message::new(Gravity::Error, shown(&problem.file, working_directory), problem.text())
}

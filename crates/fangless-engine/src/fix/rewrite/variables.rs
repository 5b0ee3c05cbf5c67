//! Values in the text of a template or of an `XPath` expression become variables of it.

use super::sql::Style;
use super::sql_parameters::parametrise;
use crate::fix::Site;
use crate::fix::built::{argument_at_fault, locate};
use crate::fix::draft::Draft;
use crate::fix::simple::add_keywords;
use crate::fix::tree::{Call, method_call_on};

pub(super) fn template(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let source = draft.source;
    let call = Call::at(source, site.target)?;
    let callee = site.callee?;
    let (package, method) = (callee.split('.').next()?, callee.rsplit('.').next()?);
    let style = match package {
        "flask" | "quart" | "jinja2" => Style::Jinja,
        "mako" => Style::Mako,
        _ => return None,
    };
    let taking = match method {
        "render_template_string" => call.clone(),
        // The values are given where the template is rendered.
        _ => Call::of(method_call_on(source, call.node, "render")?)?,
    };
    build(&call, &taking, style, site, draft)
}

pub(super) fn xpath(site: &Site<'_>, draft: &mut Draft<'_, '_>) -> Option<()> {
    let call = Call::at(draft.source, site.target)?;
    // `find` and its like have no variables.
    if call.method(draft.source) != "xpath" || !draft.imports("lxml") {
        return None;
    }
    build(&call, &call, Style::XPath, site, draft)
}

fn build(
    call: &Call<'_>,
    taking: &Call<'_>,
    style: Style,
    site: &Site<'_>,
    draft: &mut Draft<'_, '_>,
) -> Option<()> {
    let source = draft.source;
    let built = locate(source, argument_at_fault(call, site)?.value)?;
    let parameters = parametrise(&built, style, draft)?;
    if parameters.iter().any(|parameter| taking.keyword(source, &parameter.name).is_some()) {
        return None;
    }
    let keywords: Vec<(String, String)> =
        parameters.into_iter().map(|parameter| (parameter.name, parameter.value)).collect();
    add_keywords(taking, &keywords, &[], draft)
}

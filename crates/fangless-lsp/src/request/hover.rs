//! `textDocument/hover`: why the text under the cursor is a weakness, how the danger gets there, where to read on.

use std::fmt::Write as _;

use fangless_engine::{Finding, Rule};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};

use super::current;
use crate::abilities::Abilities;
use crate::proto::{cwe_page, rule_page};
use crate::server::Shared;

pub(crate) async fn hover(shared: &Shared, params: HoverParams) -> Result<Option<Hover>> {
    let place = params.text_document_position_params;
    let outcome = current(shared, &place.text_document.uri).await?;
    let encoding = shared.abilities().encoding;
    let uri = &place.text_document.uri;
    let Some(at) = outcome.view.offset(uri, place.position, encoding) else { return Ok(None) };
    let under = |finding: &&Finding| finding.range.start <= at && at <= finding.range.end;
    let mut findings: Vec<&Finding> = outcome.findings.iter().filter(under).collect();
    // The narrowest first: it is what the cursor means.
    findings.sort_by_key(|finding| finding.range.len());
    let Some(narrowest) = findings.first() else { return Ok(None) };
    let abilities = shared.abilities();
    let markdown = abilities.markdown;
    let texts: Vec<String> = findings
        .iter()
        .map(|finding| describe(finding, shared.rules.rule(&finding.rule), abilities))
        .collect();
    Ok(Some(Hover {
        range: Some(outcome.view.range(narrowest.range, encoding)),
        contents: HoverContents::Markup(MarkupContent {
            kind: if markdown { MarkupKind::Markdown } else { MarkupKind::PlainText },
            value: texts.join(if markdown { "\n\n---\n\n" } else { "\n\n" }),
        }),
    }))
}

fn describe(finding: &Finding, rule: Option<&Rule>, abilities: &Abilities) -> String {
    let markdown = abilities.markdown;
    let mut text = if markdown {
        format!("**{}** `{}`", finding.message, finding.rule)
    } else {
        format!("{} [{}]", finding.message, finding.rule)
    };
    let mut add = |part: &str| {
        text.push_str("\n\n");
        text.push_str(part);
    };
    if !finding.flow.is_empty() {
        add(&flow(finding));
    }
    if let Some(rule) = rule {
        let why = prose(&rule.page);
        if !why.is_empty() {
            add(why);
        }
        let references = references(rule, abilities);
        if !references.is_empty() {
            add(&references);
        }
    }
    text
}

fn flow(finding: &Finding) -> String {
    let mut text = String::new();
    for (number, step) in (1..).zip(&finding.flow) {
        let line_break = if number == 1 { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{line_break}{number}. {}", step.note);
    }
    text
}

/// The page's prose before its first example, without the headings that lead to it.
fn prose(page: &str) -> &str {
    let is_fence = |line: &str| line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
    let mut end = 0;
    for line in page.split_inclusive('\n') {
        if is_fence(line) {
            break;
        }
        end += line.len();
    }
    let mut text = page[..end].trim();
    // A heading with nothing under it announces the example that was cut off.
    while let Some(last) = text.lines().last().filter(|line| line.starts_with('#')) {
        text = text[..text.len() - last.len()].trim_end();
    }
    text
}

fn references(rule: &Rule, abilities: &Abilities) -> String {
    let markdown = abilities.markdown;
    let page = rule_page(&rule.definition.name, abilities);
    // Editors open nothing else from a hover.
    let page = page.filter(|page| markdown && page.starts_with("http"));
    let page = page.map(|page| format!("[The page of the rule]({page})"));
    let weaknesses = rule.definition.cwe.iter().map(|number| {
        if markdown { format!("[CWE-{number}]({})", cwe_page(*number)) } else { format!("CWE-{number}") }
    });
    let categories = rule.definition.owasp.iter().map(|category| format!("OWASP {category}"));
    page.into_iter().chain(weaknesses).chain(categories).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prose_ends_at_the_first_example() {
        assert_eq!(prose("\nWhy.\n\nHow.\n\n## Examples\n\n```python\nx\n```\n"), "Why.\n\nHow.");
        assert_eq!(prose("Only prose"), "Only prose");
        assert_eq!(prose("```python\nx\n```\n"), "");
    }
}

//! What is told of what was found: which finding stands for several of one place, and where in the file it is now.
//! Evaluates nothing.

use std::sync::PoisonError;

use rustc_hash::FxHashMap;

use super::{Workspace, is_test, is_test_file};
use crate::finding::{Certainty, Finding, FlowStep};
use crate::flow::taint::{Location, Source};
use crate::results::Results;
use crate::rule::matching::RawFinding;
use crate::suppress;
use crate::text::TextRange;

impl Workspace {
    /// What is told of a file in which this was found.
    pub(super) fn told(&self, path: &str, mut raw: Vec<&RawFinding>) -> Vec<Finding> {
        raw.retain(|finding| !self.index.is_evidence(finding.rule));
        if is_test(path) {
            raw.retain(|finding| !self.index.outside_tests[finding.rule]);
        }
        if is_test_file(path) {
            // Who calls a test, or its helper, is no attacker.
            raw.retain(|finding| {
                finding.certainty == Certainty::Certain && !self.index.outside_test_files[finding.rule]
            });
        }
        let raw = self.merge(raw);
        let mut findings: Vec<Finding> =
            raw.iter().filter_map(|(finding, others)| self.absolute(path, finding, *others)).collect();
        findings.sort();
        findings.dedup_by(|second, first| second.range == first.range && second.rule == first.rule);
        if let Some(document) = self.files.get(path) {
            suppress::mark(document.text(), &mut findings, &self.rules);
        }
        findings
    }

    /// At most one finding per place and rule: the certain one first, then the shorter path; the rest is counted.
    /// A rule that says more drops what another says of the same place, also where its own finding is no danger after
    /// all.
    fn merge<'f>(&self, raw: Vec<&'f RawFinding>) -> Vec<(&'f RawFinding, u32)> {
        let mut merged: Vec<(&RawFinding, u32)> = Vec::new();
        let mut is_live: Vec<bool> = Vec::new();
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places: FxHashMap<(Location, usize), usize> = FxHashMap::default();
        for finding in raw {
            let place = places.entry((finding.at, finding.rule)).or_insert(merged.len());
            let may_harm =
                !self.is_given_constants(&results, finding) && !self.is_passed_by_a_view(&results, finding);
            match merged.get_mut(*place) {
                Some((known, others)) => {
                    // What a caller passes for a parameter is the same source, better known.
                    let is_parameter =
                        |one: &RawFinding| matches!(one.source, Some(Source::Parameter { .. }));
                    *others += u32::from(
                        may_harm
                            && is_live[*place]
                            && known.source != finding.source
                            && is_parameter(known) == is_parameter(finding),
                    );
                    let better = (may_harm, finding.certainty, std::cmp::Reverse(finding.steps.len()))
                        > (is_live[*place], known.certainty, std::cmp::Reverse(known.steps.len()));
                    if better {
                        *known = finding;
                        is_live[*place] = may_harm;
                    }
                }
                None => {
                    merged.push((finding, 0));
                    is_live.push(may_harm);
                }
            }
        }
        drop(results);
        let mut replacing: FxHashMap<Location, Vec<usize>> = FxHashMap::default();
        for (at, rule) in places.keys().filter(|(_, rule)| !self.index.replaces[*rule].is_empty()) {
            replacing.entry(*at).or_default().push(*rule);
        }
        let mut is_live = is_live.into_iter();
        merged.retain(|(finding, _)| {
            let name = &self.index.names[finding.rule];
            let mut others = replacing.get(&finding.at).into_iter().flatten();
            is_live.next().unwrap_or(false) && !others.any(|other| self.index.replaces[*other].contains(name))
        });
        merged
    }

    /// Whether all that a finding warns of is a parameter, and all calls that the program shows give it constants.
    fn is_given_constants(&self, results: &Results, finding: &RawFinding) -> bool {
        matches!(finding.source, Some(Source::Parameter { .. }))
            && finding.steps.first().is_some_and(|(at, ..)| results.give_constants(&self.program, *at))
    }

    /// Whether what a finding warns of is said to come from a client, but comes from a view, which passes it on.
    fn is_passed_by_a_view(&self, results: &Results, finding: &RawFinding) -> bool {
        matches!(finding.source, Some(Source::Known { at, .. }) if results.help_a_view(&self.program, at))
    }

    fn absolute(&self, path: &str, raw: &RawFinding, other_sources: u32) -> Option<Finding> {
        let range = self.place(raw.at.chunk, raw.at.range).filter(|(owner, _)| *owner == path)?.1;
        let flow: Vec<FlowStep> = raw
            .steps
            .iter()
            .filter_map(|(at, kind, note)| {
                let (path, range) = self.place(at.chunk, at.range)?;
                Some(FlowStep { path: path.into(), range, kind: *kind, note: note.to_string() })
            })
            .collect();
        Some(Finding {
            range,
            rule: self.index.names[raw.rule].clone(),
            severity: raw.severity,
            certainty: raw.certainty,
            message: raw.message.clone(),
            flow,
            other_sources,
            suppressed: None,
        })
    }

    pub(super) fn place(&self, chunk: u64, range: TextRange) -> Option<(&str, TextRange)> {
        let path = self.owners.get(&chunk)?;
        let start = self.files.get(path)?.start_of(chunk)?;
        Some((path, range.moved(start)))
    }
}

//! Matching: what the evaluator tells, held against the rules through the index.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::RuleSet;
use super::condition::{self, Subject};
use super::query::RuleQuery;
use super::schema::{
    AssignMatch, CallMatch, CheckName, ComparisonMatch, Condition, DecoratorMatch, Evidence, FileMatch,
    FixRecipe, FlowMatch, ManifestMatch, Profile, SettingMatch,
};
use super::settings;
use crate::finding::{Certainty, Severity, StepKind};
use crate::flow::event::{
    BindingEvent, BindingKind, CallEvent, ComparisonEvent, Decorator, Observer, SettingEvent, SinkEvent,
    Told, select,
};
use crate::flow::taint::{Location, Source};
use crate::flow::value::{Shape, Value};
use crate::model::schema::Label;
use crate::syntax::ir::{Expression, ExpressionKind};

/// What a project must lack for a rule, by the numbers of what is looked for.
pub(crate) struct Lack {
    pub(crate) provided: usize,
    pub(crate) needed: Option<usize>,
}

/// Rules by what they can match.
#[derive(Default)]
pub(crate) struct RuleIndex {
    /// By qualified callee: rule and match.
    calls: FxHashMap<SmolStr, Vec<(usize, CallMatch)>>,
    /// The same by the name of a method, whatever it is called on.
    methods: FxHashMap<SmolStr, Vec<(usize, CallMatch)>>,
    flows: FxHashMap<SmolStr, Vec<(usize, FlowMatch)>>,
    assigns: Vec<(usize, AssignMatch)>,
    /// By name of the setting.
    settings: FxHashMap<SmolStr, Vec<(usize, SettingMatch)>>,
    decorators: Vec<(usize, DecoratorMatch)>,
    comparisons: Vec<(usize, ComparisonMatch)>,
    imports: FxHashMap<SmolStr, Vec<usize>>,
    /// Coded checks by name.
    pub(crate) checks: Vec<(usize, CheckName)>,
    pub(crate) queries: Vec<RuleQuery>,
    pub(crate) manifests: Vec<(usize, ManifestMatch)>,
    pub(crate) files: Vec<(usize, FileMatch)>,
    pub(crate) names: Vec<SmolStr>,
    severities: Vec<Severity>,
    fixes: Vec<Vec<FixRecipe>>,
    messages: Vec<String>,
    /// For each rule, the rules whose finding at the same place it replaces.
    pub(crate) replaces: Vec<Vec<SmolStr>>,
    /// For each rule, whether it is silent in files of tests.
    pub(crate) outside_tests: Vec<bool>,
    /// For each rule, whether it is silent in files that are tests by their own name.
    pub(crate) outside_test_files: Vec<bool>,
    /// For each rule, what the project must lack.
    pub(crate) absences: Vec<Option<Lack>>,
    /// Callees whose results some condition asks for.
    pub(crate) made_by: Vec<SmolStr>,
    /// Those of them whose results are compared.
    pub(crate) compared: Vec<SmolStr>,
    /// By qualified callee: rules whose findings end where their result is passed on to it.
    passed_on: FxHashMap<SmolStr, Vec<usize>>,
    passed_on_methods: FxHashMap<SmolStr, Vec<usize>>,
}

impl RuleIndex {
    /// The rules of a profile, by what they match.
    pub(crate) fn new(rules: &RuleSet, strict: bool) -> Self {
        let mut index = Self::default();
        for rule in rules.iter() {
            let definition = &rule.definition;
            if definition.profile == Profile::Strict && !strict {
                continue;
            }
            let number = index.names.len();
            index.names.push(definition.name.clone());
            index.severities.push(definition.severity);
            index.fixes.push(definition.fix.clone());
            index.messages.push(definition.message.clone());
            index.replaces.push(definition.replaces.clone());
            index.absences.push(None);
            index.outside_tests.push(definition.outside_tests);
            index.outside_test_files.push(definition.outside_test_files);
            for fix in &definition.fix {
                collect_made_by(&fix.when, &mut index.made_by);
            }
            index.add(
                number,
                &Evidence {
                    call: definition.call.clone(),
                    assign: definition.assign.clone(),
                    setting: definition.setting.clone(),
                    decorator: definition.decorator.clone(),
                    import: definition.import.clone(),
                    query: definition.query.clone(),
                    file: definition.file.clone(),
                },
            );
            for callee in definition.passed_on.iter().flat_map(|passed| &passed.callee) {
                let known = match callee.strip_prefix("*.") {
                    Some(method) => index.passed_on_methods.entry(method.into()).or_default(),
                    None => index.passed_on.entry(callee.clone()).or_default(),
                };
                known.push(number);
            }
            if !definition.passed_on.is_empty() {
                index.made_by.extend(definition.call.iter().flat_map(|call| &call.callee).cloned());
            }
            for flow in &definition.flow {
                for tag in &flow.sink {
                    index.flows.entry(tag.clone()).or_default().push((number, flow.clone()));
                }
            }
            for comparison in &definition.comparison {
                collect_made_by(&comparison.one, &mut index.compared);
                collect_made_by(&comparison.other, &mut index.compared);
                index.comparisons.push((number, comparison.clone()));
            }
            index.checks.extend(definition.check.iter().map(|check| (number, check.name)));
            index.manifests.extend(definition.manifest.iter().map(|matched| (number, matched.clone())));
            if let Some(absence) = &definition.absence {
                let provided = index.evidence(&absence.provided_by);
                let needed = absence.only_with.as_ref().map(|evidence| index.evidence(evidence));
                index.absences[number] = Some(Lack { provided, needed });
            }
        }
        index.made_by.extend(index.compared.iter().cloned());
        index
    }

    /// Places that are looked for as those of a rule are, under a number of their own.
    fn evidence(&mut self, evidence: &Evidence) -> usize {
        let number = self.names.len();
        self.names.push(SmolStr::default());
        self.severities.push(Severity::Info);
        self.fixes.push(Vec::new());
        self.messages.push(String::new());
        self.replaces.push(Vec::new());
        self.outside_tests.push(true);
        self.outside_test_files.push(true);
        self.absences.push(None);
        self.add(number, evidence);
        number
    }

    fn takes_back(&self) -> bool {
        !(self.passed_on.is_empty() && self.passed_on_methods.is_empty())
    }

    /// Whether it is no rule, but what shows that something is not lacking.
    pub(crate) fn is_evidence(&self, number: usize) -> bool {
        self.names[number].is_empty()
    }

    fn add(&mut self, number: usize, matches: &Evidence) {
        for call in &matches.call {
            collect_made_by(&call.when, &mut self.made_by);
            for callee in &call.callee {
                let known = match callee.strip_prefix("*.") {
                    Some(method) => self.methods.entry(method.into()).or_default(),
                    None => self.calls.entry(callee.clone()).or_default(),
                };
                known.push((number, call.clone()));
            }
        }
        for assign in &matches.assign {
            collect_made_by(&assign.when, &mut self.made_by);
            self.assigns.push((number, assign.clone()));
        }
        for setting in &matches.setting {
            collect_made_by(&setting.when, &mut self.made_by);
            for name in &setting.name {
                self.settings.entry(name.clone()).or_default().push((number, setting.clone()));
            }
        }
        self.decorators.extend(matches.decorator.iter().map(|one| (number, one.clone())));
        for import in &matches.import {
            for module in &import.module {
                self.imports.entry(module.clone()).or_default().push(number);
            }
        }
        self.files.extend(matches.file.iter().map(|file| (number, file.clone())));
        self.queries.extend(matches.query.iter().map(|query| RuleQuery::new(number, query)));
    }

    pub(crate) fn severity(&self, rule: usize) -> Severity {
        self.severities[rule]
    }

    pub(crate) fn message(&self, rule: usize) -> &str {
        &self.messages[rule]
    }
}

/// Whether a decorator goes by one of the names.
fn is_one_of(decorator: &Decorator, names: &[SmolStr]) -> bool {
    names.iter().any(|wanted| match (wanted.strip_prefix("*."), &decorator.qualified) {
        (_, Some(qualified)) => qualified == wanted,
        (Some(method), None) => decorator.name == method,
        (None, None) => false,
    })
}

/// The calls that made a value, as far as some rule asks for them.
fn makers(value: &Value) -> Vec<Location> {
    let taint = value.deep_taint();
    let made = taint.origins().iter().filter_map(|origin| match &origin.source {
        Source::MadeBy { at, .. } => Some(*at),
        _ => None,
    });
    made.collect()
}

/// The name that an expression begins with: `password` of `password.encode()`.
fn first_name(expression: &Expression) -> Option<&SmolStr> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name),
        ExpressionKind::Attribute { value, .. } => first_name(value),
        ExpressionKind::Call { function, .. } => first_name(function),
        _ => None,
    }
}

/// Whether a method is called on an object that is made in front of its dot: `User().set_password("")`.
fn is_on_new_object(function: &Expression) -> bool {
    let ExpressionKind::Attribute { value, .. } = &function.kind else { return false };
    let ExpressionKind::Call { function: class, .. } = &value.kind else { return false };
    let name = crate::flow::event::spelled(class).unwrap_or_default();
    name.rsplit('.').next().unwrap_or_default().starts_with(char::is_uppercase)
}

/// The recipes whose conditions do not hold, a bit each.
fn unfit(recipes: &[FixRecipe], holds: impl Fn(&Condition) -> bool) -> u32 {
    recipes
        .iter()
        .take(32)
        .enumerate()
        .filter(|(_, recipe)| !recipe.when.iter().all(&holds))
        .fold(0, |bits, (at, _)| bits | (1 << at))
}

fn collect_made_by(conditions: &[Condition], out: &mut Vec<SmolStr>) {
    for condition in conditions {
        out.extend(condition.result_of.iter().chain(&condition.made_only_of).flatten().cloned());
        collect_made_by(&condition.any, out);
    }
}

/// A finding whose places are still relative to chunks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawFinding {
    pub(crate) rule: usize,
    pub(crate) severity: Severity,
    pub(crate) certainty: Certainty,
    pub(crate) at: Location,
    pub(crate) argument: Option<Location>,
    pub(crate) message: String,
    pub(crate) callee: Option<SmolStr>,
    pub(crate) name: Option<SmolStr>,
    pub(crate) steps: Vec<(Location, StepKind, SmolStr)>,
    /// The rule's fix recipes whose conditions do not hold here, a bit each.
    pub(crate) unfit: u32,
    pub(crate) source: Option<Source>,
}

impl RawFinding {
    /// With each place of it changed.
    pub(crate) fn relocated(&self, change: &mut dyn FnMut(Location) -> Location) -> Self {
        Self {
            at: change(self.at),
            argument: self.argument.map(&mut *change),
            steps: self.steps.iter().map(|(at, kind, note)| (change(*at), *kind, note.clone())).collect(),
            source: self.source.as_ref().map(|source| source.relocated(change)),
            ..self.clone()
        }
    }

    /// A finding of which nothing but the rule and the place is known.
    pub(crate) fn plain(index: &RuleIndex, rule: usize, at: Location) -> Self {
        Self {
            rule,
            severity: index.severity(rule),
            certainty: Certainty::Certain,
            at,
            argument: None,
            message: index.message(rule).to_owned(),
            callee: None,
            name: None,
            steps: Vec::new(),
            unfit: 0,
            source: None,
        }
    }
}

/// Listens to the evaluator and collects findings.
pub(crate) struct Matcher<'a> {
    pub(crate) index: &'a RuleIndex,
    pub(crate) found: Vec<RawFinding>,
    /// Rules and the calls that are none of their findings, since their result was passed on to what mends it.
    passed_on: FxHashSet<(usize, Location)>,
    /// States of objects that were reported.
    states: Vec<State>,
    /// Which calls made what a name was bound to. Values forget that where the name tells of a secret.
    made: FxHashMap<SmolStr, Vec<Location>>,
}

/// What was heard of a function that is looked at for its callers.
#[derive(Default, PartialEq)]
struct Heard {
    found: Vec<RawFinding>,
    passed_on: FxHashSet<(usize, Location)>,
    /// States of objects that were reported.
    states: Vec<State>,
    made: FxHashMap<SmolStr, Vec<Location>>,
}

fn heard(told: &Told) -> Option<&Heard> {
    told.downcast_ref()
}

/// The state of an object, set by a binding of one of its attributes or by a call of one of its methods.
#[derive(Clone, PartialEq)]
struct State {
    rule: usize,
    /// The attribute or the method, as the program spells it with its object.
    place: SmolStr,
    /// Of what the method is told: its first argument.
    which: Shape,
    branches: u32,
    /// What is reported.
    at: Location,
}

fn state_set_by(rule: usize, event: &CallEvent<'_>) -> Option<State> {
    let place = crate::flow::event::spelled(event.function)?;
    let which = event.arguments.first().map(|one| one.value.shape.clone()).unwrap_or_default();
    Some(State { rule, place, which, branches: event.branches, at: event.at })
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(index: &'a RuleIndex) -> Self {
        Self {
            index,
            found: Vec::new(),
            passed_on: FxHashSet::default(),
            made: FxHashMap::default(),
            states: Vec::new(),
        }
    }

    fn take(&mut self) -> Option<Told> {
        let heard = Heard {
            found: std::mem::take(&mut self.found),
            passed_on: std::mem::take(&mut self.passed_on),
            made: std::mem::take(&mut self.made),
            states: std::mem::take(&mut self.states),
        };
        let is_empty = heard.found.is_empty() && heard.passed_on.is_empty() && heard.made.is_empty();
        (!is_empty).then(|| Arc::new(heard) as Told)
    }

    fn add(&mut self, finding: RawFinding) {
        if !self.found.contains(&finding) && !self.passed_on.contains(&(finding.rule, finding.at)) {
            self.found.push(finding);
        }
    }

    /// Remembers that what was reported is a state that may still change.
    fn keep_state(&mut self, state: State) {
        self.states.push(state);
    }

    /// An object's state was set anew, and what a rule reports is not so any more: takes that back where it was set in
    /// the same branch or further in.
    fn leave_state(&mut self, left: &State) {
        let is_left = |state: &State| {
            state.rule == left.rule
                && state.place == left.place
                && state.which == left.which
                && state.at.chunk == left.at.chunk
                && state.branches >= left.branches
        };
        let states = &self.states;
        self.found.retain(|finding| {
            !states.iter().any(|state| finding.rule == state.rule && finding.at == state.at && is_left(state))
        });
        self.states.retain(|state| !is_left(state));
    }

    /// Takes back what was reported of the calls whose results this one is given.
    fn take_back(&mut self, event: &CallEvent<'_>) {
        let index = self.index;
        let method = event.method.or_else(|| event.qualified.and_then(|name| name.rsplit('.').next()));
        let by_name = event.qualified.and_then(|name| index.passed_on.get(name));
        let by_method = method.and_then(|method| index.passed_on_methods.get(method));
        let rules: Vec<usize> = by_name.into_iter().chain(by_method).flatten().copied().collect();
        if rules.is_empty() {
            return;
        }
        // What is called on the result counts as well: `connection.starttls()`.
        let receiver = event.receiver.zip(match &event.function.kind {
            ExpressionKind::Attribute { value, .. } => Some(&**value),
            _ => None,
        });
        let passed = event.arguments.iter().map(|one| (&one.value, &one.argument.value));
        for (value, expression) in passed.chain(receiver) {
            let named = first_name(expression).and_then(|name| self.made.get(name));
            let calls: Vec<Location> =
                makers(value).into_iter().chain(named.into_iter().flatten().copied()).collect();
            for at in calls {
                self.passed_on.extend(rules.iter().map(|rule| (*rule, at)));
            }
        }
        self.found.retain(|finding| !self.passed_on.contains(&(finding.rule, finding.at)));
    }
}

impl Observer for Matcher<'_> {
    fn begin(&mut self) -> Option<Told> {
        self.take()
    }

    fn end(&mut self, before: Option<Told>) -> Option<Told> {
        // What names were bound to concerns nobody else.
        self.made.clear();
        self.states.clear();
        let since = self.take();
        if let Some(before) = before.as_ref().and_then(heard) {
            self.found.clone_from(&before.found);
            self.passed_on.clone_from(&before.passed_on);
            self.made.clone_from(&before.made);
            self.states.clone_from(&before.states);
        }
        since
    }

    fn again(&mut self, told: &Told) {
        let Some(told) = heard(told) else { return };
        self.passed_on.extend(&told.passed_on);
        self.found.retain(|finding| !told.passed_on.contains(&(finding.rule, finding.at)));
        for finding in &told.found {
            self.add(finding.clone());
        }
    }

    fn relocated(&self, told: &Told, change: &mut dyn FnMut(Location) -> Location) -> Told {
        let Some(told) = heard(told) else { return Arc::clone(told) };
        let found = told.found.iter().map(|finding| finding.relocated(change)).collect();
        let mut passed_on: Vec<_> = told.passed_on.iter().copied().collect();
        passed_on.sort_unstable();
        let passed_on = passed_on.into_iter().map(|(rule, at)| (rule, change(at))).collect();
        // What names were bound to, and states, concern nobody else.
        Arc::new(Heard { found, passed_on, ..Heard::default() })
    }

    fn is_same(&self, one: &Told, other: &Told) -> bool {
        Arc::ptr_eq(one, other) || heard(one) == heard(other)
    }

    fn call(&mut self, event: &CallEvent<'_>) {
        let index = self.index;
        if index.takes_back() {
            self.take_back(event);
        }
        let by_name = event.qualified.and_then(|name| index.calls.get(name)).map_or(&[][..], Vec::as_slice);
        // `app.db.execute`: a member of something that is not known is a method like any other.
        let member = || event.qualified.and_then(|name| name.rsplit_once('.')).map(|(_, member)| member);
        // A method of the program's own class is followed, or known by the class it inherits from; not guessed at by its
        // name.
        let is_own = event.receiver.is_some_and(|receiver| matches!(receiver.shape, Shape::Object { .. }));
        let by_method = event
            .method
            .or_else(|| member().filter(|_| by_name.is_empty()))
            .filter(|_| !is_own)
            .and_then(|method| index.methods.get(method))
            .map_or(&[][..], Vec::as_slice);
        // A rule that knows the callee by its full name says there all that it says of it.
        let known = |rule: usize| by_name.iter().any(|(other, _)| *other == rule);
        for (rule, matched) in by_name.iter().chain(by_method.iter().filter(|(rule, _)| !known(*rule))) {
            let state = matched.settles.then(|| state_set_by(*rule, event)).flatten();
            if !matched.when.iter().all(|condition| condition::on_call(condition, event))
                || (matched.kept && is_on_new_object(event.function))
            {
                if let Some(state) = state {
                    self.leave_state(&state);
                }
                continue;
            }
            if let Some(state) = state {
                self.keep_state(state);
            }
            let (name, at) =
                match matched.report.as_ref().and_then(|selector| select(selector, event.arguments)) {
                    Some(passed) => {
                        let (name, part) = condition::taken_for(&matched.when, &passed.argument.value);
                        (name, Location { chunk: event.at.chunk, range: part.range })
                    }
                    None => (None, event.at),
                };
            let callee = crate::flow::event::spelled(event.function)
                .or_else(|| event.qualified.map(SmolStr::new))
                .unwrap_or_default();
            let template = matched.message.as_deref().unwrap_or_else(|| index.message(*rule));
            let mut message = template.replace("{callee}", &callee);
            if let Some(assumed) = &event.assumed {
                message.push_str(&format!(" (taking the undeclared name for `{assumed}`)"));
            }
            self.add(RawFinding {
                rule: *rule,
                severity: matched.severity.unwrap_or_else(|| index.severity(*rule)),
                certainty: matched.certainty.unwrap_or(Certainty::Certain),
                at,
                argument: event
                    .arguments
                    .first()
                    .map(|one| Location { chunk: event.at.chunk, range: one.argument.value.range }),
                message,
                callee: event.qualified.map(SmolStr::new),
                name: name.map(SmolStr::new),
                steps: Vec::new(),
                unfit: if event.is_indirect {
                    u32::MAX
                } else {
                    unfit(&index.fixes[*rule], |condition| condition::on_call(condition, event))
                },
                source: None,
            });
        }
    }

    fn binding(&mut self, event: &BindingEvent<'_>) {
        let index = self.index;
        if index.takes_back() {
            let made = makers(event.value);
            if !made.is_empty() {
                self.made.entry(event.name.into()).or_default().extend(made);
            }
        }
        for (rule, matched) in &index.assigns {
            let targeted = matched
                .target
                .iter()
                .any(|target| event.qualified.as_ref() == Some(target) || event.name == target.as_str());
            let named = matched.named.is_some_and(|kind| crate::secret::names::is_named(event.name, kind));
            let bound_so = match event.kind {
                BindingKind::Return => matched.binding.contains(&BindingKind::Return),
                kind => matched.binding.is_empty() || matched.binding.contains(&kind),
            };
            if !(targeted || named) || !bound_so {
                continue;
            }
            let subject = Subject {
                value: event.value,
                expression: Some(event.expression),
                name: Some(event.name),
                base: None,
            };
            let state = event.place.as_ref().filter(|_| targeted).map(|(place, branches)| State {
                rule: *rule,
                place: place.clone(),
                which: Shape::Unknown,
                branches: *branches,
                at: Location { chunk: event.at.chunk, range: event.expression.range },
            });
            if !matched.when.iter().all(|condition| condition::on_value(condition, &subject)) {
                if let Some(state) = state {
                    self.leave_state(&state);
                }
                continue;
            }
            if let Some(state) = state {
                self.keep_state(state);
            }
            // The call that made the value is what a fix changes, wherever the value got its name.
            let taint = event.value.deep_taint();
            let mut makers = taint.origins().iter().filter_map(|origin| match &origin.source {
                Source::MadeBy { callee, at } => Some((callee, *at)),
                _ => None,
            });
            // Of several the one that the rule asked for.
            let is_asked_for = |callee: &SmolStr| {
                let mut asked = matched.when.iter().filter_map(|condition| condition.result_of.as_ref());
                asked.any(|names| names.contains(callee))
            };
            let maker = makers.clone().find(|(callee, _)| is_asked_for(callee)).or_else(|| makers.next());
            let template = matched.message.as_deref().unwrap_or_else(|| index.message(*rule));
            let (name, part) = condition::taken_for(&matched.when, event.expression);
            self.add(RawFinding {
                rule: *rule,
                severity: matched.severity.unwrap_or_else(|| index.severity(*rule)),
                certainty: Certainty::Certain,
                at: Location { chunk: event.at.chunk, range: part.range },
                argument: maker.map(|(_, at)| at),
                message: template.replace("{name}", event.name),
                callee: maker.map(|(callee, _)| callee.clone()),
                name: Some(name.unwrap_or(event.name).into()),
                steps: Vec::new(),
                unfit: unfit(&index.fixes[*rule], |condition| condition::on_value(condition, &subject)),
                source: None,
            });
        }
    }

    fn setting(&mut self, event: &SettingEvent<'_>) {
        let index = self.index;
        let Some(matches) = index.settings.get(event.name) else { return };
        let subject = Subject {
            value: event.value,
            expression: Some(event.expression),
            name: Some(event.name),
            base: None,
        };
        for (rule, matched) in matches {
            let holds = |condition: &Condition| condition::on_value(condition, &subject);
            if !settings::counts(event, matched.framework) || !matched.when.iter().all(holds) {
                continue;
            }
            let template = matched.message.as_deref().unwrap_or_else(|| index.message(*rule));
            self.add(RawFinding {
                severity: matched.severity.unwrap_or_else(|| index.severity(*rule)),
                message: template.replace("{name}", event.name),
                name: Some(event.name.into()),
                unfit: unfit(&index.fixes[*rule], holds),
                ..RawFinding::plain(index, *rule, event.at)
            });
        }
    }

    fn decorators(&mut self, decorators: &[Decorator]) {
        let index = self.index;
        for (rule, matched) in &index.decorators {
            // The lowest of those that it must stand above.
            let last = decorators.iter().rposition(|one| is_one_of(one, &matched.above));
            for (at, decorator) in decorators.iter().enumerate() {
                let named = is_one_of(decorator, &matched.decorator)
                    || matched.matches.as_ref().is_some_and(|pattern| pattern.is_found_in(&decorator.name));
                let placed = matched.above.is_empty() || last.is_some_and(|last| last > at);
                if !named || !placed {
                    continue;
                }
                let plain = RawFinding::plain(index, *rule, decorator.at);
                let message = plain.message.replace("{name}", &decorator.name);
                let name = Some(decorator.name.clone());
                self.add(RawFinding { message, callee: decorator.qualified.clone(), name, ..plain });
            }
        }
    }

    fn comparison(&mut self, event: &ComparisonEvent<'_>) {
        let index = self.index;
        let subject =
            |(expression, value)| Subject { value, expression: Some(expression), name: None, base: None };
        let sides = [subject(event.left), subject(event.right)];
        let hold = |conditions: &[Condition], side: &Subject<'_>| {
            conditions.iter().all(|condition| condition::on_value(condition, side))
        };
        for (rule, matched) in &index.comparisons {
            let holds = |one: usize, other: usize| {
                hold(&matched.one, &sides[one]) && hold(&matched.other, &sides[other])
            };
            if holds(0, 1) || holds(1, 0) {
                self.add(RawFinding::plain(index, *rule, event.at));
            }
        }
    }

    fn sink(&mut self, event: SinkEvent) {
        let Some(label) = event.origin.source.label() else { return };
        let index = self.index;
        let tag = event.tag.name();
        for (rule, matched) in index.flows.get(tag).into_iter().flatten() {
            if !matched.source.iter().any(|wanted| wanted == label.name()) {
                continue;
            }
            let mut steps = Vec::new();
            let mut step = event.origin.path.as_deref();
            while let Some(one) = step {
                steps.push((one.at, one.kind, one.note.clone()));
                step = one.previous.as_deref();
            }
            steps.reverse();
            let source = match &event.origin.source {
                Source::Known { name, .. }
                | Source::Parameter { name, .. }
                | Source::MadeBy { callee: name, .. } => name,
                Source::Checked => continue,
            };
            let certainty = if label == Label::Parameter { Certainty::Possible } else { Certainty::Certain };
            let template = matched.message.as_deref().unwrap_or_else(|| index.message(*rule));
            let mut message = template.replace("{callee}", &event.callee).replace("{source}", source);
            if let Some(assumed) = &event.assumed {
                message.push_str(&format!(" (taking the undeclared name for `{assumed}`)"));
            }
            self.add(RawFinding {
                rule: *rule,
                severity: matched.severity.unwrap_or_else(|| index.severity(*rule)),
                certainty,
                at: event.at,
                argument: Some(event.argument),
                message,
                callee: Some(event.callee.clone()),
                name: None,
                steps,
                unfit: 0,
                source: Some(event.origin.source.clone()),
            });
        }
    }

    fn import(&mut self, module: &str, at: Location) {
        let index = self.index;
        for rule in index.imports.get(module).into_iter().flatten() {
            let plain = RawFinding::plain(index, *rule, at);
            let message = plain.message.replace("{name}", module);
            self.add(RawFinding { message, name: Some(module.into()), ..plain });
        }
    }

    fn holds(&self, condition: &Condition, event: &CallEvent<'_>) -> bool {
        condition::on_call(condition, event)
    }
}

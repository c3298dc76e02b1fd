//! Runs every check on every resource in every case that makes a difference to it, and keeps what it finds in cases that a
//! user can reach: those that the rules of the template do not refuse.

use super::acceptance;
use super::case::{Cases, Choice, Space, Subject, with_defaults};
use super::check::{Check, Grain, Problem, Severity};
use super::checklist::Checklist;
use super::domain::Domains;
use super::influence::Influence;
use super::reachable::Rules;
use super::regions;
use super::scene::{Inventory, Scene};
use crate::eval::{Address, DEFAULT_STACK_NAME, Evaluator, StackTree};
use crate::template::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Cases of one check on one resource: beyond it, the check says that it has not proven anything.
pub const DEFAULT_CASES_MAX: u64 = 2_000_000;

pub struct Options {
    pub regions: Vec<String>,
    /// Parameters that are not varied.
    pub fixed: BTreeMap<String, String>,
    pub stack_name: String,
    pub cases_max: u64,
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            regions: crate::region::all().iter().map(|region| (*region).to_owned()).collect(),
            fixed: BTreeMap::new(),
            stack_name: DEFAULT_STACK_NAME.to_owned(),
            cases_max: DEFAULT_CASES_MAX,
            threads: std::thread::available_parallelism().map_or(1, Into::into),
        }
    }
}

pub struct Finding {
    pub check: &'static Check,
    pub path: String,
    pub kind: String,
    pub file: String,
    pub span: Span,
    pub problem: Problem,
    /// The smallest case that shows it: what must be chosen, everything else being at its default.
    pub case: Vec<Choice>,
    /// In how many of the cases looked at it is there.
    pub cases: u64,
    /// Why the author of the template accepts it.
    pub accepted: Option<String>,
}

/// What became of one check.
pub struct Proven {
    pub check: &'static Check,
    pub questions: usize,
    pub cases: u64,
    /// Those that are not accepted.
    pub findings: usize,
    pub accepted: usize,
}

pub struct Proof {
    pub entry: String,
    pub regions: usize,
    pub findings: Vec<Finding>,
    pub checks: Vec<Proven>,
    /// Cases looked at, over all checks.
    pub cases: u64,
    /// Combinations of parameters and regions that they stand for.
    pub combinations: f64,
    pub elapsed: Duration,
    /// What it comes to for a quick start, where somebody asks for it.
    pub checklist: Option<Checklist>,
}

impl Proof {
    /// The worst of what is not accepted, and of what refutes the checklist.
    pub fn worst(&self) -> Option<Severity> {
        let refuted = self.checklist.as_ref().and_then(Checklist::worst);
        self.open().map(|finding| finding.check.severity).max().max(refuted)
    }

    /// What nobody has accepted.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted.is_none())
    }
}

pub fn prove(tree: &StackTree, checks: &[&'static Check], options: &Options) -> Proof {
    let started = Instant::now();
    let prover = Prover::new(tree, options);
    let jobs: Vec<Job<'_>> = checks.iter().flat_map(|check| prover.jobs(check)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((job.check, prover.prove(job)));
        }
        done
    };
    let results: Vec<(&'static Check, Result)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    let proven = checks.iter().map(|check| {
        let own: Vec<&Result> =
            results.iter().filter(|(of, _)| std::ptr::eq(*of, *check)).map(|(_, result)| result).collect();
        Proven {
            check,
            questions: own.len(),
            cases: own.iter().map(|result| result.cases).sum(),
            findings: own.iter().map(|result| result.count(false)).sum(),
            accepted: own.iter().map(|result| result.count(true)).sum(),
        }
    });
    let proven: Vec<Proven> = proven.collect();
    let mut findings: Vec<Finding> = results.into_iter().flat_map(|(_, result)| result.findings).collect();
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| {
            (std::cmp::Reverse(finding.check.severity), finding.file.clone(), finding.span.start, finding.check.id)
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| one.path.cmp(&other.path))
            .then_with(|| one.problem.about.cmp(&other.problem.about))
    });
    Proof {
        entry: tree.root().file().to_owned(),
        regions: options.regions.len(),
        findings,
        cases: proven.iter().map(|proven| proven.cases).sum(),
        checks: proven,
        combinations: prover.values.domains.product() * options.regions.len() as f64,
        elapsed: started.elapsed(),
        checklist: None,
    }
}

/// One question about one resource.
struct Job<'a> {
    check: &'static Check,
    at: &'a Address,
    part: usize,
}

#[derive(Default)]
struct Result {
    cases: u64,
    findings: Vec<Finding>,
}

impl Result {
    fn count(&self, is_accepted: bool) -> usize {
        self.findings.iter().filter(|finding| finding.accepted.is_some() == is_accepted).count()
    }
}

struct Prover<'a> {
    tree: &'a StackTree,
    inventory: Inventory,
    rules: Rules,
    structure: Space,
    values: Space,
    every_region: Space,
    cases_max: u64,
}

impl<'a> Prover<'a> {
    fn new(tree: &'a StackTree, options: &Options) -> Self {
        let regions: Vec<Arc<str>> = options.regions.iter().map(|region| region.as_str().into()).collect();
        let classes = regions::classes(tree, &regions);
        let stack_name: Arc<str> = options.stack_name.as_str().into();
        let given: Arc<BTreeSet<String>> = Arc::new(options.fixed.keys().cloned().collect());
        let space = |domains: Domains, regions: &[Arc<str>]| Space {
            domains,
            given: given.clone(),
            regions: regions.to_vec(),
            stack_name: stack_name.clone(),
        };
        let influence = Influence::of(tree);
        let values = Domains::new(tree, &influence, &options.fixed);
        Self {
            tree,
            inventory: Inventory::new(tree),
            rules: Rules::new(tree),
            structure: space(values.structural(&influence), &classes),
            every_region: space(values.clone(), &regions),
            values: space(values, &classes),
            cases_max: options.cases_max,
        }
    }

    fn space(&self, grain: Grain) -> &Space {
        match grain {
            Grain::Structure => &self.structure,
            Grain::Values => &self.values,
            Grain::Regions => &self.every_region,
        }
    }

    fn jobs(&self, check: &'static Check) -> Vec<Job<'_>> {
        let subjects: Vec<&Address> = match check.kinds {
            [] => self.inventory.all().iter().collect(),
            kinds => kinds.iter().flat_map(|kind| self.inventory.of(kind)).collect(),
        };
        let parts = |at: &Address| (check.parts)(self.tree, at);
        subjects.into_iter().flat_map(|at| (0..parts(at)).map(move |part| Job { check, at, part })).collect()
    }

    fn prove(&self, job: &Job<'_>) -> Result {
        let space = self.space(job.check.grain);
        let cases = Cases::new(space);
        let mut found: BTreeMap<String, (Problem, Vec<Choice>, u64)> = BTreeMap::new();
        let mut count = 0;
        loop {
            count += 1;
            for problem in self.problems(job, &cases) {
                if let Some((_, _, seen)) = found.get_mut(&problem.about) {
                    *seen += 1;
                } else if self.rules.admit(self.tree, space, cases.choices()) {
                    found.insert(problem.about.clone(), (problem, cases.choices(), 1));
                }
            }
            if count == self.cases_max {
                let message = format!("not proven: there are more than {} cases", self.cases_max);
                found.insert("cases".to_owned(), (Problem::new("cases", message), Vec::new(), 1));
                break;
            }
            if !cases.advance() {
                break;
            }
        }
        let findings = found.into_values().map(|(problem, choices, cases)| {
            let (problem, case) = self.smallest(job, problem, &choices);
            self.finding(job, problem, case, cases)
        });
        Result { cases: count, findings: findings.collect() }
    }

    /// The problems of the case that `cases` is at.
    fn problems(&self, Job { check, at, part }: &Job<'_>, cases: &Cases<'_>) -> Vec<Problem> {
        let evaluator = Evaluator::new(self.tree, cases);
        let scene = Scene { evaluator: &evaluator, inventory: &self.inventory };
        let outcome =
            scene.exists(at).and_then(|exists| if exists { (check.run)(&scene, at, *part) } else { Ok(Vec::new()) });
        // A check that cannot evaluate what it looks at is silent: one check says so for all.
        outcome.unwrap_or_else(|fault| {
            if check.id == super::checks::EVALUATION_ID {
                vec![Problem::new(fault.to_string(), fault.message.clone()).at(fault.span)]
            } else {
                Vec::new()
            }
        })
    }

    /// Sets back to its default every choice that the problem does not need.
    fn smallest(&self, job: &Job<'_>, problem: Problem, choices: &[Choice]) -> (Problem, Vec<Choice>) {
        let space = self.space(job.check.grain);
        let mut needed: Vec<usize> = (0..choices.len()).filter(|at| !choices[*at].is_default()).collect();
        let mut shown = problem;
        for candidate in needed.clone() {
            let fewer: Vec<usize> = needed.iter().copied().filter(|at| *at != candidate).collect();
            let cases = Cases::within(space, with_defaults(choices, &fewer));
            let same = self.problems(job, &cases).into_iter().find(|other| other.about == shown.about);
            if let Some(same) = same.filter(|_| self.rules.admit(self.tree, space, cases.choices())) {
                shown = same;
                needed = fewer;
            }
        }
        let case = needed.into_iter().map(|at| choices[at].clone()).collect();
        (shown, case)
    }

    fn finding(&self, Job { check, at, .. }: &Job<'_>, problem: Problem, case: Vec<Choice>, cases: u64) -> Finding {
        let stack = self.tree.stack(at.stack);
        let resource = stack.program.resource(&at.logical_id);
        let span = problem.span.or(resource.map(|resource| resource.span)).unwrap_or_default();
        Finding {
            check,
            path: self.tree.path(at.stack, &at.logical_id),
            kind: resource.map(|resource| resource.kind.clone()).unwrap_or_default(),
            file: stack.file().to_owned(),
            span,
            problem,
            case,
            cases,
            accepted: acceptance::reason(self.tree, at, check.id),
        }
    }
}

impl Finding {
    /// The region of the case, where it matters.
    pub fn region(&self) -> Option<&str> {
        self.case.iter().find(|choice| choice.subject == Subject::Region)?.value().map(|region| &**region)
    }
}

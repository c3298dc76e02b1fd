//! AWS's own validator, and its findings as ours: with exact places, without what it only supposes.

use super::catalog;
use super::handed::Handed;
use super::walk;
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::template::{Node, Span};
use cel_engine::CelEngine;
use schema_validator::SchemaValidator;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use template_model::PseudoParameterOverrides;
use validation_engine::{EngineConfig, ValidateConfig, validate_bytes_with_path};

/// Findings that are none: what a property does by nature, a format that AWS advertises, and every parameter whose name
/// speaks of a secret, though it holds the ARN of one (J3006 looks closer).
const UNHELPFUL: [&str; 5] = ["I4010", "I9001", "I9003", "I9040", "W2509"];
/// Warnings that ask for nothing: a number that becomes a text, and an analysis that was cut short.
const FOR_INFORMATION: [&str; 2] = ["W9003", "W9052"];
/// A path that goes no deeper names a resource or another entry of a section, and nothing in it.
const OWNER_DEPTH: usize = 2;
/// Rules that blame a key, and not its value.
const ABOUT_KEYS: [&str; 5] = ["E2001", "E3040", "F3002", "W8602", "W8608"];
/// Rules that blame the whole of what they name.
const ABOUT_OWNERS: [&str; 3] = ["F0000", "F3007", "W3011"];

pub(super) struct Validator {
    /// A few hundred thousand small things: to take them apart takes longer than to look at a template.
    schemas: ManuallyDrop<SchemaValidator>,
    engine: ManuallyDrop<CelEngine>,
}

impl Validator {
    /// Loads the schemas and the rules side by side: both take most of the time of a short run. Who is ready first calls
    /// `meanwhile`, which says whether it has more to do, until the other is.
    pub(super) fn load(meanwhile: &(impl Fn() -> bool + Sync)) -> Result<Self> {
        let failed = || Error::new(ErrorKind::Template, "AWS's validator cannot load what it knows");
        let has_rules = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let schemas = scope.spawn(|| {
                let schemas = SchemaValidator::default();
                work(meanwhile, &|| has_rules.load(Ordering::Relaxed));
                schemas
            });
            let engine = CelEngine::new(EngineConfig::default());
            has_rules.store(true, Ordering::Relaxed);
            let engine = engine.map_err(|error| failed().because(error.to_string()))?;
            work(meanwhile, &|| schemas.is_finished());
            let schemas = schemas.join().map_err(|_| failed())?;
            Ok(Self { schemas: ManuallyDrop::new(schemas), engine: ManuallyDrop::new(engine) })
        })
    }

    /// All findings in one region; without one, those that hold in every region.
    pub(super) fn check(&self, file: &str, root: &Node, handed: &Handed, region: Option<&str>) -> Vec<Diagnostic> {
        let config = ValidateConfig {
            pseudo_parameter_overrides: PseudoParameterOverrides {
                region: region.map(str::to_owned),
                ..PseudoParameterOverrides::default()
            },
            ..ValidateConfig::default()
        };
        let text = handed.text.as_bytes();
        match validate_bytes_with_path(&*self.engine, &self.schemas, text, config, file.to_owned()) {
            Ok(report) => {
                let findings = report.diagnostics.into_iter();
                let findings = findings.filter(|finding| !UNHELPFUL.contains(&finding.rule_id.as_str()));
                findings.map(|finding| converted(file, finding, root, handed)).collect()
            }
            Err(error) => {
                let message = format!("AWS's validator gave up: {error}");
                vec![catalog::finding("J0004", file, walk::locate(root, &[]), message)]
            }
        }
    }
}

fn work(meanwhile: &impl Fn() -> bool, is_time: &dyn Fn() -> bool) {
    while !is_time() && meanwhile() {}
}

fn converted(file: &str, finding: diagnostics::Diagnostic, root: &Node, handed: &Handed) -> Diagnostic {
    let path = path(&finding);
    let given = finding.location.and_then(|place| handed.place(place.start_column));
    let span = sharpened(root, &finding, &path, given.is_some());
    let severity = if FOR_INFORMATION.contains(&finding.rule_id.as_str()) {
        Severity::Info
    } else {
        catalog::severity(finding.severity)
    };
    Diagnostic {
        rule: finding.rule_id,
        severity,
        file: file.to_owned(),
        span: span.or(given).unwrap_or_else(|| walk::locate(root, &[])),
        path,
        message: finding.message.trim().trim_end_matches('.').to_owned(),
        hint: finding.suggested_fix.filter(|hint| !hint.is_empty()),
    }
}

/// A better place than the validator's own, where our nodes know one.
fn sharpened(root: &Node, finding: &diagnostics::Diagnostic, path: &[String], is_placed: bool) -> Option<Span> {
    let rule = finding.rule_id.as_str();
    if ABOUT_KEYS.contains(&rule) {
        let (last, above) = path.split_last()?;
        return Some(walk::find(root, above)?.entry(last)?.0.span);
    }
    let (span, depth) = walk::locate_deepest(root, path);
    if depth > OWNER_DEPTH {
        return Some(span);
    }
    let quoted = quoted(root, path, &finding.message).filter(|_| !ABOUT_OWNERS.contains(&rule));
    if quoted.is_some() {
        return quoted;
    }
    (!is_placed && depth > 0).then_some(span)
}

/// The scalar below the owner that the message quotes: the validator gives the resource alone.
fn quoted(root: &Node, path: &[String], message: &str) -> Option<Span> {
    let owner = walk::find(root, path.get(..OWNER_DEPTH)?)?;
    let mut names = message.split('\'').skip(1).step_by(2);
    names.find_map(|name| {
        let mut found = None;
        walk::each(owner, &mut Vec::new(), &mut |_, node| {
            if found.is_none() && node.text() == Some(name) {
                found = Some(node.span);
            }
        });
        found
    })
}

/// Keys from the top of the template. A path is `Outputs/A/Value.Fn::GetAtt.1`, or `Properties.Name` below its resource.
fn path(finding: &diagnostics::Diagnostic) -> Vec<String> {
    let given = finding.property_path.as_deref().unwrap_or_default();
    let mut path: Vec<String> = Vec::new();
    let below = match (template_model::entity_identity(given), &finding.entity) {
        (Some(_), _) => given,
        (None, Some(entity)) => {
            path.push(entity.entity_type.section().name().to_owned());
            path.push(entity.logical_id.clone());
            given
        }
        (None, None) => given,
    };
    let keys = below.split(['/', '.', '[', ']']).filter(|key| !key.is_empty());
    path.extend(keys.map(str::to_owned));
    if finding.rule_id == "E6005" {
        // Outputs too are given as resources.
        path.splice(..1, ["Outputs".to_owned()]);
    }
    path
}

//! AWS's own validator, and its findings as ours: with exact places, without what it only supposes.

use super::catalog;
use super::source::Lines;
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, ErrorKind, Result};
use crate::template::{Node, Span};
use cel_engine::CelEngine;
use schema_validator::SchemaValidator;
use template_model::PseudoParameterOverrides;
use validation_engine::{EngineConfig, ExternalRuleSource, ValidateConfig, validate_bytes_with_path};

/// Findings that are none: what a property does by nature, and a format that AWS advertises.
const UNHELPFUL: [&str; 4] = ["I4010", "I9001", "I9003", "I9040"];
/// Nothing is known of a property whose path goes no deeper than its resource.
const RESOURCE_DEPTH: usize = 2;

pub(super) struct Validator {
    schemas: SchemaValidator,
    engine: CelEngine,
}

impl Validator {
    /// Loads the schemas and the rules side by side: both take most of the time of a short run.
    pub(super) fn load(guard: Vec<(String, String)>) -> Result<Self> {
        let sources = guard.into_iter().map(|(name, content)| ExternalRuleSource { name, content });
        let config = EngineConfig::new().with_guard_rules(sources);
        std::thread::scope(|scope| {
            let schemas = scope.spawn(SchemaValidator::default);
            let engine = CelEngine::new(config).map_err(|error| {
                Error::new(ErrorKind::Usage, "cannot load the Guard rules").because(error.to_string())
            })?;
            let schemas = schemas
                .join()
                .map_err(|_| Error::new(ErrorKind::Template, "AWS's validator cannot load its schemas"))?;
            Ok(Self { schemas, engine })
        })
    }

    /// All findings in one region; without one, those that hold in every region.
    pub(super) fn check(&self, file: &str, text: &str, root: Option<&Node>, region: Option<&str>) -> Vec<Diagnostic> {
        let config = ValidateConfig {
            pseudo_parameter_overrides: PseudoParameterOverrides {
                region: region.map(str::to_owned),
                ..PseudoParameterOverrides::default()
            },
            ..ValidateConfig::default()
        };
        let lines = Lines::of(text);
        match validate_bytes_with_path(&self.engine, &self.schemas, text.as_bytes(), config, file.to_owned()) {
            Ok(report) => {
                let findings = report.diagnostics.into_iter();
                let findings = findings.filter(|finding| !UNHELPFUL.contains(&finding.rule_id.as_str()));
                findings.map(|finding| converted(file, finding, root, &lines)).collect()
            }
            Err(error) => {
                let message = format!("AWS's validator gave up: {error}");
                vec![catalog::finding("J0004", file, Span::default(), message)]
            }
        }
    }
}

fn converted(file: &str, finding: diagnostics::Diagnostic, root: Option<&Node>, lines: &Lines<'_>) -> Diagnostic {
    let path = path(&finding);
    let given = finding.location.map(|place| lines.span(place.start_line, place.start_column, place.end_column));
    let found = root.map(|root| walk::locate_deepest(root, &path));
    let span = match (found, given) {
        (Some((span, depth)), _) if depth > RESOURCE_DEPTH => span,
        (Some((span, depth)), None) if depth > 0 => span,
        (_, Some(given)) => given,
        _ => lines.span(1, 1, 1),
    };
    let span = match (finding.rule_id.as_str(), root) {
        ("E3005" | "W3005" | "W2502", Some(root)) => dependency(root, &path, &finding.message).unwrap_or(span),
        _ => span,
    };
    let severity = match catalog::own(&finding.rule_id) {
        // Guard knows no severities.
        Some(rule) => rule.severity,
        None => catalog::severity(finding.severity),
    };
    Diagnostic {
        rule: finding.rule_id,
        severity,
        file: file.to_owned(),
        span,
        path,
        message: finding.message.trim().trim_end_matches('.').to_owned(),
        hint: finding.suggested_fix.filter(|hint| !hint.is_empty()),
    }
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
    path.extend(below.split(['/', '.']).filter(|key| !key.is_empty()).map(str::to_owned));
    path
}

/// The entry of `DependsOn` that a message names: the validator gives the resource alone.
fn dependency(root: &Node, path: &[String], message: &str) -> Option<Span> {
    let depends_on = walk::find(root, path.get(..RESOURCE_DEPTH)?)?.get("DependsOn")?;
    let named = |node: &&Node| node.text().is_some_and(|text| message.contains(&format!("'{text}'")));
    let mut entries = std::iter::once(depends_on).chain(depends_on.items());
    Some(entries.find(named)?.span)
}

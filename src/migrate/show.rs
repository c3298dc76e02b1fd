//! What a migration would do, for the eye and as JSON.

use super::assess::{Assessment, Plan, Standing, monthly};
use super::definition::{Definition, Ordered, containers, text};
use super::destination::Destination;
use super::find::{Sidecar, Spared};
use super::reach::{Reach, Verdict};
use super::rewrite::{Change, Obstacle};
use super::saving::{Saving, Size};
use crate::printer::{Printer, paint};
use console::Style;
use jqs_cfn::Result;
use jqs_cfn::template;
use serde::Serialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// Lines shown around each change.
const DIFF_CONTEXT: usize = 2;
/// Names of variables whose values are nobody's business.
const SECRET_WORDS: [&str; 6] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "KEY"];
const HIDDEN: &str = "****";

#[derive(Serialize)]
pub(crate) struct Report<'a> {
    cluster: &'a str,
    destination: &'a Destination,
    services: Vec<ServiceReport<'a>>,
    /// In USD, of all services that are ready, once their tasks have the smaller size.
    monthly_saving: f64,
}

#[derive(Serialize)]
pub(crate) struct ServiceReport<'a> {
    service: &'a str,
    standing: &'static str,
    task_definition: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    migrated_from: Option<&'a str>,
    spared: &'a [Spared],
    #[serde(flatten)]
    plan: Option<PlanReport<'a>>,
}

#[derive(Serialize)]
struct PlanReport<'a> {
    sidecars: &'a [Sidecar],
    changes: &'a [Change],
    obstacles: &'a [Obstacle],
    notes: &'a [String],
    saving: &'a Saving,
    resized: bool,
    reach: &'a Reach,
    kept_in_code_by: Option<&'a str>,
    diff: String,
}

pub(crate) fn report<'a>(
    cluster: &'a str,
    destination: &'a Destination,
    assessments: &'a [Assessment],
) -> Result<Report<'a>> {
    let services = assessments.iter().map(service_report).collect::<Result<_>>()?;
    Ok(Report { cluster, destination, services, monthly_saving: monthly(assessments) })
}

fn service_report(assessment: &Assessment) -> Result<ServiceReport<'_>> {
    let (standing, migrated_from) = match &assessment.standing {
        Standing::Nothing => ("without_sidecar", None),
        Standing::Underway { from } => ("underway", Some(from.as_str())),
        Standing::Migrated { from } => ("migrated", Some(from.as_str())),
        Standing::Blocked(_) => ("blocked", None),
        Standing::Ready(_) => ("ready", None),
    };
    let plan = assessment.plan().map(|plan| plan_report(&assessment.definition, plan)).transpose()?;
    Ok(ServiceReport {
        service: assessment.name(),
        standing,
        task_definition: &assessment.definition.arn,
        migrated_from,
        spared: &assessment.spared,
        plan,
    })
}

fn plan_report<'a>(definition: &Definition, plan: &'a Plan) -> Result<PlanReport<'a>> {
    Ok(PlanReport {
        sidecars: &plan.sidecars,
        changes: &plan.rewrite.changes,
        obstacles: &plan.rewrite.obstacles,
        notes: &plan.rewrite.notes,
        saving: &plan.saving,
        resized: plan.is_resized,
        reach: &plan.reach,
        kept_in_code_by: plan.keeper.as_deref(),
        diff: difference(&definition.body, &plan.rewrite.body)?.iter().map(|line| format!("{line}\n")).collect(),
    })
}

pub(crate) fn show(printer: &Printer, assessments: &[Assessment]) -> Result<()> {
    for assessment in assessments {
        printer.note("");
        show_one(printer, assessment)?;
    }
    printer.note("");
    printer.note(&summary(assessments));
    Ok(())
}

fn show_one(printer: &Printer, assessment: &Assessment) -> Result<()> {
    let title = |standing: &str| {
        let name = paint(assessment.name(), Style::new().bold());
        printer.note(&format!("{name}  {}  {standing}", short(&assessment.definition.arn)));
    };
    match &assessment.standing {
        Standing::Nothing => title("no sidecar"),
        Standing::Underway { from } => title(&format!("migrated from {}; its deployment goes on", short(from))),
        Standing::Migrated { from } => title(&format!("migrated from {}", short(from))),
        Standing::Blocked(plan) => {
            title("is not migrated");
            show_sidecars(printer, plan);
            for obstacle in &plan.rewrite.obstacles {
                printer.failure(&format!("{}: {}", at(&obstacle.container, &obstacle.message), obstacle.remedy));
            }
            if plan.rewrite.obstacles.iter().all(|obstacle| obstacle.can_be_forced) {
                printer.note("  `--force` migrates it all the same.");
            }
        }
        Standing::Ready(plan) => {
            title("to migrate");
            show_sidecars(printer, plan);
            show_plan(printer, &assessment.definition, plan)?;
        }
    }
    for spared in &assessment.spared {
        printer.note(&format!("  `{}` ({}) stays: {}", spared.container, spared.image, spared.reason));
    }
    Ok(())
}

fn show_sidecars(printer: &Printer, plan: &Plan) {
    for sidecar in &plan.sidecars {
        printer.note(&format!("  sidecar `{}`: {}", sidecar.container, sidecar.reason));
    }
}

fn show_plan(printer: &Printer, definition: &Definition, plan: &Plan) -> Result<()> {
    for line in difference(&definition.body, &plan.rewrite.body)? {
        let style = match line.chars().next() {
            Some('-') => Style::new().red(),
            Some('+') => Style::new().green(),
            _ => Style::new().dim(),
        };
        printer.note(&paint(&format!("  {line}"), style));
    }
    for change in plan.rewrite.changes.iter().filter(|change| change.part != "containerDefinitions") {
        printer.note(&format!("  {}", at(&change.container, &told(change))));
    }
    for note in &plan.rewrite.notes {
        printer.note(&format!("  note: {note}"));
    }
    match plan.reach.verdict {
        Verdict::Reached => printer.note(&format!("  reach: {}", plan.reach.reason)),
        Verdict::Unknown => {
            printer.warning(&format!("whether it reaches the collector is not known: {}", plan.reach.reason))
        }
        // One of the obstacles.
        Verdict::Unreachable => {}
    }
    for obstacle in &plan.rewrite.obstacles {
        printer.warning(&format!("forced: {}: {}", at(&obstacle.container, &obstacle.message), obstacle.remedy));
    }
    if let Some(keeper) = &plan.keeper {
        printer.warning(&format!(
            "{keeper} keeps this service in code: `--apply` would make it differ, `--print` writes the change for it"
        ));
    }
    printer.note(&format!("  saves {}", saved(plan)));
    Ok(())
}

fn at(container: &str, text: &str) -> String {
    if container.is_empty() { text.to_owned() } else { format!("`{container}`: {text}") }
}

fn told(change: &Change) -> String {
    let what = format!("{} {}", change.part, change.name);
    match (&change.before, &change.after) {
        (Some(_), Some(after)) => format!("{what} becomes {after}: {}", change.reason),
        (None, Some(after)) => format!("{what} is added, {after}: {}", change.reason),
        _ => format!("{what} goes: {}", change.reason),
    }
}

fn saved(plan: &Plan) -> String {
    let saving = &plan.saving;
    let tasks = if saving.tasks == 1 { "1 task".to_owned() } else { format!("each of {} tasks", saving.tasks) };
    let mut text = format!("{} in {tasks}", amount(saving.reserved));
    if let (Some(size), Some(smaller)) = (saving.size, saving.smaller) {
        let how = if plan.is_resized { "the task becomes" } else { "with `--resize` the task becomes" };
        text.push_str(&format!("; {how} {} instead of {}", amount(smaller), amount(size)));
        if let Some(monthly) = saving.monthly {
            text.push_str(&format!(": ${monthly:.2} a month"));
        }
    }
    if let Some(note) = saving.note {
        text.push_str(&format!("; {note}"));
    }
    text
}

fn amount(size: Size) -> String {
    format!("{} vCPU and {} GB", size.cpu as f64 / 1024.0, size.memory as f64 / 1024.0)
}

fn summary(assessments: &[Assessment]) -> String {
    let count = |is: fn(&Standing) -> bool| assessments.iter().filter(|each| is(&each.standing)).count();
    let ready = count(|standing| matches!(standing, Standing::Ready(_)));
    let blocked = count(|standing| matches!(standing, Standing::Blocked(_)));
    let migrated = count(|standing| matches!(standing, Standing::Migrated { .. } | Standing::Underway { .. }));
    let without = count(|standing| matches!(standing, Standing::Nothing));
    let money = match monthly(assessments) {
        sum if sum > 0.0 => format!("; smaller tasks save ${sum:.2} a month (list prices)"),
        _ => String::new(),
    };
    format!("{ready} to migrate, {blocked} with obstacles, {migrated} migrated, {without} without a sidecar{money}")
}

/// `FAMILY:REVISION`.
pub(crate) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The lines that differ between two task definitions, with their neighbours, container by container. Values that look like
/// secrets are hidden.
pub(crate) fn difference(before: &Value, after: &Value) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for old in containers(before) {
        let name = text(old, "name");
        let new = containers(after).iter().find(|new| text(new, "name") == name);
        let new = new.map(readable).transpose()?.unwrap_or_default();
        section(&format!("container {name}"), &readable(old)?, &new, &mut lines);
    }
    section("task", &without_containers(before)?, &without_containers(after)?, &mut lines);
    Ok(lines)
}

fn section(title: &str, before: &str, after: &str, lines: &mut Vec<String>) {
    if before == after {
        return;
    }
    lines.push(format!("@ {title}"));
    let diff = TextDiff::from_lines(before, after);
    for (index, group) in diff.grouped_ops(DIFF_CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push("  …".to_owned());
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign} {}", change.value().trim_end()));
        }
    }
}

fn without_containers(body: &Value) -> Result<String> {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("containerDefinitions");
    }
    yaml(&body)
}

fn readable(container: &Value) -> Result<String> {
    let mut container = container.clone();
    let is_secret = |name: &str| SECRET_WORDS.iter().any(|word| name.to_uppercase().contains(word));
    for each in container.get_mut("environment").and_then(Value::as_array_mut).into_iter().flatten() {
        if is_secret(text(each, "name")) {
            each["value"] = HIDDEN.into();
        }
    }
    yaml(&container)
}

/// JSON as YAML, names first.
pub(super) fn yaml(value: &Value) -> Result<String> {
    let json = serde_json::to_string(&Ordered(value)).unwrap_or_default();
    Ok(template::to_yaml(&template::parse("task definition", &json)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_difference_shows_what_changes_and_hides_secrets() {
        let container = |value: &str| {
            json!({"containerDefinitions": [{"name": "shop", "environment": [
                {"name": "API_TOKEN", "value": "abc"}, {"name": "ENDPOINT", "value": value}, {"name": "MODE", "value": "x"},
            ]}]})
        };
        let lines = difference(&container("one"), &container("two")).expect("YAML").join("\n");
        assert!(lines.contains("-     ") && lines.contains("one") && lines.contains("two"), "{lines}");
        assert!(lines.contains(HIDDEN) && !lines.contains("abc"), "{lines}");
        assert_eq!(difference(&container("one"), &container("one")).expect("YAML"), Vec::<String>::new());
    }
}

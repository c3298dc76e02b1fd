//! What becomes of a stack over time: updates, scaling, logs, and what is left when it is deleted.

#[cfg(test)]
mod tests;

use crate::eval::{Address, Expression, Form, Outcome, Piece, StackId, StackTree, Value};
use crate::prove::check::{Check, Grain, Problem, STACK, Severity, one_part};
use crate::prove::network::balancing::{self, SERVICE, TARGET_GROUP};
use crate::prove::scene::Scene;

const SCALABLE_TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
/// Targets that drain longer than this hold up every deployment; it is AWS's own default.
const DEFAULT_DRAINING_SECONDS_MAX: i64 = 300;

pub(super) const RETENTION: Check = Check {
    id: "P801",
    title: "log groups forget",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &["AWS::Logs::LogGroup"],
    explanation: "Without `RetentionInDays` CloudWatch keeps, and charges for, every line for ever.",
    parts: one_part,
    run: retention,
};

pub(super) const POLICIES: Check = Check {
    id: "P802",
    title: "it is said what becomes of data",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[
        "AWS::Cassandra::Keyspace",
        "AWS::Cassandra::Table",
        "AWS::DocDB::DBCluster",
        "AWS::DynamoDB::Table",
        "AWS::EC2::Volume",
        "AWS::EFS::FileSystem",
        "AWS::Elasticsearch::Domain",
        "AWS::Kinesis::Stream",
        "AWS::MSK::Cluster",
        "AWS::MSK::ServerlessCluster",
        "AWS::Neptune::DBCluster",
        "AWS::OpenSearchService::Domain",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
    ],
    explanation: "What stores data states `DeletionPolicy` and `UpdateReplacePolicy`, lest a deleted stack or a replaced \
        resource takes it along because nobody thought of it.",
    parts: one_part,
    run: policies,
};

pub(super) const DESIRED_COUNT: Check = Check {
    id: "P803",
    title: "scaled services leave their count to the scaling",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[SCALABLE_TARGET],
    explanation: "Each update of the stack would set a service back to its `DesiredCount`, however many tasks it needs just \
        then.",
    parts: one_part,
    run: desired_count,
};

pub(super) const CIRCUIT_BREAKER: Check = Check {
    id: "P804",
    title: "deployments that fail are rolled back",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[SERVICE],
    explanation: "Without the deployment circuit breaker, with its rollback, a stack waits three hours for tasks that never \
        become well.",
    parts: one_part,
    run: circuit_breaker,
};

pub(super) const CAPACITY: Check = Check {
    id: "P805",
    title: "the fewest tasks are no more than the most",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[SCALABLE_TARGET],
    explanation: "Application Auto Scaling refuses a target whose `MinCapacity` is greater than its `MaxCapacity`. Every pair \
        that the parameters admit is tried.",
    parts: one_part,
    run: capacity,
};

pub(super) const DRAINING: Check = Check {
    id: "P806",
    title: "targets drain within five minutes",
    severity: Severity::Info,
    grain: Grain::Values,
    kinds: &[TARGET_GROUP],
    explanation: "A deployment waits for the old tasks to drain, `deregistration_delay.timeout_seconds` each.",
    parts: one_part,
    run: draining,
};

pub(super) const EXPORTS: Check = Check {
    id: "P807",
    title: "exports have names that differ",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[STACK],
    explanation: "An export's name is there once in an account and region: two stacks of one tree cannot share it.",
    parts: exports_of,
    run: exports,
};

pub(super) const IMPORTS: Check = Check {
    id: "P808",
    title: "no stack imports what its own tree exports",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[STACK],
    explanation: "CloudFormation does not know that a nested stack with an export must be there before one that imports it: the \
        first deployment fails, or succeeds by luck. Outputs and parameters say it.",
    parts: imports_of,
    run: imports,
};

fn retention(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let is_absent = scene.cursor(at).get("RetentionInDays")?.is_absent()?;
    Ok(is_absent.then(|| Problem::new("retention", "it keeps its lines for ever")).into_iter().collect())
}

fn policies(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let Some(resource) = scene.tree().stack(at.stack).program.resource(&at.logical_id) else { return Ok(Vec::new()) };
    let stated = [
        ("DeletionPolicy", resource.deletion_policy.is_some()),
        ("UpdateReplacePolicy", resource.update_replace_policy.is_some()),
    ];
    let missing: Vec<&str> = stated.iter().filter(|(_, is_stated)| !is_stated).map(|(name, _)| *name).collect();
    let message = || format!("it stores data and does not state {}", missing.join(" and "));
    Ok((!missing.is_empty()).then(|| Problem::new("policies", message())).into_iter().collect())
}

/// The services that a scalable target names in its `ResourceId`.
fn scaled(scene: &Scene<'_>, at: &Address) -> Outcome<Vec<Address>> {
    let pieces = scene.property(at, "ResourceId")?.pieces().unwrap_or_default();
    let named = pieces.iter().filter_map(|piece| match piece {
        Piece::Unknown(unknown) => unknown.resource().filter(|resource| scene.kind(resource) == SERVICE).cloned(),
        Piece::Known(_) => None,
    });
    Ok(named.collect())
}

fn desired_count(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for service in scaled(scene, at)? {
        if !scene.cursor(&service).get("DesiredCount")?.is_absent()? {
            let path = scene.path(&service);
            let message = format!("{path} is scaled, and states `DesiredCount`");
            problems.push(Problem::new(path, message).hint("leave `DesiredCount` out"));
        }
    }
    Ok(problems)
}

fn circuit_breaker(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let service = scene.cursor(at);
    let controller = service.at(&["DeploymentController", "Type"])?.value()?;
    if !controller.is_absent() && controller.as_text() != Some("ECS") {
        return Ok(Vec::new());
    }
    let breaker = service.at(&["DeploymentConfiguration", "DeploymentCircuitBreaker"])?;
    let mut problems = Vec::new();
    for (key, message) in [("Enable", "a deployment that fails is not ended"), ("Rollback", "it is not rolled back")] {
        let value = breaker.get(key)?.value()?;
        if problems.is_empty() && value.is_known() && value.as_bool() != Some(true) {
            let span = scene.span(at, "DeploymentConfiguration");
            problems.push(Problem::new("circuit breaker", message).at(span));
        }
    }
    Ok(problems)
}

fn capacity(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let least = scene.property(at, "MinCapacity")?.as_integer();
    let most = scene.property(at, "MaxCapacity")?.as_integer();
    let problem = least.zip(most).filter(|(least, most)| least > most).map(|(least, most)| {
        let message = format!("at least {least} and at most {most} tasks");
        Problem::new("capacity", message).hint("a rule can refuse such pairs").at(scene.span(at, "MinCapacity"))
    });
    Ok(problem.into_iter().collect())
}

fn draining(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let attributes = scene.cursor(at).get("TargetGroupAttributes")?;
    let seconds = balancing::attribute(&attributes, "deregistration_delay.timeout_seconds")?;
    let seconds = seconds.and_then(|seconds| seconds.parse::<i64>().ok());
    let problem = seconds.filter(|seconds| *seconds > DEFAULT_DRAINING_SECONDS_MAX).map(|seconds| {
        let message = format!("a deployment waits {seconds} s for each old task");
        Problem::new("draining", message).at(attributes.span)
    });
    Ok(problem.into_iter().collect())
}

fn exports_of(tree: &StackTree, at: &Address) -> usize {
    tree.stack(at.stack).program.template.outputs.len()
}

/// The name under which an output is exported in this case.
fn export_name(scene: &Scene<'_>, stack: StackId, output: &str) -> Outcome<Option<Value>> {
    let program = &scene.tree().stack(stack).program;
    let Some(expression) = program.export(output) else { return Ok(None) };
    let Some((written, _)) = program.output(output) else { return Ok(None) };
    if !scene.evaluator.stack_exists(stack)?
        || !scene.evaluator.holds(stack, written.condition.as_deref(), written.span)?
    {
        return Ok(None);
    }
    scene.evaluator.value(stack, expression).map(Some)
}

/// Every export of the tree: where it is, and its name.
fn all_exports(scene: &Scene<'_>) -> Outcome<Vec<(StackId, usize, Value)>> {
    let mut found = Vec::new();
    for stack in scene.tree().stacks() {
        for (part, output) in stack.program.template.outputs.iter().enumerate() {
            if let Some(name) = export_name(scene, stack.id, &output.name)? {
                found.push((stack.id, part, name));
            }
        }
    }
    Ok(found)
}

fn exports(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let output = &scene.tree().stack(at.stack).program.template.outputs[part];
    let Some(own) = export_name(scene, at.stack, &output.name)? else { return Ok(Vec::new()) };
    let before = all_exports(scene)?.into_iter().take_while(|(stack, other, _)| (*stack, *other) != (at.stack, part));
    let twice = before.filter(|(_, _, name)| *name == own).last();
    let problem = twice.map(|(stack, other, name)| {
        let first = &scene.tree().stack(stack).program.template.outputs[other].name;
        let message = format!("`{}` exports `{name}`, as `{first}` of {} does", output.name, scene.file(stack));
        Problem::new(output.name.clone(), message).at(output.span)
    });
    Ok(problem.into_iter().collect())
}

/// The names that a stack imports, wherever in it.
fn imported(tree: &StackTree, stack: StackId) -> Vec<&Expression> {
    let program = &tree.stack(stack).program;
    let resources = program.template.resources.iter().filter_map(|each| program.properties(&each.logical_id));
    let outputs = program.template.outputs.iter().filter_map(|each| program.output(&each.name)?.1);
    resources.chain(outputs).flat_map(names_of_imports).collect()
}

fn names_of_imports(expression: &Expression) -> Vec<&Expression> {
    match &expression.form {
        Form::ImportValue(name) => vec![name],
        _ => expression.children().into_iter().flat_map(names_of_imports).collect(),
    }
}

fn imports_of(tree: &StackTree, at: &Address) -> usize {
    imported(tree, at.stack).len()
}

fn imports(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let names = imported(scene.tree(), at.stack);
    let Some(written) = names.get(part) else { return Ok(Vec::new()) };
    let name = scene.evaluator.value(at.stack, written)?;
    let found = all_exports(scene)?.into_iter().find(|(_, _, exported)| *exported == name);
    let problem = found.map(|(stack, _, name)| {
        let message = format!("it imports `{name}`, which {} of the same tree exports", scene.file(stack));
        Problem::new(format!("{name}"), message).hint("hand it over as an output and a parameter").at(written.span)
    });
    Ok(problem.into_iter().collect())
}

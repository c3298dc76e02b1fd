//! Tasks on Fargate have a size that Fargate offers.

use crate::eval::{Address, Outcome, Value};
use crate::fargate;
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::scene::Scene;

const TASK: &str = "AWS::ECS::TaskDefinition";

pub(super) const SIZES: Check = Check {
    id: "P201",
    title: "Fargate offers the size of each task",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[TASK],
    explanation: "Fargate offers certain pairs of CPU units and memory, and nothing between them. Every pair that the \
        parameters admit is tried.",
    parts: one_part,
    run: sizes,
};

pub(super) const CONTAINERS: Check = Check {
    id: "P202",
    title: "the containers of a task fit into it",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[TASK],
    explanation: "The memory that containers ask for, and their hard limits, must not exceed that of the task, and on Fargate \
        the sum of their CPU units must not exceed the task's.",
    parts: one_part,
    run: containers,
};

fn is_fargate(scene: &Scene<'_>, at: &Address) -> Outcome<bool> {
    let wanted = scene.items(at, "RequiresCompatibilities")?;
    Ok(wanted.iter().any(|value| value.as_text() == Some("FARGATE")))
}

fn amount(value: &Value) -> Option<i64> {
    fargate::amount(value.as_text()?)
}

fn sizes(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    if !is_fargate(scene, at)? {
        return Ok(Vec::new());
    }
    let (cpu, memory) = (scene.property(at, "Cpu")?, scene.property(at, "Memory")?);
    if cpu.is_absent() || memory.is_absent() {
        return Ok(vec![Problem::new("size", "a task on Fargate needs `Cpu` and `Memory`")]);
    }
    let (Some(units), Some(mebibytes)) = (amount(&cpu), amount(&memory)) else { return Ok(Vec::new()) };
    if fargate::is_offered(units, mebibytes) {
        return Ok(Vec::new());
    }
    let message = format!("Fargate has no task with {units} CPU units and {mebibytes} MiB");
    Ok(vec![Problem::new("size", message).hint("a rule can refuse such pairs").at(scene.span(at, "Memory"))])
}

fn containers(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let limits = [("Memory", "Memory", false), ("Memory", "MemoryReservation", true), ("Cpu", "Cpu", true)];
    let containers = scene.property(at, "ContainerDefinitions")?;
    let mut problems = Vec::new();
    for (own, of_container, is_summed) in limits {
        let Some(most) = amount(&scene.property(at, own)?) else { continue };
        let wanted: Vec<i64> = containers.items().iter().filter_map(|each| amount(each.get(of_container)?)).collect();
        let wanted = if is_summed { wanted.iter().sum() } else { wanted.into_iter().max().unwrap_or_default() };
        if wanted > most {
            let message = format!("the containers ask for `{of_container}` of {wanted}, the task has {most}");
            problems.push(Problem::new(of_container, message).at(scene.span(at, "ContainerDefinitions")));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    const TASK: &str = "
Parameters:
  Cpu: {Type: String, Default: '256', AllowedValues: ['256', '512']}
  Memory: {Type: String, Default: '512', AllowedValues: ['512', '1024', '4096']}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      Cpu: !Ref Cpu
      Memory: !Ref Memory
      ContainerDefinitions: [{Name: one, Memory: 1024}, {Name: two, MemoryReservation: 256}]
";
    const RULE: &str = "
Rules:
  Size:
    Assertions:
      - Assert: !Or
          - !And [!Equals [!Ref Cpu, '256'], !Equals [!Ref Memory, '512']]
          - !And [!Equals [!Ref Cpu, '512'], !Equals [!Ref Memory, '1024']]
";

    #[test]
    fn pairs_that_fargate_lacks_are_found_unless_a_rule_refuses_them() {
        let found = findings(&[("t.yaml", TASK)], "P201");
        assert_eq!(found, ["Task: Fargate has no task with 256 CPU units and 4096 MiB [Memory=4096]"]);
        assert!(findings(&[("t.yaml", &format!("{TASK}{RULE}"))], "P201").is_empty());
    }

    #[test]
    fn containers_larger_than_their_task_are_found() {
        let found = findings(&[("t.yaml", TASK)], "P202");
        assert_eq!(found, ["Task: the containers ask for `Memory` of 1024, the task has 512 []"]);
    }
}

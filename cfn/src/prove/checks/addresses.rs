//! Addresses that people and programs are told: the name that DNS has for them, and none that leads out and back in.

use crate::eval::{Address, Outcome, Piece, StackId, StackTree, Unknown, Value};
use crate::prove::check::{Check, Grain, Problem, STACK, Severity, one_part};
use crate::prove::scene::Scene;

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const RECORD: &str = "AWS::Route53::RecordSet";

pub(super) const NAMES: Check = Check {
    id: "P411",
    title: "outputs give the name that DNS has, not the load balancer's own",
    severity: Severity::Error,
    grain: Grain::Structure,
    kinds: &[STACK],
    explanation: "Where the stack makes a record for its load balancer, the address in its outputs must be that name: the load \
        balancer's own name is not in the certificate, and may not be resolved at all where only a private zone has the record.",
    parts: outputs,
    run: names,
};

pub(super) const ROUND_TRIPS: Check = Check {
    id: "P412",
    title: "tasks do not send through an internet-facing load balancer",
    severity: Severity::Error,
    grain: Grain::Structure,
    kinds: &["AWS::ECS::TaskDefinition"],
    explanation: "What runs in the VPC and is told the address of an internet-facing load balancer leaves through NAT and comes \
        back over the internet: in clear where the listener has no TLS, and paid for by the gigabyte.",
    parts: one_part,
    run: round_trips,
};

fn outputs(tree: &StackTree, at: &Address) -> usize {
    if at.stack == StackId::ROOT { tree.root().program.template.outputs.len() } else { 0 }
}

/// The load balancer whose own name is part of a text.
fn balancer(value: &Value) -> Option<Address> {
    value.pieces()?.into_iter().find_map(|piece| match piece {
        Piece::Unknown(unknown) => match &*unknown {
            Unknown::Attribute(address, name) if &**name == "DNSName" => Some(address.clone()),
            _ => None,
        },
        Piece::Known(_) => None,
    })
}

fn names(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let output = &scene.tree().root().program.template.outputs[part];
    let value = scene.evaluator.output(at.stack, &output.name)?;
    let Some(balancer) = balancer(&value).filter(|address| scene.kind(address) == BALANCER) else {
        return Ok(Vec::new());
    };
    for record in scene.existing(RECORD)? {
        let target = scene.property_at(record, &["AliasTarget", "DNSName"])?;
        if self::balancer(&target).as_ref() == Some(&balancer) {
            let name = scene.property(record, "Name")?;
            let message = format!("the output `{}` is `{value}`, though `{name}` is its name in DNS", output.name);
            return Ok(vec![Problem::new(&output.name, message).at(output.span)]);
        }
    }
    Ok(Vec::new())
}

fn round_trips(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for container in scene.property(at, "ContainerDefinitions")?.items() {
        for variable in container.get("Environment").map_or(&[][..], Value::items) {
            let Some(balancer) = variable.get("Value").and_then(balancer) else { continue };
            if scene.property(&balancer, "Scheme")?.as_text() == Some("internet-facing") {
                let name = variable.get("Name").map(ToString::to_string).unwrap_or_default();
                let message = format!("`{name}` names the internet-facing `{}`", scene.path(&balancer));
                problems.push(Problem::new(name, message).at(scene.span(at, "ContainerDefinitions")));
            }
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    const SAMPLE: &str = "
Parameters: {Private: {Type: String, Default: 'No', AllowedValues: ['Yes', 'No']}}
Conditions: {HasRecord: !Equals [!Ref Private, 'Yes']}
Resources:
  Balancer: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Scheme: internet-facing}}
  Record:
    Type: AWS::Route53::RecordSet
    Condition: HasRecord
    Properties: {Name: traces.example.com, Type: A, AliasTarget: {DNSName: !GetAtt Balancer.DNSName, HostedZoneId: Z1}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: one
          Environment: [{Name: ENDPOINT, Value: !Sub 'http://${Balancer.DNSName}:4317'}]
Outputs:
  Raw: {Value: !Sub 'http://${Balancer.DNSName}'}
  Named: {Value: !If [HasRecord, 'https://traces.example.com', !Sub 'http://${Balancer.DNSName}']}
";

    #[test]
    fn the_load_balancers_own_name_is_no_address_where_dns_has_another() {
        let found = findings(&[("t.yaml", SAMPLE)], "P411");
        let expected = ": the output `Raw` is `http://${Balancer.DNSName}`, though `traces.example.com` is its name in DNS [Private=Yes]";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_task_that_sends_over_the_internet_is_found() {
        assert_eq!(
            findings(&[("t.yaml", SAMPLE)], "P412"),
            ["Task: `ENDPOINT` names the internet-facing `Balancer` []"]
        );
        let internal = SAMPLE.replace("internet-facing", "internal");
        assert!(findings(&[("t.yaml", &internal)], "P412").is_empty());
    }
}

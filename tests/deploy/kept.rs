//! `jqs teardown --keep-data`: the domain outlives the stack, and goes when it is no longer wanted.

use crate::cloud::Cloud;
use crate::lifecycle::deploy;
use crate::run::Run;

fn of_kind<'a>(resources: &'a serde_json::Value, kind: &str) -> Vec<&'a str> {
    let all = resources.as_array().unwrap().iter().filter(|one| one["kind"] == kind);
    all.map(|one| one["physical_id"].as_str().unwrap()).collect()
}

fn result(run: &Run) -> serde_json::Value {
    run.records("result").pop().unwrap()
}

#[tokio::test]
async fn data_outlives_its_stack_and_goes_when_it_is_no_longer_wanted() {
    let cloud = Cloud::start();
    let (jqs, before) = (cloud.jqs(), cloud.inventory().await);
    jqs.run(&deploy(&["--storage", "opensearch"])).expect(0);
    let asked = jqs.run(&["teardown", "--keep-data"]).expect(2);
    let asked = asked.says("This stays, with the data:").says("it goes on to cost about");
    assert!(asked.stderr.contains("=     Domain") && !asked.stderr.contains("-     Domain "), "{}", asked.stderr);
    assert!(
        asked.stderr.contains("-   NatGateway1 ") && !asked.stderr.contains("=   NatGateway1 "),
        "{}",
        asked.stderr
    );

    let run = jqs.run(&["teardown", "--keep-data", "--yes", "--json"]).expect(0);
    let plan = &run.records("plan")[0];
    assert!(of_kind(&plan["resources"], "AWS::OpenSearchService::Domain").is_empty(), "{plan}");
    assert!(plan["data"]["monthly_cost"].as_f64().unwrap() > 50.0, "{plan}");
    let kept = result(&run)["kept"].as_array().unwrap().len();
    assert_eq!((kept, &result(&run)["verified"]), (3, &"clean".into()), "{}", run.stdout);

    let left = cloud.inventory().await;
    assert!(!left.contains(&"stack jaeger".to_owned()), "{left:?}");
    let is_left = |kind: &str| left.iter().any(|one| one.starts_with(kind) && !before.contains(one));
    assert!(is_left("stack jaeger-") && is_left("vpcId") && is_left("cluster"), "{left:?}");
    let gone = ["natGatewayId", "allocationId", "balancer", "targets"];
    assert!(gone.iter().all(|kind| !is_left(kind)), "what costs by the hour goes: {left:?}");

    jqs.run(&["teardown", "--keep-data", "--yes"]).expect(0).says("These stacks stay, with the data");
    // A new deployment of that name has nothing to do with it.
    jqs.run(&deploy(&["--storage", "memory", "--vpc-cidr", "10.1.0.0/16"])).expect(0);
    jqs.run(&["teardown", "--yes"]).expect(0).says("These stacks stay, with the data").says("Nothing else is left.");

    jqs.run(&["teardown"]).expect(2).says("was kept by an earlier teardown");
    jqs.run(&["teardown", "--yes"]).expect(0).says("Nothing is left.");
    assert_eq!(cloud.inventory().await, before);
}

#[tokio::test]
async fn where_nothing_holds_data_nothing_is_kept() {
    let cloud = Cloud::start();
    let (jqs, before) = (cloud.jqs(), cloud.inventory().await);
    jqs.run(&deploy(&["--storage", "memory"])).expect(0);
    jqs.run(&["teardown", "--keep-data", "--yes"])
        .expect(0)
        .says("holds data that could be kept")
        .says("Nothing is left.");
    assert_eq!(cloud.inventory().await, before);
}

//! What happens on the way to AWS: throttling, connections that break. A run ends as it would have without.

use crate::cloud::{Cloud, jqs_at};
use crate::faulty_proxy::{Fault, Rule, start};
use crate::project::{PLAIN, Project};

#[tokio::test(flavor = "multi_thread")]
async fn throttled_and_broken_calls_change_nothing_in_the_end() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "100")]);
    let before = cloud.inventory().await;
    for rules in [
        vec![Rule::new("DescribeStacks", Fault::Throttle, 20)],
        vec![Rule::new("DescribeStacks", Fault::Disconnect, 9), Rule::new("DeleteStack", Fault::Disconnect, 2)],
        vec![Rule::new("CreateStack", Fault::Throttle, 3), Rule::new("DescribeStackEvents", Fault::Throttle, 4)],
        vec![Rule::new("CreateStack", Fault::Disconnect, 2), Rule::new("GetCallerIdentity", Fault::Throttle, 1)],
    ] {
        let endpoint = start(cloud.port, rules.clone()).await;
        let project = Project::new(PLAIN);
        let path = project.path().to_owned();
        let work = move || jqs_at(&endpoint).with("JQS_POLL_MILLISECONDS", "50:400").run_in(&path, &["test", "run"]);
        tokio::task::spawn_blocking(work).await.unwrap().expect(0);
        for rule in rules {
            assert_eq!(
                rule.left.load(std::sync::atomic::Ordering::SeqCst),
                0,
                "{} was not called as often",
                rule.action
            );
        }
    }
    assert_eq!(cloud.inventory().await, before);
}

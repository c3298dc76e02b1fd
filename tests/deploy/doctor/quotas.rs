//! Quotas: used, needed, allowed.

use super::Report;
use crate::cloud::Cloud;
use crate::lifecycle::deploy;

const CODES: [&str; 10] = [
    "L-F678F1CE",
    "L-A4707A72",
    "L-FE5A380F",
    "L-0263D0A3",
    "L-69A177A2",
    "L-53DA6B97",
    "L-3032A538",
    "L-36FBB829",
    "L-076D529E",
    "L-6408ABDE",
];

/// An account to which all of them allow so much.
fn allowed(limit: f64) -> Cloud {
    let quotas: serde_json::Value =
        CODES.iter().map(|code| ((*code).to_owned(), limit.into())).collect::<serde_json::Map<_, _>>().into();
    Cloud::start_with(&[("SHIM_QUOTAS", &quotas.to_string())])
}

const CERTIFICATE: &str =
    "CertificateArn=arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef";
const SEARCH: [&str; 2] = ["--storage", "opensearch"];
const SPOT: [&str; 10] = [
    "--storage",
    "memory",
    "-P",
    "CapacityProvider=FARGATE_SPOT",
    "-P",
    "LoadBalancerType=application",
    "-P",
    "Certificate=UseExisting",
    "-P",
    CERTIFICATE,
];
const OF_SEARCH: [&str; 8] = [
    "quota-vpcs",
    "quota-internet-gateways",
    "quota-nat-gateways",
    "quota-addresses",
    "quota-network-balancers",
    "quota-fargate",
    "quota-domains",
    "quota-domain-instances",
];
const OF_SPOT: [&str; 2] = ["quota-application-balancers", "quota-fargate-spot"];

#[tokio::test]
async fn what_fits_is_well() {
    let cloud = allowed(100.0);
    let search = Report::of(&cloud.jqs(), &SEARCH, 0);
    for id in OF_SEARCH {
        search.expect(id, "ok", "of 100 ");
    }
    assert!(OF_SPOT.iter().all(|id| !search.has(id)), "what is not added is not looked at");
    // The certificate is not there, which another check says.
    let spot = Report::of(&cloud.jqs(), &SPOT, 1);
    for id in OF_SPOT {
        spot.expect(id, "ok", "0 of 100 used");
    }
    assert!(!spot.has("quota-fargate") && !spot.has("quota-domains"));
}

#[tokio::test]
async fn what_does_not_fit_fails_and_says_how_to_ask_for_more() {
    let cloud = allowed(0.0);
    let ask = "aws service-quotas request-service-quota-increase --service-code ";
    let search = Report::of(&cloud.jqs(), &SEARCH, 1);
    for id in OF_SEARCH {
        search.expect(id, "failed", ask);
    }
    let spot = Report::of(&cloud.jqs(), &SPOT, 1);
    for id in OF_SPOT {
        spot.expect(id, "failed", ask);
    }
}

#[tokio::test]
async fn what_is_used_counts_and_what_the_stack_has_does_not() {
    let cloud = Cloud::start_with(&[("SHIM_QUOTAS", r#"{"L-F678F1CE": 2, "L-3032A538": 1}"#)]);
    let jqs = cloud.jqs();
    // A default VPC is there.
    Report::of(&jqs, &[], 0).expect("quota-vpcs", "ok", "1 of 2 used, 1 more is needed");
    jqs.run(&deploy(&["--name", "first"])).expect(0);
    Report::of(&jqs, &[], 1).expect("quota-vpcs", "failed", "2 of 2 used, 1 more is needed");
    let first = Report::of(&jqs, &["--name", "first"], 0);
    assert!(!first.has("quota-vpcs") && !first.has("quota-fargate"), "an update adds none");
    Report::of(&jqs, &["--name", "first", "-P", "MemoryTaskCpu=2048", "-P", "MemoryTaskMemory=4096"], 1).expect(
        "quota-fargate",
        "failed",
        "1.5 more are needed",
    );
    jqs.run(&deploy(&["--name", "second"]))
        .expect(1)
        .says("VPCs: 2 of 2 used")
        .says("a check has failed: nothing was made");
}

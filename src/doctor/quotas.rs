//! How much of what AWS allows is used, and whether what the deployment adds still fits.

use super::Subject;
use super::finding::{About, Finding};
use super::subject::number;
use super::usage::{Usage, Used};
use jqs_cfn::cost::{self, MONTH_HOURS, PriceList};
use jqs_cfn::eval::ResolvedStack;
use jqs_stacks::query::{Outcome, QUOTAS as SERVICE_QUOTAS};
use serde_json::{Value, json};
use std::sync::Arc;

struct Quota {
    about: About,
    /// As Service Quotas names it.
    service: &'static str,
    code: &'static str,
    usage: Usage,
    need: fn(&Subject) -> Need,
}

/// What the deployment adds: at once, and at the most that scaling allows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Need {
    least: f64,
    most: f64,
}

pub(super) const QUOTAS: About = About { id: "quotas", title: "Quotas" };

const QUOTAS_CHECKED: [Quota; 10] = [
    Quota {
        about: About { id: "quota-vpcs", title: "VPCs" },
        service: "vpc",
        code: "L-F678F1CE",
        usage: Usage::Vpcs,
        need: |subject| count(subject, "AWS::EC2::VPC"),
    },
    Quota {
        about: About { id: "quota-internet-gateways", title: "Internet gateways" },
        service: "vpc",
        code: "L-A4707A72",
        usage: Usage::InternetGateways,
        need: |subject| count(subject, "AWS::EC2::InternetGateway"),
    },
    Quota {
        about: About { id: "quota-nat-gateways", title: "NAT gateways per zone" },
        service: "vpc",
        code: "L-FE5A380F",
        usage: Usage::NatGateways,
        // Each is in a zone of its own.
        need: |subject| Need::of(count(subject, "AWS::EC2::NatGateway").least.min(1.0)),
    },
    Quota {
        about: About { id: "quota-addresses", title: "Elastic IP addresses" },
        service: "ec2",
        code: "L-0263D0A3",
        usage: Usage::Addresses,
        need: |subject| count(subject, "AWS::EC2::EIP"),
    },
    Quota {
        about: About { id: "quota-network-balancers", title: "Network load balancers" },
        service: "elasticloadbalancing",
        code: "L-69A177A2",
        usage: Usage::Balancers("network"),
        need: |subject| balancers(subject, "network"),
    },
    Quota {
        about: About { id: "quota-application-balancers", title: "Application load balancers" },
        service: "elasticloadbalancing",
        code: "L-53DA6B97",
        usage: Usage::Balancers("application"),
        need: |subject| balancers(subject, "application"),
    },
    Quota {
        about: About { id: "quota-fargate", title: "Fargate vCPUs" },
        service: "fargate",
        code: "L-3032A538",
        usage: Usage::Fargate("Standard/OnDemand"),
        need: |subject| vcpus(subject, "vCPU"),
    },
    Quota {
        about: About { id: "quota-fargate-spot", title: "Fargate Spot vCPUs" },
        service: "fargate",
        code: "L-36FBB829",
        usage: Usage::Fargate("Standard/Spot"),
        need: |subject| vcpus(subject, "vCPU (Spot)"),
    },
    Quota {
        about: About { id: "quota-domains", title: "OpenSearch domains" },
        service: "es",
        code: "L-076D529E",
        usage: Usage::Domains,
        need: |subject| count(subject, "AWS::OpenSearchService::Domain"),
    },
    Quota {
        about: About { id: "quota-domain-instances", title: "Nodes of a domain" },
        service: "es",
        code: "L-6408ABDE",
        usage: Usage::Nothing,
        need: nodes,
    },
];

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for quota in &QUOTAS_CHECKED {
        let need = (quota.need)(&subject);
        if need.least > 0.0 {
            findings.push(quota.check(&subject, need).await);
        }
    }
    findings
}

impl Need {
    fn of(number: f64) -> Self {
        Self { least: number, most: number }
    }
}

impl Quota {
    async fn check(&self, subject: &Subject, need: Need) -> Finding {
        let limit = match self.limit(subject).await {
            Ok(Some(limit)) => limit,
            Ok(None) => return self.about.unchecked("Service Quotas does not tell this one"),
            Err(refusal) => return self.about.unanswered(refusal),
        };
        match self.usage.of(subject).await {
            Ok(used) => self.judge(limit, used, need, subject.replaces()),
            Err(refusal) => self.about.unanswered(refusal),
        }
    }

    /// What holds for the account; where nobody ever asked for another one, the default.
    async fn limit(&self, subject: &Subject) -> Outcome<Option<f64>> {
        let input = json!({"ServiceCode": self.service, "QuotaCode": self.code});
        let answer = match subject.query.json(SERVICE_QUOTAS, "GetServiceQuota", &input).await {
            Err(refusal) if refusal.is("NoSuchResourceException") => {
                subject.query.json(SERVICE_QUOTAS, "GetAWSDefaultServiceQuota", &input).await
            }
            answered => answered,
        };
        Ok(answer?.pointer("/Quota/Value").and_then(Value::as_f64))
    }

    /// `is_freed`: what is there under the stack's name goes first, and is counted among what is used.
    fn judge(&self, limit: f64, used: Used, need: Need, is_freed: bool) -> Finding {
        let asked = if need.most > need.least {
            format!("{} to {} more are needed", short(need.least), short(need.most))
        } else {
            format!("{} more {} needed", short(need.least), if need.least == 1.0 { "is" } else { "are" })
        };
        let found = match self.usage {
            Usage::Nothing => format!("{} of {} allowed", short(need.most), short(limit)),
            _ => format!("{} of {} used, {asked}", short(used.most), short(limit)),
        };
        let about = self.about;
        let fits = |used: f64, need: f64| used + need <= limit;
        let finding = match () {
            () if fits(used.most, need.most) => return about.ok(found),
            () if fits(used.most, need.least) => about.warning(format!("{found}: scaling would end short of its most")),
            () if fits(used.least, need.least) => about.warning(format!("{found}: another zone has room")),
            () if is_freed => about.warning(format!("{found}, and what the failed stack still has goes first")),
            () => about.failed(found),
        };
        let desired = (used.most + need.most).max(need.most).ceil();
        finding.advice(format!(
            "free some, or ask for more: `aws service-quotas request-service-quota-increase --service-code {} \
             --quota-code {} --desired-value {}`",
            self.service,
            self.code,
            short(desired)
        ))
    }
}

fn count(subject: &Subject, kind: &str) -> Need {
    Need::of(subject.added(kind).count() as f64)
}

fn balancers(subject: &Subject, kind: &str) -> Need {
    let all = subject.added("AWS::ElasticLoadBalancingV2::LoadBalancer");
    // Without a type it is an application load balancer.
    let is_of = |given: &str| given == kind || (given.is_empty() && kind == "application");
    Need::of(all.filter(|balancer| is_of(super::subject::text(balancer, &["Type"]))).count() as f64)
}

/// As the estimate of the cost counts them: more than the stack runs now.
fn vcpus(subject: &Subject, what: &str) -> Need {
    let of = |stack: &ResolvedStack| -> Option<Need> {
        let prices = PriceList::built_in().ok()?.in_region(&subject.given.region).ok()?;
        let estimate = cost::estimate(stack, &prices, &cost::Usage::default());
        let resources = estimate.stacks.iter().flat_map(|stack| &stack.resources);
        let charges = resources.flat_map(|one| &one.charges).filter(|charge| charge.what == what);
        Some(charges.fold(Need::default(), |sum, charge| Need {
            least: sum.least + charge.quantity.least / MONTH_HOURS,
            most: sum.most + charge.quantity.most / MONTH_HOURS,
        }))
    };
    let after = of(&subject.after).unwrap_or_default();
    let before = subject.before.as_ref().and_then(of).unwrap_or_default();
    Need { least: (after.least - before.least).max(0.0), most: (after.most - before.most).max(0.0) }
}

/// Data nodes of the largest domain, also of one that only grows.
fn nodes(subject: &Subject) -> Need {
    let domains = subject.of_kind("AWS::OpenSearchService::Domain");
    let counts = domains.map(|domain| number(domain, &["ClusterConfig", "InstanceCount"]));
    Need::of(counts.fold(0.0, f64::max))
}

/// At most two digits behind the point.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn what_fits_now_and_later_is_told_apart() {
        let fargate = &QUOTAS_CHECKED[6];
        let nat = &QUOTAS_CHECKED[2];
        let used = |least: f64, most: f64| Used { least, most };
        for (quota, limit, used, need, is_freed, verdict) in [
            (fargate, 6.0, used(1.0, 1.0), Need { least: 1.5, most: 5.0 }, false, Verdict::Ok),
            (fargate, 6.0, used(2.0, 2.0), Need { least: 1.5, most: 5.0 }, false, Verdict::Warning),
            (fargate, 6.0, used(5.0, 5.0), Need { least: 1.5, most: 5.0 }, false, Verdict::Failed),
            (fargate, 6.0, used(5.0, 5.0), Need { least: 1.5, most: 5.0 }, true, Verdict::Warning),
            (nat, 5.0, used(0.0, 5.0), Need::of(1.0), false, Verdict::Warning),
            (nat, 5.0, used(5.0, 5.0), Need::of(1.0), false, Verdict::Failed),
        ] {
            let finding = quota.judge(limit, used, need, is_freed);
            assert_eq!(finding.verdict, verdict, "{}", finding.found);
        }
        let finding = fargate.judge(6.0, used(5.25, 5.25), Need { least: 1.5, most: 5.0 }, false);
        assert_eq!(finding.found, "5.25 of 6 used, 1.5 to 5 more are needed");
        assert!(finding.advice.is_some_and(|advice| advice.contains("--quota-code L-3032A538 --desired-value 11`")));
    }
}

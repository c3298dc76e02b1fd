//! The names of the deployment: hosted zones, their delegation, and the certificate.

use super::Subject;
use super::delegation::{name_servers, plain};
use super::finding::{About, Finding};
use jqs_stacks::query::{ACM, Element, ROUTE53};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const NAMES: About = About { id: "names", title: "Names" };
const PUBLIC_ZONE: About = About { id: "public-zone", title: "Public hosted zone" };
const PRIVATE_ZONE: About = About { id: "private-zone", title: "Private hosted zone" };
const DELEGATION: About = About { id: "delegation", title: "Delegation of the zone" };
const CERTIFICATE: About = About { id: "certificate", title: "Certificate" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let validates = subject.parameter("Certificate") == "CreateNew";
    if subject.parameter("PublicDNS") == "UseExisting" || validates {
        findings.extend(public(&subject, subject.parameter("PublicHostedZoneId"), validates).await);
    }
    if subject.parameter("PrivateDNS") == "UseExisting" {
        findings.push(private(&subject, subject.parameter("PrivateHostedZoneId")).await);
    }
    if subject.parameter("Certificate") == "UseExisting" {
        findings.push(certificate(&subject, subject.parameter("CertificateArn")).await);
    }
    findings
}

async fn public(subject: &Subject, id: &str, validates: bool) -> Vec<Finding> {
    let zone = match zone(subject, id, PUBLIC_ZONE).await {
        Ok(zone) => zone,
        Err(finding) => return vec![finding],
    };
    let name = plain(zone.text("HostedZone/Name"));
    if is_private(&zone) {
        let advice = "give a public one, or use `PrivateDNS`";
        return vec![PUBLIC_ZONE.failed(format!("{id} ({name}) is a private zone")).advice(advice)];
    }
    let servers: BTreeSet<String> =
        zone.list("DelegationSet/NameServers").iter().map(|server| plain(server.own_text())).collect();
    let mut findings = vec![PUBLIC_ZONE.ok(format!("{id} is {name}"))];
    findings.push(match name_servers(&name, subject.dns_server).await {
        Ok(found) => delegated(&name, &servers, &found, validates),
        Err(why) => DELEGATION.unchecked(why),
    });
    findings
}

/// A certificate that Route 53 validates is waited for until the public DNS leads to the zone.
fn delegated(name: &str, servers: &BTreeSet<String>, found: &BTreeSet<String>, validates: bool) -> Finding {
    if !found.is_disjoint(servers) {
        return DELEGATION.ok(format!("public DNS leads from {name} to the zone"));
    }
    let all = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let text = if found.is_empty() {
        format!("public DNS knows no name servers of {name}")
    } else {
        format!("public DNS leads from {name} to {}", all(found))
    };
    let finding = if validates {
        DELEGATION.failed(format!("{text}: the certificate would never be validated"))
    } else {
        DELEGATION.warning(format!("{text}: the name would not be found"))
    };
    finding.advice(format!("where {name} is registered, or in the zone above it, name its servers: {}", all(servers)))
}

async fn private(subject: &Subject, id: &str) -> Finding {
    let zone = match zone(subject, id, PRIVATE_ZONE).await {
        Ok(zone) => zone,
        Err(finding) => return finding,
    };
    let name = plain(zone.text("HostedZone/Name"));
    if !is_private(&zone) {
        return PRIVATE_ZONE
            .failed(format!("{id} ({name}) is a public zone"))
            .advice("give a private one, or use `PublicDNS`");
    }
    let vpc = subject.parameter("VPCID");
    let sees = zone.list("VPCs").iter().any(|one| one.text("VPCId") == vpc);
    if sees {
        return PRIVATE_ZONE.ok(format!("{id} is {name}, and {vpc} sees it"));
    }
    let who = if vpc.is_empty() { "the new VPC" } else { vpc };
    PRIVATE_ZONE.warning(format!("{id} is {name}, and {who} does not see it")).advice(format!(
        "`aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {id} --vpc VPCRegion={},VPCId={}`",
        subject.identity.region,
        if vpc.is_empty() { "…" } else { vpc }
    ))
}

/// The zone, if it is there and has the domain name in it.
async fn zone(subject: &Subject, id: &str, about: About) -> Result<Element, Finding> {
    let path = format!("hostedzone/{id}");
    let zone = match subject.query.get_xml(ROUTE53, &path, "GetHostedZone").await {
        Ok(zone) => zone,
        Err(refusal) if refusal.is("NoSuchHostedZone") || refusal.is("InvalidInput") => {
            let advice = "`aws route53 list-hosted-zones` lists those of the account";
            return Err(about.failed(format!("the account has no hosted zone {id}")).advice(advice));
        }
        Err(refusal) => return Err(about.unanswered(refusal)),
    };
    let (name, domain) = (plain(zone.text("HostedZone/Name")), plain(subject.parameter("DomainName")));
    if domain != name && !domain.ends_with(&format!(".{name}")) {
        let advice = "give the zone that the name belongs to, or a name in this zone";
        return Err(about.failed(format!("{domain} does not belong to {id}, which is {name}")).advice(advice));
    }
    Ok(zone)
}

fn is_private(zone: &Element) -> bool {
    zone.text("HostedZone/Config/PrivateZone") == "true"
}

async fn certificate(subject: &Subject, arn: &str) -> Finding {
    let region = arn.split(':').nth(3).unwrap_or_default();
    if region != subject.identity.region {
        let found = format!("the certificate is in {region}, and a load balancer takes those of its own region alone");
        return CERTIFICATE.failed(found).advice(format!("request one in {}", subject.identity.region));
    }
    let answer = match subject.query.json(ACM, "DescribeCertificate", &json!({"CertificateArn": arn})).await {
        Ok(answer) => answer,
        Err(refusal) if refusal.is("ResourceNotFoundException") => {
            let advice = "`aws acm list-certificates` lists those of the region";
            return CERTIFICATE.failed(format!("there is no certificate {arn}")).advice(advice);
        }
        Err(refusal) => return CERTIFICATE.unanswered(refusal),
    };
    judge(&answer["Certificate"], subject.parameter("DomainName"))
}

fn judge(certificate: &Value, domain: &str) -> Finding {
    let text = |name: &str| certificate[name].as_str().unwrap_or_default();
    let (status, name) = (text("Status"), text("DomainName"));
    if status != "ISSUED" {
        let advice = match status {
            "PENDING_VALIDATION" => "add the records that `aws acm describe-certificate` names to the zone, and wait",
            _ => "request a new one with `aws acm request-certificate`",
        };
        return CERTIFICATE.failed(format!("the certificate of {name} is {status}")).advice(advice);
    }
    let others = certificate["SubjectAlternativeNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if domain.is_empty() || std::iter::once(name).chain(others).any(|name| covers(name, domain)) {
        return CERTIFICATE.ok(format!("that of {name} is issued"));
    }
    CERTIFICATE
        .warning(format!("that of {name} is issued, and is not for {domain}"))
        .advice("clients would refuse it: give another certificate, or another `DomainName`")
}

/// `*.example.com` covers one label in front.
fn covers(name: &str, domain: &str) -> bool {
    let (name, domain) = (plain(name), plain(domain));
    match name.strip_prefix("*.") {
        Some(parent) => domain.split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => name == domain,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_certificate_must_be_issued_and_for_the_name() {
        let certificate = |status: &str, names: &[&str]| json!({"Status": status, "DomainName": names[0], "SubjectAlternativeNames": names});
        for (given, domain, verdict) in [
            (certificate("ISSUED", &["traces.example.com"]), "traces.example.com", Verdict::Ok),
            (certificate("ISSUED", &["example.com", "*.example.com"]), "traces.example.com", Verdict::Ok),
            (certificate("ISSUED", &["*.example.com"]), "a.traces.example.com", Verdict::Warning),
            (certificate("ISSUED", &["example.com"]), "", Verdict::Ok),
            (certificate("PENDING_VALIDATION", &["example.com"]), "example.com", Verdict::Failed),
            (certificate("EXPIRED", &["example.com"]), "example.com", Verdict::Failed),
        ] {
            assert_eq!(judge(&given, domain).verdict, verdict, "{given} {domain}");
        }
    }

    #[test]
    fn a_zone_is_delegated_where_public_dns_names_its_servers() {
        let names = |names: &[&str]| names.iter().map(|name| plain(name)).collect::<BTreeSet<String>>();
        let own = names(&["ns-1.awsdns-01.com.", "ns-2.awsdns-02.net."]);
        assert_eq!(delegated("example.com", &own, &own, true).verdict, Verdict::Ok);
        assert_eq!(delegated("example.com", &own, &names(&["ns.other.org"]), true).verdict, Verdict::Failed);
        assert_eq!(delegated("example.com", &own, &names(&[]), false).verdict, Verdict::Warning);
    }
}

//! Hosted zones, their delegation, certificates.

use super::Report;
use crate::cloud::Cloud;
use crate::run::REGION;
use simple_dns::rdata::{NS, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord};
use std::collections::BTreeMap;
use std::net::UdpSocket;

const ZONES: &str = "
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.9.0.0/16}}
  Public: {Type: 'AWS::Route53::HostedZone', Properties: {Name: example.com}}
  Private:
    Type: AWS::Route53::HostedZone
    Properties: {Name: example.com, VPCs: [{VPCId: !Ref Vpc, VPCRegion: eu-west-1}]}
  Certificate: {Type: 'AWS::CertificateManager::Certificate', Properties: {DomainName: traces.example.com}}
";

/// The physical ids of what lies in front of the deployment, by logical ids.
async fn zones(cloud: &Cloud) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("zones.yaml"), ZONES).unwrap();
    cloud.upload(folder.path(), &["zones.yaml".to_owned()]).await;
    let made = cloud.create("zones", "zones.yaml", &BTreeMap::new()).await;
    made.resources.into_iter().map(|(id, resource)| (id, resource.physical_id)).collect()
}

/// A DNS server that knows one thing; answers its address.
fn dns(answer: impl Fn(&mut Packet<'_>) + Send + 'static) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    // It ends with the process.
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let query = Packet::parse(&buffer[..length]).unwrap();
            assert!(query.has_flags(PacketFlag::RECURSION_DESIRED));
            let mut reply = Packet::new_reply(query.id());
            reply.questions = query.questions.clone();
            answer(&mut reply);
            socket.send_to(&reply.build_bytes_vec().unwrap(), from).unwrap();
        }
    });
    address
}

fn delegating_to(servers: Vec<String>) -> String {
    dns(move |reply| {
        for server in &servers {
            let record = RData::NS(NS(Name::new_unchecked(server).into_owned()));
            reply.answers.push(ResourceRecord::new(Name::new_unchecked("example.com"), CLASS::IN, 60, record));
        }
    })
}

async fn name_servers(cloud: &Cloud, zone: &str) -> Vec<String> {
    let scope = format!("Credential=123456789012/20260101/{REGION}/route53/aws4_request");
    let request = reqwest::Client::new()
        .get(format!("{}/2013-04-01/hostedzone/{zone}", cloud.endpoint()))
        .header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"));
    let text = request.send().await.unwrap().text().await.unwrap();
    let names = text.split("<NameServer>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    names.collect()
}

const NAME: [&str; 2] = ["-P", "DomainName=traces.example.com"];

#[tokio::test]
async fn a_public_zone_is_there_and_delegated() {
    let cloud = Cloud::start();
    let ids = zones(&cloud).await;
    let servers = name_servers(&cloud, &ids["Public"]).await;
    assert!(servers.len() > 1, "{servers:?}");
    let report = |dns: &str, more: &[&str], code: i32| {
        let jqs = cloud.jqs().with("JQS_DNS_SERVER", dns);
        Report::of(&jqs, &[&NAME[..], more].concat(), code)
    };
    let zone = |name: &str| format!("PublicHostedZoneId={}", ids[name]);
    let public = zone("Public");
    let record = ["-P", "PublicDNS=UseExisting", "-P", &public];
    let certificate = ["-P", "Certificate=CreateNew", "-P", &public];

    let true_dns = delegating_to(servers.iter().map(|name| name.to_uppercase()).collect());
    let fit = report(&true_dns, &record, 0);
    fit.expect("public-zone", "ok", "is example.com").expect("delegation", "ok", "leads from example.com to the zone");
    let other_dns = delegating_to(vec!["ns1.example.net".to_owned()]);
    let words = "public DNS leads from example.com to ns1.example.net";
    report(&other_dns, &record, 0).expect("delegation", "warning", words);
    report(&other_dns, &certificate, 1).expect("delegation", "failed", "the certificate would never be validated");
    let no_such_name = dns(|reply| *reply.rcode_mut() = RCODE::NameError);
    report(&no_such_name, &certificate, 1).expect("delegation", "failed", "knows no name servers of example.com");
    let broken = dns(|reply| *reply.rcode_mut() = RCODE::ServerFailure);
    report(&broken, &certificate, 0).expect("delegation", "unchecked", "cannot be asked");
    report("127.0.0.1:1", &certificate, 0).expect("delegation", "unchecked", "cannot be asked");

    let private = zone("Private");
    let wrong = ["-P", "PublicDNS=UseExisting", "-P", &private];
    report(&true_dns, &wrong, 1).expect("public-zone", "failed", "is a private zone");
    let absent = ["-P", "PublicDNS=UseExisting", "-P", "PublicHostedZoneId=Z0123456789ABCDEF"];
    report(&true_dns, &absent, 1).expect("public-zone", "failed", "has no hosted zone Z0123456789ABCDEF");
    let jqs = cloud.jqs().with("JQS_DNS_SERVER", &true_dns);
    let elsewhere = Report::of(&jqs, &[&["-P", "DomainName=traces.example.org"][..], &record].concat(), 1);
    elsewhere.expect("public-zone", "failed", "traces.example.org does not belong to");
    let deploying = ["deploy", "--yes", "--skip-image-check"];
    let stopped = cloud.jqs().with("JQS_DNS_SERVER", &other_dns).run(&[&deploying[..], &NAME, &certificate].concat());
    stopped.expect(1).says("Delegation of the zone: public DNS leads from example.com to ns1.example.net");
}

#[tokio::test]
async fn a_private_zone_is_there_and_seen() {
    let cloud = Cloud::start();
    let ids = zones(&cloud).await;
    let report = |zone: &str, code: i32| {
        let zone = format!("PrivateHostedZoneId={zone}");
        Report::of(&cloud.jqs(), &[&NAME[..], &["-P", "PrivateDNS=UseExisting", "-P", &zone]].concat(), code)
    };
    report(&ids["Private"], 0).expect("private-zone", "warning", "the new VPC does not see it");
    report(&ids["Public"], 1).expect("private-zone", "failed", "is a public zone");
    report("Z0123456789ABCDEF", 1).expect("private-zone", "failed", "has no hosted zone");
    let zone = format!("PrivateHostedZoneId={}", ids["Private"]);
    let subnets = "subnet-0aaaaaaaaaaaaaaaa,subnet-0bbbbbbbbbbbbbbbb";
    let place = ["--vpc", &ids["Vpc"], "--vpc-cidr", "10.9.0.0/16", "--private-subnets", subnets];
    let arguments = [&NAME[..], &["-P", "PrivateDNS=UseExisting", "-P", &zone], &place].concat();
    // The subnets are not there, which another check says.
    Report::of(&cloud.jqs(), &arguments, 1).expect("private-zone", "ok", "sees it");
}

#[tokio::test]
async fn a_certificate_is_issued_here_and_for_the_name() {
    let cloud = Cloud::start();
    let ids = zones(&cloud).await;
    let report = |arn: &str, name: &str, code: i32| {
        let (arn, name) = (format!("CertificateArn={arn}"), format!("DomainName={name}"));
        Report::of(&cloud.jqs(), &["-P", "Certificate=UseExisting", "-P", &arn, "-P", &name], code)
    };
    let arn = &ids["Certificate"];
    report(arn, "traces.example.com", 0).expect("certificate", "ok", "that of traces.example.com is issued");
    report(arn, "other.example.com", 0).expect("certificate", "warning", "is not for other.example.com");
    let elsewhere = arn.replace("eu-west-1", "us-east-1");
    report(&elsewhere, "traces.example.com", 1).expect("certificate", "failed", "those of its own region alone");
    let absent = "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef";
    report(absent, "traces.example.com", 1).expect("certificate", "failed", "there is no certificate");
}

//! A new VPC beside others, and a deployment into one that is there.

use super::Report;
use crate::cloud::Cloud;
use crate::fake::{Fake, Said};
use crate::lifecycle::deploy;
use crate::run::REGION;

/// A VPC as somebody else made it, with a way out of its private subnets.
struct Ground {
    vpc: String,
    table: String,
    gateway: String,
    private: Vec<String>,
    public: String,
}

impl Ground {
    async fn make(cloud: &Cloud) -> Self {
        let vpc = cloud.ec2("CreateVpc", "CidrBlock=10.7.0.0/16", "vpcId").await;
        let on = format!("VpcId={vpc}&EnableDnsHostnames.Value=true");
        cloud.ec2("ModifyVpcAttribute", &on, "return").await;
        let mut subnets = Vec::new();
        for (number, zone) in [(1, "a"), (2, "b"), (3, "b"), (4, "a")] {
            let parameters = format!("VpcId={vpc}&CidrBlock=10.7.{number}.0/24&AvailabilityZone={REGION}{zone}");
            subnets.push(cloud.ec2("CreateSubnet", &parameters, "subnetId").await);
        }
        let public = subnets.remove(3);
        let gateway = cloud.ec2("CreateInternetGateway", "", "internetGatewayId").await;
        let parameters = format!("VpcId={vpc}&InternetGatewayId={gateway}");
        cloud.ec2("AttachInternetGateway", &parameters, "return").await;
        let table = cloud.ec2("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
        let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
        cloud.ec2("CreateRoute", &route, "return").await;
        cloud.ec2("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={public}"), "associationId").await;
        let address = cloud.ec2("AllocateAddress", "Domain=vpc", "allocationId").await;
        let nat = format!("SubnetId={public}&AllocationId={address}");
        let nat = cloud.ec2("CreateNatGateway", &nat, "natGatewayId").await;
        let table = cloud.ec2("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
        let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
        cloud.ec2("CreateRoute", &route, "return").await;
        for subnet in &subnets {
            let association = format!("RouteTableId={table}&SubnetId={subnet}");
            cloud.ec2("AssociateRouteTable", &association, "associationId").await;
        }
        Self { vpc, table, gateway, private: subnets, public }
    }

    fn report(&self, cloud: &Cloud, private: &[&String], more: &[&str], code: i32) -> Report {
        self.report_with(cloud, "10.7.0.0/16", private, more, code)
    }

    fn report_with(&self, cloud: &Cloud, range: &str, private: &[&String], more: &[&str], code: i32) -> Report {
        let private = private.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(",");
        let place = ["--vpc", &self.vpc, "--vpc-cidr", range, "--private-subnets", &private];
        Report::of(&cloud.jqs(), &[&place[..], more].concat(), code)
    }
}

#[tokio::test]
async fn a_new_vpc_is_compared_with_those_that_are_there() {
    let cloud = Cloud::start();
    Report::of(&cloud.jqs(), &[], 0).expect("vpc-range", "ok", "10.0.0.0/16 overlaps with no other VPC");
    cloud.ec2("CreateVpc", "CidrBlock=10.0.32.0/20", "vpcId").await;
    Report::of(&cloud.jqs(), &[], 0).expect("vpc-range", "warning", "(10.0.32.0/20): the VPCs can never be peered");
    let apart = ["--vpc-cidr", "10.1.0.0/16"];
    Report::of(&cloud.jqs(), &apart, 0).expect("vpc-range", "ok", "10.1.0.0/16 overlaps with no other VPC");
}

#[tokio::test]
async fn an_existing_vpc_must_be_there_with_names_and_its_range() {
    let cloud = Cloud::start();
    let ground = Ground::make(&cloud).await;
    let both = [&ground.private[0], &ground.private[1]];
    let fit = ground.report(&cloud, &both, &[], 0);
    fit.expect("vpc", "ok", "DNS support and DNS host names").expect("subnets", "ok", "free addresses at least");
    fit.expect("way-out", "ok", "by nat-");
    assert!(!fit.has("vpc-range") && !fit.has("quota-vpcs"), "no VPC is made");

    ground.report_with(&cloud, "10.8.0.0/16", &both, &[], 0).expect("vpc", "warning", "`--vpc-cidr 10.7.0.0/16`");
    let absent = [
        "--vpc",
        "vpc-0aaaaaaaaaaaaaaaa",
        "--vpc-cidr",
        "10.7.0.0/16",
        "--private-subnets",
        "subnet-0aaaaaaaaaaaaaaaa,subnet-0bbbbbbbbbbbbbbbb",
    ];
    let report = Report::of(&cloud.jqs(), &absent, 1);
    report.expect("vpc", "failed", "there is no VPC vpc-0aaaaaaaaaaaaaaaa in eu-west-1");
    report.expect("subnets", "failed", "has no subnet-0aaaaaaaaaaaaaaaa, subnet-0bbbbbbbbbbbbbbbb");
    let off = format!("VpcId={}&EnableDnsHostnames.Value=false", ground.vpc);
    cloud.ec2("ModifyVpcAttribute", &off, "return").await;
    ground.report(&cloud, &both, &[], 1).expect("vpc", "failed", "--enable-dns-hostnames");
}

#[tokio::test]
async fn subnets_must_be_apart_and_public_where_the_internet_comes_in() {
    let cloud = Cloud::start();
    let ground = Ground::make(&cloud).await;
    let [first, second, third] = &ground.private[..] else { panic!("three") };
    ground.report(&cloud, &[second, third], &[], 1).expect("subnets", "failed", "lie in eu-west-1b");
    let facing = [
        "-P",
        "LoadBalancerScheme=internet-facing",
        "-P",
        "AllowedCIDR=203.0.113.0/24",
        "-P",
        "Certificate=UseExisting",
    ];
    let certificate =
        "CertificateArn=arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef";
    let facing = [&facing[..], &["-P", certificate, "--public-subnets"]].concat();
    let with =
        |public: String| -> Report { ground.report(&cloud, &[first, second], &[&facing[..], &[&public]].concat(), 1) };
    let both = format!("{},{}", ground.public, third);
    with(both).expect("subnets", "failed", &format!("{third} has no route to an internet gateway"));
    let route = cloud.ec2("CreateRouteTable", &format!("VpcId={}", ground.vpc), "routeTableId").await;
    let way = format!("RouteTableId={route}&DestinationCidrBlock=0.0.0.0/0&GatewayId={}", ground.gateway);
    cloud.ec2("CreateRoute", &way, "return").await;
    let parameters = format!("VpcId={}&CidrBlock=10.7.9.0/24&AvailabilityZone={REGION}b", ground.vpc);
    let open = cloud.ec2("CreateSubnet", &parameters, "subnetId").await;
    cloud.ec2("AssociateRouteTable", &format!("RouteTableId={route}&SubnetId={open}"), "associationId").await;
    with(format!("{},{open}", ground.public)).expect("subnets", "ok", "free addresses at least");
}

#[test]
fn subnets_must_have_room_for_a_load_balancer() {
    let fake = Fake::start();
    fake.says(
        "DescribeSubnets",
        Said::Xml(
            "<subnetSet>\
             <item><subnetId>subnet-0aaaaaaaaaaaaaaaa</subnetId><availabilityZone>eu-west-1a</availabilityZone>\
             <availableIpAddressCount>200</availableIpAddressCount></item>\
             <item><subnetId>subnet-0bbbbbbbbbbbbbbbb</subnetId><availabilityZone>eu-west-1b</availabilityZone>\
             <availableIpAddressCount>5</availableIpAddressCount></item></subnetSet>",
        ),
    );
    let subnets = "subnet-0aaaaaaaaaaaaaaaa,subnet-0bbbbbbbbbbbbbbbb";
    let place = ["--vpc", "vpc-0aaaaaaaaaaaaaaaa", "--vpc-cidr", "10.7.0.0/16", "--private-subnets", subnets];
    let words = "subnet-0bbbbbbbbbbbbbbbb has 5 free addresses: a load balancer wants 8";
    Report::of(&fake.jqs(), &place, 1).expect("subnets", "failed", words);
}

#[tokio::test]
async fn tasks_must_have_a_way_out() {
    let cloud = Cloud::start();
    let ground = Ground::make(&cloud).await;
    let parameters = format!("VpcId={}&CidrBlock=10.7.8.0/24&AvailabilityZone={REGION}b", ground.vpc);
    // Its table is the main one, which leads nowhere.
    let closed = cloud.ec2("CreateSubnet", &parameters, "subnetId").await;
    let pair = [&ground.private[0], &closed];
    let missing = "no NAT and no endpoint for ecr.api, ecr.dkr, logs, s3: no task could start in it";
    ground.report(&cloud, &pair, &[], 1).expect("way-out", "failed", missing);
    // A task has no public address.
    let public = [&ground.private[1], &ground.public];
    ground.report(&cloud, &public, &[], 1).expect("way-out", "failed", missing);
    let making = ["-P", "CreateVpcEndpoints=Yes"];
    ground.report(&cloud, &pair, &making, 1).expect("way-out", "failed", "no endpoint for s3");
    let table = cloud.ec2("CreateRouteTable", &format!("VpcId={}", ground.vpc), "routeTableId").await;
    cloud.ec2("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={closed}"), "associationId").await;
    let gateway = format!("PrivateRouteTableIDs={}", [ground.table.as_str(), &table].join(","));
    let making = [&making[..], &["-P", &gateway]].concat();
    ground.report(&cloud, &pair, &making, 0).expect("way-out", "ok", "by VPC endpoints, by nat-");

    for name in ["ecr.api", "ecr.dkr", "logs"] {
        let parameters =
            format!("VpcId={}&VpcEndpointType=Interface&ServiceName=com.amazonaws.{REGION}.{name}", ground.vpc);
        cloud.ec2("CreateVpcEndpoint", &parameters, "vpcEndpointId").await;
    }
    let parameters = format!(
        "VpcId={}&VpcEndpointType=Gateway&ServiceName=com.amazonaws.{REGION}.s3&RouteTableId.1={table}",
        ground.vpc
    );
    cloud.ec2("CreateVpcEndpoint", &parameters, "vpcEndpointId").await;
    ground.report(&cloud, &pair, &[], 0).expect("way-out", "ok", "by VPC endpoints, by nat-");
    ground.report(&cloud, &pair, &making, 1).expect(
        "way-out",
        "failed",
        "endpoints for ecr.api, ecr.dkr, logs already",
    );
}

#[tokio::test]
async fn what_is_deployed_into_an_existing_vpc_is_checked_before() {
    let cloud = Cloud::start();
    let ground = Ground::make(&cloud).await;
    let subnets = format!("{},{}", ground.private[1], ground.private[2]);
    let place = ["--vpc", &ground.vpc, "--vpc-cidr", "10.7.0.0/16", "--private-subnets", &subnets];
    cloud.jqs().run(&deploy(&place)).expect(1).says("Subnets: the 2 private subnets lie in eu-west-1b");
    let subnets = format!("{},{}", ground.private[0], ground.private[2]);
    let place = ["--vpc", &ground.vpc, "--vpc-cidr", "10.7.0.0/16", "--private-subnets", &subnets];
    cloud.jqs().run(&deploy(&place)).expect(0).says("CREATE_COMPLETE");
}

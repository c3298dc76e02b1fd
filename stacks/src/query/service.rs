//! Which services are asked in a small way, and where they are.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use jqs_cfn::region;

#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// In its host name, and in signatures.
    pub(super) name: &'static str,
    /// As AWS's configuration names it: `AWS_ENDPOINT_URL_…` in the environment, `services` in a profile.
    id: &'static str,
    /// Of the Query protocol; of JSON, what is in front of the operation.
    pub(super) version: &'static str,
    /// The same in every region of a partition.
    is_global: bool,
}

impl Service {
    const fn regional(name: &'static str, id: &'static str, version: &'static str) -> Self {
        Self { name, id, version, is_global: false }
    }

    const fn global(name: &'static str, id: &'static str, version: &'static str) -> Self {
        Self { name, id, version, is_global: true }
    }
}

pub const ACM: Service = Service::regional("acm", "ACM", "CertificateManager");
pub const CLOUD_CONTROL: Service = Service::regional("cloudcontrolapi", "CloudControl", "CloudApiService");
pub const CLOUDWATCH: Service = Service::regional("monitoring", "CloudWatch", "2010-08-01");
pub const EC2: Service = Service::regional("ec2", "EC2", "2016-11-15");
pub const ECS: Service = Service::regional("ecs", "ECS", "AmazonEC2ContainerServiceV20141113");
pub const ELB: Service = Service::regional("elasticloadbalancing", "Elastic Load Balancing v2", "2015-12-01");
pub const IAM: Service = Service::global("iam", "IAM", "2010-05-08");
pub const OPENSEARCH: Service = Service::regional("es", "OpenSearch", "2021-01-01");
pub const QUOTAS: Service = Service::regional("servicequotas", "Service Quotas", "ServiceQuotasV20190624");
pub const ROUTE53: Service = Service::global("route53", "Route 53", "2013-04-01");
pub const SECRETS: Service = Service::regional("secretsmanager", "Secrets Manager", "secretsmanager");
pub const SSM: Service = Service::regional("ssm", "SSM", "AmazonSSM");
pub const TAGGING: Service =
    Service::regional("tagging", "Resource Groups Tagging API", "ResourceGroupsTaggingAPI_20170126");

impl Service {
    /// What its actions begin with in a policy.
    pub(super) fn prefix(self) -> &'static str {
        match self.name {
            "monitoring" => "cloudwatch",
            "tagging" => "tag",
            "cloudcontrolapi" => "cloudformation",
            name => name,
        }
    }

    /// The version of AWS's JSON that it speaks.
    pub(super) fn json(self) -> &'static str {
        match self.name {
            "cloudcontrolapi" => "application/x-amz-json-1.0",
            _ => "application/x-amz-json-1.1",
        }
    }
}

/// Where a service is asked, and the region that its signatures name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) url: String,
    pub(super) region: String,
}

impl Place {
    /// An address that the environment or the profile names wins, as for the SDK.
    pub(super) fn of(service: Service, config: &SdkConfig, region: &str) -> Self {
        let mut place = Self::by_default(service, region);
        if let Some(url) = configured(service, config) {
            place.url = url;
        }
        place.url = place.url.trim_end_matches('/').to_owned();
        place
    }

    fn by_default(service: Service, region: &str) -> Self {
        let (name, suffix) = (service.name, region::url_suffix(region));
        if !service.is_global {
            return Self { url: format!("https://{name}.{region}.{suffix}"), region: region.to_owned() };
        }
        let (host, home) = match (name, region::partition(region)) {
            ("iam", "aws-cn") => (format!("iam.cn-north-1.{suffix}"), "cn-north-1"),
            (_, "aws-cn") => (format!("{name}.{suffix}"), "cn-northwest-1"),
            (_, "aws-us-gov") => (format!("{name}.us-gov.{suffix}"), "us-gov-west-1"),
            ("iam", "aws-eusc") => (format!("iam.eusc-de-east-1.{suffix}"), "eusc-de-east-1"),
            (_, "aws-eusc") => (format!("{name}.{suffix}"), "eusc-de-east-1"),
            _ => (format!("{name}.{suffix}"), "us-east-1"),
        };
        Self { url: format!("https://{host}"), region: home.to_owned() }
    }
}

fn configured(service: Service, config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let own = key.build().ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_services_have_a_home_in_each_partition() {
        for (service, region, url, home) in [
            (EC2, "eu-west-1", "https://ec2.eu-west-1.amazonaws.com", "eu-west-1"),
            (EC2, "cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (IAM, "eu-west-1", "https://iam.amazonaws.com", "us-east-1"),
            (IAM, "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (IAM, "us-gov-east-1", "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
            (ROUTE53, "cn-north-1", "https://route53.amazonaws.com.cn", "cn-northwest-1"),
            (ROUTE53, "eusc-de-east-1", "https://route53.amazonaws.eu", "eusc-de-east-1"),
        ] {
            let expected = Place { url: url.to_owned(), region: home.to_owned() };
            assert_eq!(Place::by_default(service, region), expected);
        }
    }
}

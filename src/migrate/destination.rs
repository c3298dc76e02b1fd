//! Where spans go instead: what a stack's outputs say.

use clap::ValueEnum;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where tasks listen that are found by their private name.
const GRPC_PORT: u16 = 4317;
const HTTP_PORT: u16 = 4318;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Through {
    /// The private DNS name of the collector's tasks
    Discovery,
    /// The load balancer
    LoadBalancer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Destination {
    pub(crate) stack: String,
    pub(crate) through: Through,
    pub(crate) host: String,
    /// URLs without a slash at their end.
    pub(crate) grpc: String,
    pub(crate) http: String,
}

impl Destination {
    /// By its private name where the stack has one, unless somebody wants it otherwise.
    pub(crate) fn of(stack: &str, outputs: &BTreeMap<String, String>, wanted: Option<Through>) -> Result<Self> {
        let output = |name: &str| outputs.get(name).filter(|value| !value.is_empty());
        let missing = |name: &str, hint: &str| {
            let message = format!("the stack `{stack}` has no output `{name}`: it names no place to send traces to");
            Error::new(ErrorKind::NotFound, message).hint(hint)
        };
        let name = output("DiscoveryName");
        if wanted == Some(Through::Discovery) || (wanted.is_none() && name.is_some()) {
            let hint = "deploy it with `-P NamespaceSuffix=local`, or leave `--through` away";
            let host = name.ok_or_else(|| missing("DiscoveryName", hint))?;
            return Ok(Self {
                stack: stack.to_owned(),
                through: Through::Discovery,
                host: host.clone(),
                grpc: format!("http://{host}:{GRPC_PORT}"),
                http: format!("http://{host}:{HTTP_PORT}"),
            });
        }
        let endpoint = |name: &str| -> Result<String> {
            let hint = "name a stack of `jqs` with `--name`; `jqs list` knows all, `jqs deploy` makes one";
            let url = output(name).ok_or_else(|| missing(name, hint))?;
            Ok(url.trim_end_matches('/').to_owned())
        };
        let (grpc, http) = (endpoint("OtlpGrpcEndpoint")?, endpoint("OtlpHttpEndpoint")?);
        let host = grpc.split_once("://").map_or(grpc.as_str(), |(_, rest)| rest);
        let host = host.split([':', '/']).next().unwrap_or_default().to_owned();
        Ok(Self { stack: stack.to_owned(), through: Through::LoadBalancer, host, grpc, http })
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.grpc.starts_with("https://")
    }
}

#[cfg(test)]
pub(super) fn example() -> Destination {
    let outputs = [("DiscoveryName".to_owned(), "collector.jaeger.local".to_owned())];
    Destination::of("jaeger", &outputs.into(), None).expect("a name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_private_name_comes_first_and_the_load_balancer_when_wanted_or_alone() {
        let balancer = [
            ("OtlpGrpcEndpoint", "https://traces.example.com:443"),
            ("OtlpHttpEndpoint", "https://traces.example.com/"),
        ];
        let both = outputs(&[&balancer[..], &[("DiscoveryName", "collector.jaeger.local")]].concat());
        let named = Destination::of("jaeger", &both, None).expect("both");
        assert_eq!((named.grpc.as_str(), named.through), ("http://collector.jaeger.local:4317", Through::Discovery));
        assert!(!named.is_encrypted());
        for (outputs, wanted) in [(both, Some(Through::LoadBalancer)), (outputs(&balancer), None)] {
            let through = Destination::of("jaeger", &outputs, wanted).expect("a load balancer");
            assert_eq!(
                (through.host.as_str(), through.http.as_str()),
                ("traces.example.com", "https://traces.example.com")
            );
            assert!(through.is_encrypted());
        }
    }

    #[test]
    fn a_stack_that_names_no_place_is_refused() {
        let error = Destination::of("web", &outputs(&[("URL", "http://web")]), None).expect_err("no endpoint");
        assert!(error.to_string().contains("the stack `web` has no output `OtlpGrpcEndpoint`"), "{error}");
        let error = Destination::of("web", &outputs(&[]), Some(Through::Discovery)).expect_err("no name");
        assert!(error.to_string().contains("DiscoveryName"), "{error}");
    }
}

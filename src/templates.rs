//! The templates that this program carries, and what the command line says about them.

use crate::cli::TemplateArgs;
use jqs_cfn::bundle::Bundle;
use jqs_cfn::{Error, ErrorKind, Result};
use rust_embed::RustEmbed;
use std::collections::BTreeMap;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Embedded;

/// Which of the two entry templates a stack is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    NewVpc,
    ExistingVpc,
}

impl Entry {
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::NewVpc => "jaeger-new-vpc.yaml",
            Self::ExistingVpc => "jaeger-existing-vpc.yaml",
        }
    }

    pub(crate) fn from_file(file: &str) -> Option<Self> {
        [Self::NewVpc, Self::ExistingVpc].into_iter().find(|entry| entry.file() == file)
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::NewVpc => "new VPC",
            Self::ExistingVpc => "existing VPC",
        }
    }
}

pub(crate) fn bundle() -> Bundle {
    let names = Embedded::iter().filter(|name| name.ends_with(".yaml"));
    Bundle::new(names.filter_map(|name| Some((name.to_string(), Embedded::get(&name)?.data.into_owned()))))
}

/// The entry that the command line asks for; where it asks for none, the one that the stack has (`current`).
pub(crate) fn choose_entry(arguments: &TemplateArgs, current: Option<&str>) -> Result<Entry> {
    let current = current.and_then(Entry::from_file);
    match (arguments.vpc.is_some(), current) {
        (true, Some(Entry::NewVpc)) => {
            Err(Error::new(ErrorKind::Usage, "the stack has a VPC of its own, which cannot become another one")
                .hint("leave `--vpc` out, or deploy a second stack with another `--name`"))
        }
        (true, _) => Ok(Entry::ExistingVpc),
        (false, current) => Ok(current.unwrap_or(Entry::NewVpc)),
    }
}

/// Parameters by name. What `-P` says wins over nothing: a value given twice, in two ways, is refused.
pub(crate) fn given_parameters(arguments: &TemplateArgs) -> Result<BTreeMap<String, String>> {
    let list = |ids: &[String]| (!ids.is_empty()).then(|| ids.join(","));
    let flags = [
        ("StorageBackend", arguments.storage.clone()),
        ("VPCID", arguments.vpc.clone()),
        ("VPCCIDR", arguments.vpc_cidr.clone()),
        ("PrivateSubnetIDs", list(&arguments.private_subnets)),
        ("PublicSubnetIDs", list(&arguments.public_subnets)),
        ("ImageUri", arguments.image.clone()),
        ("ImageTag", arguments.image_tag.clone()),
    ];
    let flags = flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut given = BTreeMap::new();
    for (name, value) in flags.chain(arguments.parameters.iter().cloned()) {
        if let Some(other) = given.insert(name.clone(), value.clone()).filter(|other| *other != value) {
            let message = format!("the parameter `{name}` is given twice, as `{other}` and as `{value}`");
            return Err(Error::new(ErrorKind::Usage, message));
        }
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_entries_can_be_read_with_all_that_they_nest() {
        for entry in [Entry::NewVpc, Entry::ExistingVpc] {
            let template = bundle().template(entry.file()).expect("a valid entry");
            for name in
                ["EnvironmentName", "StorageBackend", "TemplateBucket", "TemplateBucketRegion", "TemplatePrefix"]
            {
                assert!(template.parameter(name).is_some(), "{name} in {}", entry.file());
            }
        }
    }

    #[test]
    fn flags_and_parameters_may_agree_but_not_differ() {
        let mut arguments = TemplateArgs { storage: Some("memory".to_owned()), ..TemplateArgs::default() };
        arguments.parameters = vec![("StorageBackend".to_owned(), "memory".to_owned())];
        assert!(given_parameters(&arguments).is_ok());
        arguments.parameters[0].1 = "opensearch".to_owned();
        assert_eq!(given_parameters(&arguments).map_err(|error| error.kind()), Err(ErrorKind::Usage));
    }

    #[test]
    fn a_stack_keeps_the_kind_of_vpc_that_it_has() {
        let plain = TemplateArgs::default();
        let existing = TemplateArgs { vpc: Some("vpc-1".to_owned()), ..TemplateArgs::default() };
        assert_eq!(choose_entry(&plain, None).ok(), Some(Entry::NewVpc));
        assert_eq!(choose_entry(&existing, None).ok(), Some(Entry::ExistingVpc));
        assert_eq!(choose_entry(&plain, Some("jaeger-existing-vpc.yaml")).ok(), Some(Entry::ExistingVpc));
        assert!(choose_entry(&existing, Some("jaeger-new-vpc.yaml")).is_err());
    }
}

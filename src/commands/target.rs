//! What is to be deployed, as the command line, the stack and the templates decide it, without a call to AWS.

use super::deploy::{TAG_ENTRY, TAG_NAME, TAG_VERSION};
use super::operation;
use crate::case;
use crate::cli::TargetArgs;
use crate::plan::Outlook;
use crate::plan::saved::SavedImage;
use crate::templates::{self, Entry};
use jqs_cfn::Result;
use jqs_cfn::bundle::Bundle;
use jqs_cfn::eval::Given;
use jqs_cfn::parameters::{self, ParameterValue};
use jqs_cfn::template::Template;
use jqs_stacks::change_set::{ChangeSetRequest, OnFailure, TemplateSource};
use jqs_stacks::stack::Stack;
use jqs_stacks::{Identity, bucket};
use std::collections::BTreeMap;

pub(super) struct Target {
    pub(super) bundle: Bundle,
    pub(super) entry: Entry,
    pub(super) bucket: String,
    pub(super) values: Vec<ParameterValue>,
    /// The case as the engine evaluates it: every parameter with the value that it will have.
    pub(super) given: Given,
    pub(super) outlook: Outlook,
}

impl Target {
    /// `current` is the stack that is to be updated. What CloudFormation would refuse, or fail over, is refused here.
    pub(super) fn decide(identity: &Identity, arguments: &TargetArgs, current: Option<&Stack>) -> Result<Self> {
        let bundle = templates::bundle();
        let current_entry = current.and_then(|stack| stack.tags.get(TAG_ENTRY)).map(String::as_str);
        let entry = templates::choose_entry(&arguments.template, current_entry)?;
        let template = bundle.template(entry.file())?;
        let bucket = arguments.bucket.clone().unwrap_or_else(|| bucket::name(identity));
        let values = values(&template, &bundle, &bucket, arguments, current, identity)?;
        let given = given(&template, &values, current, identity, &arguments.stack.name);
        case::check(&bundle, entry.file(), &given)?;
        let before = current.map(|stack| Given { parameters: stack.parameters.clone(), ..given.clone() });
        let outlook = Outlook::of(&bundle, entry.file(), &given, before.as_ref())?;
        Ok(Self { bundle, entry, bucket, values, given, outlook })
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.given.parameters.get(name).map_or("", String::as_str)
    }

    pub(super) fn words(&self, name: &str) -> String {
        format!("{name} ({}, {} storage)", self.entry.words(), self.value("StorageBackend"))
    }

    pub(super) fn image(&self) -> SavedImage {
        let value = |name| self.value(name).to_owned();
        SavedImage { tag: value("ImageTag"), architecture: value("CpuArchitecture") }
    }

    pub(super) fn request(&self, identity: &Identity, name: &str, creates: bool) -> ChangeSetRequest {
        let key = format!("{}{}", self.bundle.prefix(), self.entry.file());
        ChangeSetRequest {
            stack_name: name.to_owned(),
            change_set_name: operation::change_set_name(),
            creates,
            template: TemplateSource::Url(bucket::url(&self.bucket, &identity.region, &key)),
            parameters: self.values.clone(),
            tags: tags(name, self.entry.file()),
            on_failure: OnFailure::Rollback,
        }
    }
}

fn tags(name: &str, entry: &str) -> BTreeMap<String, String> {
    let pairs = [(TAG_NAME, name), (TAG_VERSION, env!("CARGO_PKG_VERSION")), (TAG_ENTRY, entry)];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn values(
    template: &Template,
    bundle: &Bundle,
    bucket: &str,
    arguments: &TargetArgs,
    current: Option<&Stack>,
    identity: &Identity,
) -> Result<Vec<ParameterValue>> {
    let mut given = templates::given_parameters(&arguments.template)?;
    if current.is_none() {
        given.entry("EnvironmentName".to_owned()).or_insert_with(|| arguments.stack.name.clone());
    }
    given.insert("TemplateBucket".to_owned(), bucket.to_owned());
    given.insert("TemplateBucketRegion".to_owned(), identity.region.clone());
    given.insert("TemplatePrefix".to_owned(), bundle.prefix());
    let previous = current.map(|stack| stack.parameters.keys().cloned().collect()).unwrap_or_default();
    parameters::resolve(template, &given, &previous)
}

/// What every parameter will be: given, else as it is in the stack, else the default.
fn given(
    template: &Template,
    values: &[ParameterValue],
    current: Option<&Stack>,
    identity: &Identity,
    stack_name: &str,
) -> Given {
    let parameters = template.parameters.iter().map(|parameter| {
        let given = values.iter().find(|value| value.parameter_key == parameter.name);
        let value = given
            .and_then(|value| value.parameter_value.clone())
            .or_else(|| current?.parameters.get(&parameter.name).cloned())
            .or_else(|| parameter.default.clone());
        (parameter.name.clone(), value.unwrap_or_default())
    });
    Given {
        parameters: parameters.collect(),
        region: identity.region.clone(),
        account: Some(identity.account.clone()),
        stack_name: stack_name.to_owned(),
    }
}

//! Asks for a stack.

use super::Site;
use crate::matrix::Case;
use crate::package::Bucket;
use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::{Capability, OnFailure, Parameter, Tag};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::stack::Stack;
use jqs_stacks::{aws_error, bucket};
use std::collections::BTreeMap;

/// CloudFormation takes a longer template from S3 alone.
pub(super) const TEMPLATE_BYTES_MAX: usize = 51_200;

pub(super) struct Request<'a> {
    pub(super) case: &'a Case,
    pub(super) name: &'a str,
    pub(super) project: &'a str,
    pub(super) template: &'a str,
    pub(super) bucket: Option<&'a Bucket>,
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) tags: &'a BTreeMap<String, String>,
    /// The same for the same attempt: a call whose answer was lost makes no second stack.
    pub(super) token: String,
}

/// Its id. A stack that fails stays as it failed, so that its cause can be read: it is deleted afterwards anyway.
pub(super) async fn create(site: &Site, request: &Request<'_>) -> Result<String> {
    let mut call = site
        .session
        .cloudformation
        .create_stack()
        .stack_name(request.name)
        .client_request_token(&request.token)
        .on_failure(OnFailure::DoNothing)
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityNamedIam)
        .capabilities(Capability::CapabilityAutoExpand);
    call = match request.bucket.filter(|_| request.template.len() > TEMPLATE_BYTES_MAX) {
        Some(bucket) => {
            let key = format!("{}/{}", request.project, request.case.test.template.display());
            call.template_url(bucket::url(&bucket.name, &site.session.region, &key))
        }
        None => call.template_body(request.template),
    };
    if let Some(role) = &request.case.test.role_name {
        let identity = &site.identity;
        call = call.role_arn(format!("arn:{}:iam::{}:role/{role}", identity.partition, identity.account));
    }
    for (key, value) in request.parameters {
        call = call.parameters(Parameter::builder().parameter_key(key).parameter_value(value).build());
    }
    for (key, value) in request.tags {
        call = call.tags(Tag::builder().key(key).value(value).build());
    }
    let answer = call.send().await.map_err(|failure| {
        let is_there = failure.code() == Some("AlreadyExistsException");
        let error = aws_error(format!("make the stack `{}`", request.name), failure);
        match is_there {
            true => error.hint("a stack of that name is not of this run: delete it, or let the run name its stacks"),
            false => error,
        }
    })?;
    let id = answer.stack_id().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| Error::new(ErrorKind::Service, "AWS gave the new stack no id"))
}

/// A stack that is gone, made again by itself: its template, parameters and tags under another name.
pub async fn make_again(site: &Site, name: &str, template: &str, before: &Stack) -> Result<String> {
    let mut call = site
        .session
        .cloudformation
        .create_stack()
        .stack_name(name)
        .template_body(template)
        .on_failure(OnFailure::DoNothing)
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityNamedIam)
        .capabilities(Capability::CapabilityAutoExpand);
    for (key, value) in &before.parameters {
        call = call.parameters(Parameter::builder().parameter_key(key).parameter_value(value).build());
    }
    for (key, value) in before.tags.iter().filter(|(key, _)| !key.starts_with("aws:")) {
        call = call.tags(Tag::builder().key(key).value(value).build());
    }
    let answer = call.send().await.map_err(|failure| aws_error(format!("make the stack `{name}`"), failure))?;
    Ok(answer.stack_id().unwrap_or_default().to_owned())
}

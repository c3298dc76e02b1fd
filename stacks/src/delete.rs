//! Deleting a stack with all that is nested in it, and clearing away what keeps it. The watching is `watch`'s.

use crate::session::Session;
use crate::stack::{self, StackResource};
use crate::{aws_error, bucket};
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::DeletionMode;
use jqs_cfn::Result;

const BUCKET: &str = "AWS::S3::Bucket";

/// Asks for the deletion. `force` gives up on what cannot be deleted, which AWS allows in `DELETE_FAILED` alone.
pub async fn delete(session: &Session, stack_id: &str, force: bool) -> Result<()> {
    let mode = force.then_some(DeletionMode::ForceDeleteStack);
    match session.cloudformation.delete_stack().stack_name(stack_id).set_deletion_mode(mode).send().await {
        Ok(_) => Ok(()),
        Err(failure) if stack::is_absent(&failure) => Ok(()),
        Err(failure) => {
            let is_protected = failure.message().is_some_and(|text| text.contains("TerminationProtection"));
            let error = aws_error(format!("delete the stack `{}`", short_name(stack_id)), failure);
            if !is_protected {
                return Err(error);
            }
            let command =
                "aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name";
            Err(error.hint(format!("the stack is protected; to lift that: `{command} {}`", short_name(stack_id))))
        }
    }
}

/// Empties those of the buckets among `blocking` that carry the tag, and so belong to the stack; tells which.
pub async fn empty_buckets<'a>(
    session: &Session,
    blocking: &'a [StackResource],
    tag: (&str, &str),
) -> Result<Vec<&'a StackResource>> {
    let mut emptied = Vec::new();
    for resource in blocking.iter().filter(|resource| resource.kind == BUCKET) {
        if bucket::has_tag(session, &resource.physical_id, tag).await? {
            bucket::empty(session, &resource.physical_id).await?;
            emptied.push(resource);
        }
    }
    Ok(emptied)
}

/// The name in a stack's ARN (`arn:…:stack/NAME/UUID`), or the text itself.
pub fn short_name(stack_id: &str) -> &str {
    stack_id.split('/').nth(1).unwrap_or(stack_id)
}

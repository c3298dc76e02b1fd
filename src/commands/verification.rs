//! Whether anything is left of a stack that is gone, asked of AWS and not of CloudFormation: what still carries its tag.

use super::deploy::TAG_NAME;
use crate::context::Context;
use jqs_stacks::Session;
use jqs_stacks::query::Query;
use jqs_stacks::remains::remains;
use jqs_stacks::stack::StackResource;
use serde::Serialize;
use std::collections::BTreeSet;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verified {
    Clean,
    /// ARNs of what nobody asked to keep.
    Remains(Vec<String>),
    /// Nobody could be asked, or it was not waited for.
    Unknown(String),
}

/// Ids and ARNs of what may be left.
#[derive(Debug, Default)]
pub(super) struct Expected(BTreeSet<String>);

impl Expected {
    pub(super) fn take<'a>(&mut self, resources: impl IntoIterator<Item = &'a StackResource>) {
        self.0.extend(resources.into_iter().map(|resource| resource.physical_id.clone()));
    }

    pub(super) fn take_id(&mut self, id: &str) {
        self.0.insert(id.to_owned());
    }

    fn has(&self, arn: &str) -> bool {
        let arn = arn.trim_end_matches(":*");
        self.0.iter().filter(|id| !id.is_empty()).any(|id| {
            arn.strip_suffix(id.as_str()).is_some_and(|before| before.is_empty() || before.ends_with(['/', ':']))
        })
    }
}

pub(super) async fn verify(context: &Context, session: &Session, name: &str, expected: &Expected) -> Verified {
    let query = match Query::new(session) {
        Ok(query) => query,
        Err(error) => return Verified::Unknown(error.full()),
    };
    let is_expected = |arn: &str| expected.has(arn);
    tokio::select! {
        found = remains(session, &query, (TAG_NAME, name), &is_expected) => match found {
            Ok(found) if found.is_empty() => Verified::Clean,
            Ok(found) => Verified::Remains(found),
            Err(refusal) => Verified::Unknown(refusal.error.full()),
        },
        () = context.interrupt.raised() => Verified::Unknown("stopped by Ctrl-C".to_owned()),
    }
}

impl Verified {
    pub(super) fn tell(&self, context: &Context, name: &str) {
        let printer = &context.printer;
        match self {
            Self::Clean => {}
            Self::Unknown(why) => printer.warning(&format!("whether anything is left could not be checked: {why}")),
            Self::Remains(found) => {
                let what = if found.len() == 1 { "a resource still carries" } else { "resources still carry" };
                printer.failure(&format!("{what} the tag {TAG_NAME}={name}:"));
                found.iter().for_each(|arn| printer.note(&format!("  {arn}")));
                printer
                    .hint("delete by hand what should not be there; AWS may take a few minutes to forget what is gone");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_expected_by_the_id_at_its_end() {
        let mut expected = Expected::default();
        expected.take_id("sg-1");
        expected.take_id("/jqs/jaeger-1");
        expected.take_id("arn:aws:cloudformation:eu-west-1:111122223333:stack/a/b");
        for (arn, is_expected) in [
            ("arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1", true),
            ("arn:aws:ec2:eu-west-1:111122223333:security-group/sg-11", false),
            ("arn:aws:ec2:eu-west-1:111122223333:security-group/xsg-1", false),
            ("arn:aws:logs:eu-west-1:111122223333:log-group:/jqs/jaeger-1", true),
            ("arn:aws:logs:eu-west-1:111122223333:log-group:/jqs/jaeger-1:*", true),
            ("arn:aws:cloudformation:eu-west-1:111122223333:stack/a/b", true),
        ] {
            assert_eq!(expected.has(arn), is_expected, "{arn}");
        }
    }
}

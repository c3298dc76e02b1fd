//! What is looked at: the deployment as it would be, in the account as it is.

use jqs_cfn::bundle::Bundle;
use jqs_cfn::eval::{Given, ResolvedResource, ResolvedStack, Value};
use jqs_stacks::query::Query;
use jqs_stacks::stack::{Readiness, Stack};
use jqs_stacks::{Identity, Session};
use std::net::SocketAddr;

pub(crate) struct Subject {
    pub(crate) session: Session,
    pub(crate) identity: Identity,
    pub(crate) query: Query,
    pub(crate) stack_name: String,
    /// What is there under that name, and the way out of its state where that is needed.
    pub(crate) stack: Option<Stack>,
    pub(crate) way_out: String,
    pub(crate) bundle: Bundle,
    pub(crate) entry: &'static str,
    pub(crate) given: Given,
    pub(crate) after: ResolvedStack,
    /// What the stack has now, if it is to be updated.
    pub(crate) before: Option<ResolvedStack>,
    pub(crate) bucket: String,
    pub(crate) skips_image: bool,
    pub(crate) dns_server: Option<SocketAddr>,
}

impl Subject {
    /// The value of a parameter; empty where there is no such parameter.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.given.parameters.get(name).map_or("", String::as_str)
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a ResolvedResource> {
        resources(&self.after).map(|(_, resource)| resource).filter(move |resource| resource.kind == kind)
    }

    /// Those that the stack does not have yet.
    pub(super) fn added<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a ResolvedResource> {
        let has = move |path: &str| {
            self.before
                .as_ref()
                .is_some_and(|before| resources(before).any(|(other, one)| other == path && one.kind == kind))
        };
        let all = resources(&self.after).filter(move |(_, resource)| resource.kind == kind);
        all.filter(move |(path, _)| !has(path)).map(|(_, resource)| resource)
    }

    pub(super) fn adds(&self, kind: &str) -> bool {
        self.added(kind).next().is_some()
    }

    /// The kinds of all that the stack will have.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        resources(&self.after).map(|(_, resource)| resource.kind.as_str())
    }

    /// What is there under the name goes first, and gives back what it uses.
    pub(super) fn replaces(&self) -> bool {
        self.stack.as_ref().is_some_and(|stack| matches!(stack.readiness(), Readiness::Dead | Readiness::Busy))
    }
}

fn resources(root: &ResolvedStack) -> impl Iterator<Item = (String, &ResolvedResource)> {
    root.walk().into_iter().flat_map(|stack| {
        let path = stack.path.join("/");
        stack.resources.iter().map(move |resource| (format!("{path}/{}", resource.logical_id), resource))
    })
}

pub(super) fn number(resource: &ResolvedResource, path: &[&str]) -> f64 {
    resource.properties.at(path).and_then(Value::as_text).and_then(|text| text.parse().ok()).unwrap_or_default()
}

pub(super) fn text<'a>(resource: &'a ResolvedResource, path: &[&str]) -> &'a str {
    resource.properties.at(path).and_then(Value::as_text).unwrap_or_default()
}

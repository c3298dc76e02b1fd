//! Migrating services one after the other, and taking them back. What a run leaves undone the next one takes up: the state is
//! in the services themselves and in the tags of their task definitions.

use super::assess::{Assessment, Plan, Standing};
use super::cluster::{Cluster, Member};
use super::definition::Definition;
use super::show::short;
use crate::context::Context;
use crate::ecs::ServiceAddress;
use crate::exit::Exit;
use crate::rollout::{self, Rollout};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use serde::Serialize;
use std::time::Duration;

pub(crate) struct Actor<'a> {
    pub(crate) context: &'a Context,
    pub(crate) session: &'a Session,
    pub(crate) cluster: &'a Cluster,
    /// The stack that the services are to send to.
    pub(crate) stack: &'a str,
    /// How long a service may take to become steady.
    pub(crate) wait: Duration,
}

/// One service that goes from a revision to another.
#[derive(Debug, Serialize)]
struct Step<'a> {
    service: &'a str,
    from: &'a str,
    to: &'a str,
}

/// A service that goes back to the revision before its migration.
pub(crate) struct Return {
    pub(crate) member: Member,
    pub(crate) current: String,
    pub(crate) earlier: Definition,
}

impl Actor<'_> {
    pub(crate) async fn apply(&self, assessments: &[Assessment]) -> Result<Exit> {
        let open: Vec<&Assessment> = assessments.iter().filter(|each| has_work(each)).collect();
        for (index, assessment) in open.iter().enumerate() {
            let exit = match &assessment.standing {
                Standing::Ready(plan) => self.migrate(assessment, plan).await?,
                Standing::Underway { from } => self.join(&assessment.member, from).await?,
                _ => Exit::Done,
            };
            if exit != Exit::Done {
                self.say_rest(open.iter().skip(index + 1).map(|each| each.name()));
                return Ok(exit);
            }
        }
        Ok(Exit::Done)
    }

    pub(crate) async fn undo(&self, returns: &[Return]) -> Result<Exit> {
        for (index, each) in returns.iter().enumerate() {
            self.check_unchanged(&each.member, &each.current).await?;
            let earlier = match each.earlier.is_active {
                true => each.earlier.arn.clone(),
                // ECS runs no revision that has been deregistered, and still tells what was in it.
                false => {
                    let mut tags = each.earlier.tags.clone();
                    tags.retain(|key, _| !key.starts_with("aws:"));
                    self.cluster.register(&each.earlier.body, &tags).await?
                }
            };
            let exit = self.bring(&each.member.address, &each.current, &earlier).await?;
            if exit != Exit::Done {
                self.say_rest(returns.iter().skip(index + 1).map(|each| each.member.address.name.as_str()));
                return Ok(exit);
            }
        }
        Ok(Exit::Done)
    }

    async fn migrate(&self, assessment: &Assessment, plan: &Plan) -> Result<Exit> {
        let (member, definition) = (&assessment.member, &assessment.definition);
        self.check_unchanged(member, &definition.arn).await?;
        let revision = match self.registered(definition, plan).await {
            Some(revision) => revision,
            None => self.cluster.register(&plan.rewrite.body, &plan.tags).await?,
        };
        self.bring(&member.address, &definition.arn, &revision).await
    }

    /// The revision that an earlier run has registered and not come to use.
    async fn registered(&self, definition: &Definition, plan: &Plan) -> Option<String> {
        // A family of which every revision is deregistered has no newest one: an error says so.
        let newest = self.cluster.definition(definition.family()).await.ok()?;
        let is_same =
            |each: &Definition| each.migrated_from() == Some(&definition.arn) && each.body == plan.rewrite.body;
        newest.filter(is_same).map(|newest| newest.arn)
    }

    /// What was shown must still hold.
    async fn check_unchanged(&self, member: &Member, definition: &str) -> Result<()> {
        let name = &member.address.name;
        match self.cluster.member(&member.address).await? {
            Some(now) if now.definition == definition => Ok(()),
            _ => {
                let message = format!("`{name}` has been deployed anew since it was looked at, and was left as it is");
                Err(Error::new(ErrorKind::Refused, message).hint("run the command again"))
            }
        }
    }

    /// Has the service run `to`, and waits; where that fails, it runs `from` again.
    async fn bring(&self, address: &ServiceAddress, from: &str, to: &str) -> Result<Exit> {
        if self.is_interrupted().await {
            self.context.printer.note(&format!("Stopped: `{}` was not begun.", address.name));
            self.context.printer.hint("the same command goes on with it");
            return Ok(Exit::Detached);
        }
        let step = Step { service: &address.name, from, to };
        let deployment = self.cluster.deploy(address, to).await?;
        self.context.printer.note(&format!("{}: {} → {}", address.name, short(from), short(to)));
        self.context.printer.record("deployment", &step);
        self.follow(address, deployment, from).await
    }

    async fn join(&self, member: &Member, from: &str) -> Result<Exit> {
        self.context.printer.note(&format!("{}: joining the deployment that goes on", member.address.name));
        self.follow(&member.address, member.deployment.clone(), from).await
    }

    async fn follow(&self, address: &ServiceAddress, deployment: String, from: &str) -> Result<Exit> {
        let printer = &self.context.printer;
        match self.steady(address, deployment).await {
            Ok(Exit::Failed) => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => printer.error(&error),
            other => return other,
        }
        let now = self.cluster.member(address).await?;
        if now.is_some_and(|now| now.definition == from) {
            printer.note(&format!("{}: ECS has put {} back", address.name, short(from)));
        } else {
            printer.note(&format!("{}: putting {} back", address.name, short(from)));
            let deployment = self.cluster.deploy(address, from).await?;
            let back = self.steady(address, deployment).await?;
            if back != Exit::Done {
                return Ok(back);
            }
        }
        Ok(Exit::Failed)
    }

    async fn steady(&self, address: &ServiceAddress, deployment: String) -> Result<Exit> {
        let rollout = Rollout { address: address.clone(), deployment };
        tokio::select! {
            done = rollout::wait(self.context, self.session, self.stack, vec![rollout], self.wait) => done,
            () = self.context.interrupt.raised() => {
                self.context.printer.note(&format!("Detached: ECS goes on with the deployment of `{}`.", address.name));
                self.context.printer.hint("the same command comes back to it, and goes on with the other services");
                Ok(Exit::Detached)
            }
        }
    }

    /// Ctrl-C while nobody waited for anything.
    async fn is_interrupted(&self) -> bool {
        tokio::select! {
            biased;
            () = self.context.interrupt.raised() => true,
            () = std::future::ready(()) => false,
        }
    }

    fn say_rest<'n>(&self, rest: impl Iterator<Item = &'n str>) {
        let rest: Vec<&str> = rest.collect();
        if !rest.is_empty() {
            self.context.printer.note(&format!("Not begun: {}.", rest.join(", ")));
        }
    }
}

/// There is something to do, or to come back to.
pub(crate) fn has_work(assessment: &Assessment) -> bool {
    matches!(assessment.standing, Standing::Ready(_) | Standing::Underway { .. })
}

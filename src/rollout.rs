//! New tasks for every service of a stack, and waiting until ECS calls them steady.

use crate::context::Context;
use crate::ecs::{self, Ecs, Service, ServiceAddress};
use crate::evidence::Evidence;
use crate::exit::Exit;
use crate::progress;
use crate::remedy::remedy;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::patience::Patience;
use jqs_stacks::stack::{self, Stack};
use serde::Serialize;
use std::time::{Duration, Instant};

pub(crate) const DEFAULT_STEADY_WAIT_SECONDS: u64 = 1_200;

/// One service with the deployment that was asked for.
pub(crate) struct Rollout {
    pub(crate) address: ServiceAddress,
    pub(crate) deployment: String,
}

pub(crate) async fn restart(context: &Context, session: &Session, stack: &Stack) -> Result<Exit> {
    let resources = stack::resources(session, &stack.id).await?;
    let addresses = ecs::addresses(&resources);
    if addresses.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, format!("the stack `{}` has no ECS services", stack.name)));
    }
    let ecs = Ecs::new(session);
    let mut rollouts = Vec::new();
    for address in addresses {
        let deployment = ecs.force_deployment(&address).await?;
        context.printer.note(&format!("{}: new deployment", address.name));
        rollouts.push(Rollout { address, deployment });
    }
    tokio::select! {
        done = wait(context, session, &stack.name, rollouts, Duration::from_secs(DEFAULT_STEADY_WAIT_SECONDS)) => done,
        () = context.interrupt.raised() => {
            context.printer.note("Detached: ECS goes on with the deployments.");
            context.printer.hint(&format!("`jqs status --name {}` tells how they stand", stack.name));
            Ok(Exit::Detached)
        }
    }
}

/// Until all are steady, or ECS gives one up, or it takes longer than the limit.
pub(crate) async fn wait(
    context: &Context,
    session: &Session,
    stack: &str,
    mut open: Vec<Rollout>,
    limit: Duration,
) -> Result<Exit> {
    let ecs = Ecs::new(session);
    let began = Instant::now();
    let mut pause = Duration::ZERO;
    let (mut patience, mut lost) = (Patience::default(), None);
    let mut exit = Exit::Done;
    while !open.is_empty() {
        let mut waiting = Vec::new();
        for rollout in open {
            let look = match ecs.service(&rollout.address).await {
                Ok(service) => {
                    patience.answered();
                    Ok(service)
                }
                Err(error) => Err(patience.tolerate(session, error).await?),
            };
            if let Some(text) = progress::connection(lost.as_ref(), look.as_ref().err()) {
                context.printer.note(&text);
            }
            lost = look.as_ref().err().cloned();
            let Ok(service) = look else {
                waiting.push(rollout);
                continue;
            };
            if is_given_up(&service, &rollout) {
                fail(context, session, stack, &rollout, &service).await;
                exit = Exit::Failed;
            } else if service.is_stable() {
                succeed(context, &service);
            } else {
                waiting.push(rollout);
            }
        }
        open = waiting;
        if open.is_empty() {
            break;
        }
        if began.elapsed() > limit {
            let names = open.iter().map(|rollout| format!("`{}`", rollout.address.name)).collect::<Vec<_>>().join(", ");
            let message = format!("{names} not steady within {} seconds", limit.as_secs());
            return Err(Error::new(ErrorKind::TimedOut, message).hint("`jqs status` tells what is wrong with them"));
        }
        pause = session.pace.slower(pause);
        tokio::time::sleep(pause).await;
    }
    Ok(exit)
}

/// The circuit breaker makes an earlier deployment the newest one again.
fn is_given_up(service: &Service, rollout: &Rollout) -> bool {
    ecs::has_failed(service) || (!rollout.deployment.is_empty() && service.deployment_id != rollout.deployment)
}

fn succeed(context: &Context, service: &Service) {
    let text = format!("{}: {}/{} running", service.name, service.running, service.desired);
    context.printer.success(&text);
    context.printer.record("service", service);
}

async fn fail(context: &Context, session: &Session, stack: &str, rollout: &Rollout, service: &Service) {
    #[derive(Serialize)]
    struct GivenUp<'a> {
        service: &'a str,
        reason: &'a str,
        #[serde(flatten)]
        evidence: &'a Evidence,
        remedy: Option<&'a str>,
    }
    let printer = &context.printer;
    let reason = service.rollout_reason.as_deref().unwrap_or("ECS gave the deployment up");
    let evidence = Evidence::of_service(session, &rollout.address).await;
    let advice = remedy(stack, std::iter::once(reason).chain(evidence.texts()));
    printer.failure(&format!("{}: {reason}", service.name));
    evidence.show(printer);
    if let Some(advice) = &advice {
        printer.hint(advice);
    }
    let given_up = GivenUp { service: &service.name, reason, evidence: &evidence, remedy: advice.as_deref() };
    printer.record("failure", &given_up);
}

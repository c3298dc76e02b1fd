//! A fake of CloudFormation, in the process of the test: it can be made to show what a stand-in that succeeds at once cannot.
//! What an operation comes to is worked out when it starts, and every look moves a virtual clock: an hour passes in no time.

mod account;
mod answer;
mod call;
mod change_sets;
mod fault;
mod services;
mod shape;
mod stacks;
mod store;
mod timeline;
mod world;

use crate::run::{Jqs, REGION};
pub(crate) use account::Said;
use answer::{Answer, Refusal, answer, invalid, json_error, query, store_error};
use bytes::Bytes;
use call::{Call, Protocol};
pub(crate) use fault::{Fault, Trouble};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
pub(crate) use services::{LogEvent, stopped_task};
pub(crate) use shape::{Node, deployment, nested, resource};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
pub(crate) use timeline::Phase;
use tokio::net::TcpListener;
use world::Failure;
pub(crate) use world::{Refused, World};

/// The access key of whoever has no other.
pub(crate) const KEY: &str = "AKIAFAKE";

pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    stop: Arc<Mutex<Option<Stop>>>,
    address: String,
}

/// The moment from which no call is answered, and who is told that it has come.
struct Stop {
    moment: Moment,
    reached: Option<Sender<()>>,
}

enum Moment {
    /// At the call of that number, whether or not what it asks for is done all the same.
    Call { number: usize, is_done: bool },
    /// When that operation has been done.
    Done(&'static str),
}

impl Fake {
    /// An empty account.
    pub(crate) fn start() -> Self {
        Self::with(World::new())
    }

    /// An account with a deployment in it.
    pub(crate) fn deployed() -> Self {
        static DEPLOYED: OnceLock<Mutex<World>> = OnceLock::new();
        let world = DEPLOYED.get_or_init(|| {
            let fake = Self::start();
            fake.jqs().run(&["deploy", "--yes", "--skip-image-check"]).expect(0);
            let world = fake.world().copy();
            Mutex::new(world)
        });
        let world = world.lock().unwrap().copy();
        Self::with(world)
    }

    pub(crate) fn with(world: World) -> Self {
        let world = Arc::new(Mutex::new(world));
        let stop = Arc::new(Mutex::new(None));
        let (sender, receiver) = channel();
        let server = (world.clone(), stop.clone());
        // It ends with the process: a test that is over asks no more.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(server.0, server.1, sender));
        });
        let port: u16 = receiver.recv().unwrap();
        Self { world, stop, address: format!("http://127.0.0.1:{port}") }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The program, with pauses as short as the virtual clock makes them.
    pub(crate) fn jqs(&self) -> Jqs {
        self.without_credentials().with("AWS_ACCESS_KEY_ID", KEY).with("AWS_SECRET_ACCESS_KEY", "secret")
    }

    pub(crate) fn without_credentials(&self) -> Jqs {
        Jqs::new(&[("AWS_ENDPOINT_URL", &self.address), ("AWS_REGION", REGION), ("JQS_POLL_MILLISECONDS", "1:5")])
    }

    pub(crate) fn fails(&self, path: &'static str, phase: Phase, times: usize, reason: &'static str) {
        self.world().failures.push(Failure { path, phase, reason, times });
    }

    pub(crate) fn meets(&self, fault: Fault) {
        self.world().faults.push(fault);
    }

    /// What the account answers to an operation, in place of the usual.
    pub(crate) fn says(&self, operation: &'static str, said: Said) {
        self.world().account.says(operation, said);
    }

    /// Before the call of an operation that follows so many others of it.
    pub(crate) fn before(
        &self,
        operation: &'static str,
        passing: usize,
        act: impl FnOnce(&mut World) + Send + 'static,
    ) {
        self.world().before(operation, passing, act);
    }

    /// Holds the call of that number, and all after it, for ever; what is returned tells when it has come.
    pub(crate) fn stops_at(&self, call: usize, is_done: bool) -> Receiver<()> {
        let number = self.world().calls.len() + call;
        self.stop(Moment::Call { number, is_done })
    }

    pub(crate) fn stops_after(&self, operation: &'static str) -> Receiver<()> {
        self.stop(Moment::Done(operation))
    }

    fn stop(&self, moment: Moment) -> Receiver<()> {
        let (reached, receiver) = channel();
        *self.stop.lock().unwrap() = Some(Stop { moment, reached: Some(reached) });
        receiver
    }

    pub(crate) fn goes_on(&self) {
        *self.stop.lock().unwrap() = None;
    }

    /// The state of the newest stack of that name.
    pub(crate) fn status(&self, name: &str) -> String {
        let world = self.world();
        let newest = world.stacks.iter().rev().find(|stack| stack.name == name);
        newest.map_or_else(|| "ABSENT".to_owned(), |stack| stack.status.clone())
    }

    /// Nothing is there any more: no stack, no bucket.
    pub(crate) fn is_empty(&self) -> bool {
        let world = self.world();
        world.live().next().is_none() && world.store.buckets.is_empty()
    }

    /// The bucket that a resource of the stack is.
    pub(crate) fn bucket_of(&self, name: &str) -> Option<String> {
        let world = self.world();
        let resources = world.stacks.iter().flat_map(|stack| &stack.resources);
        let found = resources.rev().find(|(logical, _)| *logical == name);
        found.map(|(_, resource)| resource.physical_id.clone())
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.world().calls.iter().filter(|call| *call == operation).count()
    }
}

type Shared = (Arc<Mutex<World>>, Arc<Mutex<Option<Stop>>>);

async fn serve(world: Arc<Mutex<World>>, stop: Arc<Mutex<Option<Stop>>>, started: Sender<u16>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    started.send(listener.local_addr().unwrap().port()).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        let shared = (world.clone(), stop.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| respond(request, shared.clone()));
            // A connection that breaks is what some tests are about.
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

/// An error breaks the connection.
async fn respond(request: Request<Incoming>, (world, stop): Shared) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let body: Bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let (trouble, call, answer) = {
        let mut world = world.lock().unwrap();
        let call = Call::read(&head, &body, world.page);
        world.calls.push(call.operation.clone());
        world.act_before(&call.operation);
        let is_expired = world.expired.contains(&call.access_key);
        let is_stopped = stopped(&mut world, &stop, &call).then_some(Trouble::Silent);
        let trouble = is_stopped.or_else(|| world.trouble_with(&call.operation));
        let trouble = trouble.or(is_expired.then_some(Trouble::ExpiredToken));
        let answer = matches!(trouble, None | Some(Trouble::Unanswered)).then(|| perform(&mut world, &call));
        (trouble, call, answer)
    };
    match (trouble, answer) {
        (Some(Trouble::Silent), _) => std::future::pending().await,
        (Some(Trouble::Disconnected | Trouble::Unanswered), _) => Err(io::Error::other("as the test wants it")),
        (None, Some(answer)) => Ok(answer),
        (Some(trouble), _) => Ok(refuse(&call, trouble)),
        (None, None) => unreachable!("without trouble there is an answer"),
    }
}

fn stopped(world: &mut World, stop: &Mutex<Option<Stop>>, call: &Call) -> bool {
    let mut stop = stop.lock().unwrap();
    let Some(stop) = stop.as_mut() else { return false };
    if stop.reached.is_none() {
        return true;
    }
    let (is_now, is_done) = match stop.moment {
        Moment::Call { number, is_done } => (world.calls.len() >= number, is_done),
        Moment::Done(operation) => (call.operation == operation, true),
    };
    if !is_now {
        return false;
    }
    if is_done {
        perform(world, call);
    }
    stop.reached.take().unwrap().send(()).ok();
    true
}

fn refuse(call: &Call, trouble: Trouble) -> Answer {
    let (status, code, message) = match trouble {
        Trouble::Throttled => (400, "Throttling", "Rate exceeded"),
        Trouble::ExpiredToken => (403, "ExpiredToken", "The security token included in the request is expired"),
        Trouble::Denied => (403, "AccessDenied", "User is not authorized to perform this operation"),
        Trouble::Internal => (500, "InternalFailure", "The request processing has failed"),
        _ => return answer(StatusCode::BAD_GATEWAY, "text/html", "<html><body>Bad Gateway</body></html>"),
    };
    match call.protocol {
        // S3 throttles in words of its own.
        Protocol::Store if trouble == Trouble::Throttled => store_error(503, "SlowDown"),
        Protocol::Query => query(&call.operation, Err(Refusal(status, code, message.to_owned()))),
        Protocol::Json | Protocol::Search => json_error(status, code, message),
        Protocol::Store => store_error(status, code),
    }
}

fn perform(world: &mut World, call: &Call) -> Answer {
    match call.protocol {
        Protocol::Store => return world.store.answer(call),
        Protocol::Json => {
            return account::json_answer(world, call).unwrap_or_else(|| services::answer(world, call));
        }
        Protocol::Search => return services::domain_progress(world),
        Protocol::Query => {}
    }
    let result = match call.operation.as_str() {
        "GetCallerIdentity" => services::caller(world, call),
        "DescribeTargetHealth" => services::target_health(world),
        "DescribeStacks" => world.describe_stacks(call),
        "DescribeStackEvents" => world.describe_stack_events(call),
        "DescribeEvents" => world.describe_events(call),
        "ListStackResources" => world.list_stack_resources(call),
        "GetTemplate" => world.get_template(call),
        "CreateChangeSet" => world.create_change_set(call),
        "DescribeChangeSet" => world.describe_change_set(call),
        "ExecuteChangeSet" => world.execute_change_set(call),
        "DeleteChangeSet" => world.delete_change_set(call),
        "ListChangeSets" => world.list_change_sets(call),
        "DeleteStack" => world.delete_stack(call),
        "ContinueUpdateRollback" => world.continue_update_rollback(call),
        "RollbackStack" => world.rollback_stack(call),
        other => account::query(world, call).unwrap_or_else(|| Err(invalid(format!("the fake knows no {other}")))),
    };
    query(&call.operation, result)
}

//! Where stacks are made: a region of an account. Each is opened once, when something first happens there.

use super::leftovers::Leftovers;
use super::poller::Poller;
use super::{Event, Events};
use crate::package;
use crate::pseudo::AwsLookup;
use jqs_cfn::Result;
use jqs_stacks::query::Query;
use jqs_stacks::{Identity, Session, SessionOptions};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex, OnceCell};

pub struct Site {
    pub session: Session,
    pub identity: Identity,
    pub query: Query,
    pub lookup: AwsLookup,
    pub poller: Poller,
    pub(super) leftovers: Leftovers,
    /// With the project in them, by name, once something needs one.
    pub(super) buckets: Mutex<HashMap<String, Arc<OnceCell<package::Bucket>>>>,
    /// The run's own: noted before it is made, so that it goes even if the making is broken off.
    pub(super) own_bucket: OnceCell<String>,
    /// What its quotas leave.
    pub(super) room: OnceCell<super::Needs>,
}

/// All sites of a run.
pub struct Sites {
    options: SessionOptions,
    events: Events,
    open: Mutex<HashMap<Key, Arc<OnceCell<Arc<Site>>>>>,
    /// Who a profile is, per partition: asked once.
    identities: Mutex<HashMap<Who, Arc<OnceCell<Identity>>>>,
}

/// Profile and region.
type Key = (Option<String>, String);
/// Profile and partition.
type Who = (Option<String>, &'static str);

impl Sites {
    pub fn new(options: &SessionOptions, events: Events) -> Self {
        Self { options: options.clone(), events, open: Mutex::default(), identities: Mutex::default() }
    }

    pub async fn open(&self, profile: Option<&str>, region: &str) -> Result<Arc<Site>> {
        let key = (profile.map(str::to_owned), region.to_owned());
        let cell = self.open.lock().await.entry(key).or_default().clone();
        cell.get_or_try_init(|| self.connect(profile, region)).await.cloned()
    }

    /// Those that were opened.
    pub async fn opened(&self) -> Vec<Arc<Site>> {
        self.open.lock().await.values().filter_map(|cell| cell.get().cloned()).collect()
    }

    async fn connect(&self, profile: Option<&str>, region: &str) -> Result<Arc<Site>> {
        let profile = profile.map(str::to_owned).or_else(|| self.options.profile.clone());
        let options =
            SessionOptions { profile: profile.clone(), region: Some(region.to_owned()), ..self.options.clone() };
        let session = Session::open(&options).await?;
        let partition = jqs_cfn::region::partition(region);
        let cell = self.identities.lock().await.entry((profile, partition)).or_default().clone();
        let identity = cell.get_or_try_init(|| session.identity()).await?.clone();
        let identity = Identity { region: region.to_owned(), ..identity };
        tracing::debug!(region, account = identity.account, "opened a site");
        Ok(Arc::new(Site {
            query: Query::new(&session)?,
            lookup: AwsLookup::new(&session, &identity.account)?,
            poller: Poller::start(session.clone(), self.events.clone()),
            leftovers: Leftovers::default(),
            buckets: Mutex::default(),
            own_bucket: OnceCell::new(),
            room: OnceCell::new(),
            session,
            identity,
        }))
    }

    pub fn note(&self, text: impl Into<String>) {
        let _ = self.events.send(Event::Note(text.into()));
    }
}

//! What becomes of a task definition: the sidecars go, the clients beside them send to the shared service, and nothing else
//! changes. A pure function; each change says why.

mod clients;
mod leftovers;
mod sidecar;
#[cfg(test)]
mod tests;

use super::definition::{containers, text};
use super::destination::Destination;
use super::find::Sidecar;
use clients::Clients;
use serde::Serialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) container: String,
    /// Which part of the container, as the task definition calls it.
    pub(crate) part: &'static str,
    pub(crate) name: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) reason: String,
}

/// Why a service is not migrated unless somebody forces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Obstacle {
    pub(crate) container: String,
    pub(crate) message: String,
    pub(crate) remedy: String,
    /// Somebody may insist.
    pub(crate) can_be_forced: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Rewrite {
    /// What is to be registered, without tags.
    #[serde(skip)]
    pub(crate) body: Value,
    pub(crate) changes: Vec<Change>,
    pub(crate) obstacles: Vec<Obstacle>,
    /// What somebody should know and nobody has to do anything about.
    pub(crate) notes: Vec<String>,
}

impl Rewrite {
    fn obstacle(&mut self, container: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let (container, message, remedy) = (container.to_owned(), message.into(), remedy.into());
        let obstacle = Obstacle { container, message, remedy, can_be_forced: true };
        if !self.obstacles.contains(&obstacle) {
            self.obstacles.push(obstacle);
        }
    }
}

pub(crate) fn rewrite(body: &Value, sidecars: &[Sidecar], destination: &Destination) -> Rewrite {
    let mut rewrite = Rewrite { body: body.clone(), changes: Vec::new(), obstacles: Vec::new(), notes: Vec::new() };
    let is_sidecar = |container: &Value| sidecars.iter().any(|each| each.container == text(container, "name"));
    let (gone, mut kept): (Vec<Value>, Vec<Value>) = containers(body).iter().cloned().partition(is_sidecar);
    for sidecar in sidecars {
        if let Some(container) = gone.iter().find(|each| text(each, "name") == sidecar.container) {
            rewrite.changes.push(Change {
                container: sidecar.container.clone(),
                part: "containerDefinitions",
                name: sidecar.container.clone(),
                before: Some(sidecar.image.clone()),
                after: None,
                reason: sidecar.reason.clone(),
            });
            sidecar::examine(container, sidecar.kind, &mut rewrite);
        }
    }
    Clients::new(destination, sidecars, &gone, &kept).redirect(&mut kept, &mut rewrite);
    leftovers::clean(&mut kept, &gone, &mut rewrite);
    rewrite.body["containerDefinitions"] = Value::Array(kept);
    leftovers::clean_volumes(&gone, &mut rewrite);
    rewrite
}

//! What a migration means for each service of a cluster.

use super::cluster::{Cluster, Member};
use super::definition::Definition;
use super::destination::Destination;
use super::find::{Sidecar, Spared, find};
use super::reach::{Gate, Reach, Verdict};
use super::rewrite::{Obstacle, Rewrite, rewrite};
use super::saving::{self, Saving, place, resize, saving};
use jqs_cfn::cost::Prices;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use std::collections::BTreeMap;

/// The tag of whatever CloudFormation makes.
const TAG_STACK: &str = "aws:cloudformation:stack-name";
const TERRAFORM: &str = "terraform";
/// Who replaces the tasks of a service that can be updated directly.
const CONTROLLER: &str = "ECS";

/// What is wanted beside the usual.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// Containers that are sidecars, whatever their image.
    pub(crate) sidecars: Vec<String>,
    pub(crate) resize: bool,
    pub(crate) force: bool,
    /// The change is only written down: who deploys the service is of no matter.
    pub(crate) prints: bool,
}

pub(crate) struct Assessment {
    pub(crate) member: Member,
    pub(crate) definition: Definition,
    pub(crate) spared: Vec<Spared>,
    pub(crate) standing: Standing,
}

pub(crate) enum Standing {
    /// There is no sidecar.
    Nothing,
    /// An earlier run has done it, and its deployment has not ended yet.
    Underway {
        from: String,
    },
    Migrated {
        from: String,
    },
    /// Obstacles keep it from being migrated.
    Blocked(Box<Plan>),
    Ready(Box<Plan>),
}

/// What is to become of one service.
pub(crate) struct Plan {
    pub(crate) sidecars: Vec<Sidecar>,
    pub(crate) rewrite: Rewrite,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) saving: Saving,
    /// It has the smaller size already.
    pub(crate) is_resized: bool,
    pub(crate) reach: Reach,
    /// What keeps the service in code, where something does.
    pub(crate) keeper: Option<String>,
}

impl Assessment {
    pub(crate) fn name(&self) -> &str {
        &self.member.address.name
    }

    /// Obstacles keep it from being migrated.
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(self.standing, Standing::Blocked(_))
    }

    pub(crate) fn plan(&self) -> Option<&Plan> {
        match &self.standing {
            Standing::Ready(plan) | Standing::Blocked(plan) => Some(plan),
            _ => None,
        }
    }
}

/// What all services have in common.
pub(crate) struct Assessor<'a> {
    pub(crate) session: &'a Session,
    pub(crate) destination: &'a Destination,
    pub(crate) gate: &'a Gate,
    pub(crate) prices: Option<Prices>,
    pub(crate) wishes: Wishes,
}

impl Assessor<'_> {
    pub(crate) async fn assess_all(&self, cluster: &Cluster, services: &[String]) -> Result<Vec<Assessment>> {
        let mut assessments = Vec::new();
        for member in cluster.members(services).await? {
            assessments.push(self.assess(cluster, member).await?);
        }
        Ok(assessments)
    }

    async fn assess(&self, cluster: &Cluster, member: Member) -> Result<Assessment> {
        let definition = definition(cluster, &member).await?;
        let found = find(&definition.body, &member.exposed, &self.wishes.sidecars);
        let standing = if found.sidecars.is_empty() {
            match definition.migrated_from().map(str::to_owned) {
                Some(from) if member.is_underway => Standing::Underway { from },
                Some(from) => Standing::Migrated { from },
                None => Standing::Nothing,
            }
        } else {
            let reach = self.gate.reach(self.session, &member).await;
            let plan = Box::new(self.plan(&member, &definition, found.sidecars, reach));
            let is_ready = plan.rewrite.obstacles.iter().all(|each| each.can_be_forced && self.wishes.force);
            if is_ready { Standing::Ready(plan) } else { Standing::Blocked(plan) }
        };
        Ok(Assessment { member, definition, spared: found.spared, standing })
    }

    fn plan(&self, member: &Member, definition: &Definition, sidecars: Vec<Sidecar>, reach: Reach) -> Plan {
        let mut rewrite = rewrite(&definition.body, &sidecars, self.destination);
        rewrite.obstacles.extend(obstacles_of_service(member, &reach, self.wishes.prints));
        let place = place(&member.strategy, member.launch_type.as_deref(), &definition.body);
        let saving = saving(&definition.body, &rewrite.body, member.desired, place, self.prices.as_ref());
        let smaller = saving.smaller.filter(|_| self.wishes.resize);
        if let Some(smaller) = smaller {
            resize(&mut rewrite.body, smaller);
        }
        Plan {
            sidecars,
            rewrite,
            tags: definition.tags_of_successor(),
            saving,
            is_resized: smaller.is_some(),
            reach,
            keeper: keeper(&member.tags).or_else(|| keeper(&definition.tags)),
        }
    }
}

/// The revision that a service runs.
pub(crate) async fn definition(cluster: &Cluster, member: &Member) -> Result<Definition> {
    let found = cluster.definition(&member.definition).await?;
    found.ok_or_else(|| {
        let message = format!("ECS tells nothing of `{}`, which `{}` runs", member.definition, member.address.name);
        Error::new(ErrorKind::NotFound, message)
    })
}

fn obstacles_of_service(member: &Member, reach: &Reach, is_printed: bool) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    let mut add = |message: String, remedy: &str, can_be_forced: bool| {
        obstacles.push(Obstacle { container: String::new(), message, remedy: remedy.to_owned(), can_be_forced });
    };
    if member.controller != CONTROLLER && !is_printed {
        let message = format!("`{}` deploys the service, and not ECS itself", member.controller);
        add(message, "`--print` writes the change for whoever deploys it", false);
    }
    if reach.verdict == Verdict::Unreachable {
        add(reach.reason.clone(), "open the way first, or choose another one with `--through`", true);
    }
    obstacles
}

/// Who made the service from code, as its tags tell.
fn keeper(tags: &BTreeMap<String, String>) -> Option<String> {
    if let Some(stack) = tags.get(TAG_STACK) {
        return Some(format!("the CloudFormation stack `{stack}`"));
    }
    let mentions = |text: &str| text.to_lowercase().contains(TERRAFORM);
    tags.iter().any(|(key, value)| mentions(key) || mentions(value)).then(|| "Terraform".to_owned())
}

/// What all services that are ready save in a month, as far as it has a price.
pub(crate) fn monthly(assessments: &[Assessment]) -> f64 {
    let plans = assessments.iter().filter_map(|each| match &each.standing {
        Standing::Ready(plan) => plan.saving.monthly,
        _ => None,
    });
    plans.sum()
}

pub(crate) fn prices(session: &Session) -> Option<Prices> {
    saving::prices(&session.region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_a_service_in_code_is_read_from_its_tags() {
        let tags = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        assert_eq!(keeper(&tags(TAG_STACK, "web")).as_deref(), Some("the CloudFormation stack `web`"));
        assert_eq!(keeper(&tags("ManagedBy", "Terraform")).as_deref(), Some("Terraform"));
        assert_eq!(keeper(&tags("team", "web")), None);
    }
}

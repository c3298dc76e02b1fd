//! Whose turn it is: how many stacks, and how many resources of some types, may be there at the same time.

use crate::config::Limits;
use jqs_cfn::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Type of resource → how many.
pub type Needs = BTreeMap<String, usize>;

#[derive(Debug)]
pub struct Turns {
    limits: Limits,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    accounts: HashMap<String, usize>,
    regions: HashMap<Key, Used>,
}

#[derive(Debug, Default)]
struct Used {
    stacks: usize,
    resources: Needs,
    /// What the account still has room for, by its own quotas.
    room: Needs,
}

type Key = (String, String);

/// Holds the place; dropped, somebody else may begin.
#[derive(Debug)]
pub struct Turn {
    turns: Arc<Turns>,
    key: Key,
    needs: Needs,
}

impl Turns {
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self { limits: limits.clone(), state: Mutex::default(), freed: Notify::new() })
    }

    /// What the quotas of a region leave, found out once.
    pub fn set_room(&self, account: &str, region: &str, room: Needs) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.regions.entry((account.to_owned(), region.to_owned())).or_default().room = room;
    }

    /// Waits until there is room; refuses what there can never be room for.
    pub async fn take(self: &Arc<Self>, account: &str, region: &str, needs: Needs) -> Result<Turn> {
        let key = (account.to_owned(), region.to_owned());
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // To be woken by what happens from here on, and not only from when it is waited for.
            freed.as_mut().enable();
            if self.try_take(&key, &needs)? {
                return Ok(Turn { turns: self.clone(), key, needs });
            }
            freed.await;
        }
    }

    fn try_take(&self, key: &Key, needs: &Needs) -> Result<bool> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let in_account = state.accounts.get(&key.0).copied().unwrap_or_default();
        let used = state.regions.entry(key.clone()).or_default();
        let mut fits = in_account < self.limits.stacks_per_account && used.stacks < self.limits.stacks_per_region;
        for (kind, need) in needs {
            let of_config = self.limits.resources_per_region.get(kind).copied();
            let Some(most) = of_config.into_iter().chain(used.room.get(kind).copied()).min() else { continue };
            if *need > most {
                let region = &key.1;
                let message = format!("it makes {need} of `{kind}`, and there is room for {most} in `{region}`");
                return Err(Error::new(ErrorKind::PreflightFailed, message)
                    .hint("raise the quota of the account, remove what is not used, or raise `resources_per_region`"));
            }
            fits &= used.resources.get(kind).copied().unwrap_or_default() + need <= most;
        }
        if fits {
            used.stacks += 1;
            for (kind, need) in needs {
                *used.resources.entry(kind.clone()).or_default() += need;
            }
            *state.accounts.entry(key.0.clone()).or_default() += 1;
        }
        Ok(fits)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = state.accounts.get_mut(&self.key.0) {
            *count -= 1;
        }
        if let Some(used) = state.regions.get_mut(&self.key) {
            used.stacks -= 1;
            for (kind, need) in &self.needs {
                if let Some(count) = used.resources.get_mut(kind) {
                    *count -= need;
                }
            }
        }
        drop(state);
        self.turns.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn needs(vpcs: usize) -> Needs {
        Needs::from([("AWS::EC2::VPC".to_owned(), vpcs)])
    }

    async fn has_room(turns: &Arc<Turns>, region: &str, vpcs: usize) -> Option<Turn> {
        tokio::time::timeout(Duration::from_millis(20), turns.take("1", region, needs(vpcs))).await.ok()?.ok()
    }

    #[tokio::test]
    async fn stacks_and_resources_wait_for_room() {
        let mut limits = Limits { stacks_per_account: 3, stacks_per_region: 2, ..Limits::default() };
        limits.resources_per_region.insert("AWS::EC2::VPC".to_owned(), 2);
        let turns = Turns::new(&limits);
        let first = has_room(&turns, "a", 1).await.expect("room");
        assert!(has_room(&turns, "a", 2).await.is_none(), "three VPCs would be too many");
        let second = has_room(&turns, "a", 1).await.expect("room");
        assert!(has_room(&turns, "a", 0).await.is_none(), "a third stack in the region");
        let third = has_room(&turns, "b", 2).await.expect("room");
        assert!(has_room(&turns, "c", 0).await.is_none(), "a fourth stack in the account");
        drop((first, second));
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take("1", "b", needs(2)).await.map(drop) }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        drop(third);
        waiting.await.expect("not cancelled").expect("its turn");
    }

    #[tokio::test]
    async fn what_can_never_fit_is_refused() {
        let turns = Turns::new(&Limits::default());
        turns.set_room("1", "a", needs(1));
        let error = turns.take("1", "a", needs(2)).await.expect_err("never");
        assert!(error.to_string().contains("makes 2 of `AWS::EC2::VPC`, and there is room for 1 in `a`"), "{error}");
    }
}

//! The program killed at any moment: the same command run again ends well.

use super::{DEPLOY, TEARDOWN};
use crate::fake::Fake;
use std::sync::OnceLock;
use std::time::Duration;

const MOMENTS: u64 = 20;
const SEED: u64 = 20_260_101;

/// Numbers without a pattern, and the same each time.
fn scattered(index: u64) -> u64 {
    let mixed = (SEED + index).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33
}

impl Fake {
    /// How many calls a deployment into an empty account takes.
    fn calls_of_a_deployment(&self) -> usize {
        static CALLS: OnceLock<usize> = OnceLock::new();
        *CALLS.get_or_init(|| {
            let fake = Fake::start();
            fake.jqs().run(DEPLOY).expect(0);
            fake.world().calls.len()
        })
    }

    /// Starts the program and kills it at the call of that number.
    fn kill_at(&self, arguments: &[&str], call: usize, is_done: bool) {
        let reached = self.stops_at(call, is_done);
        let mut child = self.jqs().start(arguments);
        while reached.recv_timeout(Duration::from_millis(20)).is_err() {
            // The number of looks differs from run to run: it may have ended before.
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        self.goes_on();
    }

    /// Starts the program and kills it when that operation has been done.
    pub(super) fn until(&self, operation: &'static str, arguments: &[&str]) {
        let reached = self.stops_after(operation);
        let mut child = self.jqs().start(arguments);
        reached.recv_timeout(super::RUN_MAX).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.goes_on();
    }
}

fn deployments_survive(moments: impl Iterator<Item = u64>) {
    for moment in moments {
        let fake = Fake::start();
        let call = 1 + scattered(moment) as usize % fake.calls_of_a_deployment();
        fake.kill_at(DEPLOY, call, moment % 2 == 0);
        fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &[]);
        let world = fake.world();
        let made: Vec<&str> = world.live().filter(|stack| stack.root.is_none()).map(|stack| &*stack.name).collect();
        assert_eq!(made, ["jaeger"], "killed at call {call}");
    }
}

fn teardowns_survive(moments: impl Iterator<Item = u64>) {
    let calls = {
        let fake = Fake::deployed();
        fake.jqs().run(TEARDOWN).expect(0);
        fake.world().calls.len()
    };
    for moment in moments {
        let fake = Fake::deployed();
        let bucket = fake.bucket_of("Traces").unwrap();
        fake.world().store.write(&bucket, "traces/1", false);
        let call = 1 + scattered(MOMENTS + moment) as usize % calls;
        fake.kill_at(TEARDOWN, call, moment % 2 == 0);
        let state = fake.status("jaeger");
        fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
        assert!(fake.is_empty(), "killed at call {call}, in {state}");
    }
}

#[test]
fn a_killed_deployment_is_finished_by_the_next() {
    deployments_survive(0..MOMENTS / 2);
}

#[test]
fn a_killed_deployment_is_finished_by_the_next_at_other_moments() {
    deployments_survive(MOMENTS / 2..MOMENTS);
}

#[test]
fn a_killed_teardown_is_finished_by_the_next() {
    teardowns_survive(0..MOMENTS);
}

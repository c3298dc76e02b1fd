//! What goes wrong on the way, and what others do meanwhile.

use super::world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 400, with a code that asks for fewer calls.
    Throttled,
    /// 500, in AWS's own words.
    Internal,
    /// 502, in the words of something in between.
    BadGateway,
    /// The connection breaks before anything is done,
    Disconnected,
    /// or when all is done and nothing said.
    Unanswered,
    /// There is never an answer.
    Silent,
    ExpiredToken,
    Denied,
}

/// Which calls of an operation meet with trouble.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    operation: &'static str,
    trouble: Trouble,
    passing: usize,
    times: usize,
}

impl Fault {
    pub(crate) fn new(operation: &'static str, trouble: Trouble, times: usize) -> Self {
        Self { operation, trouble, passing: 0, times }
    }

    /// Calls that pass before the first one fails.
    pub(crate) fn after(mut self, calls: usize) -> Self {
        self.passing = calls;
        self
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.times == 0
    }

    fn strikes(&mut self, operation: &str) -> bool {
        if self.operation != operation || self.times == 0 {
            return false;
        }
        if self.passing > 0 {
            self.passing -= 1;
            return false;
        }
        self.times -= 1;
        true
    }
}

type Act = Box<dyn FnOnce(&mut World) + Send>;

/// What happens in the account just before the call of that number of an operation.
pub(crate) struct Hook {
    operation: &'static str,
    passing: usize,
    act: Option<Act>,
}

impl World {
    pub(crate) fn trouble_with(&mut self, operation: &str) -> Option<Trouble> {
        self.faults.iter_mut().find_map(|fault| fault.strikes(operation).then_some(fault.trouble))
    }

    pub(crate) fn before(
        &mut self,
        operation: &'static str,
        passing: usize,
        act: impl FnOnce(&mut World) + Send + 'static,
    ) {
        self.hooks.push(Hook { operation, passing, act: Some(Box::new(act)) });
    }

    pub(crate) fn act_before(&mut self, operation: &str) {
        let mut acts = Vec::new();
        for hook in self.hooks.iter_mut().filter(|hook| hook.operation == operation) {
            match hook.passing.checked_sub(1) {
                Some(left) => hook.passing = left,
                None => acts.extend(hook.act.take()),
            }
        }
        for act in acts {
            act(self);
        }
    }
}

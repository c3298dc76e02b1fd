//! Bounds what all requests in flight hold together, in bytes. Full means shed: the sender is told to come back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many bytes of requests may be in flight at once, over all receivers.
pub const DEFAULT_IN_FLIGHT_BYTES_MAX: usize = 64 << 20;

#[derive(Debug)]
pub struct Admission {
    used: AtomicUsize,
    max: usize,
}

/// What one request holds; given back when it is dropped.
#[derive(Debug)]
pub struct Ticket {
    admission: Arc<Admission>,
    held: AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collector is full: {used} of {max} bytes are in flight; try again later")]
pub struct AdmissionFull {
    pub used: usize,
    pub max: usize,
}

impl Admission {
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), max })
    }

    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// A ticket that holds nothing yet.
    pub fn ticket(self: &Arc<Self>) -> Ticket {
        Ticket { admission: self.clone(), held: AtomicUsize::new(0) }
    }
}

impl Ticket {
    /// Holds `bytes` more, or nothing more if they do not fit.
    pub fn grow(&self, bytes: usize) -> Result<(), AdmissionFull> {
        let Admission { used, max } = &*self.admission;
        used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|used| used <= max)
        })
        .map_err(|used| AdmissionFull { used, max: *max })?;
        self.held.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.admission.used.fetch_sub(*self.held.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_bytes_that_fit_are_admitted_and_given_back() {
        let admission = Admission::new(100);
        let (first, second) = (admission.ticket(), admission.ticket());
        assert_eq!(first.grow(60), Ok(()));
        assert_eq!(second.grow(40), Ok(()));
        assert_eq!(second.grow(1), Err(AdmissionFull { used: 100, max: 100 }));
        drop(first);
        assert_eq!(admission.used(), 40);
        assert_eq!(second.grow(60), Ok(()));
        drop(second);
        assert_eq!(admission.used(), 0);
    }
}

//! Causes that are known to pass by themselves: trying again is worth it, and is told.

use jqs_stacks::failure::Cause;

/// What the reason of a failure says, in small letters, and what is behind it.
const KNOWN: [(&str, &str); 14] = [
    ("rate exceeded", "a service was asked too often"),
    ("throttl", "a service was asked too often"),
    ("too many requests", "a service was asked too often"),
    ("toomanyrequests", "a service was asked too often"),
    ("internal failure", "a service had an internal failure"),
    ("serviceinternalerror", "a service had an internal failure"),
    ("internal error", "a service had an internal failure"),
    ("service unavailable", "a service was not available"),
    ("serviceunavailable", "a service was not available"),
    ("insufficient capacity", "there was no capacity in the zone"),
    ("insufficientinstancecapacity", "there was no capacity in the zone"),
    ("invalid principal in policy", "a role was not known everywhere yet"),
    ("cannot be assumed", "a role was not known everywhere yet"),
    ("request limit exceeded", "a service was asked too often"),
];
/// The same of deletions, where something lets go a while after it is gone itself.
const KNOWN_OF_DELETIONS: [(&str, &str); 4] = [
    ("has dependencies and cannot be deleted", "something had not let go yet"),
    ("has a dependent object", "something had not let go yet"),
    ("currently in use", "something had not let go yet"),
    ("is being used by", "something had not let go yet"),
];

/// What passes, in words; nothing where the cause is here to stay.
pub fn of_creation(cause: &Cause) -> Option<&'static str> {
    find(&KNOWN, &cause.reason)
}

pub fn of_deletion(cause: &Cause) -> Option<&'static str> {
    find(&KNOWN, &cause.reason).or_else(|| find(&KNOWN_OF_DELETIONS, &cause.reason))
}

fn find(known: &[(&str, &'static str)], reason: &str) -> Option<&'static str> {
    let reason = reason.to_lowercase();
    known.iter().find(|(text, _)| reason.contains(text)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(reason: &str) -> Cause {
        Cause {
            path: vec!["Topic".to_owned()],
            kind: "AWS::SNS::Topic".to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: reason.to_owned(),
            physical_id: String::new(),
        }
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        let throttled = "Resource handler returned message: \"Rate exceeded (Service: Sns, Status Code: 400)\"";
        assert_eq!(of_creation(&cause(throttled)), Some("a service was asked too often"));
        assert_eq!(of_creation(&cause("topic already exists")), None);
        let held = cause("resource sg-1 has a dependent object");
        assert_eq!((of_creation(&held), of_deletion(&held).is_some()), (None, true));
    }
}

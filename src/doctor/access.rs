//! Who asks, and how long that holds.

use super::Subject;
use super::finding::{About, Finding};
use super::region::REGION;
use jqs_cfn::{Error, ErrorKind, region};
use jqs_stacks::{Session, SessionOptions};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Credentials that end sooner may not last as long as a deployment with a domain.
const DEFAULT_EXPIRY_WARNING_SECONDS: u64 = 2_700;

pub(super) const CREDENTIALS: About = About { id: "credentials", title: "Credentials" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let who = format!("{} as {}{}", subject.identity.account, subject.identity.arn, source());
    let Some(end) = subject.session.credentials_expiry().await else { return vec![CREDENTIALS.ok(who)] };
    let found = format!("{who}, until {}", shown(end));
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    if left >= Duration::from_secs(DEFAULT_EXPIRY_WARNING_SECONDS) {
        return vec![CREDENTIALS.ok(found)];
    }
    let advice = "they may end before a deployment does: sign in again, or do so while `jqs` waits for new ones";
    vec![CREDENTIALS.warning(format!("{found}: {} minutes left", left.as_secs() / 60)).advice(advice)]
}

/// What there is to say when nobody is let in: it is the region that is not open to the account where another one answers.
pub(crate) async fn refused(options: &SessionOptions, error: &Error) -> Finding {
    let Ok(session) = Session::open(options).await else { return CREDENTIALS.failed_by(error) };
    let here = session.region;
    let home = match region::partition(&here) {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    };
    if error.kind() == ErrorKind::InvalidCredentials && here != home {
        let elsewhere = SessionOptions { region: Some(home.to_owned()), ..options.clone() };
        if let Ok(session) = Session::open(&elsewhere).await
            && session.identity().await.is_ok()
        {
            let found = format!("{home} takes the credentials and {here} does not: the account has not enabled it");
            return REGION.failed(found).advice(super::region::how_to_enable(&here));
        }
    }
    CREDENTIALS.failed_by(error)
}

/// The SDK looks into the environment first.
fn source() -> String {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY") {
        ", with keys from the environment".to_owned()
    } else {
        String::new()
    }
}

fn shown(time: SystemTime) -> String {
    let rounded = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M UTC").to_string();
    jiff::Timestamp::try_from(time).map(rounded).unwrap_or_else(|_| "a time that no calendar has".to_owned())
}

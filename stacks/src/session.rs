//! The clients, and who is calling: made once, by the SDK's own chain of credentials, region and endpoint.

use crate::aws_error;
use crate::credentials::RenewableCredentials;
use crate::pace::Pace;
use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use jqs_cfn::region;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use std::time::{Duration, SystemTime};

/// The first call must tell quickly that nobody is there; later ones may be patient with throttling.
pub const DEFAULT_FIRST_CALL_ATTEMPTS_MAX: u32 = 2;
pub const DEFAULT_ATTEMPTS_MAX: u32 = 6;
pub const DEFAULT_CONNECT_TIMEOUT_SECONDS: u64 = 5;
pub const DEFAULT_ATTEMPT_TIMEOUT_SECONDS: u64 = 30;

#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    pub profile: Option<String>,
    pub region: Option<String>,
    pub allow_unknown_region: bool,
    pub pace: Pace,
    /// How long one call may take; nothing for `DEFAULT_ATTEMPT_TIMEOUT_SECONDS`.
    pub call_timeout_seconds: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub config: SdkConfig,
    pub cloudformation: aws_sdk_cloudformation::Client,
    pub s3: aws_sdk_s3::Client,
    pub region: String,
    pub pace: Pace,
    pub(crate) call_timeout_seconds: Option<u64>,
    profile: Option<String>,
    credentials: RenewableCredentials,
}

#[derive(Debug, Clone, Serialize)]
pub struct Identity {
    pub account: String,
    pub region: String,
    pub partition: &'static str,
    pub arn: String,
}

impl Session {
    /// Reads the configuration; makes no call to AWS except where a profile says that credentials come from one.
    pub async fn open(options: &SessionOptions) -> Result<Self> {
        let call_timeout = options.call_timeout_seconds.unwrap_or(DEFAULT_ATTEMPT_TIMEOUT_SECONDS);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(DEFAULT_CONNECT_TIMEOUT_SECONDS))
            .operation_attempt_timeout(Duration::from_secs(call_timeout))
            .build();
        let retries = RetryConfig::standard().with_max_attempts(DEFAULT_ATTEMPTS_MAX);
        let credentials = RenewableCredentials::new(options.profile.clone());
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(retries.with_initial_backoff(options.pace.min))
            .timeout_config(timeouts)
            .credentials_provider(credentials.clone())
            // What the SDK keeps could not be taken from it when AWS refuses it.
            .identity_cache(IdentityCache::no_cache());
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let config = loader.load().await;
        let region = config.region().map(ToString::to_string).ok_or_else(|| {
            Error::new(ErrorKind::NoRegion, "no region is chosen").hint(
                "give `--region`, set `AWS_REGION`, or set one in the profile, for instance with `aws configure set region eu-west-1`",
            )
        })?;
        if !options.allow_unknown_region {
            region::check(&region)?;
        }
        let cloudformation = aws_sdk_cloudformation::Client::new(&config);
        let s3 = aws_sdk_s3::Client::new(&config);
        let (pace, profile, call_timeout_seconds) =
            (options.pace, options.profile.clone(), options.call_timeout_seconds);
        Ok(Self { config, cloudformation, s3, region, pace, call_timeout_seconds, profile, credentials })
    }

    /// Credentials that AWS has refused are looked for again with the next call: somebody may have signed in meanwhile.
    pub async fn renew_credentials(&self) {
        self.credentials.renew().await;
    }

    /// When the credentials end; nothing where they do not, or there are none.
    pub async fn credentials_expiry(&self) -> Option<SystemTime> {
        self.credentials.provide_credentials().await.ok()?.expiry()
    }

    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    pub async fn identity(&self) -> Result<Identity> {
        let retries = RetryConfig::standard().with_max_attempts(DEFAULT_FIRST_CALL_ATTEMPTS_MAX);
        let retries = retries.with_initial_backoff(self.pace.min);
        let config = aws_sdk_sts::config::Builder::from(&self.config).retry_config(retries).build();
        let caller = aws_sdk_sts::Client::from_conf(config)
            .get_caller_identity()
            .send()
            .await
            .map_err(|failure| self.explain(aws_error("find out which AWS account this is", failure)))?;
        Ok(Identity {
            account: caller.account().unwrap_or_default().to_owned(),
            region: self.region.clone(),
            partition: region::partition(&self.region),
            arn: caller.arn().unwrap_or_default().to_owned(),
        })
    }

    fn explain(&self, error: Error) -> Error {
        match &self.profile {
            Some(profile) if error.kind() == ErrorKind::NoCredentials => error.hint(format!(
                "see whether the AWS configuration has a profile `{profile}` with credentials: `aws configure list-profiles` names all"
            )),
            _ => error,
        }
    }
}

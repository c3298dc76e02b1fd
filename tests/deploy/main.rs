//! Deploys against the AWS stand-in.

//! Which regions exist. A typing error must fail at once and not after a minute of name look-ups, but a region that AWS
//! opens after this program was built must stay usable: hence a list, and a way round it.

use crate::error::{Error, ErrorKind, Result};

const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Set to `1` to use a region that this build has not heard of.
pub const ALLOW_UNKNOWN_REGION_VARIABLE: &str = "JQS_ALLOW_UNKNOWN_REGION";

pub fn is_known(region: &str) -> bool {
    REGIONS.contains(&region)
}

pub fn check(region: &str) -> Result<()> {
    if is_known(region) {
        return Ok(());
    }
    let nearest = nearest(region);
    Err(Error::new(ErrorKind::UnknownRegion, format!("`{region}` is not a region that this version of `jqs` knows"))
        .hint(format!(
            "did you mean `{nearest}`? If AWS has opened `{region}` since, set `{ALLOW_UNKNOWN_REGION_VARIABLE}=1`"
        )))
}

/// The partition that a region belongs to, as in the second field of an ARN.
pub fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// The domain below which a region's services are, `${AWS::URLSuffix}` in templates.
pub fn url_suffix(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// Every region that this build knows.
pub fn all() -> &'static [&'static str] {
    REGIONS
}

/// The letters of the Availability Zones that a new account commonly sees: three is the rule, with few exceptions.
pub fn zones(region: &str) -> &'static str {
    match region {
        "us-east-1" => "abcdef",
        "us-west-1" => "ab",
        "us-west-2" | "ap-northeast-2" => "abcd",
        "ap-northeast-1" => "acd",
        "ca-central-1" => "abd",
        _ => "abc",
    }
}

fn nearest(region: &str) -> &'static str {
    REGIONS.iter().copied().min_by_key(|known| strsim::damerau_levenshtein(known, region)).unwrap_or("us-east-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_region_names_the_nearest() {
        let error = check("eu-wset-1").expect_err("no such region");
        assert_eq!(error.kind(), ErrorKind::UnknownRegion);
        assert!(error.hint_text().is_some_and(|hint| hint.contains("`eu-west-1`")), "{error:?}");
        assert!(check("eu-mars-9").is_err());
        assert!(check("us-gov-west-1").is_ok());
    }

    #[test]
    fn partitions_have_their_own_domains() {
        assert_eq!((partition("cn-north-1"), url_suffix("cn-north-1")), ("aws-cn", "amazonaws.com.cn"));
        assert_eq!((partition("us-gov-east-1"), url_suffix("us-gov-east-1")), ("aws-us-gov", "amazonaws.com"));
        assert_eq!((partition("eu-west-1"), url_suffix("eu-west-1")), ("aws", "amazonaws.com"));
    }
}

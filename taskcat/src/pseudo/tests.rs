//! What each token stands for.

use super::*;
use crate::config::{Layer, Place};
use async_trait::async_trait;

struct Known;

#[async_trait]
impl Lookup for Known {
    async fn account(&self) -> Result<Option<String>> {
        Ok(Some("111122223333".to_owned()))
    }

    async fn zones(&self) -> Result<Option<Vec<Zone>>> {
        let zone = |id: &str, name: &str, is_standard| Zone { id: id.to_owned(), name: name.to_owned(), is_standard };
        Ok(Some(vec![
            zone("use1-z2", "us-east-1b", true),
            zone("use1-atl1-az1", "us-east-1-atl-1a", false),
            zone("use1-z1", "us-east-1a", true),
            zone("use1-z3", "us-east-1c", true),
        ]))
    }

    async fn parameter(&self, name: &str) -> Result<Option<String>> {
        Ok(Some(format!("ssm {name}")))
    }

    async fn secret(&self, name: &str) -> Result<Option<String>> {
        Ok(Some(format!("secret {name}")))
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Option<String>> {
        Ok(Some(format!("{bucket} {key}")))
    }

    async fn presigned_url(&self, bucket: &str, key: &str, seconds: u64) -> Result<Option<String>> {
        Ok(Some(format!("https://{bucket}/{key}?{seconds}")))
    }

    async fn output(&self, stack: &str, key: &str) -> Result<Option<String>> {
        Ok(Some(format!("{stack}:{key}")))
    }

    async fn url(&self, url: &str) -> Result<Option<String>> {
        Ok(Some(format!("content of {url}")))
    }
}

fn scene() -> Scene {
    Scene {
        root: PathBuf::from("."),
        project: "shop".to_owned(),
        test: "one".to_owned(),
        region: "us-east-1".to_owned(),
        account: String::new(),
        partition: "aws".to_owned(),
        bucket: Some("tcat-shop-a1b2c3d4".to_owned()),
        zones_excluded: vec!["use1-z1".to_owned()],
    }
}

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, Setting> {
    let place = Place { layer: Layer::Project, source: "file".to_owned(), position: None };
    let setting = |value: &str| Setting { value: value.to_owned(), place: place.clone() };
    pairs.iter().map(|(key, value)| (key.to_string(), setting(value))).collect()
}

async fn resolved(value: &str) -> String {
    let found = resolve(&scene(), &settings(&[("A", value)]), &Known).await.expect("resolved");
    found["A"].clone()
}

async fn refused(value: &str) -> String {
    resolve(&scene(), &settings(&[("A", value)]), &Known).await.expect_err("refused").full()
}

#[tokio::test]
async fn every_token_has_its_value() {
    for (value, expected) in [
        ("no token", "no token"),
        ("$[taskcat_autobucket]", "tcat-shop-a1b2c3d4"),
        ("$[taskcat_autobucket_prefix]", "tcat-shop"),
        ("$[taskcat_getkeypair]", "cikey"),
        ("$[taskcat_getlicensebucket]", "override_this"),
        ("$[taskcat_getlicensecontent]/bucket/a/key", "bucket a/key"),
        ("$[taskcat_getlicensecontent/bucket/a/key]", "bucket a/key"),
        ("$[taskcat_presignedurl],bucket,a/key", "https://bucket/a/key?3600"),
        ("$[taskcat_presignedurl,bucket,a/key,60]", "https://bucket/a/key?60"),
        ("$[taskcat_ssm_/a/b_c]", "ssm /a/b_c"),
        ("$[taskcat_secretsmanager_arn:aws:x_y]", "secret arn:aws:x_y"),
        ("$[taskcat_output_net-1.Vpc]", "net-1:Vpc"),
        ("$[taskcat_url_https://example.com/a]", "content of https://example.com/a"),
        ("$[taskcat_current_region]", "us-east-1"),
        ("$[taskcat_project_name]/$[taskcat_test_name]", "shop/one"),
        ("arn:$[taskcat_partition]:iam::$[taskcat_account_id]:root", "arn:aws:iam::111122223333:root"),
    ] {
        assert_eq!(resolved(value).await, expected, "{value}");
    }
}

#[tokio::test]
async fn zones_leave_out_local_ones_and_those_that_are_excluded() {
    assert_eq!(resolved("$[taskcat_genaz_2]").await, "us-east-1b,us-east-1c");
    assert_eq!(resolved("$[taskcat_getsingleaz_2]").await, "us-east-1c");
    let refusal = refused("$[taskcat_genaz_3]").await;
    assert!(
        refusal.ends_with(
            "`us-east-1` has 2 availability zones, 1 excluded by `az_blacklist` left out, and 3 are asked for"
        ),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_password_has_the_length_that_is_asked_for_and_every_class() {
    for (token, letters, specials) in [("genpass_100", 100, false), ("genpass_8A", 8, false), ("genpass_16S", 16, true)]
    {
        for _ in 0..50 {
            let password = resolved(&format!("$[taskcat_{token}]")).await;
            assert_eq!(password.len(), letters, "{token}");
            let has = |class: fn(&u8) -> bool| password.bytes().any(|letter| class(&letter));
            assert!(
                has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit),
                "{password}"
            );
            assert_eq!(password.bytes().any(|letter| !letter.is_ascii_alphanumeric()), specials, "{password}");
        }
    }
    assert_ne!(resolved("$[taskcat_random-string]").await, resolved("$[taskcat_random-string]").await);
    assert_eq!(resolved("$[taskcat_random-numbers]").await.len(), 20);
    assert_eq!(resolved("$[taskcat_genuuid]").await.len(), 36);
}

#[tokio::test]
async fn a_value_is_taken_from_another_parameter_in_any_order() {
    let pairs = [
        ("A", "$[taskcat_getval_B]!"),
        ("B", "$[taskcat_getval_C]-$[taskcat_getval_C]"),
        ("C", "$[taskcat_genpass_9]"),
    ];
    let found = resolve(&scene(), &settings(&pairs), &Known).await.expect("resolved");
    assert_eq!(found["B"], format!("{0}-{0}", found["C"]));
    assert_eq!(found["A"], format!("{}!", found["B"]));
    let circle = settings(&[("A", "$[taskcat_getval_B]"), ("B", "$[taskcat_getval_A]")]);
    let refusal = resolve(&scene(), &circle, &Known).await.expect_err("a circle").full();
    assert!(refusal.ends_with("in a circle: A → B → A"), "{refusal}");
    assert!(refused("$[taskcat_getval_None]").await.ends_with("there is no parameter `None` to take from"));
}

#[tokio::test]
async fn what_is_no_token_is_told() {
    for (value, told) in [
        ("$[taskcat_genpas_8]", "did you mean `$[taskcat_genpass_N]`?"),
        ("$[taskcat_genaz_0]", "takes a number from 1 to 10"),
        ("$[taskcat_genpass_2]", "takes a number from 3 to 1024"),
        ("$[taskcat_presignedurl],bucket", "takes `,BUCKET,KEY`"),
        ("x $[taskcat_genuuid", "has no `]` at its end"),
    ] {
        let refusal = refused(value).await;
        assert!(refusal.contains(told), "{value}: {refusal}");
        assert!(refusal.starts_with("file: `A`: "), "{refusal}");
    }
}

#[tokio::test]
async fn what_only_aws_knows_is_left_out_offline() {
    let offline = Offline { region: "eu-west-1".to_owned() };
    let pairs = [("A", "$[taskcat_ssm_/x]"), ("B", "$[taskcat_getval_A]"), ("C", "$[taskcat_genaz_2]")];
    let found = resolve(&scene(), &settings(&pairs), &offline).await.expect("resolved");
    assert_eq!(found.keys().collect::<Vec<_>>(), ["C"]);
}

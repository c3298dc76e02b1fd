//! What has to be there before the stack: the bucket with the project in it, parameters, what hooks say.

use super::case::{Cut, Life};
use super::create::TEMPLATE_BYTES_MAX;
use super::{Site, hook};
use crate::config::{BucketChoice, Hook};
use crate::package;
use crate::pseudo::{self, Scene};
use jqs_cfn::template::Template;
use jqs_cfn::{Result, parameters};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl Life<'_> {
    pub(super) async fn uncut_prepare(
        &mut self,
        site: &Site,
    ) -> std::result::Result<Result<BTreeMap<String, String>>, Cut> {
        let (stop, deadline) = (self.run.stop.clone(), self.deadline);
        let text = self.time_is_over();
        tokio::select! {
            prepared = self.prepare(site) => Ok(prepared),
            () = stop.raised() => Err(Cut::Stopped),
            () = tokio::time::sleep_until(deadline) => Err(Cut::OutOfTime(text)),
        }
    }

    async fn prepare(&mut self, site: &Site) -> Result<BTreeMap<String, String>> {
        let case = self.case();
        let settings = &case.test.parameters;
        let wants_bucket = !matches!(case.test.bucket, BucketChoice::Auto)
            || pseudo::needs_bucket(settings)
            || self.template.len() > TEMPLATE_BYTES_MAX;
        self.bucket = if wants_bucket { Some(self.fill_bucket(site).await?) } else { None };
        let bucket = self.bucket.as_ref().map(|bucket| bucket.name.clone());
        let scene = self.scene(site, bucket);
        let mut values = pseudo::resolve(&scene, settings, &site.lookup).await?;
        let path = self.run.matrix.config.root.join(&case.test.template);
        for before in &case.test.before {
            let input = self.input(site, before, &values, &BTreeMap::new());
            let answer = hook::run(before, &self.run.matrix.config.root, &input, &self.variables(site)).await?;
            values.extend(given(&answer.value));
        }
        // What tokens and hooks have come to is checked before AWS is asked, all of it at once.
        if let Ok(template) = Template::read(&path.display().to_string(), &self.template) {
            parameters::resolve(&template, &values, &BTreeSet::new())?;
        }
        let hidden = values.iter().filter(|(key, value)| self.no_echo.contains(*key) && !value.is_empty());
        self.hidden.extend(hidden.map(|(_, value)| value.clone()));
        self.result.parameters = values
            .iter()
            .map(|(key, value)| {
                (key.clone(), if self.no_echo.contains(key) { "****".to_owned() } else { value.clone() })
            })
            .collect();
        Ok(values)
    }

    /// The bucket of this case, with the project in it: made and filled by the first that needs it.
    async fn fill_bucket(&self, site: &Site) -> Result<package::Bucket> {
        let config = &self.run.matrix.config;
        let test = &self.case().test;
        let name = package::bucket_name(&test.bucket, &config.name, &self.run.options.run, &site.identity);
        let cell = site.buckets.lock().await.entry(name.clone()).or_default().clone();
        let filled = cell
            .get_or_try_init(|| async {
                if test.bucket == BucketChoice::Auto {
                    let _ = site.own_bucket.set(name);
                }
                let run = &self.run.options.run;
                let bucket = package::open_bucket(&site.session, &site.identity, test, &config.name, run).await?;
                if self.run.options.uploads {
                    let package = self.run.package().await?;
                    let done = package::upload(&site.session, package, &bucket, &test.object_acl).await?;
                    let region = &site.session.region;
                    let kept = if done.kept > 0 { format!(", {} were there", done.kept) } else { String::new() };
                    self.run.sites.note(format!("{region}: {} files sent to `{}`{kept}", done.sent, bucket.name));
                }
                Ok(bucket)
            })
            .await;
        filled.cloned()
    }

    pub(super) fn scene(&self, site: &Site, bucket: Option<String>) -> Scene {
        let (case, config) = (self.case(), &self.run.matrix.config);
        Scene {
            root: config.root.clone(),
            project: config.name.clone(),
            test: case.test.name.clone(),
            region: case.region.clone(),
            account: site.identity.account.clone(),
            partition: site.identity.partition.to_owned(),
            bucket,
            zones_excluded: case.test.zones_excluded.clone(),
        }
    }

    pub(super) fn input(
        &self,
        site: &Site,
        hook: &Hook,
        parameters: &BTreeMap<String, String>,
        outputs: &BTreeMap<String, String>,
    ) -> Value {
        self.input_of(site, hook.config.clone(), parameters, outputs)
    }

    pub(super) fn input_of(
        &self,
        site: &Site,
        config: Value,
        parameters: &BTreeMap<String, String>,
        outputs: &BTreeMap<String, String>,
    ) -> Value {
        json!({
            "project": self.run.matrix.config.name,
            "run": self.run.options.run,
            "test": self.result.test,
            "region": self.result.region,
            "account": site.identity.account,
            "partition": site.identity.partition,
            "stack_name": self.result.stack_name,
            "stack_id": self.result.stack_id,
            "parameters": parameters,
            "outputs": outputs,
            "config": config,
        })
    }

    fn variables(&self, site: &Site) -> Vec<(String, String)> {
        let region = || site.session.region.clone();
        let mut all = vec![("AWS_REGION".to_owned(), region()), ("AWS_DEFAULT_REGION".to_owned(), region())];
        all.extend(site.session.profile().map(|profile| ("AWS_PROFILE".to_owned(), profile.to_owned())));
        all
    }
}

/// `{"parameters": {…}}` of a hook's answer.
fn given(answer: &Value) -> BTreeMap<String, String> {
    let pairs = answer["parameters"].as_object().into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
}

//! The set of templates as one unit: one hash over all names and bytes, one prefix in the bucket. What was uploaded once
//! under its hash never changes, so two versions of the templates never mix and nothing is uploaded twice.

use crate::error::{Error, ErrorKind, Result};
use crate::template::Template;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// 128 bits of the hash: short enough for a console, far from any collision.
const PREFIX_HASH_CHARACTERS: usize = 32;

#[derive(Debug, Clone)]
pub struct Bundle {
    files: BTreeMap<String, Arc<[u8]>>,
    digest: String,
}

impl Bundle {
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let files: BTreeMap<String, Arc<[u8]>> = files.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
        let mut hash = Sha256::new();
        for (name, bytes) in &files {
            // Lengths go in too: moving a byte from a name to its content is another bundle.
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        Self { files, digest: hex::encode(hash.finalize()) }
    }

    pub fn files(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes))
    }

    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where the files go in the bucket; ends in `/`.
    pub fn prefix(&self) -> String {
        format!("jqs/templates/{}/", &self.digest[..PREFIX_HASH_CHARACTERS])
    }

    /// Reads one of the templates, and makes sure that every nested one which it names is in the bundle as well.
    pub fn template(&self, name: &str) -> Result<Template> {
        let text = self.text(name)?;
        let template = Template::read(name, text)?;
        for resource in &template.resources {
            let Some(file) = resource.nested_file() else { continue };
            if !self.files.contains_key(file) {
                let message = format!("`{}` names `{file}`, which is not among the templates", resource.logical_id);
                return Err(crate::template::fault(name, resource.span.start, message));
            }
        }
        Ok(template)
    }

    pub fn text(&self, name: &str) -> Result<&str> {
        let bytes = self
            .files
            .get(name)
            .ok_or_else(|| Error::new(ErrorKind::Template, format!("there is no template `{name}`")))?;
        std::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::Template, format!("`{name}` is not UTF-8")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(files: &[(&str, &str)]) -> Bundle {
        Bundle::new(files.iter().map(|(name, text)| (name.to_string(), text.as_bytes().to_vec())))
    }

    #[test]
    fn the_hash_depends_on_names_and_bytes_and_not_on_order() {
        let one = bundle(&[("a", "1"), ("b", "2")]);
        assert_eq!(one.digest(), bundle(&[("b", "2"), ("a", "1")]).digest());
        assert_ne!(one.digest(), bundle(&[("a", "1"), ("b", "3")]).digest());
        assert_ne!(bundle(&[("ab", "c")]).digest(), bundle(&[("a", "bc")]).digest());
        assert!(one.prefix().starts_with("jqs/templates/") && one.prefix().ends_with('/'));
    }

    #[test]
    fn a_nested_template_that_is_not_there_is_found_at_once() {
        let entry = "\
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub 'https://${TemplateBucket}/${TemplatePrefix}modules/vpc.yaml'
";
        let error = bundle(&[("entry.yaml", entry)]).template("entry.yaml").expect_err("a missing module");
        assert_eq!(
            error.to_string(),
            "entry.yaml:2:3: `Network` names `modules/vpc.yaml`, which is not among the templates"
        );
        let module = "Resources: {Topic: {Type: AWS::SNS::Topic}}";
        assert!(bundle(&[("entry.yaml", entry), ("modules/vpc.yaml", module)]).template("entry.yaml").is_ok());
    }
}

//! The actions of each type, from the provider schemas: a table that is packed into the program.

use flate2::read::MultiGzDecoder;
use jqs_cfn::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

/// Made by `taskcat/data/permissions.sh`; its first line says of when it is.
const TABLE: &[u8] = include_bytes!("permissions.tsv.gz");
const TABLE_BYTES_MAX: u64 = 8 << 20;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypePermissions {
    pub create: BTreeSet<String>,
    pub read: BTreeSet<String>,
    pub update: BTreeSet<String>,
    pub delete: BTreeSet<String>,
}

pub struct Permissions {
    by_type: BTreeMap<String, TypePermissions>,
}

impl Permissions {
    pub fn read() -> Result<Self> {
        let mut text = String::new();
        let unpacked = MultiGzDecoder::new(TABLE).take(TABLE_BYTES_MAX).read_to_string(&mut text);
        unpacked.map_err(|error| Error::new(ErrorKind::Io, "cannot unpack the table of permissions").because(error))?;
        let by_type = text.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect();
        Ok(Self { by_type })
    }

    pub fn of(&self, kind: &str) -> Option<&TypePermissions> {
        self.by_type.get(kind)
    }
}

fn row(line: &str) -> Option<(String, TypePermissions)> {
    let mut fields = line.split('\t');
    let kind = fields.next()?.to_owned();
    let mut next = || -> BTreeSet<String> {
        let actions = fields.next().unwrap_or_default().split(',');
        actions.filter(|action| action.contains(':')).map(str::to_owned).collect()
    };
    Some((kind, TypePermissions { create: next(), read: next(), update: next(), delete: next() }))
}

impl TypePermissions {
    pub fn all(&self) -> BTreeSet<&String> {
        [&self.create, &self.read, &self.update, &self.delete].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_own_actions() {
        let permissions = Permissions::read().expect("the table");
        let topic = permissions.of("AWS::SNS::Topic").expect("known");
        assert!(topic.create.contains("sns:CreateTopic") && topic.delete.contains("sns:DeleteTopic"));
        assert!(topic.all().iter().all(|action| !action.starts_with("ec2:")));
        assert!(permissions.of("AWS::SNS::Topik").is_none());
    }
}

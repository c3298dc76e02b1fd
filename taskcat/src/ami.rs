//! Mappings of regions to images, brought up to date: `Mappings.AWSAMIRegionMap`, by the filters in
//! `Metadata.AWSAMIRegionMap.Filters`, as TaskCat has them. The text is edited where the images stand, and nowhere else.

use jqs_cfn::template::{self, Node};
use jqs_cfn::{Error, Result};
use jqs_stacks::query::{EC2, Query, TOKEN};
use std::collections::{BTreeMap, BTreeSet};

const MAP: &str = "AWSAMIRegionMap";

/// Name of a filter of EC2 → values.
pub type Filters = BTreeMap<String, Vec<String>>;

/// One image in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub region: String,
    pub codename: String,
    pub image: String,
    /// In the text, quotes included.
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    pub entries: Vec<Entry>,
    pub filters: BTreeMap<String, Filters>,
}

impl Images {
    /// Empty where the template has no such mapping.
    pub fn read(name: &str, text: &str) -> Result<Self> {
        let root = template::parse(name, text).map_err(Error::from)?;
        let under = |section: &str| root.get(section).and_then(|node| node.get(MAP));
        let mut images = Self::default();
        for (region, codenames) in under("Mappings").map(Node::entries).unwrap_or_default() {
            let Some(region) = region.text().filter(|region| *region != "AMI") else { continue };
            for (codename, image) in codenames.entries() {
                let (Some(codename), Some(value)) = (codename.text(), image.text()) else { continue };
                images.entries.push(Entry {
                    region: region.to_owned(),
                    codename: codename.to_owned(),
                    image: value.to_owned(),
                    start: image.span.start.offset as usize,
                    end: image.span.end.offset as usize,
                });
            }
        }
        let filters = under("Metadata").and_then(|node| node.get("Filters"));
        for (codename, body) in filters.map(Node::entries).unwrap_or_default() {
            let Some(codename) = codename.text() else { continue };
            let values = |node: &Node| match node.text() {
                Some(one) => vec![one.to_owned()],
                None => node.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
            };
            let found = body.entries().iter().filter_map(|(key, node)| Some((key.text()?.to_owned(), values(node))));
            images.filters.insert(codename.to_owned(), found.collect());
        }
        Ok(images)
    }

    pub fn regions(&self) -> BTreeSet<&str> {
        self.entries.iter().map(|entry| entry.region.as_str()).collect()
    }

    /// The text with other images; those that are not `found` stay.
    pub fn replaced(&self, text: &str, found: &BTreeMap<(String, String), String>) -> String {
        let mut text = text.to_owned();
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.start));
        for entry in entries {
            let Some(image) = found.get(&(entry.region.clone(), entry.codename.clone())) else { continue };
            let Some(old) = text.get(entry.start..entry.end) else { continue };
            let quote = old.chars().next().filter(|first| matches!(first, '"' | '\''));
            let quote = quote.map(String::from).unwrap_or_default();
            text.replace_range(entry.start..entry.end, &format!("{quote}{image}{quote}"));
        }
        text
    }
}

/// The newest image of a region that the filters let through; nothing where there is none.
pub async fn newest(query: &Query, filters: &Filters) -> Result<Option<String>> {
    let mut parameters = Vec::new();
    for (at, (name, values)) in filters.iter().enumerate() {
        parameters.push((format!("Filter.{}.Name", at + 1), name.clone()));
        for (number, value) in values.iter().enumerate() {
            parameters.push((format!("Filter.{}.Value.{}", at + 1, number + 1), value.clone()));
        }
    }
    let parameters: Vec<(&str, &str)> = parameters.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let found = query.list(EC2, "DescribeImages", &parameters, "imagesSet", TOKEN).await?;
    let newest =
        found.iter().max_by_key(|image| (image.text("creationDate").to_owned(), image.text("imageId").to_owned()));
    Ok(newest.map(|image| image.text("imageId").to_owned()).filter(|id| !id.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# kept
Metadata:
  AWSAMIRegionMap:
    Filters:
      LINUX: {name: 'al2023-ami-2023.*', owner-alias: [amazon]}
Mappings:
  AWSAMIRegionMap:
    AMI: {LINUX: al2023}
    us-east-1: {LINUX: ami-1} # here too
    eu-west-1:
      LINUX: \"ami-2\"
      OTHER: ami-3
";

    #[test]
    fn only_the_images_change() {
        let images = Images::read("t.yaml", TEXT).expect("read");
        assert_eq!(images.regions().into_iter().collect::<Vec<_>>(), ["eu-west-1", "us-east-1"]);
        assert_eq!(images.filters["LINUX"]["owner-alias"], ["amazon"]);
        let key = |region: &str| (region.to_owned(), "LINUX".to_owned());
        let found = BTreeMap::from([(key("us-east-1"), "ami-10".to_owned()), (key("eu-west-1"), "ami-20".to_owned())]);
        let expected = TEXT.replace("LINUX: ami-1}", "LINUX: ami-10}").replace("\"ami-2\"", "\"ami-20\"");
        assert_eq!(images.replaced(TEXT, &found), expected);
        assert_eq!(images.replaced(TEXT, &BTreeMap::new()), TEXT);
    }
}

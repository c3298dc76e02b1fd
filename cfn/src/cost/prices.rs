//! Prices by region, from a dated file that the program carries and files that say what differs.

use crate::error::{Error, ErrorKind, Result};
use crate::template::{Node, Position, fault, parse};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

const BUILT_IN: &str = include_str!("prices.yaml");
const BUILT_IN_NAME: &str = "prices.yaml";
/// What a price that is not listed for a region is derived from.
const BASE_REGION: &str = "us-east-1";
/// Names below this one are instance types, of which a file may bring more.
const OPEN_FAMILY: &str = "opensearch-instance/";
const OPEN_FAMILY_PER: &str = "hour";
const SECTIONS: [&str; 6] = ["as_of", "currency", "sources", "factors", "prices", "free"];

/// Everything that a file of prices says.
#[derive(Debug, Clone, Default)]
pub struct PriceList {
    as_of: String,
    currency: String,
    sources: BTreeMap<String, String>,
    factors: BTreeMap<String, f64>,
    prices: BTreeMap<String, Entry>,
    free: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    per: String,
    source: String,
    regions: BTreeMap<String, f64>,
}

/// The prices of one region.
#[derive(Debug, Clone)]
pub struct Prices {
    list: Arc<PriceList>,
    region: String,
    factor: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Price {
    pub name: String,
    pub amount: f64,
    /// What it is paid for one of.
    pub per: String,
    /// The page, or the file, that it is from.
    pub source: String,
    /// Derived from another region's.
    pub is_estimate: bool,
}

impl PriceList {
    pub fn built_in() -> Result<Self> {
        Self::default().read(BUILT_IN_NAME, BUILT_IN, true)
    }

    /// These prices with what a file of the same shape says differently. `name` is what errors call the file.
    pub fn with(&self, name: &str, text: &str) -> Result<Self> {
        self.clone().read(name, text, false)
    }

    pub fn in_region(&self, region: &str) -> Result<Prices> {
        let Some(factor) = self.factors.get(region) else {
            let message = format!("there are no prices for the region `{region}`");
            return Err(Error::new(ErrorKind::UnknownRegion, message).hint(format!(
                "give `--prices FILE` with `factors: {{{region}: 1.2}}`, its price level beside {BASE_REGION}"
            )));
        };
        Ok(Prices { list: Arc::new(self.clone()), region: region.to_owned(), factor: *factor })
    }

    fn read(mut self, name: &str, text: &str, is_new: bool) -> Result<Self> {
        let root = parse(name, text)?;
        for (section, body) in root.entries() {
            match section.text().unwrap_or_default() {
                "as_of" => self.as_of = word(name, body)?,
                "currency" => self.currency = word(name, body)?,
                "sources" => self.sources.extend(texts(name, body)?),
                "free" => self.free.extend(texts(name, body)?),
                "factors" => {
                    for (key, value) in body.entries() {
                        self.factors.insert(word(name, key)?, amount(name, value)?);
                    }
                }
                "prices" => {
                    for (key, value) in body.entries() {
                        self.price(name, key, value, is_new)?;
                    }
                }
                other => return Err(unknown(name, section, "section", other, SECTIONS.into_iter())),
            }
        }
        Ok(self)
    }

    fn price(&mut self, file: &str, key: &Node, body: &Node, is_new: bool) -> Result<()> {
        let name = word(file, key)?;
        if !is_new && !self.prices.contains_key(&name) && !name.starts_with(OPEN_FAMILY) {
            return Err(unknown(file, key, "price", &name, self.prices.keys().map(String::as_str)));
        }
        let mut entry = self.prices.get(&name).cloned().unwrap_or_default();
        if !is_new {
            file.clone_into(&mut entry.source);
        }
        for (field, value) in body.entries() {
            match field.text().unwrap_or_default() {
                "per" => entry.per = word(file, value)?,
                "source" => {
                    let source = word(file, value)?;
                    let Some(page) = self.sources.get(&source) else {
                        return Err(unknown(file, value, "source", &source, self.sources.keys().map(String::as_str)));
                    };
                    entry.source.clone_from(page);
                }
                region if self.factors.contains_key(region) => {
                    entry.regions.insert(region.to_owned(), amount(file, value)?);
                }
                region => return Err(unknown(file, field, "region", region, self.factors.keys().map(String::as_str))),
            }
        }
        if entry.per.is_empty() && name.starts_with(OPEN_FAMILY) {
            OPEN_FAMILY_PER.clone_into(&mut entry.per);
        }
        self.prices.insert(name, entry);
        Ok(())
    }
}

impl Prices {
    pub fn region(&self) -> &str {
        &self.region
    }

    pub fn as_of(&self) -> &str {
        &self.list.as_of
    }

    pub fn currency(&self) -> &str {
        &self.list.currency
    }

    /// Nothing where neither this region nor the one that others are derived from has it.
    pub fn get(&self, name: &str) -> Option<Price> {
        let entry = self.list.prices.get(name)?;
        let listed = entry.regions.get(&self.region).copied();
        let amount = listed.or_else(|| entry.regions.get(BASE_REGION).map(|base| base * self.factor))?;
        let (per, source) = (entry.per.clone(), entry.source.clone());
        Some(Price { name: name.to_owned(), amount, per, source, is_estimate: listed.is_none() })
    }

    /// Why a type of resource costs nothing, where it does not.
    pub fn free(&self, kind: &str) -> Option<&str> {
        self.list.free.get(kind).map(String::as_str)
    }
}

fn word(file: &str, node: &Node) -> Result<String> {
    let text = node.text().filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| at(file, node, "a text is missing here"))
}

fn texts(file: &str, body: &Node) -> Result<Vec<(String, String)>> {
    body.entries().iter().map(|(key, value)| Ok((word(file, key)?, word(file, value)?))).collect()
}

fn amount(file: &str, node: &Node) -> Result<f64> {
    let text = node.text().unwrap_or_default();
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        _ => Err(at(file, node, format!("`{text}` is not an amount of money"))),
    }
}

fn unknown<'a>(file: &str, node: &Node, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let nearest = known.min_by_key(|each| strsim::damerau_levenshtein(each, name)).unwrap_or_default();
    at(file, node, format!("there is no {what} `{name}`: did you mean `{nearest}`?"))
}

fn at(file: &str, node: &Node, message: impl std::fmt::Display) -> Error {
    let start: Position = node.span.start;
    fault(file, start, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region;

    fn built_in() -> PriceList {
        PriceList::built_in().expect("the prices that the program carries")
    }

    #[test]
    fn every_price_has_a_unit_a_page_and_the_base_region() {
        let list = built_in();
        assert!(!list.as_of.is_empty() && list.currency == "USD");
        for (name, entry) in &list.prices {
            assert!(!entry.per.is_empty() && entry.source.starts_with("https://aws.amazon.com/"), "{name}");
            assert!(entry.regions.get(BASE_REGION).is_some_and(|amount| *amount > 0.0), "{name}");
        }
        for region in list.factors.keys() {
            assert!(region::is_known(region), "{region}");
        }
    }

    #[test]
    fn what_a_region_does_not_list_is_derived_and_marked() {
        let (paris, ireland) = (built_in().in_region("eu-west-3"), built_in().in_region("eu-west-1"));
        let derived = paris.expect("known").get("nat-gateway/hour").expect("a price");
        assert!((derived.amount - 0.045 * 1.17).abs() < 1e-12 && derived.is_estimate, "{derived:?}");
        let listed = ireland.expect("known").get("nat-gateway/hour").expect("a price");
        assert_eq!((listed.amount, listed.is_estimate), (0.048, false));
    }

    #[test]
    fn a_region_without_prices_is_an_error_until_a_file_brings_them() {
        let error = built_in().in_region("cn-north-1").expect_err("other currency");
        assert_eq!(error.kind(), ErrorKind::UnknownRegion);
        let list = built_in().with("mine.yaml", "factors: {cn-north-1: 1.5}").expect("valid");
        assert_eq!(list.in_region("cn-north-1").expect("now").get("kms/key").expect("a price").amount, 1.5);
    }

    #[test]
    fn a_file_changes_what_it_says_and_nothing_else() {
        let text = "
as_of: '2026-01-31'
prices:
  nat-gateway/hour: {eu-west-1: 0.04}
  opensearch-instance/m9g.large.search: {us-east-1: 0.2}
free: {My::Own::Thing: ours}
";
        let prices = built_in().with("mine.yaml", text).and_then(|list| list.in_region("eu-west-1")).expect("valid");
        let hour = prices.get("nat-gateway/hour").expect("a price");
        assert_eq!((hour.amount, hour.per.as_str(), hour.source.as_str()), (0.04, "hour", "mine.yaml"));
        assert_eq!(prices.get("nat-gateway/data").map(|price| price.amount), Some(0.048));
        let instance = prices.get("opensearch-instance/m9g.large.search").expect("a price");
        assert!((instance.amount - 0.22).abs() < 1e-12 && instance.is_estimate && instance.per == "hour");
        assert_eq!((prices.as_of(), prices.free("My::Own::Thing")), ("2026-01-31", Some("ours")));
    }

    #[test]
    fn faults_name_file_line_and_column() {
        for (text, expected) in [
            ("price: {}", "mine.yaml:1:1: there is no section `price`: did you mean `prices`?"),
            (
                "prices:\n  nat-gatway/hour: {us-east-1: 1}",
                "mine.yaml:2:3: there is no price `nat-gatway/hour`: did you mean `nat-gateway/hour`?",
            ),
            (
                "prices:\n  kms/key: {eu-wset-1: 1}",
                "mine.yaml:2:13: there is no region `eu-wset-1`: did you mean `eu-west-1`?",
            ),
            ("prices:\n  kms/key:\n    us-east-1: -1", "mine.yaml:3:16: `-1` is not an amount of money"),
            ("factors: {us-east-1: NaN}", "mine.yaml:1:22: `NaN` is not an amount of money"),
            ("as_of: []", "mine.yaml:1:8: a text is missing here"),
            ("prices: {kms/key: {source: kns}}", "mine.yaml:1:28: there is no source `kns`: did you mean `kms`?"),
        ] {
            assert_eq!(built_in().with("mine.yaml", text).expect_err(text).to_string(), expected);
        }
    }
}

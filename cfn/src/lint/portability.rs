//! What ties a template to one partition, region, account or zone (J2).

use super::catalog::finding;
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::region;
use crate::template::{Node, Template};

/// Where such texts are meant: comparisons and keys of mappings, and words for people.
const MEANT: [&str; 5] = ["Fn::Equals", "Fn::FindInMap", "Description", "GroupDescription", "AlarmDescription"];
const PARTITIONS: [&str; 4] = ["arn:aws:", "arn:aws-cn:", "arn:aws-us-gov:", "arn:aws-eusc:"];
const DOMAINS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"];
const ACCOUNT_DIGITS: usize = 12;

pub(super) fn check(template: &Template) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for section in ["Resources", "Outputs"] {
        let Some(node) = template.root.get(section) else { continue };
        walk::each(node, &mut vec![section.to_owned()], &mut |path, node| {
            if let Some(text) = node.text().filter(|_| !is_meant(path)) {
                found.extend(faults(template, path, node, text));
            }
        });
    }
    for parameter in &template.parameters {
        let path: Vec<String> = ["Parameters", &parameter.name, "Default"].map(str::to_owned).to_vec();
        let Some(node) = walk::find(&template.root, &path) else { continue };
        if let Some(image) = node.text().and_then(image) {
            let message = format!("`{image}` exists in one region");
            found.push(Diagnostic { path, ..finding("J2005", &template.name, node.span, message) });
        }
    }
    found
}

fn is_meant(path: &[String]) -> bool {
    path.iter().any(|key| MEANT.contains(&key.as_str())) || path.get(2).is_some_and(|key| key == "Metadata")
}

fn faults(template: &Template, path: &[String], node: &Node, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut report = |rule: &'static str, message: String| {
        found.push(Diagnostic { path: path.to_vec(), ..finding(rule, &template.name, node.span, message) });
    };
    if let Some(partition) = PARTITIONS.iter().find(|partition| text.contains(**partition)) {
        report("J2001", format!("`{partition}` names one partition"));
    }
    match region_in(text) {
        Some((region, Some(zone))) => report("J2004", format!("`{region}{zone}` is a zone of one region")),
        Some((region, None)) => report("J2002", format!("`{region}` is one region")),
        None => {}
    }
    if let Some(account) = account(path, text) {
        report("J2003", format!("`{account}` is one account"));
    }
    if let Some(image) = image(text) {
        report("J2005", format!("`{image}` exists in one region"));
    }
    let is_principal = path.iter().any(|key| key == "Service");
    if !is_principal && DOMAINS.iter().any(|domain| names_domain(text, domain)) {
        report("J2006", "the domain of AWS's services is another one in other partitions".to_owned());
    }
    found
}

/// A region that stands by itself in a text, and the letter of a zone behind it.
fn region_in(text: &str) -> Option<(&'static str, Option<char>)> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let places = region::all().iter().filter_map(|region| text.find(region).map(|at| (at, *region)));
    let mut places: Vec<(usize, &str)> = places.collect();
    places.sort_unstable();
    places.into_iter().find_map(|(at, region)| {
        if text[..at].ends_with(is_word) {
            return None;
        }
        let mut rest = text[at + region.len()..].chars();
        match (rest.next(), rest.next()) {
            (Some(zone @ 'a'..='f'), next) if !next.is_some_and(is_word) => Some((region, Some(zone))),
            (next, _) if !next.is_some_and(is_word) => Some((region, None)),
            _ => None,
        }
    })
}

/// Twelve digits in an ARN, or by themselves where an account is expected.
fn account<'a>(path: &[String], text: &'a str) -> Option<&'a str> {
    let is_account = |part: &str| part.len() == ACCOUNT_DIGITS && part.chars().all(|digit| digit.is_ascii_digit());
    if text.contains("arn:") {
        return text.split(':').find(|part| is_account(part));
    }
    let is_expected = path.iter().any(|key| key.contains("Account") || key == "Principal" || key == "AWS");
    (is_expected && is_account(text)).then_some(text)
}

fn image(text: &str) -> Option<&str> {
    let at = text.find("ami-")?;
    let length = text[at + 4..].chars().take_while(char::is_ascii_hexdigit).count();
    let is_whole = !text[..at].ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '-');
    (is_whole && matches!(length, 8 | 17)).then(|| &text[at..at + 4 + length])
}

/// Whether an address below a domain is written. `ecs-tasks.amazonaws.com` by itself is none: it names a service, in every
/// partition alike.
fn names_domain(text: &str, domain: &str) -> bool {
    text.match_indices(domain).any(|(at, _)| {
        let service = text[..at]
            .trim_end_matches(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
        service.len() == at || service.ends_with(['.', '}', '/', ')'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_zones_are_told_from_other_words() {
        assert_eq!(region_in("s3.eu-west-1.example"), Some(("eu-west-1", None)));
        assert_eq!(region_in("eu-west-1b"), Some(("eu-west-1", Some('b'))));
        assert_eq!(region_in("my-eu-west-1"), None);
        assert_eq!(region_in("eu-west-10"), None);
        assert_eq!(region_in("us-gov-west-1"), Some(("us-gov-west-1", None)));
    }

    #[test]
    fn accounts_and_images_are_told_from_other_numbers() {
        let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        assert_eq!(account(&path(&["Arn"]), "arn:aws:iam::111122223333:role/x"), Some("111122223333"));
        assert_eq!(account(&path(&["SourceAccount"]), "111122223333"), Some("111122223333"));
        assert_eq!(account(&path(&["Timestamp"]), "111122223333"), None);
        assert_eq!(image("x/ami-0123456789abcdef0"), Some("ami-0123456789abcdef0"));
        assert_eq!(image("salami-01234567"), None);
        let names = |text: &str| names_domain(text, ".amazonaws.com");
        assert!(!names("ecs-tasks.amazonaws.com") && !names("{\"Service\": \"es.amazonaws.com\"}"));
        assert!(
            names("a.b.amazonaws.com")
                && names("https://s3.amazonaws.com/x")
                && names("s3.${AWS::Region}.amazonaws.com")
        );
    }
}

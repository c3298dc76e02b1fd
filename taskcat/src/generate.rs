//! A `.taskcat.yml` to begin with, from the templates of a folder.

use crate::config::Config;
use jqs_cfn::eval::{Folder, Library, StackTree};
use jqs_cfn::template::{Parameter, Template};
use jqs_cfn::{Error, ErrorKind, Result};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

#[derive(Debug)]
pub struct Generated {
    pub text: String,
    pub templates: Vec<String>,
    /// Parameters that somebody has to fill in.
    pub open: Vec<String>,
}

/// A test for each template that no other one nests.
pub fn generate(root: &Path, project: Option<&str>, regions: &[String]) -> Result<Generated> {
    let folder = Folder::open(root)?;
    let (mut templates, mut nested) = (Vec::new(), BTreeSet::new());
    for name in folder.names()? {
        let Some(text) = folder.text(&name)? else { continue };
        let Ok(template) = Template::read(&name, &text) else { continue };
        if template.resources.is_empty() {
            continue;
        }
        if let Ok(tree) = StackTree::open(&folder, &name) {
            nested.extend(tree.stacks().iter().skip(1).map(|stack| stack.file().to_owned()));
        }
        templates.push(template);
    }
    templates.retain(|template| !nested.contains(&template.name));
    if templates.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no template below `{}`", root.display())));
    }
    let name = project.map_or_else(|| Config::default_name(root), str::to_owned);
    let mut text = format!(
        "# Tests of the templates, in regions: `jqs test prove` looks offline whether they would work, `jqs test run` deploys,\n\
         # checks and deletes them. Every key: docs/test.md of jqs, or TaskCat's own documentation.\nproject:\n  name: {name}\n  regions:\n"
    );
    for region in regions {
        let _ = writeln!(text, "    - {region}");
    }
    text.push_str("tests:\n");
    let mut open = Vec::new();
    let mut names = BTreeSet::new();
    for template in &templates {
        test(&mut text, template, &mut names, &mut open);
    }
    Ok(Generated { text, templates: templates.into_iter().map(|template| template.name).collect(), open })
}

fn test(text: &mut String, template: &Template, names: &mut BTreeSet<String>, open: &mut Vec<String>) {
    let stem = Path::new(&template.name).file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let legal: String = stem.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let mut name = legal.trim_matches('-').to_owned();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{}-{number}", legal.trim_matches('-'));
        number += 1;
    }
    let _ = writeln!(text, "  {name}:\n    template: {}", quoted(&template.name));
    let needed: Vec<&Parameter> = template.parameters.iter().filter(|parameter| is_needed(parameter)).collect();
    if needed.is_empty() {
        return;
    }
    text.push_str("    parameters:\n");
    for parameter in needed {
        if let Some(description) = &parameter.description {
            let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "      # {line}");
        }
        match value(parameter) {
            Some(value) => drop(writeln!(text, "      {}: {value}", parameter.name)),
            None => {
                open.push(format!("{}: {} ({})", template.name, parameter.name, parameter.kind));
                let _ = writeln!(text, "      {}: FILL-IN", parameter.name);
            }
        }
    }
}

/// It has no default, or one that only a run can replace.
fn is_needed(parameter: &Parameter) -> bool {
    parameter.default.is_none() || is_bucket(&parameter.name)
}

fn is_bucket(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with("s3bucketname") || name == "templatebucket" || name == "qss3bucket"
}

/// What a run can find out or make up, by type, constraints and name.
fn value(parameter: &Parameter) -> Option<String> {
    let name = parameter.name.to_lowercase();
    if is_bucket(&name) {
        return Some("$[taskcat_autobucket]".to_owned());
    }
    if name.ends_with("s3bucketregion") || name == "templatebucketregion" {
        return Some("$[taskcat_current_region]".to_owned());
    }
    if name.ends_with("s3keyprefix") {
        return Some("$[taskcat_project_name]/".to_owned());
    }
    if let Some(first) = parameter.allowed_values.first() {
        return Some(quoted(first));
    }
    match parameter.aws_kind() {
        Some("AWS::EC2::AvailabilityZone::Name") if parameter.is_list() => {
            return Some("$[taskcat_genaz_2]".to_owned());
        }
        Some("AWS::EC2::AvailabilityZone::Name") => return Some("$[taskcat_gensingleaz_1]".to_owned()),
        Some("AWS::EC2::KeyPair::KeyName") => return Some("$[taskcat_getkeypair]".to_owned()),
        Some(_) => return None,
        None => {}
    }
    if parameter.no_echo || name.contains("password") {
        let letters = parameter.length_min.unwrap_or(16).clamp(16, 64).min(parameter.length_max.unwrap_or(64));
        return Some(format!("$[taskcat_genpass_{letters}A]"));
    }
    if parameter.kind == "Number" {
        return Some(parameter.value_min.unwrap_or(1.0).to_string());
    }
    None
}

fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/'))
        && text.chars().next().is_some_and(|first| first.is_ascii_alphabetic())
        && !matches!(text.to_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n");
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LoadOptions;

    #[test]
    fn what_is_generated_can_be_loaded() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("entry.yaml", "
Parameters:
  Zones: {Type: 'List<AWS::EC2::AvailabilityZone::Name>', Description: Where it runs}
  Password: {Type: String, NoEcho: true, MinLength: 20}
  Size: {Type: String, AllowedValues: ['1', big]}
  Vpc: {Type: 'AWS::EC2::VPC::Id'}
  QSS3BucketName: {Type: String, Default: somebody}
Resources:
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Sub 'https://${QSS3BucketName}.s3.amazonaws.com/p/child.yaml'}}
");
        write("child.yaml", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n");
        write("other.json", "{\"Resources\": {\"Topic\": {\"Type\": \"AWS::SNS::Topic\"}}}");
        write("package.json", "{\"name\": \"no template\"}");
        let made = generate(folder.path(), Some("shop"), &["eu-west-1".to_owned()]).expect("generated");
        assert_eq!(made.templates, ["entry.yaml", "other.json"]);
        assert_eq!(made.open, ["entry.yaml: Vpc (AWS::EC2::VPC::Id)"]);
        for line in [
            "      # Where it runs\n      Zones: $[taskcat_genaz_2]",
            "      Password: $[taskcat_genpass_20A]",
            "      Size: '1'",
            "      QSS3BucketName: $[taskcat_autobucket]",
        ] {
            assert!(made.text.contains(line), "{line}\n{}", made.text);
        }
        write(".taskcat.yml", &made.text.replace("FILL-IN", "vpc-0aaaaaaaaaaaaaaa1"));
        let options = LoadOptions { project_root: folder.path().to_owned(), ..LoadOptions::default() };
        assert_eq!(Config::load(&options).expect("loaded").tests.len(), 2);
    }
}

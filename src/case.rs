//! One case, evaluated without AWS: templates, the parameters that are known, a region. Some commands need nothing else, and a
//! deployment is told beforehand what would otherwise show itself in its middle.

use crate::cli::TemplateArgs;
use crate::context::Context;
use crate::printer::Printer;
use crate::source::Source;
use crate::templates;
use jqs_cfn::bundle::Bundle;
use jqs_cfn::eval::{Evaluator, Fault, Given, ResolvedStack, StackId, StackTree, resolve};
use jqs_cfn::{Error, ErrorKind, Result, parameters, region};
use std::collections::BTreeSet;
use std::path::Path;

/// Where neither the command line nor the environment names one.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

pub(crate) struct Case {
    pub(crate) tree: StackTree,
    pub(crate) given: Given,
}

impl Case {
    /// Parameters that are given are checked; those that are not stay unknown where they have no default.
    pub(crate) fn open(context: &Context, path: Option<&Path>, arguments: &TemplateArgs) -> Result<Self> {
        let region = region(context)?;
        let case = Self::read(&region, path, arguments)?;
        case.warn(&context.printer);
        Ok(case)
    }

    pub(crate) fn read(region: &str, path: Option<&Path>, arguments: &TemplateArgs) -> Result<Self> {
        let mut given = Given::new(region);
        given.parameters = templates::given_parameters(arguments)?;
        let tree = Source::open(path, arguments)?.tree_with(&given.parameters)?;
        let template = &tree.root().program.template;
        let open: BTreeSet<String> = template.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        parameters::resolve(template, &given.parameters, &open)?;
        Ok(Self { tree, given })
    }

    pub(crate) fn resolve(&self) -> Result<ResolvedStack> {
        resolve(&self.tree, &self.given).map_err(|fault| Error::new(ErrorKind::Template, fault.to_string()))
    }

    /// What does not hinder an answer, but whoever reads it must know.
    fn warn(&self, printer: &Printer) {
        for (file, logical_id, url) in &self.tree.missing {
            printer.warning(&format!("{file}: the template of `{logical_id}` is not there ({url})"));
        }
        if let Ok(Some(violation)) = Evaluator::new(&self.tree, &self.given).violation(StackId::ROOT) {
            let why = violation.description.unwrap_or_default();
            printer.warning(&format!("the template refuses these parameters, by its rule `{}`: {why}", violation.rule));
        }
    }
}

fn region(context: &Context) -> Result<String> {
    let options = &context.settings.session;
    let variables = REGION_VARIABLES.into_iter().filter_map(|name| std::env::var(name).ok());
    let named = options.region.clone().or_else(|| variables.into_iter().find(|value| !value.is_empty()));
    let region = named.unwrap_or_else(|| DEFAULT_REGION.to_owned());
    if !options.allow_unknown_region {
        region::check(&region)?;
    }
    Ok(region)
}

/// Refuses a case that CloudFormation would refuse, or fail over.
pub(crate) fn check(bundle: &Bundle, entry: &str, given: &Given) -> Result<()> {
    let tree = StackTree::open_with(bundle, entry, &given.parameters)?;
    let failed = |fault: Fault| {
        Error::new(ErrorKind::Parameter, "the templates cannot be evaluated with these parameters").because(fault)
    };
    let evaluator = Evaluator::new(&tree, given);
    if let Some(violation) = evaluator.violation(StackId::ROOT).map_err(failed)? {
        let said = violation.description.unwrap_or_else(|| "its assertion does not hold".to_owned());
        return Err(Error::new(ErrorKind::Parameter, format!("the rule `{}` refuses this: {said}", violation.rule)));
    }
    resolve(&tree, given).map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates;

    fn refusal(given: &Given) -> Option<String> {
        check(&templates::bundle(), "jaeger-existing-vpc.yaml", given).err().map(|error| error.full())
    }

    fn existing() -> Given {
        Given::new("eu-west-1")
            .with("VPCID", "vpc-0aaaaaaaaaaaaaaa1")
            .with("VPCCIDR", "10.0.0.0/16")
            .with("PrivateSubnetIDs", "subnet-0aaaaaaaaaaaaaaa1,subnet-0aaaaaaaaaaaaaaa2")
            .with("TemplateBucket", "bucket")
            .with("TemplateBucketRegion", "eu-west-1")
    }

    #[test]
    fn rules_and_functions_refuse_before_aws_does() {
        assert_eq!(refusal(&existing()), None);
        let open = refusal(&existing().with("LoadBalancerScheme", "internet-facing")).expect("refused");
        assert!(open.starts_with("the rule `"), "{open}");
        let search = existing().with("StorageBackend", "opensearch").with("OpenSearchInstanceCount", "3");
        let few = refusal(&search).expect("three zones in two subnets");
        assert!(few.ends_with("`Fn::Select` takes item 2 of a list of 2"), "{few}");
    }
}

//! One case, evaluated before anything is asked of AWS: what the rules refuse, and what cannot be evaluated, would otherwise
//! show itself in the middle of a deployment.

use jqs_cfn::bundle::Bundle;
use jqs_cfn::eval::{Evaluator, Given, StackId, StackTree, resolve};
use jqs_cfn::{Error, ErrorKind, Result};

/// Refuses a case that CloudFormation would refuse, or fail over.
pub(crate) fn check(bundle: &Bundle, entry: &str, given: &Given) -> Result<()> {
    let tree = StackTree::open(bundle, entry)?;
    let failed = |fault: jqs_cfn::eval::Fault| {
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

//! Sets of parameters that between them use every allowed value, and break no rule.

use crate::run::{ACCOUNT, REGION};
use jqs_cfn::eval::{Evaluator, Folder, Given, StackTree};
use jqs_cfn::parameters::problem;
use jqs_cfn::template::Parameter;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Values for parameters that have no default: each takes the first that it allows.
const SAMPLES: [&str; 12] = [
    "10.7.0.0/16",
    "https://search.example.com",
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/sample/0123456789abcdef",
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/sample/0123456789abcdef",
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/sample/0123456789abcdef/0123456789abcdef",
    "arn:aws:iam::123456789012:role/sample",
    "arn:aws:s3:::sample",
    "traces.example.com",
    "Z0123456789ABCDEF",
    "rate(1 day)",
    "2",
    "sample",
];

/// Values worth a case where a parameter of that name allows them.
const VARIATIONS: [(&str, &str); 8] = [
    ("AllowedCIDR", "203.0.113.0/24"),
    ("CertificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"),
    ("DomainName", "traces.example.com"),
    ("EnvironmentName", "prod-2"),
    ("ImageUri", "registry.example.com/team/jqs:1.2.3"),
    ("ImageTag", "9.9.9"),
    ("OpenSearchMasterInstanceType", "m7g.medium.search"),
    ("VPCCIDR", "10.42.0.0/16"),
];

pub(crate) type Parameters = BTreeMap<String, String>;

pub(crate) fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

pub(crate) fn tree(folder: &Path, entry: &str) -> StackTree {
    StackTree::open(&Folder::open(folder).unwrap(), entry).unwrap()
}

/// A first set with what has no default, of `ground` where it can be, then as many as it takes to try every value once.
pub(crate) fn cases(tree: &StackTree, fixed: &[(&str, &str)], ground: &Parameters) -> Vec<Parameters> {
    let declared = &tree.root().program.template.parameters;
    let mut base: Parameters = fixed.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    for parameter in declared.iter().filter(|parameter| parameter.default.is_none()) {
        if !base.contains_key(&parameter.name) {
            base.insert(parameter.name.clone(), sample(parameter, ground));
        }
    }
    for parameter in declared.iter().filter(|parameter| parameter.default.is_some()) {
        let Some(value) = ground.get(&parameter.name) else { continue };
        let mut given = base.clone();
        given.insert(parameter.name.clone(), value.clone());
        if problem(parameter, value).is_none() && (is_allowed(tree, &given) || !is_allowed(tree, &base)) {
            base = given;
        }
    }
    // A rule may demand what has a default as well, such as a certificate.
    for (name, value) in VARIATIONS {
        let admits = |parameter: &Parameter| parameter.name == name && problem(parameter, value).is_none();
        if !is_allowed(tree, &base) && declared.iter().any(admits) {
            base.insert(name.to_owned(), value.to_owned());
        }
    }
    assert!(is_allowed(tree, &base), "the first set breaks a rule: {base:?}");
    let mut left: Vec<(String, String)> = Vec::new();
    for parameter in declared.iter().filter(|parameter| fixed.iter().all(|(name, _)| *name != parameter.name)) {
        let named = VARIATIONS.iter().filter(|(name, _)| *name == parameter.name).map(|(_, value)| value.to_string());
        let bounds = [parameter.value_min, parameter.value_max].into_iter().flatten().map(|bound| bound.to_string());
        let values = parameter.allowed_values.iter().cloned().chain(bounds).chain(named);
        let is_new = |value: &String| parameter.default.as_ref() != Some(value) && problem(parameter, value).is_none();
        left.extend(values.filter(is_new).map(|value| (parameter.name.clone(), value)));
    }
    let mut cases = vec![base.clone()];
    loop {
        let mut case = base.clone();
        let before = left.len();
        left.retain(|(name, value)| {
            if base.get(name) != case.get(name) {
                return true;
            }
            let mut next = case.clone();
            next.insert(name.clone(), value.clone());
            let fits = is_allowed(tree, &next);
            if fits {
                case = next;
            }
            !fits
        });
        // What is left is refused by the rules with every other value at its default.
        if left.len() == before {
            return cases;
        }
        cases.push(case);
    }
}

fn sample(parameter: &Parameter, ground: &Parameters) -> String {
    let samples = ground.get(&parameter.name).into_iter().chain(ground.values()).map(String::as_str).chain(SAMPLES);
    let allowed = samples.into_iter().find(|sample| problem(parameter, sample).is_none());
    allowed.unwrap_or_else(|| panic!("no sample for `{}`", parameter.name)).to_owned()
}

fn is_allowed(tree: &StackTree, parameters: &Parameters) -> bool {
    let mut given = Given::new(REGION);
    given.account = Some(ACCOUNT.to_owned());
    given.parameters = parameters.clone();
    let evaluator = Evaluator::new(tree, &given);
    let mut made = tree.stacks().iter().filter(|stack| evaluator.stack_exists(stack.id).unwrap());
    made.all(|stack| evaluator.violation(stack.id).unwrap().is_none())
}

//! What ties a template to one place (J2).

use super::super::catalog::{OwnRule, Ruleset::Default};
use super::{rule, twin};
use crate::diagnostic::Severity::Warning;

pub(super) const RULES: &[OwnRule] = &[
    rule(
        "J2001",
        Warning,
        Default,
        "A partition is hard-coded",
        "`arn:aws:` is wrong in China, GovCloud and the European Sovereign Cloud. Write `arn:${AWS::Partition}:` in a `Fn::Sub`.",
    ),
    rule(
        "J2002",
        Warning,
        Default,
        "A region is hard-coded",
        "The template works in one region only. Use `${AWS::Region}`, or a mapping by region.",
    ),
    twin(
        rule(
            "J2003",
            Warning,
            Default,
            "An account is hard-coded",
            "The template works in one account only. Use `${AWS::AccountId}`, a parameter, or a mapping.",
        ),
        &["W9013"],
    ),
    twin(
        rule(
            "J2004",
            Warning,
            Default,
            "An Availability Zone is hard-coded",
            "Zones differ between accounts, and other regions have others. Use `Fn::GetAZs` with `Fn::Select`.",
        ),
        &["W3010"],
    ),
    twin(
        rule(
            "J2005",
            Warning,
            Default,
            "A machine image is hard-coded",
            "An AMI exists in one region, and grows old. Use a parameter of type `AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>`.",
        ),
        &["W9010"],
    ),
    rule(
        "J2006",
        Warning,
        Default,
        "The domain of AWS's services is hard-coded",
        "China and the European Sovereign Cloud have other domains. Write `${AWS::URLSuffix}` in a `Fn::Sub`.",
    ),
];

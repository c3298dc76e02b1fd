//! Small projects, made for one test each.

use crate::cloud::Cloud;
use crate::run::Jqs;
use std::path::Path;

pub(crate) struct Project {
    pub(crate) folder: tempfile::TempDir,
}

/// A topic, and where a bucket for templates is given a queue in a nested stack.
const ENTRY: &str = "AWSTemplateFormatVersion: '2010-09-09'
Description: A topic, and a queue in a nested stack
Parameters:
  Name: {Type: String, Default: first, Description: Shown by the topic}
  Count: {Type: Number, Default: 1, Description: Not used by anything}
  Flag: {Type: String, Default: true, Description: Not used by anything}
  TemplateBucket: {Type: String, Default: none, Description: Where the nested template is}
  Secret: {Type: String, NoEcho: true, Default: a-secret, Description: Not shown by anything}
Conditions:
  IsNested: !Not [!Equals [!Ref TemplateBucket, none]]
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}
  Child:
    Type: AWS::CloudFormation::Stack
    Condition: IsNested
    Properties:
      TemplateURL: !Sub https://${TemplateBucket}.s3.${AWS::Region}.${AWS::URLSuffix}/shop/templates/child.yaml
Outputs:
  TopicArn: {Value: !Ref Topic, Description: The topic}
  Shown: {Value: !Ref Name, Description: Its name}
  Hidden: {Value: !Ref Secret, Description: What nobody is to see}
";
const CHILD: &str = "AWSTemplateFormatVersion: '2010-09-09'
Description: A queue
Resources:
  Queue: {Type: AWS::SQS::Queue}
";
/// A bucket; `Kept` outlives its stack.
const BUCKET: &str = "AWSTemplateFormatVersion: '2010-09-09'
Description: A bucket
Parameters:
  Keep: {Type: String, Default: 'no', AllowedValues: ['yes', 'no'], Description: Whether it stays}
Conditions:
  IsKept: !Equals [!Ref Keep, 'yes']
  IsNotKept: !Equals [!Ref Keep, 'no']
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Condition: IsNotKept
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {VersioningConfiguration: {Status: Enabled}}
  Kept: {Type: AWS::S3::Bucket, Condition: IsKept, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
Outputs:
  Name: {Value: !If [IsKept, !Ref Kept, !Ref Bucket], Description: Its name}
";

impl Project {
    /// With this configuration.
    pub(crate) fn new(config: &str) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        project
            .with("templates/entry.yaml", ENTRY)
            .with("templates/child.yaml", CHILD)
            .with("templates/bucket.yaml", BUCKET)
            .with(".taskcat.yml", config)
    }

    pub(crate) fn with(self, name: &str, text: &str) -> Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The JSON of the last run.
    pub(crate) fn report(&self) -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&self.read("taskcat_outputs/report.json")).unwrap()["result"].take()
    }

    pub(crate) fn run_id(&self) -> String {
        self.report()["run"].as_str().unwrap().to_owned()
    }
}

/// Verdicts of a report, as `test region verdict`.
pub(crate) fn verdicts(report: &serde_json::Value) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let cases = report["cases"].as_array().unwrap().iter();
    cases.map(|case| [&case["test"], &case["region"], &case["verdict"]].map(text).join(" ")).collect()
}

/// Kinds of failures of one test.
pub(crate) fn failures(report: &serde_json::Value, test: &str) -> Vec<String> {
    let cases = report["cases"].as_array().unwrap().iter().filter(|case| case["test"] == test);
    let all = cases.flat_map(|case| case["failures"].as_array().unwrap());
    all.map(|failure| failure["kind"].as_str().unwrap().to_owned()).collect()
}

pub(crate) const PLAIN: &str = "project: {name: shop, regions: [eu-west-1, us-east-1], template: templates/entry.yaml}
tests:
  plain: {parameters: {Name: second}}
";

/// The program, with pauses that suit a cloud in which nothing takes long.
pub(crate) fn jqs(cloud: &Cloud) -> Jqs {
    cloud.jqs().with("JQS_POLL_MILLISECONDS", "50:400")
}

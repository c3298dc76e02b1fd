//! `jqs test update-ami`.

use crate::cloud::Cloud;
use crate::project::{Project, jqs};

const TEMPLATE: &str = "Description: Images  # a comment that stays
Metadata:
  AWSAMIRegionMap:
    Filters:
      OURS: {name: 'made-*'}
Mappings:
  AWSAMIRegionMap:
    eu-west-1: {OURS: ami-old, OTHER: ami-other} # and another
    us-east-1:
      OURS: 'ami-older'
Resources:
  Topic: {Type: AWS::SNS::Topic}
";

#[tokio::test]
async fn images_are_the_newest_of_their_region_and_nothing_else_changes() {
    let cloud = Cloud::start();
    let image = |name: &str| format!("Name={name}&RootDeviceName=/dev/xvda&Architecture=x86_64");
    cloud.ec2("RegisterImage", &image("made-1"), "imageId").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let newest = cloud.ec2("RegisterImage", &image("made-2"), "imageId").await;
    let config = "project: {name: shop, regions: [eu-west-1], template: templates/images.yaml}\ntests: {one: {}}\n";
    let project = Project::new(config).with("templates/images.yaml", TEMPLATE);
    let program = jqs(&cloud);
    let dry = program.run_in(project.path(), &["test", "update-ami", "--dry-run"]).expect(1);
    assert!(
        dry.stdout.contains(&format!("+    eu-west-1: {{OURS: {newest}, OTHER: ami-other}} # and another")),
        "{}",
        dry.stdout
    );
    assert_eq!(project.read("templates/images.yaml"), TEMPLATE);
    let run = program.run_in(project.path(), &["test", "update-ami"]).expect(1);
    let run = run.says("OTHER in eu-west-1 stays as it is: it has no filters in the metadata");
    run.says("OURS in us-east-1 stays as it is: no image passes its filters");
    assert_eq!(project.read("templates/images.yaml"), TEMPLATE.replace("ami-old,", &format!("{newest},")));
}

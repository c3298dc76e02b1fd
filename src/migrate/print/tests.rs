use super::super::definition::{self, Definition};
use super::*;
use jqs_cfn::template;

fn resource() -> Resource {
    let mut body = Definition::read(&definition::described()).expect("a definition").body;
    body["volumes"][0]["configuredAtLaunch"] = json!(false);
    body["tags"] = json!([{"key": "team", "value": "shop"}]);
    Resource { service: "web-shop".to_owned(), remarks: vec!["Service `web-shop`.".to_owned()], body }
}

#[test]
fn terraform_has_its_own_names_and_blocks() {
    let text = terraform::write(&[resource(), resource()]);
    for line in [
        "# Service `web-shop`.",
        "resource \"aws_ecs_task_definition\" \"web_shop\" {",
        "resource \"aws_ecs_task_definition\" \"web_shop_\" {",
        "  requires_compatibilities = [\"FARGATE\"]",
        "  container_definitions = jsonencode([",
        "      dockerLabels = { \"com.example.team\" = \"shop\" }",
        "      command = [\"-c\", \"shop $${MODE} %%{x}\"]",
        "  runtime_platform {",
        "    cpu_architecture = \"ARM64\"",
        "    size_in_gib = 30",
        "  volume {",
        "    configure_at_launch = false",
        "    efs_volume_configuration {",
        "      authorization_config {",
        "        access_point_id = \"fsap-1\"",
        "    host_path = \"/var/agent\"",
        "    properties = { AppPorts = \"8080\" }",
        "  tags = { team = \"shop\" }",
        "  # Not written, as this version of jqs does not know it: anotherOfALaterVersion",
    ] {
        let single = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.lines().any(|each| single(each) == single(line)), "`{line}` is not in\n{text}");
    }
    let depth = |open: char, close: char| text.matches(open).count() == text.matches(close).count();
    assert!(depth('[', ']') && depth('(', ')'), "{text}");
}

#[test]
fn cloudformation_has_its_own_names_and_reads_back() {
    let text = cloudformation::write(&[resource(), resource()]).expect("YAML");
    let root = template::parse("printed", &text).expect("YAML");
    let resources = root.get("Resources").expect("resources");
    assert_eq!(resources.entries().len(), 2, "two services of one name in letters stay apart");
    let properties =
        resources.get("WebShopTaskDefinition").and_then(|each| each.get("Properties")).expect("properties");
    let container = &properties.get("ContainerDefinitions").expect("containers").items()[0];
    let labels = container.get("DockerLabels").and_then(|labels| labels.get("com.example.team"));
    assert_eq!(labels.and_then(|label| label.text()), Some("shop"), "somebody's own keys stay");
    let options = container.get("LogConfiguration").and_then(|each| each.get("Options")).expect("options");
    assert!(options.get("awslogs-group").is_some());
    let volume = &properties.get("Volumes").expect("volumes").items()[0];
    let volume = volume.get("EFSVolumeConfiguration").expect("EFS");
    assert!(volume.get("FilesystemId").is_some());
    assert!(volume.get("AuthorizationConfig").is_some_and(|each| each.get("IAM").is_some()));
    let proxy = properties.get("ProxyConfiguration").expect("a proxy");
    assert!(proxy.get("ProxyConfigurationProperties").is_some());
    assert!(properties.get("EphemeralStorage").is_some_and(|each| each.get("SizeInGiB").is_some()));
}

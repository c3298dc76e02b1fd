//! `jqs migrate`: sidecars of an emulated cluster are replaced by a deployed stack, and brought back.

use crate::cloud::Cloud;
use crate::run::{Jqs, Run, finish, signal};
use crate::snapshot;
use aws_sdk_ecs::types::{
    AwsVpcConfiguration, Compatibility, ContainerDefinition, ContainerDependency, DeploymentCircuitBreaker,
    DeploymentConfiguration, DeploymentController, DeploymentControllerType, KeyValuePair, LaunchType,
    NetworkConfiguration, NetworkMode, PortMapping, Tag,
};
use serde_json::Value;
use std::io::{BufRead, BufReader};

const CLUSTER: &str = "apps";
const MIGRATE: [&str; 3] = ["migrate", "--cluster", CLUSTER];
const ALL_IN_ONE: &str = "docker-hub/jaegertracing/all-in-one:1.60";
const JAEGER: &str = "jaegertracing/jaeger:2.9.0";
const AGENT: &str = "jaegertracing/jaeger-agent:1.60";
const DOCUMENT: &str = include_str!("../../docs/migrate.md");

fn migrate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    MIGRATE.iter().copied().chain(more.iter().copied()).collect()
}

/// A deployment of ours and, beside it, a cluster with services of somebody else.
struct Town {
    cloud: Cloud,
    jqs: Jqs,
    ecs: aws_sdk_ecs::Client,
    subnets: Vec<String>,
    group: String,
}

impl Town {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let cloud = Cloud::start_with(settings);
        let jqs = cloud.jqs().with("JQS_POLL_MILLISECONDS", "50:200");
        jqs.run(&["deploy", "--yes", "--skip-image-check"]).expect(0);
        let ecs = cloud.ecs().await;
        let plan = jqs.run(&["teardown", "--json"]).expect(2).records("plan")[0]["resources"].clone();
        let all = plan.as_array().unwrap().iter().filter(|each| each["kind"] == "AWS::EC2::Subnet");
        let subnets = all.map(|each| each["physical_id"].as_str().unwrap().to_owned()).collect();
        let vpc = plan.as_array().unwrap().iter().find(|each| each["kind"] == "AWS::EC2::VPC").unwrap();
        let parameters = format!("GroupName=apps&GroupDescription=apps&VpcId={}", vpc["physical_id"].as_str().unwrap());
        let group = cloud.ec2_all("CreateSecurityGroup", &parameters, "groupId").await.remove(0);
        ecs.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
        Self { cloud, jqs, ecs, subnets, group }
    }

    /// A service of two tasks on Fargate that runs these containers.
    async fn serve(&self, name: &str, containers: Vec<ContainerDefinition>) {
        self.serve_tagged(name, containers, &[]).await;
    }

    async fn serve_tagged(&self, name: &str, containers: Vec<ContainerDefinition>, tags: &[(&str, &str)]) {
        let team = Tag::builder().key("team").value("web").build();
        let registered = self.ecs.register_task_definition().family(name).set_container_definitions(Some(containers));
        let registered = registered.cpu("512").memory("1024").network_mode(NetworkMode::Awsvpc).tags(team);
        registered.requires_compatibilities(Compatibility::Fargate).send().await.unwrap();
        let network = AwsVpcConfiguration::builder().set_subnets(Some(self.subnets.clone()));
        let network = network.security_groups(&self.group).build().unwrap();
        let network = NetworkConfiguration::builder().awsvpc_configuration(network).build();
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
        let made = self.ecs.create_service().cluster(CLUSTER).service_name(name).task_definition(name);
        let made = made.desired_count(2).launch_type(LaunchType::Fargate).network_configuration(network);
        made.set_tags(Some(tags.collect())).send().await.unwrap();
    }

    async fn has_breaker(&self, service: &str) {
        let breaker = DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
        let configuration = DeploymentConfiguration::builder().deployment_circuit_breaker(breaker).build();
        let call = self.ecs.update_service().cluster(CLUSTER).service(service);
        call.deployment_configuration(configuration).send().await.unwrap();
    }

    /// The shop, with a sidecar of its own, and a bank without one.
    async fn with_three(settings: &[(&str, &str)]) -> Self {
        let town = Self::start(settings).await;
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        town.serve("cart", vec![program("cart", &[endpoint]), sidecar(ALL_IN_ONE, 4318)]).await;
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317");
        town.serve("shop", vec![program("shop", &[endpoint, ("DB_PASSWORD", "hunter2")]), sidecar(JAEGER, 4317)]).await;
        town.serve("bank", vec![plain("bank")]).await;
        town
    }

    /// Which revision a service runs, as `FAMILY:REVISION`.
    async fn runs(&self, service: &str) -> String {
        let answer = self.ecs.describe_services().cluster(CLUSTER).services(service).send().await.unwrap();
        let arn = answer.services()[0].task_definition().unwrap().to_owned();
        arn.rsplit('/').next().unwrap().to_owned()
    }

    async fn all_run(&self) -> [String; 3] {
        [self.runs("bank").await, self.runs("cart").await, self.runs("shop").await]
    }

    async fn revisions(&self, family: &str) -> usize {
        let answer = self.ecs.list_task_definitions().family_prefix(family).send().await.unwrap();
        answer.task_definition_arns().len()
    }
}

fn plain(name: &str) -> ContainerDefinition {
    ContainerDefinition::builder().name(name).image(format!("{name}:1")).cpu(256).memory_reservation(512).build()
}

fn program(name: &str, variables: &[(&str, &str)]) -> ContainerDefinition {
    let variables = variables.iter().map(|(name, value)| KeyValuePair::builder().name(*name).value(*value).build());
    let after = ContainerDependency::builder().container_name("tracing").condition("START".into()).build().unwrap();
    let container =
        ContainerDefinition::builder().name(name).image(format!("{name}:1")).cpu(256).memory_reservation(512);
    container.set_environment(Some(variables.collect())).depends_on(after).build()
}

fn sidecar(image: &str, port: i32) -> ContainerDefinition {
    let port = PortMapping::builder().container_port(port).build();
    let container = ContainerDefinition::builder().name("tracing").image(image).cpu(256).memory_reservation(512);
    container.port_mappings(port).build()
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

fn service<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["services"].as_array().unwrap().iter().find(|each| each["service"] == name).unwrap()
}

#[tokio::test]
async fn a_cluster_is_migrated_and_taken_back() {
    let town = Town::with_three(&[]).await;
    let shown = town.jqs.run(&migrate(&[])).expect(2);
    assert!(!shown.stderr.contains("hunter2"), "{}", shown.stderr);
    snapshot!("migrate", shown.shown());
    assert_eq!(town.all_run().await, ["bank:1", "cart:1", "shop:1"], "it only looked");

    let block = DOCUMENT.split("```").find_map(|block| block.strip_prefix("console\n$ ")).expect("an example");
    let (command, example) = block.split_once('\n').unwrap();
    let shown = town.jqs.run(&command.split(' ').skip(1).collect::<Vec<_>>()).expect(2).stderr;
    assert!(shown.contains(example), "docs/migrate.md: `{command}` prints\n{shown}");

    let balancer = document(&town.jqs.run(&migrate(&["--through", "load-balancer", "--json"])).expect(2));
    assert_eq!(service(&balancer, "shop")["reach"]["verdict"], "reached", "{balancer}");
    assert!(service(&balancer, "shop")["changes"][1]["after"].as_str().unwrap().ends_with(":4317"), "{balancer}");

    let report = document(&town.jqs.run(&migrate(&["--json"])).expect(2));
    assert_eq!(service(&report, "bank")["standing"], "without_sidecar");
    assert_eq!(service(&report, "cart")["sidecars"][0]["kind"], "jaeger_all_in_one");
    assert_eq!(service(&report, "shop")["sidecars"][0]["kind"], "jaeger");
    assert_eq!(service(&report, "shop")["reach"]["verdict"], "reached", "{report}");
    assert!(report["monthly_saving"].as_f64().unwrap() > 0.0);

    town.jqs.run(&migrate(&["--apply"])).expect(2).says("nobody can be asked");
    let applied = town.jqs.run(&migrate(&["--apply", "--yes", "--resize", "--json"])).expect(0);
    assert_eq!(applied.records("deployment").len(), 2);
    assert_eq!(town.all_run().await, ["bank:1", "cart:2", "shop:2"]);
    let after =
        town.ecs.describe_task_definition().task_definition("shop").include("TAGS".into()).send().await.unwrap();
    let definition = after.task_definition().unwrap();
    let containers = definition.container_definitions();
    assert_eq!((containers.len(), definition.cpu(), definition.memory()), (1, Some("256"), Some("512")));
    assert!(containers[0].depends_on().is_empty());
    let endpoint = containers[0].environment()[0].value();
    assert_eq!(endpoint, Some("http://collector.jaeger.local:4317"));
    assert_eq!(containers[0].environment()[1].value(), Some("hunter2"), "what is hidden is kept");
    let tag = |key: &str| after.tags().iter().find(|tag| tag.key() == Some(key)).and_then(Tag::value);
    assert!(tag("jqs:migrated-from").unwrap().ends_with("task-definition/shop:1"), "{:?}", after.tags());
    assert_eq!(tag("team"), Some("web"));

    town.jqs.run(&migrate(&[])).expect(0).says("0 to migrate, 0 with obstacles, 2 migrated, 1 without a sidecar");
    town.jqs.run(&migrate(&["--apply", "--yes"])).expect(0).says("There is no service to migrate.");

    town.jqs.run(&migrate(&["--undo"])).expect(2).says("cart: cart:2 → cart:1").says("nobody can be asked");
    assert_eq!(town.all_run().await, ["bank:1", "cart:2", "shop:2"], "it only looked");
    town.jqs.run(&migrate(&["--undo", "--service", "shop", "--yes"])).expect(0);
    assert_eq!(town.all_run().await, ["bank:1", "cart:2", "shop:1"]);
    town.jqs.run(&migrate(&["--undo", "--yes"])).expect(0).says("cart: 2/2 running");
    assert_eq!(town.all_run().await, ["bank:1", "cart:1", "shop:1"]);
    town.jqs.run(&migrate(&["--undo", "--yes"])).expect(0).says("There is no migrated service.");

    town.jqs.run(&migrate(&["--apply", "--yes", "--resize"])).expect(0);
    assert_eq!(town.all_run().await, ["bank:1", "cart:2", "shop:2"], "what was registered before is used again");
}

#[tokio::test]
async fn undo_brings_back_what_has_been_deregistered() {
    let town = Town::with_three(&[]).await;
    town.jqs.run(&migrate(&["--service", "shop", "--apply", "--yes"])).expect(0);
    town.ecs.deregister_task_definition().task_definition("shop:1").send().await.unwrap();
    town.jqs.run(&migrate(&["--undo", "--yes"])).expect(0).says("will be registered again");
    assert_eq!(town.runs("shop").await, "shop:3");
    let answer = town.ecs.describe_task_definition().task_definition("shop:3").send().await.unwrap();
    assert_eq!(answer.task_definition().unwrap().container_definitions().len(), 2);

    for revision in ["shop:1", "shop:2", "shop:3"] {
        town.ecs.deregister_task_definition().task_definition(revision).send().await.unwrap();
    }
    town.jqs.run(&migrate(&["--service", "shop", "--apply", "--yes"])).expect(0).says("shop: shop:3 → shop:4");
}

#[tokio::test]
async fn what_the_collector_does_not_take_is_left_alone_unless_forced() {
    let town = Town::start(&[]).await;
    let agent = [("JAEGER_AGENT_HOST", "localhost"), ("JAEGER_AGENT_PORT", "6831")];
    town.serve("old", vec![program("old", &agent), sidecar(AGENT, 6831)]).await;
    let shown = town.jqs.run(&migrate(&[])).expect(2);
    let shown =
        shown.says("`JAEGER_AGENT_HOST` has it send Jaeger's UDP protocol, which the collector does not take yet");
    let shown = shown.says("switch its client to OTLP").says("1 with obstacles");
    assert!(!shown.stderr.contains("collector.jaeger.local:6831"), "{}", shown.stderr);
    town.jqs.run(&migrate(&["--apply", "--yes"])).expect(2).says("There is no service to migrate.");
    assert_eq!(town.runs("old").await, "old:1");
    town.jqs.run(&migrate(&["--print", "terraform"])).expect(0).says("old is left out");
    town.jqs.run(&migrate(&["--apply", "--yes", "--force"])).expect(0).says("forced: `old`: `JAEGER_AGENT_HOST`");
    assert_eq!(town.runs("old").await, "old:2");
}

#[tokio::test]
async fn what_ecs_does_not_deploy_is_printed_and_never_forced() {
    let town = Town::start(&[]).await;
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317");
    let containers = vec![program("blue", &[endpoint]), sidecar(JAEGER, 4317)];
    let registered = town.ecs.register_task_definition().family("blue").set_container_definitions(Some(containers));
    registered.send().await.unwrap();
    let controller = DeploymentController::builder().r#type(DeploymentControllerType::CodeDeploy).build().unwrap();
    let made = town.ecs.create_service().cluster(CLUSTER).service_name("blue").task_definition("blue");
    made.deployment_controller(controller).send().await.unwrap();
    let run =
        town.jqs.run(&migrate(&["--apply", "--yes", "--force"])).expect(2).says("`CODE_DEPLOY` deploys the service");
    assert!(!run.stderr.contains("all the same"), "{}", run.stderr);
    assert_eq!(town.runs("blue").await, "blue:1");
    let run = town.jqs.run(&migrate(&["--print", "cloudformation"])).expect(0);
    assert!(run.stdout.contains("collector.jaeger.local:4317"), "{}", run.stdout);
}

#[tokio::test]
async fn a_service_that_fails_is_put_back_and_the_others_are_left() {
    for has_breaker in [true, false] {
        let town = Town::with_three(&[("SHIM_FAIL_REVISIONS", "cart:2")]).await;
        if has_breaker {
            town.has_breaker("cart").await;
        }
        let run = town.jqs.run(&migrate(&["--apply", "--yes"])).expect(1).says("Not begun: shop.");
        let how = if has_breaker { "ECS has put cart:1 back" } else { "putting cart:1 back" };
        let run = run.says(&format!("cart: {how}"));
        assert!(!run.stderr.contains("✓ migrated"), "{}", run.stderr);
        assert_eq!(town.all_run().await, ["bank:1", "cart:1", "shop:1"]);
        town.jqs.run(&migrate(&["--service", "shop", "--apply", "--yes"])).expect(0);
        assert_eq!(town.all_run().await, ["bank:1", "cart:1", "shop:2"]);
    }
}

#[tokio::test]
async fn a_service_that_never_gets_steady_is_put_back() {
    let town = Town::with_three(&[("SHIM_ROLLOUT_LOOKS", "4")]).await;
    let jqs = town.cloud.jqs().with("JQS_POLL_MILLISECONDS", "400:400");
    let run = jqs.run(&migrate(&["--service", "shop", "--apply", "--yes", "--wait", "1"])).expect(1);
    run.says("`shop` not steady within 1 seconds").says("shop: putting shop:1 back");
    assert_eq!(town.runs("shop").await, "shop:1");
}

#[tokio::test]
async fn ctrl_c_leaves_a_deployment_to_ecs_and_the_next_run_goes_on() {
    let town = Town::with_three(&[("SHIM_ROLLOUT_LOOKS", "12")]).await;
    let jqs = town.cloud.jqs().with("JQS_POLL_MILLISECONDS", "300:300");
    let mut child = jqs.start(&migrate(&["--apply", "--yes"]));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("cart: cart:1 → cart:2")), "it begins");
    signal(child.id(), "INT");
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    finish(child).expect(130);
    let said = said.join("\n");
    assert!(said.contains("Detached: ECS goes on with the deployment of `cart`."), "{said}");
    assert!(said.contains("Not begun: shop."), "{said}");
    assert_eq!(town.all_run().await, ["bank:1", "cart:2", "shop:1"]);

    town.jqs.run(&migrate(&[])).expect(2).says("migrated from cart:1; its deployment goes on");
    let again =
        town.jqs.run(&migrate(&["--apply", "--yes"])).expect(0).says("cart: joining the deployment that goes on");
    again.says("shop: shop:1 → shop:2");
    assert_eq!(town.all_run().await, ["bank:1", "cart:2", "shop:2"]);
}

#[tokio::test]
async fn what_somebody_deploys_meanwhile_is_left_alone() {
    let town = Town::with_three(&[("SHIM_ROLLOUT_LOOKS", "8")]).await;
    let jqs = town.cloud.jqs().with("JQS_POLL_MILLISECONDS", "300:300");
    let mut child = jqs.start(&migrate(&["--apply", "--yes"]));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("cart: cart:1 → cart:2")), "it begins");
    town.ecs.register_task_definition().family("shop").container_definitions(plain("shop")).send().await.unwrap();
    town.ecs.update_service().cluster(CLUSTER).service("shop").task_definition("shop:2").send().await.unwrap();
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    finish(child).expect(2);
    let said = said.join("\n");
    assert!(said.contains("`shop` has been deployed anew since it was looked at, and was left as it is"), "{said}");
    assert_eq!(town.all_run().await, ["bank:1", "cart:2", "shop:2"]);
}

#[tokio::test]
async fn a_revision_that_was_registered_and_never_used_is_used() {
    let town = Town::with_three(&[]).await;
    town.jqs.run(&migrate(&["--service", "shop", "--apply", "--yes"])).expect(0);
    town.ecs.update_service().cluster(CLUSTER).service("shop").task_definition("shop:1").send().await.unwrap();
    town.jqs.run(&migrate(&["--service", "shop", "--apply", "--yes"])).expect(0).says("shop: shop:1 → shop:2");
    assert_eq!(town.revisions("shop").await, 2);
}

#[tokio::test]
async fn code_gets_the_change_in_its_own_words() {
    let town = Town::with_three(&[]).await;
    let tags = [("aws:cloudformation:stack-name", "web")];
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317");
    town.serve_tagged("kept", vec![program("kept", &[endpoint]), sidecar(JAEGER, 4317)], &tags).await;
    town.jqs
        .run(&migrate(&["--service", "kept"]))
        .expect(2)
        .says("the CloudFormation stack `web` keeps this service in code");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tasks.yaml");
    let yaml = town.jqs.run(&migrate(&["--print", "cloudformation", "--resize"])).expect(0).stdout;
    assert!(yaml.contains("collector.jaeger.local:4317") && !yaml.contains(JAEGER), "{yaml}");
    std::fs::write(&file, &yaml).unwrap();
    town.jqs.run(&["lint", "--fail-on", "error", file.to_str().unwrap()]).expect(0);

    let hcl = town.jqs.run(&migrate(&["--print", "terraform", "--service", "shop"])).expect(0).stdout;
    snapshot!("migrate_terraform", hcl);
    let json = document(&town.jqs.run(&migrate(&["--print", "terraform", "--service", "shop", "--json"])).expect(0));
    assert_eq!((json["services"][0].as_str(), json["text"].as_str()), (Some("shop"), Some(&*hcl)));
}

#[tokio::test]
async fn what_cannot_be_is_said() {
    let town = Town::with_three(&[]).await;
    town.jqs
        .run(&migrate(&["--service", "bnak"]))
        .expect(1)
        .says("the cluster `apps` has no service `bnak`")
        .says("bank, cart, shop");
    town.jqs.run(&migrate(&["--name", "nothing"])).expect(1).says("there is no stack `nothing`");
    let run = town.jqs.run(&["migrate", "--cluster", "nowhere"]).expect(1);
    run.says("cannot list the services of the cluster `nowhere`").says("`aws ecs list-clusters`");
    town.jqs.run(&migrate(&["--apply", "--undo"])).expect(2);
    let json = town.jqs.run(&migrate(&["--service", "bnak", "--json"])).expect(1);
    assert_eq!(json.records("error")[0]["kind"], "not_found");
}

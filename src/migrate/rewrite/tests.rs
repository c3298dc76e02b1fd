use super::*;
use crate::migrate::definition::{self, Definition, items};
use crate::migrate::destination::{Destination, example};
use crate::migrate::find::{Exposed, find};
use serde_json::json;
use std::collections::BTreeMap;

const AGENT: &str = "jaegertracing/jaeger-agent:1.60";
const JAEGER: &str = "jaegertracing/jaeger:2.9.0";
const OTEL: &str = "otel/opentelemetry-collector:0.120.0";
const ADOT: &str = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.0";

fn encrypted() -> Destination {
    let outputs =
        [("OtlpGrpcEndpoint", "https://traces.example.com:443"), ("OtlpHttpEndpoint", "https://traces.example.com")];
    let outputs: BTreeMap<String, String> = outputs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Destination::of("jaeger", &outputs, None).expect("endpoints")
}

fn pairs(variables: &[(&str, &str)]) -> Value {
    variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// A task of a program, with more fields, and of a sidecar that maps these ports.
fn task(variables: &[(&str, &str)], more: &Value, image: &str, ports: &[i64]) -> Value {
    let mut shop = json!({"name": "shop", "image": "shop:1", "environment": pairs(variables)});
    for (key, value) in more.as_object().expect("fields") {
        shop[key] = value.clone();
    }
    let ports: Value = ports.iter().map(|port| json!({"containerPort": port})).collect();
    json!({"family": "shop", "containerDefinitions": [shop, {"name": "side", "image": image, "portMappings": ports}]})
}

fn rewritten(body: &Value, destination: &Destination) -> Rewrite {
    let found = find(body, &Exposed::default(), &[]);
    assert!(!found.sidecars.is_empty(), "{found:?}");
    rewrite(body, &found.sidecars, destination)
}

fn run(variables: &[(&str, &str)], image: &str, ports: &[i64]) -> Rewrite {
    rewritten(&task(variables, &json!({}), image, ports), &example())
}

fn value<'a>(rewrite: &'a Rewrite, name: &str) -> Option<&'a str> {
    definition::variable(&containers(&rewrite.body)[0], name)
}

fn has_obstacle(rewrite: &Rewrite, text: &str) -> bool {
    rewrite.obstacles.iter().any(|each| format!("{} {}", each.message, each.remedy).contains(text))
}

#[test]
fn the_sidecar_goes_and_nothing_else_changes() {
    let before = Definition::read(&definition::described()).expect("a definition").body;
    let after = rewritten(&before, &example());
    let names: Vec<&str> = containers(&after.body).iter().map(|each| text(each, "name")).collect();
    assert_eq!(names, ["shop", "cache"]);

    let mut expected = before.clone();
    let shop = &mut expected["containerDefinitions"][0];
    shop["environment"][0]["value"] = json!("http://collector.jaeger.local:4317");
    shop["links"] = json!(["cache"]);
    shop["dependsOn"] = json!([{"containerName": "cache", "condition": "HEALTHY"}]);
    shop.as_object_mut().expect("fields").remove("volumesFrom");
    expected["containerDefinitions"].as_array_mut().expect("a list").truncate(2);
    expected["volumes"].as_array_mut().expect("a list").truncate(1);
    assert_eq!(after.body, expected);

    assert!(after.obstacles.is_empty(), "{:?}", after.obstacles);
    let told: Vec<(&str, &str)> = after.changes.iter().map(|change| (change.part, change.name.as_str())).collect();
    let expected = [
        ("containerDefinitions", "agent"),
        ("environment", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("dependsOn", "agent"),
        ("volumesFrom", "agent"),
        ("links", "agent"),
        ("volumes", "agent"),
    ];
    assert_eq!(told, expected);
    for left in ["parameter/login", "log group `/agent`", "mounted the volumes of a sidecar", "files of variables"] {
        assert!(after.notes.iter().any(|note| note.contains(left)), "`{left}`: {:?}", after.notes);
    }
    assert!(!after.notes.iter().any(|note| note.contains("parameter/card") || note.contains("`/shop`")));
}

#[test]
fn empty_lists_are_left_away_and_volumes_at_launch_stay() {
    let more = json!({"dependsOn": [{"containerName": "side", "condition": "START"}], "links": ["side"]});
    let mut body = task(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://side:4317")], &more, JAEGER, &[4317]);
    body["containerDefinitions"][1]["mountPoints"] = json!([{"sourceVolume": "own"}, {"sourceVolume": "launch"}]);
    body["volumes"] = json!([{"name": "own"}, {"name": "launch", "configuredAtLaunch": true}]);
    let after = rewritten(&body, &example());
    let shop = &containers(&after.body)[0];
    assert!(shop.get("dependsOn").is_none() && shop.get("links").is_none(), "{shop}");
    assert_eq!(after.body["volumes"], json!([{"name": "launch", "configuredAtLaunch": true}]));
    assert!(after.notes.iter().any(|note| note.contains("`launch`")), "{:?}", after.notes);
    body["volumes"] = json!([{"name": "own"}]);
    assert!(rewritten(&body, &example()).body.get("volumes").is_none());
}

#[test]
fn otlp_goes_to_the_endpoint_of_its_transport() {
    for (variables, expected) in [
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317")][..], "http://collector.jaeger.local:4317"),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")], "http://collector.jaeger.local:4318"),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://side:55680/")], "http://collector.jaeger.local:4317"),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")], "collector.jaeger.local:4317"),
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:9999"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            "http://collector.jaeger.local:4317",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:4318/v1/traces")],
            "http://collector.jaeger.local:4318/v1/traces",
        ),
    ] {
        let after = run(variables, JAEGER, &[4317, 4318]);
        assert_eq!(value(&after, variables[0].0), Some(expected), "{variables:?}");
        assert!(after.obstacles.is_empty(), "{:?}", after.obstacles);
    }
    let unclear = run(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:9999")], JAEGER, &[4317, 4318]);
    assert!(has_obstacle(&unclear, "OTEL_EXPORTER_OTLP_PROTOCOL"), "{:?}", unclear.obstacles);
    let by_port = run(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:9999")], JAEGER, &[4318]);
    assert_eq!(value(&by_port, "OTEL_EXPORTER_OTLP_ENDPOINT"), Some("http://collector.jaeger.local:4318"));
}

#[test]
fn links_have_names_of_their_own() {
    let more = json!({"links": ["side:tracer", "other:tracer-2"]});
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://tracer:4317"),
        ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://tracer-2:9411"),
    ];
    let after = rewritten(&task(&variables, &more, JAEGER, &[4317]), &example());
    assert_eq!(value(&after, "OTEL_EXPORTER_OTLP_ENDPOINT"), Some("http://collector.jaeger.local:4317"));
    assert_eq!(value(&after, "OTEL_EXPORTER_ZIPKIN_ENDPOINT"), Some("http://tracer-2:9411"), "another container");
    assert_eq!(containers(&after.body)[0]["links"], json!(["other:tracer-2"]));
}

#[test]
fn an_encrypted_way_is_used_as_one() {
    let body = task(
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"), ("OTEL_EXPORTER_OTLP_INSECURE", "true")],
        &json!({}),
        JAEGER,
        &[4317],
    );
    let after = rewritten(&body, &encrypted());
    assert_eq!(value(&after, "OTEL_EXPORTER_OTLP_ENDPOINT"), Some("https://traces.example.com:443"));
    assert_eq!(value(&after, "OTEL_EXPORTER_OTLP_INSECURE"), Some("false"));
}

#[test]
fn what_names_another_place_stays() {
    let elsewhere =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "https://traces.example.org:4317"), ("URL", "http://localhost:8080")];
    let after = run(&elsewhere, JAEGER, &[4317]);
    assert_eq!(after.changes.len(), 1, "only the sidecar: {:?}", after.changes);
    assert!(after.obstacles.is_empty(), "{:?}", after.obstacles);
}

#[test]
fn what_the_collector_does_not_take_is_an_obstacle_and_still_rewritten_for_who_insists() {
    for (name, before, after, says) in [
        ("JAEGER_AGENT_HOST", "localhost", "collector.jaeger.local", "UDP"),
        ("OTEL_EXPORTER_JAEGER_AGENT_HOST", "127.0.0.1", "collector.jaeger.local", "switch its client to OTLP"),
        (
            "JAEGER_ENDPOINT",
            "http://localhost:14268/api/traces",
            "http://collector.jaeger.local:14268/api/traces",
            "Jaeger's own protocol",
        ),
        ("OTEL_EXPORTER_JAEGER_ENDPOINT", "http://side:14250", "http://collector.jaeger.local:14250", "Jaeger's own"),
        (
            "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
            "http://localhost:9411/api/v2/spans",
            "http://collector.jaeger.local:9411/api/v2/spans",
            "Zipkin",
        ),
        ("JAEGER_SAMPLER_MANAGER_HOST_PORT", "localhost:5778", "collector.jaeger.local:5778", "OTEL_TRACES_SAMPLER"),
    ] {
        let rewrite = run(&[(name, before)], AGENT, &[6831]);
        assert_eq!(value(&rewrite, name), Some(after), "{name}");
        assert!(has_obstacle(&rewrite, says) && has_obstacle(&rewrite, name), "{name}: {:?}", rewrite.obstacles);
    }
    let port = run(&[("JAEGER_AGENT_HOST", "side"), ("JAEGER_AGENT_PORT", "6831")], AGENT, &[6831]);
    assert_eq!(value(&port, "JAEGER_AGENT_PORT"), Some("6831"));
    let metrics = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:4317"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://localhost:4317"),
    ];
    let metrics = run(&metrics, OTEL, &[4317]);
    assert_eq!(
        value(&metrics, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"),
        Some("http://localhost:4317"),
        "no better place"
    );
    assert!(has_obstacle(&metrics, "metrics, logs or profiles"));
}

#[test]
fn secrets_that_name_the_sidecar_become_variables() {
    let secret = |name: &str| json!({"secrets": [{"name": name, "valueFrom": "arn:aws:ssm:::parameter/place"}]});
    let otlp = rewritten(&task(&[], &secret("OTEL_EXPORTER_OTLP_ENDPOINT"), JAEGER, &[4317]), &example());
    assert_eq!(value(&otlp, "OTEL_EXPORTER_OTLP_ENDPOINT"), Some("http://collector.jaeger.local:4317"));
    assert!(containers(&otlp.body)[0].get("secrets").is_none() && otlp.obstacles.is_empty());
    assert!(otlp.notes.iter().any(|note| note.contains("is not read")), "{:?}", otlp.notes);
    let agent = rewritten(&task(&[], &secret("JAEGER_AGENT_HOST"), AGENT, &[6831]), &example());
    assert_eq!(value(&agent, "JAEGER_AGENT_HOST"), Some("collector.jaeger.local"));
    assert!(containers(&agent.body)[0].get("secrets").is_none() && has_obstacle(&agent, "UDP"));
    let url = rewritten(&task(&[], &secret("JAEGER_ENDPOINT"), AGENT, &[6831]), &example());
    assert_eq!(items(&containers(&url.body)[0], "secrets").len(), 1, "its path is not known");
    assert!(has_obstacle(&url, "the secret `JAEGER_ENDPOINT`"));
}

#[test]
fn clients_that_send_to_localhost_unasked_are_told_where_to_send() {
    let named = [("OTEL_SERVICE_NAME", "shop"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")];
    let after = run(&named, JAEGER, &[4317, 4318]);
    assert_eq!(value(&after, "OTEL_EXPORTER_OTLP_ENDPOINT"), Some("http://collector.jaeger.local:4318"));
    assert!(after.obstacles.is_empty(), "{:?}", after.obstacles);
    let unclear = run(&[("OTEL_SERVICE_NAME", "shop")], JAEGER, &[4317, 4318]);
    assert!(has_obstacle(&unclear, "gRPC or HTTP"), "{:?}", unclear.obstacles);
    for (exporter, says) in [("jaeger", "Jaeger's own"), ("zipkin", "Zipkin")] {
        let old = run(&[("OTEL_TRACES_EXPORTER", exporter)], AGENT, &[6831]);
        assert!(has_obstacle(&old, says) && old.obstacles.len() == 1, "{:?}", old.obstacles);
    }
    let nobody = run(&[("MODE", "x")], AGENT, &[6831]);
    assert!(has_obstacle(&nobody, "nothing in the task definition says"), "{:?}", nobody.obstacles);
    let off = run(&[("OTEL_SDK_DISABLED", "true")], JAEGER, &[4317]);
    assert!(has_obstacle(&off, "nothing in the task definition says"), "{:?}", off.obstacles);
}

#[test]
fn addresses_inside_other_texts_are_for_their_owner_to_change() {
    for more in [
        json!({"command": ["java", "-Dotel.exporter.otlp.endpoint=http://localhost:4317", "-jar", "shop.jar"]}),
        json!({"entryPoint": ["sh", "-c", "shop --traces side:6831"]}),
        json!({"environment": [{"name": "JAVA_TOOL_OPTIONS", "value": "-Dotel.exporter.otlp.endpoint=http://127.0.0.1:4318"}]}),
    ] {
        let after = rewritten(&task(&[], &more, JAEGER, &[4317]), &example());
        assert!(has_obstacle(&after, "names the sidecar's address"), "{more}: {:?}", after.obstacles);
        assert_eq!(after.obstacles.len(), 1, "{:?}", after.obstacles);
        assert_eq!(after.changes.len(), 1, "{:?}", after.changes);
    }
    let harmless =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317"), ("A", "localhost:43170"), ("B", "aside:4317")];
    assert!(run(&harmless, JAEGER, &[4317]).obstacles.is_empty());
}

#[test]
fn what_a_collector_does_besides_is_an_obstacle_where_it_is_known() {
    let otlp = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317")];
    let with = |image: &str, part: &str, content: Value| {
        let mut body = task(&otlp, &json!({}), image, &[4317]);
        body["containerDefinitions"][1][part] = content;
        rewritten(&body, &example())
    };
    let config = |pipelines: &str| pairs(&[("AOT_CONFIG_CONTENT", &format!("service:\n  pipelines:\n{pipelines}"))]);
    let traces = "    traces: {receivers: [otlp], exporters: [x]}\n    traces/2: {receivers: [otlp]}\n";
    let clean = with(ADOT, "environment", config(traces));
    assert!(clean.obstacles.is_empty() && !clean.notes.iter().any(|note| note.contains("configuration")), "{clean:?}");
    let metrics = with(ADOT, "environment", config(&format!("{traces}    metrics/aws: {{receivers: [statsd]}}\n")));
    assert!(has_obstacle(&metrics, "more than traces: metrics/aws"), "{:?}", metrics.obstacles);
    assert!(has_obstacle(&with(ADOT, "cpu", json!(0)), "ecs-default-config.yaml` carries metrics too"));
    assert!(has_obstacle(
        &with(ADOT, "command", json!(["--config=/etc/ecs/ecs-cloudwatch-xray.yaml"])),
        "carries metrics"
    ));
    assert!(with(ADOT, "command", json!(["--config=/etc/ecs/ecs-xray.yaml"])).obstacles.is_empty());
    let unread = [
        with(OTEL, "command", json!(["--config=/conf/otel.yaml"])),
        with(OTEL, "cpu", json!(0)),
        with(ADOT, "secrets", json!([{"name": "AOT_CONFIG_CONTENT", "valueFrom": "arn:aws:ssm:::parameter/c"}])),
        with(OTEL, "environment", pairs(&[("OTELCOL_CONFIG", "{")])),
    ];
    for rewrite in unread {
        assert!(rewrite.obstacles.is_empty(), "{:?}", rewrite.obstacles);
        assert!(rewrite.notes.iter().any(|note| note.contains("was not read")), "{:?}", rewrite.notes);
    }
}

#[test]
fn x_ray_is_taken_care_of_by_its_own_daemon_or_not_at_all() {
    let variables =
        [("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317")];
    let mut body = task(&variables, &json!({}), OTEL, &[4317]);
    assert!(has_obstacle(&rewritten(&body, &example()), "X-Ray's protocol"));
    let daemon = json!({"name": "xray", "image": "amazon/aws-xray-daemon:3", "essential": false});
    body["containerDefinitions"].as_array_mut().expect("a list").push(daemon);
    assert!(rewritten(&body, &example()).obstacles.is_empty());
}

#[test]
fn the_same_again_changes_nothing() {
    let before = Definition::read(&definition::described()).expect("a definition").body;
    let once = rewritten(&before, &example()).body;
    assert!(find(&once, &Exposed::default(), &[]).sidecars.is_empty());
    assert_eq!(rewrite(&once, &[], &example()).body, once);
}

//! What refers to a sidecar, or was there for it alone.

use super::super::definition::{containers, items, text};
use super::{Change, Rewrite};
use serde_json::Value;

/// Parts of a container that name other containers, and where in an item the name is.
const REFERENCES: [(&str, Option<&str>); 3] =
    [("dependsOn", Some("containerName")), ("volumesFrom", Some("sourceContainer")), ("links", None)];

pub(super) fn clean(kept: &mut [Value], gone: &[Value], rewrite: &mut Rewrite) {
    for container in kept.iter_mut() {
        let name = text(container, "name").to_owned();
        for (part, key) in REFERENCES {
            let target = |item: &Value| match key {
                Some(key) => text(item, key).to_owned(),
                // A link is `CONTAINER` or `CONTAINER:ALIAS`.
                None => item.as_str().unwrap_or_default().split(':').next().unwrap_or_default().to_owned(),
            };
            let is_gone = |item: &Value| gone.iter().any(|each| text(each, "name") == target(item));
            let (out, stay): (Vec<Value>, Vec<Value>) = items(container, part).iter().cloned().partition(is_gone);
            if out.is_empty() {
                continue;
            }
            rewrite.changes.extend(out.iter().map(|item| Change {
                container: name.clone(),
                part,
                name: target(item),
                before: Some(item.as_str().map_or_else(|| target(item), str::to_owned)),
                after: None,
                reason: "the container is gone".to_owned(),
            }));
            if part == "volumesFrom" {
                rewrite.notes.push(format!("`{name}` mounted the volumes of a sidecar: what it read there is gone"));
            }
            match container.as_object_mut() {
                Some(fields) if stay.is_empty() => drop(fields.remove(part)),
                _ => container[part] = Value::Array(stay),
            }
        }
    }
    unused(kept, gone, rewrite);
}

/// Volumes that only sidecars mounted. One that a service configures when it starts tasks is the service's to name.
pub(super) fn clean_volumes(gone: &[Value], rewrite: &mut Rewrite) {
    let mounts = |container: &Value, volume: &str| {
        items(container, "mountPoints").iter().any(|mount| text(mount, "sourceVolume") == volume)
    };
    let is_left = |volume: &Value| {
        let name = text(volume, "name");
        gone.iter().any(|container| mounts(container, name))
            && !containers(&rewrite.body).iter().any(|container| mounts(container, name))
    };
    let is_of_service = |volume: &Value| volume.get("configuredAtLaunch").and_then(Value::as_bool) == Some(true);
    let (left, mut stay): (Vec<Value>, Vec<Value>) = items(&rewrite.body, "volumes").iter().cloned().partition(is_left);
    let (configured, left): (Vec<Value>, Vec<Value>) = left.into_iter().partition(is_of_service);
    rewrite.notes.extend(configured.iter().map(|volume| {
        format!("the volume `{}` is mounted no more, and stays because the service configures it", text(volume, "name"))
    }));
    if left.is_empty() {
        return;
    }
    rewrite.changes.extend(left.iter().map(|volume| Change {
        container: String::new(),
        part: "volumes",
        name: text(volume, "name").to_owned(),
        before: Some(text(volume, "name").to_owned()),
        after: None,
        reason: "no container mounts it any more".to_owned(),
    }));
    stay.extend(configured);
    match rewrite.body.as_object_mut() {
        Some(fields) if stay.is_empty() => drop(fields.remove("volumes")),
        _ => rewrite.body["volumes"] = Value::Array(stay),
    }
}

/// What only a sidecar used and the task definition does not hold.
fn unused(kept: &[Value], gone: &[Value], rewrite: &mut Rewrite) {
    let secrets = |container: &Value| -> Vec<String> {
        items(container, "secrets").iter().map(|secret| text(secret, "valueFrom").to_owned()).collect()
    };
    let log_group = |container: &Value| -> Vec<String> {
        let group = container.pointer("/logConfiguration/options/awslogs-group").and_then(Value::as_str);
        group.map(str::to_owned).into_iter().collect()
    };
    let registry = |container: &Value| -> Vec<String> {
        let login = container.pointer("/repositoryCredentials/credentialsParameter").and_then(Value::as_str);
        login.map(str::to_owned).into_iter().collect()
    };
    let mut left = |what: &str, of: &dyn Fn(&Value) -> Vec<String>| {
        let used: Vec<String> = kept.iter().flat_map(of).collect();
        let mut names: Vec<String> = gone.iter().flat_map(of).filter(|name| !used.contains(name)).collect();
        names.sort();
        names.dedup();
        rewrite.notes.extend(names.iter().map(|name| format!("the task no longer uses the {what} `{name}`")));
    };
    left("secret", &secrets);
    left("log group", &log_group);
    left("login of a registry", &registry);
}

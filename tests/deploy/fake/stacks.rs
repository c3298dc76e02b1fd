//! What can be asked about stacks, and done to them.

use super::answer::{Refusal, Xml, invalid};
use super::call::Call;
use super::shape::STACK;
use super::timeline::{Phase, Timeline};
use super::world::{Event, OnFailure, Stack, World};
use jiff::Timestamp;

/// When the virtual clock began, in Unix time.
const EPOCH: u64 = 1_767_225_600;

fn time(seconds: u64) -> String {
    Timestamp::from_second((EPOCH + seconds) as i64).unwrap().to_string()
}

fn absent(name: &str) -> Refusal {
    invalid(format!("Stack with id {name} does not exist"))
}

impl World {
    pub(crate) fn describe_stacks(&mut self, call: &Call) -> Result<Xml, Refusal> {
        self.look();
        let found: Vec<&Stack> = match call.parameter("StackName") {
            Some(name) => vec![self.find(name).ok_or_else(|| absent(name))?],
            None => self.live().collect(),
        };
        let (page, next) = self.page_of(call, found);
        Ok(Xml::default().list("Stacks", page.into_iter().map(Stack::told)).maybe("NextToken", next.as_deref()))
    }

    pub(crate) fn describe_stack_events(&mut self, call: &Call) -> Result<Xml, Refusal> {
        self.look();
        let name = call.required("StackName");
        let stack = self.find(name).ok_or_else(|| absent(name))?;
        let is_end = |event: &Event| event.physical_id == stack.id && event.status.ends_with("_COMPLETE");
        let is_shown = |event: &&Event| event.shown_at <= self.now && !(self.is_mute && is_end(event));
        let mut events: Vec<&Event> = stack.events.iter().filter(is_shown).collect();
        events.sort_by_key(|event| event.time);
        if self.is_disordered {
            events.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        }
        events.reverse();
        let (page, next) = self.page_of(call, events);
        let told = page.into_iter().map(|event| {
            Xml::default()
                .text("EventId", &event.id)
                .text("StackId", &event.stack_id)
                .text("StackName", &stack.name)
                .text("LogicalResourceId", &event.logical_id)
                .text("PhysicalResourceId", &event.physical_id)
                .text("ResourceType", event.kind)
                .text("Timestamp", &time(event.time))
                .text("ResourceStatus", &event.status)
                .maybe("ResourceStatusReason", event.reason.as_deref())
                .maybe("DetailedStatus", event.detail)
        });
        Ok(Xml::default().list("StackEvents", told).maybe("NextToken", next.as_deref()))
    }

    /// Of the failed events, those of which `DescribeStackEvents` does not tell.
    pub(crate) fn describe_events(&self, call: &Call) -> Result<Xml, Refusal> {
        if !self.knows_events {
            return Err(Refusal(400, "InvalidAction", "Could not find operation DescribeEvents".to_owned()));
        }
        let stack = call.parameter("StackName");
        let id = stack.or(call.parameter("ChangeSetName")).unwrap_or_default();
        let told = self.refused.iter().map(|refused| {
            let (own, name) = match refused.place {
                Some(_) => ("Validation", "ValidationName"),
                None => ("Hook", "HookType"),
            };
            let kind = if own == "Hook" { "HOOK_INVOCATION_ERROR" } else { "VALIDATION_ERROR" };
            Xml::default()
                .text("EventId", refused.logical_id)
                .text("StackId", id)
                .text("EventType", kind)
                .text("LogicalResourceId", refused.logical_id)
                .text("ResourceType", refused.kind)
                .text("Timestamp", &time(self.now))
                .text(name, refused.by)
                .text(&format!("{own}FailureMode"), refused.mode)
                .text(&format!("{own}StatusReason"), refused.reason)
                .maybe("ValidationPath", refused.place)
        });
        Ok(Xml::default().list("OperationEvents", told))
    }

    pub(crate) fn list_stack_resources(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let name = call.required("StackName");
        let stack = self.find(name).ok_or_else(|| absent(name))?;
        let (page, next) = self.page_of(call, stack.resources.iter().collect());
        let told = page.into_iter().map(|(name, resource)| {
            Xml::default()
                .text("LogicalResourceId", name)
                .text("PhysicalResourceId", &resource.physical_id)
                .text("ResourceType", resource.kind)
                .text("ResourceStatus", &resource.status)
                .maybe("ResourceStatusReason", resource.reason.as_deref())
        });
        Ok(Xml::default().list("StackResourceSummaries", told).maybe("NextToken", next.as_deref()))
    }

    pub(crate) fn get_template(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let name = call.required("StackName");
        let stack = self.find(name).ok_or_else(|| absent(name))?;
        let children = self.shape.at(&stack.path).map_or(&[][..], |node| &node.children);
        let resources = children.iter().map(|child| {
            let policy = if child.is_retained { "Retain" } else { "Delete" };
            (child.name.to_owned(), serde_json::json!({"Type": child.kind, "DeletionPolicy": policy}))
        });
        let resources: serde_json::Map<String, serde_json::Value> = resources.collect();
        Ok(Xml::default().text("TemplateBody", &serde_json::json!({"Resources": resources}).to_string()))
    }

    pub(crate) fn delete_stack(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let name = call.required("StackName");
        let Some(stack) = self.find(name).cloned() else { return Ok(Xml::default()) };
        let force = call.parameter("DeletionMode") == Some("FORCE_DELETE_STACK");
        let kept = call.members("RetainResources");
        let status = stack.status.as_str();
        if stack.is_protected {
            let name = &stack.name;
            return Err(invalid(format!("Stack [{name}] cannot be deleted while TerminationProtection is enabled")));
        }
        if (force || !kept.is_empty()) && status != "DELETE_FAILED" {
            let id = &stack.id;
            return Err(invalid(format!("Invalid operation on stack [{id}]. It must be in DELETE_FAILED for that.")));
        }
        match status {
            "DELETE_IN_PROGRESS" | "DELETE_COMPLETE" => return Ok(Xml::default()),
            _ if status.starts_with("UPDATE_") && status.ends_with("_IN_PROGRESS") => {
                let id = &stack.id;
                return Err(invalid(format!("Stack [{id}] cannot be deleted while in status {status}")));
            }
            _ => {}
        }
        self.change_sets.retain(|set| set.stack_id != stack.id);
        if status == "REVIEW_IN_PROGRESS" {
            let gone = Event::new(self.now, &stack.id, &stack.name, &stack.id, STACK, "DELETE_COMPLETE");
            self.schedule(&stack.id, vec![gone]);
            return Ok(Xml::default());
        }
        Timeline::new(self, &stack.id, OnFailure::Rollback).forced(force).skipping(kept).run(Phase::Delete);
        Ok(Xml::default())
    }

    pub(crate) fn continue_update_rollback(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let name = call.required("StackName");
        let stack = self.find(name).ok_or_else(|| absent(name))?;
        let (id, status) = (stack.id.clone(), stack.status.clone());
        if status != "UPDATE_ROLLBACK_FAILED" {
            let text = format!("Stack:{id} is in {status} state and can not continue rolling back its update.");
            return Err(invalid(text));
        }
        let skip = call.members("ResourcesToSkip");
        Timeline::new(self, &id, OnFailure::Rollback).skipping(skip).run(Phase::Rollback);
        Ok(Xml::default())
    }

    /// What was kept as it failed goes back.
    pub(crate) fn rollback_stack(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let name = call.required("StackName");
        let stack = self.find(name).ok_or_else(|| absent(name))?;
        let (id, status) = (stack.id.clone(), stack.status.clone());
        if status != "UPDATE_FAILED" {
            let text = format!("Stack:{id} is in {status} state and can not be rolled back.");
            return Err(invalid(text));
        }
        Timeline::new(self, &id, OnFailure::Rollback).run(Phase::Rollback);
        Ok(Xml::default())
    }

    fn page_of<T>(&self, call: &Call, all: Vec<T>) -> (Vec<T>, Option<String>) {
        let from: usize = call.parameter("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let next = from + self.page;
        let next = (next < all.len()).then(|| next.to_string());
        (all.into_iter().skip(from).take(self.page).collect(), next)
    }
}

impl Stack {
    pub(crate) fn events_of_resources(&self) -> usize {
        self.events.iter().filter(|event| event.physical_id != self.id).count()
    }

    fn told(&self) -> Xml {
        // What was only planned has neither parameters nor tags.
        let input = Some(&self.input).filter(|_| self.status != "REVIEW_IN_PROGRESS");
        let told = Xml::default()
            .text("StackId", &self.id)
            .text("StackName", &self.name)
            .text("StackStatus", &self.status)
            .text("CreationTime", &time(0))
            .maybe("StackStatusReason", self.reason.as_deref())
            .maybe("ParentId", self.parent.as_deref())
            .maybe("RootId", self.root.as_deref())
            .text("EnableTerminationProtection", if self.is_protected { "true" } else { "false" });
        let Some(input) = input else { return told };
        let (url, key) = ("http://traces.example.com".to_owned(), "JaegerURL".to_owned());
        let outputs = [(&key, &url)].into_iter().filter(|_| self.root.is_none());
        told.pairs("Parameters", ("ParameterKey", "ParameterValue"), &input.parameters)
            .pairs("Tags", ("Key", "Value"), &input.tags)
            .pairs("Outputs", ("OutputKey", "OutputValue"), outputs)
    }
}

//! Change sets, over the stack and one for each that it nests: made in time, executed once, obsolete when another was.

use super::answer::{Refusal, Xml, invalid};
use super::call::Call;
use super::shape::{Node, STACK};
use super::timeline::{Phase, Timeline};
use super::world::{Input, OnFailure, World};
use crate::run::{ACCOUNT, REGION};

/// How long it takes to work out the changes.
const SECONDS: u64 = 25;
const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeSet {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) stack_id: String,
    /// The change set that this one is nested in.
    pub(crate) parent: Option<String>,
    creates: bool,
    ready_at: u64,
    failure: Option<String>,
    is_obsolete: bool,
    /// The token of the call that executed it.
    executed_by: Option<String>,
    token: String,
    on_failure: OnFailure,
    input: Input,
    changes: Vec<Change>,
}

#[derive(Debug, Clone)]
struct Change {
    name: &'static str,
    kind: &'static str,
    physical_id: String,
    nested: Option<String>,
}

fn absent(name: &str) -> Refusal {
    Refusal(404, "ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"))
}

impl ChangeSet {
    /// Neither executed nor removed.
    pub(crate) fn is_open(&self) -> bool {
        self.parent.is_none() && self.executed_by.is_none()
    }
}

impl World {
    /// Somebody plans a stack and goes away.
    pub(crate) fn plan(&mut self, change_set: &str, stack: &str) {
        let stack_id = self.plan_stack(stack);
        let id = format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{change_set}/0");
        let (name, shape) = (change_set.to_owned(), self.shape.clone());
        let mut set = ChangeSet { id, name, stack_id, ready_at: self.now, ..ChangeSet::default() };
        self.add_change_set(&mut set, &shape, &mut Vec::new());
    }

    /// Somebody else changes the stack: what was planned for it can be executed no longer.
    pub(crate) fn overtake(&mut self, stack: &str) {
        let id = self.find(stack).unwrap().id.clone();
        self.change_sets.iter_mut().filter(|set| set.stack_id == id).for_each(|set| set.is_obsolete = true);
    }

    pub(crate) fn create_change_set(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let (stack, name) = (call.required("StackName"), call.required("ChangeSetName"));
        let creates = call.parameter("ChangeSetType") == Some("CREATE");
        let token = call.parameter("ClientToken").unwrap_or_default().to_owned();
        let same = self.change_sets.iter().find(|set| set.name == name && set.parent.is_none());
        if let Some(same) = same {
            if !token.is_empty() && same.token == token {
                return Ok(Xml::default().text("Id", &same.id).text("StackId", &same.stack_id));
            }
            let text = format!("ChangeSet {name} cannot be created due to a mismatch with existing attribute Template");
            return Err(Refusal(409, "AlreadyExistsException", text));
        }
        let found = self.find(stack).map(|found| (found.id.clone(), found.status.clone()));
        let id = match (&found, creates) {
            (None, true) => self.plan_stack(stack),
            (None, false) => return Err(invalid(format!("Stack [{stack}] does not exist"))),
            (Some((id, status)), true) if status == "REVIEW_IN_PROGRESS" => id.clone(),
            (Some((id, _)), true) => {
                let text =
                    format!("Stack [{id}] already exists and cannot be created again with the changeSet [{name}].");
                return Err(invalid(text));
            }
            (Some((id, status)), false) if !is_updatable(status) => {
                return Err(invalid(format!("Stack:{id} is in {status} state and can not be updated.")));
            }
            (Some((id, _)), false) => id.clone(),
        };
        let input = self.input(call, &id)?;
        let is_same = !creates && self.stack(&id).unwrap().input == input;
        let on_failure = match call.parameter("OnStackFailure") {
            Some("DELETE") => OnFailure::Delete,
            Some("DO_NOTHING") => OnFailure::Keep,
            _ => OnFailure::Rollback,
        };
        let shape = self.shape.clone();
        let mut template = ChangeSet {
            id: String::new(),
            name: name.to_owned(),
            stack_id: id.clone(),
            parent: None,
            creates,
            ready_at: self.now + SECONDS,
            failure: is_same.then(|| NO_CHANGES.to_owned()),
            is_obsolete: false,
            executed_by: None,
            token,
            on_failure,
            input,
            changes: Vec::new(),
        };
        let made = self.add_change_set(&mut template, &shape, &mut Vec::new());
        Ok(Xml::default().text("Id", &made).text("StackId", &id))
    }

    fn input(&self, call: &Call, stack: &str) -> Result<Input, Refusal> {
        let current = &self.stack(stack).unwrap().input;
        let template = match call.parameter("TemplateURL") {
            Some(url) => {
                let (host, key) = url.trim_start_matches("https://").split_once('/').unwrap_or_default();
                let bucket = host.split('.').next().unwrap_or_default();
                if !self.store.holds(bucket, key) {
                    return Err(invalid("S3 error: The specified key does not exist."));
                }
                url.to_owned()
            }
            None => current.template.clone(),
        };
        let parameters = call.fields("Parameters", "ParameterKey", "ParameterValue").into_iter();
        let previous = |key: &String| current.parameters.get(key).cloned();
        let parameters = parameters.filter_map(|(key, value)| Some((key.clone(), value.or_else(|| previous(&key))?)));
        let tags = call.fields("Tags", "Key", "Value").into_iter();
        let tags = tags.map(|(key, value)| (key, value.unwrap_or_default()));
        Ok(Input { template, parameters: parameters.collect(), tags: tags.collect() })
    }

    /// Adds a change set and those below it; a failure below makes those above fail.
    fn add_change_set(&mut self, set: &mut ChangeSet, node: &Node, path: &mut Vec<String>) -> String {
        let root = self.stack(&set.stack_id).unwrap();
        let root = root.root.clone().unwrap_or_else(|| root.id.clone());
        let number = self.next_number();
        set.id = format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{}/{number:08}", set.name);
        let refusal = self.refusal.filter(|(place, _)| *place == path.join("/"));
        set.failure = set.failure.take().or_else(|| refusal.map(|(_, reason)| reason.to_owned()));
        for child in &node.children {
            let known = self.stack(&set.stack_id).unwrap().resources.get(child.name);
            let physical_id = known.map(|known| known.physical_id.clone()).unwrap_or_default();
            let mut change = Change { name: child.name, kind: child.kind, physical_id, nested: None };
            if child.kind == STACK {
                path.push(child.name.to_owned());
                let stack_id = self.nested_stack(&root, path);
                let mut below =
                    ChangeSet { stack_id, parent: Some(set.id.clone()), changes: Vec::new(), ..set.clone() };
                let id = self.add_change_set(&mut below, child, path);
                path.pop();
                if below.failure.is_some() && set.failure.is_none() {
                    let words = "was not successfully created: Currently in FAILED.";
                    set.failure = Some(format!("Nested change set {id} {words}"));
                }
                change.nested = Some(id);
            }
            set.changes.push(change);
        }
        self.change_sets.push(set.clone());
        set.id.clone()
    }

    fn change_set(&self, name: &str) -> Result<&ChangeSet, Refusal> {
        self.change_sets.iter().find(|set| set.id == name).ok_or_else(|| absent(name))
    }

    pub(crate) fn describe_change_set(&mut self, call: &Call) -> Result<Xml, Refusal> {
        self.look();
        let set = self.change_set(call.required("ChangeSetName"))?;
        let status = match (&set.failure, set.ready_at.checked_sub(self.now)) {
            (_, Some(left)) if left > SECONDS / 2 => "CREATE_PENDING",
            (_, Some(left)) if left > 0 => "CREATE_IN_PROGRESS",
            (Some(_), _) => "FAILED",
            (None, _) => "CREATE_COMPLETE",
        };
        let execution = match (status, set.is_obsolete) {
            (_, true) => "OBSOLETE",
            ("CREATE_COMPLETE", _) => "AVAILABLE",
            _ => "UNAVAILABLE",
        };
        let answer = Xml::default()
            .text("ChangeSetId", &set.id)
            .text("ChangeSetName", &set.name)
            .text("StackId", &set.stack_id)
            .text("Status", status)
            .text("ExecutionStatus", execution)
            .text("IncludeNestedStacks", "true")
            .maybe("ParentChangeSetId", set.parent.as_deref())
            .maybe("StatusReason", set.failure.as_deref().filter(|_| status == "FAILED"));
        if status != "CREATE_COMPLETE" {
            return Ok(answer);
        }
        let from: usize = call.parameter("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let page = set.changes.iter().skip(from).take(self.page);
        let answer = answer.list("Changes", page.map(|change| change.told(set.creates)));
        let next = from + self.page;
        Ok(answer.maybe("NextToken", (next < set.changes.len()).then(|| next.to_string()).as_deref()))
    }

    pub(crate) fn execute_change_set(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let set = self.change_set(call.required("ChangeSetName"))?.clone();
        let token = call.parameter("ClientRequestToken").unwrap_or_default();
        if set.executed_by.as_deref().is_some_and(|by| !by.is_empty() && by == token) {
            return Ok(Xml::default());
        }
        let execution = match () {
            () if set.is_obsolete => "OBSOLETE",
            () if set.executed_by.is_some() => "EXECUTE_IN_PROGRESS",
            () if set.failure.is_some() || set.ready_at > self.now => "UNAVAILABLE",
            () => "AVAILABLE",
        };
        if execution != "AVAILABLE" {
            let id = &set.id;
            let text = format!("ChangeSet [{id}] cannot be executed in its current execution status of [{execution}]");
            return Err(Refusal(400, "InvalidChangeSetStatus", text));
        }
        for other in &mut self.change_sets {
            if other.id == set.id {
                other.executed_by = Some(token.to_owned());
            }
        }
        self.change_sets.retain(|other| other.stack_id != set.stack_id || other.id == set.id);
        let stack = self.find_mut(&set.stack_id).unwrap();
        let previous = std::mem::replace(&mut stack.input, set.input.clone());
        stack.previous = (!set.creates).then_some(previous);
        let phase = if set.creates { Phase::Create } else { Phase::Update };
        Timeline::new(self, &set.stack_id, set.on_failure).run(phase);
        Ok(Xml::default())
    }

    pub(crate) fn delete_change_set(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let mut gone = vec![call.required("ChangeSetName").to_owned()];
        while let Some(id) = gone.pop() {
            gone.extend(
                self.change_sets.iter().filter(|set| set.parent.as_ref() == Some(&id)).map(|set| set.id.clone()),
            );
            self.change_sets.retain(|set| set.id != id);
        }
        Ok(Xml::default())
    }

    pub(crate) fn list_change_sets(&mut self, call: &Call) -> Result<Xml, Refusal> {
        let name = call.required("StackName");
        let stack = self.find(name).ok_or_else(|| invalid(format!("Stack [{name}] does not exist")))?;
        let sets = self.change_sets.iter().filter(|set| set.stack_id == stack.id);
        let told = sets.map(|set| Xml::default().text("ChangeSetId", &set.id).text("ChangeSetName", &set.name));
        Ok(Xml::default().list("Summaries", told))
    }
}

impl Change {
    fn told(&self, creates: bool) -> Xml {
        let replacement = if self.kind == STACK { "Conditional" } else { "False" };
        let change = Xml::default()
            .text("Action", if creates { "Add" } else { "Modify" })
            .text("LogicalResourceId", self.name)
            .text("PhysicalResourceId", &self.physical_id)
            .text("ResourceType", self.kind)
            .maybe("Replacement", (!creates).then_some(replacement))
            .maybe("ChangeSetId", self.nested.as_deref());
        Xml::default().text("Type", "Resource").inside("ResourceChange", change)
    }
}

fn is_updatable(status: &str) -> bool {
    let is_dead = matches!(
        status,
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" | "UPDATE_ROLLBACK_FAILED" | "REVIEW_IN_PROGRESS"
    );
    !is_dead && !status.ends_with("_IN_PROGRESS")
}

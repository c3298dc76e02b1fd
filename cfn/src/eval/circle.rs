//! Circles: resources that wait for each other, and conditions that ask for each other. CloudFormation refuses both.

use super::expression::{Expression, Form};
use super::program::Program;
use super::substitution::Slot;
use crate::template::{Fault, Span};
use std::collections::HashMap;

/// A name, where it is declared, and the names that it needs.
struct Member<'a> {
    name: &'a str,
    span: Span,
    needs: Vec<&'a str>,
}

/// One fault for each circle, which names all of it.
pub(super) fn faults(program: &Program) -> Vec<Fault> {
    let template = &program.template;
    let resources = template.resources.iter().map(|resource| {
        let mut needs: Vec<&str> = resource.depends_on.iter().map(String::as_str).collect();
        if let Some(properties) = program.properties(&resource.logical_id) {
            references(properties, &mut needs);
        }
        Member { name: &resource.logical_id, span: resource.span, needs }
    });
    let conditions = template.conditions.iter().map(|condition| {
        let mut needs = Vec::new();
        if let Some(expression) = program.condition(&condition.name) {
            conditions(expression, &mut needs);
        }
        Member { name: &condition.name, span: condition.span, needs }
    });
    let mut circles = find(&resources.collect::<Vec<_>>());
    circles.extend(find(&conditions.collect::<Vec<_>>()));
    let fault = |(span, circle): (Span, Vec<&str>)| {
        let first = circle.first().copied().unwrap_or_default();
        Fault {
            file: template.name.clone(),
            span,
            message: format!("`{first}` depends on itself: {}", circle.join(" → ")),
        }
    };
    circles.into_iter().map(fault).collect()
}

/// The names that properties refer to in any case. What `Fn::If` chooses between is left out: its branches may exclude each
/// other.
fn references<'a>(expression: &'a Expression, names: &mut Vec<&'a str>) {
    match &expression.form {
        Form::Ref(name) => names.push(name),
        Form::GetAtt(resource, _) => names.push(resource),
        Form::Sub(slots, variables) => {
            let is_variable = |name: &str| variables.iter().any(|(variable, _)| &**variable == name);
            names.extend(slots.iter().filter_map(|slot| match slot {
                Slot::Name(name) if !is_variable(name) => Some(&**name),
                Slot::Attribute(resource, attribute) if !is_variable(&format!("{resource}.{attribute}")) => {
                    Some(&**resource)
                }
                _ => None,
            }));
        }
        Form::If(..) => return,
        _ => {}
    }
    for child in expression.children() {
        references(child, names);
    }
}

fn conditions<'a>(expression: &'a Expression, names: &mut Vec<&'a str>) {
    if let Form::Condition(name) | Form::If(name, ..) = &expression.form {
        names.push(name);
    }
    for child in expression.children() {
        conditions(child, names);
    }
}

/// Walks depth first, with a stack of its own: a chain of resources may be longer than the thread's.
fn find<'a>(members: &[Member<'a>]) -> Vec<(Span, Vec<&'a str>)> {
    let index: HashMap<&str, usize> = members.iter().enumerate().map(|(at, member)| (member.name, at)).collect();
    let mut circles = Vec::new();
    let mut is_done = vec![false; members.len()];
    let mut place_on_path: Vec<Option<usize>> = vec![None; members.len()];
    for start in 0..members.len() {
        // Members on the way down, each with how many of its needs were followed.
        let mut path = if is_done[start] { Vec::new() } else { vec![(start, 0)] };
        while let Some((at, followed)) = path.last_mut() {
            let at = *at;
            let need = members[at].needs.get(*followed);
            *followed += 1;
            let depth = path.len() - 1;
            place_on_path[at] = Some(depth);
            let Some(need) = need else {
                is_done[at] = true;
                place_on_path[at] = None;
                path.pop();
                continue;
            };
            let Some(next) = index.get(need).copied().filter(|next| !is_done[*next]) else { continue };
            match place_on_path[next] {
                None => path.push((next, 0)),
                Some(place) => {
                    let circle = path[place..].iter().map(|(member, _)| members[*member].name);
                    circles.push((members[next].span, circle.chain([members[next].name]).collect()));
                }
            }
        }
    }
    circles
}

//! How the parameters of the outermost template bear on what is built: the texts that they are compared with, and those
//! of which every value may matter, since a function takes them apart.

use crate::eval::{Expression, Form, Slot, StackId, StackTree};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct Influence {
    compared: BTreeMap<String, BTreeSet<String>>,
    whole: BTreeSet<String>,
}

const NOTHING: &BTreeSet<String> = &BTreeSet::new();

impl Influence {
    pub(super) fn of(tree: &StackTree) -> Self {
        let mut reader = Reader { tree, found: Self::default() };
        for stack in tree.stacks() {
            let program = &stack.program;
            let rules = program.rules().iter();
            let rules =
                rules.flat_map(|rule| rule.condition.iter().chain(rule.assertions.iter().map(|(assert, _)| assert)));
            let template = &program.template;
            let properties = template.resources.iter().filter_map(|resource| program.properties(&resource.logical_id));
            let outputs = template.outputs.iter().filter_map(|output| program.output(&output.name)?.1);
            let all = program.conditions().chain(rules).chain(properties).chain(outputs);
            all.for_each(|expression| reader.visit(stack.id, expression));
        }
        reader.found
    }

    /// The texts that a parameter is compared with.
    pub(super) fn compared(&self, name: &str) -> &BTreeSet<String> {
        self.compared.get(name).unwrap_or(NOTHING)
    }

    /// Whether each of its values may build something else.
    pub(super) fn is_whole(&self, name: &str) -> bool {
        self.whole.contains(name)
    }
}

struct Reader<'a> {
    tree: &'a StackTree,
    found: Influence,
}

impl Reader<'_> {
    fn visit(&mut self, stack: StackId, expression: &Expression) {
        match &expression.form {
            Form::Equals(one, other) => self.pair(stack, one, other),
            Form::Contains(list, value) | Form::EachMemberIn(value, list) => self.pair(stack, value, list),
            Form::EachMemberEquals(values, wanted) => self.pair(stack, values, wanted),
            Form::FindInMap { map, top, second, .. } => self.find_in_map(stack, map, top, second),
            // What they give depends on how many parts there are, or on numbers.
            Form::Select(index, list) => [index, list].into_iter().for_each(|each| self.mark_whole(stack, each)),
            Form::Split(_, text) | Form::GetAzs(text) | Form::Length(text) => self.mark_whole(stack, text),
            Form::Cidr { .. } => expression.children().into_iter().for_each(|each| self.mark_whole(stack, each)),
            _ => {}
        }
        expression.children().into_iter().for_each(|child| self.visit(stack, child));
    }

    /// A parameter and constants; of anything else every value may matter.
    fn pair(&mut self, stack: StackId, one: &Expression, other: &Expression) {
        let (subject, constants) = match (origin(self.tree, stack, one), origin(self.tree, stack, other)) {
            (Some(name), None) => (name, other),
            (None, Some(name)) => (name, one),
            _ => {
                self.mark_whole(stack, one);
                self.mark_whole(stack, other);
                return;
            }
        };
        match literals(constants) {
            Some(texts) => self.found.compared.entry(subject).or_default().extend(texts),
            None => {
                self.found.whole.insert(subject);
                self.mark_whole(stack, constants);
            }
        }
    }

    fn find_in_map(&mut self, stack: StackId, map: &Expression, top: &Expression, second: &Expression) {
        self.mark_whole(stack, map);
        self.mark_whole(stack, second);
        let (Form::Literal(map), Some(name)) = (&map.form, origin(self.tree, stack, top)) else {
            return self.mark_whole(stack, top);
        };
        let template = &self.tree.stack(stack).program.template;
        let keys = template.section("Mappings").iter().filter(|(key, _)| key.text() == map.as_text());
        let keys = keys.flat_map(|(_, tops)| tops.entries()).filter_map(|(key, _)| key.text().map(str::to_owned));
        self.found.compared.entry(name).or_default().extend(keys);
    }

    fn mark_whole(&mut self, stack: StackId, expression: &Expression) {
        sources(self.tree, stack, expression, &mut self.found.whole);
    }
}

/// A literal, or a list of nothing but literals.
fn literals(expression: &Expression) -> Option<Vec<String>> {
    match &expression.form {
        Form::Literal(value) => Some(value.as_text().map(str::to_owned).into_iter().collect()),
        Form::List(items) => items.iter().map(literals).collect::<Option<Vec<_>>>().map(|texts| texts.concat()),
        _ => None,
    }
}

/// The parameter of the outermost stack that an expression hands through unchanged.
pub(super) fn origin(tree: &StackTree, stack: StackId, expression: &Expression) -> Option<String> {
    let Form::Ref(name) = &expression.form else { return None };
    let here = tree.stack(stack);
    here.program.parameter(name)?;
    match &here.parent {
        None => Some(name.to_string()),
        Some((parent, _)) => origin(tree, *parent, passed(tree, stack, name)?),
    }
}

/// What a nested stack is given for one of its parameters.
fn passed<'a>(tree: &'a StackTree, stack: StackId, name: &str) -> Option<&'a Expression> {
    let (parent, logical_id) = tree.stack(stack).parent.as_ref()?;
    let Form::Map(properties) = &tree.stack(*parent).program.properties(logical_id)?.form else { return None };
    let (_, parameters) = properties.iter().find(|(key, _)| &**key == "Parameters")?;
    let Form::Map(parameters) = &parameters.form else { return None };
    parameters.iter().find(|(key, _)| &**key == name).map(|(_, expression)| expression)
}

/// Every parameter of the outermost stack that an expression reads, over what nested stacks are given.
fn sources(tree: &StackTree, stack: StackId, expression: &Expression, names: &mut BTreeSet<String>) {
    let mut read = |name: &str| {
        let here = tree.stack(stack);
        match (&here.parent, passed(tree, stack, name)) {
            _ if here.program.parameter(name).is_none() => {}
            (None, _) => {
                names.insert(name.to_owned());
            }
            (Some((parent, _)), Some(given)) => sources(tree, *parent, given, names),
            (Some(_), None) => {}
        }
    };
    match &expression.form {
        Form::Ref(name) => read(name),
        Form::Sub(slots, _) => slots.iter().for_each(|slot| {
            if let Slot::Name(name) = slot {
                read(name);
            }
        }),
        _ => {}
    }
    expression.children().into_iter().for_each(|child| sources(tree, stack, child, names));
}

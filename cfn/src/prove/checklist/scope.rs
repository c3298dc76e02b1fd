//! What lint rules look at: where there is none of it, that they find nothing proves nothing.

use crate::eval::StackTree;
use crate::template::Template;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy)]
pub(super) enum Scope {
    /// Every template.
    Templates,
    Parameters,
    /// Resources whose types begin like one of these.
    Resources(&'static [&'static str]),
}

impl Scope {
    /// How many of the templates have something of it.
    pub(super) fn templates(self, tree: &StackTree) -> usize {
        let files: BTreeMap<&str, &Template> =
            tree.stacks().iter().map(|stack| (stack.file(), &stack.program.template)).collect();
        files.into_values().filter(|template| self.is_in(template)).count()
    }

    fn is_in(self, template: &Template) -> bool {
        match self {
            Self::Templates => true,
            Self::Parameters => !template.parameters.is_empty(),
            Self::Resources(kinds) => {
                let has = |kind: &str| kinds.iter().any(|begin| kind.starts_with(begin));
                template.resources.iter().any(|resource| has(&resource.kind))
            }
        }
    }
}

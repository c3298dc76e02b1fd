//! A property that is evaluated only as deep as it is asked for: whoever looks at the port of a container learns nothing of
//! its image, and the parameters that the image is made of make no further cases.

use super::influence::origin;
use crate::eval::{Evaluator, Expression, Form, Outcome, StackId, Value};
use crate::template::Span;

#[derive(Clone)]
pub struct Cursor<'a> {
    evaluator: &'a Evaluator<'a>,
    stack: StackId,
    at: At<'a>,
    /// Where it is written; of what is not written, where its parent is.
    pub span: Span,
}

#[derive(Clone)]
enum At<'a> {
    Written(&'a Expression),
    Evaluated(Value),
}

impl<'a> Cursor<'a> {
    /// All properties of a resource.
    pub(super) fn new(evaluator: &'a Evaluator<'a>, stack: StackId, logical_id: &str) -> Self {
        let program = &evaluator.tree().stack(stack).program;
        match program.properties(logical_id) {
            Some(expression) => {
                Self { evaluator, stack, at: At::Written(expression), span: expression.span }.chosen(expression)
            }
            None => {
                let span = program.resource(logical_id).map(|resource| resource.span).unwrap_or_default();
                Self { evaluator, stack, at: At::Evaluated(Value::Absent), span }
            }
        }
    }

    fn chosen(self, expression: &'a Expression) -> Self {
        Self { at: At::Written(expression), span: expression.span, ..self }
    }

    fn evaluated(&self, value: Value) -> Self {
        Self { at: At::Evaluated(value), ..self.clone() }
    }

    /// Follows every `Fn::If` that lies on the surface.
    fn decided(&self) -> Outcome<Self> {
        let mut here = self.clone();
        while let At::Written(Expression { form: Form::If(condition, one, other), span }) = here.at {
            let chosen = if self.evaluator.condition(self.stack, condition, *span)? { one } else { other };
            here = here.chosen(chosen);
        }
        Ok(here)
    }

    /// What has keys or items stays as it is written, anything else is evaluated.
    fn settled(&self) -> Outcome<Self> {
        let here = self.decided()?;
        Ok(match here.at {
            At::Written(Expression { form: Form::Map(_) | Form::List(_), .. }) | At::Evaluated(_) => here,
            At::Written(expression) => here.evaluated(self.evaluator.value(self.stack, expression)?),
        })
    }

    /// Whether it is what somebody may write into a parameter of free text, other than its default: nobody has yet.
    pub fn is_free_choice(&self) -> Outcome<bool> {
        let here = self.decided()?;
        let At::Written(expression) = here.at else { return Ok(false) };
        let Some(name) = origin(self.evaluator.tree(), self.stack, expression) else { return Ok(false) };
        let Some(parameter) = self.evaluator.tree().root().program.parameter(&name) else { return Ok(false) };
        let is_default = here.value()?.as_text() == parameter.default.as_deref();
        let is_given = self.evaluator.inputs().is_given(&name);
        Ok(parameter.allowed_values.is_empty() && !is_default && !is_given)
    }

    pub fn value(&self) -> Outcome<Value> {
        match &self.at {
            At::Written(expression) => self.evaluator.value(self.stack, expression),
            At::Evaluated(value) => Ok(value.clone()),
        }
    }

    pub fn is_absent(&self) -> Outcome<bool> {
        Ok(matches!(self.settled()?.at, At::Evaluated(Value::Absent)))
    }

    pub fn get(&self, key: &str) -> Outcome<Self> {
        let here = self.settled()?;
        Ok(match &here.at {
            At::Written(Expression { form: Form::Map(entries), .. }) => {
                match entries.iter().find(|(name, _)| &**name == key) {
                    Some((_, expression)) => here.clone().chosen(expression),
                    None => here.evaluated(Value::Absent),
                }
            }
            At::Evaluated(value) => here.evaluated(value.get(key).cloned().unwrap_or(Value::Absent)),
            At::Written(_) => here.evaluated(Value::Absent),
        })
    }

    /// Follows keys.
    pub fn at(&self, path: &[&str]) -> Outcome<Self> {
        path.iter().try_fold(self.clone(), |cursor, key| cursor.get(key))
    }

    /// Of a list each item that is there, of anything else that is set that one alone.
    pub fn items(&self) -> Outcome<Vec<Self>> {
        let here = self.settled()?;
        let items: Vec<Self> = match &here.at {
            At::Written(Expression { form: Form::List(items), .. }) => {
                items.iter().map(|item| here.clone().chosen(item)).collect()
            }
            At::Evaluated(Value::List(items)) => items.iter().map(|item| here.evaluated(item.clone())).collect(),
            _ => vec![here],
        };
        let mut present = Vec::with_capacity(items.len());
        for item in items {
            if !item.is_absent()? {
                present.push(item);
            }
        }
        Ok(present)
    }

    /// The pairs of a mapping.
    pub fn entries(&self) -> Outcome<Vec<(String, Self)>> {
        let here = self.settled()?;
        Ok(match &here.at {
            At::Written(Expression { form: Form::Map(entries), .. }) => {
                entries.iter().map(|(key, value)| (key.to_string(), here.clone().chosen(value))).collect()
            }
            At::Evaluated(value) => {
                value.entries().iter().map(|(key, value)| (key.to_string(), here.evaluated(value.clone()))).collect()
            }
            At::Written(_) => Vec::new(),
        })
    }

    pub fn text(&self) -> Outcome<Option<String>> {
        Ok(self.value()?.as_text().map(str::to_owned))
    }

    pub fn integer(&self) -> Outcome<Option<i64>> {
        Ok(self.value()?.as_integer())
    }

    /// Whether it is set to `true`; what is not known is not.
    pub fn is_true(&self) -> Outcome<bool> {
        Ok(self.value()?.as_bool() == Some(true))
    }

    /// The values of a list.
    pub fn values(&self) -> Outcome<Vec<Value>> {
        self.items()?.iter().map(Self::value).collect()
    }
}

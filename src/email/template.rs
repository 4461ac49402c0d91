//! A template stored at the provider, with the values for its variables.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::{
    error::FieldError,
    value::{filled_line, object, only, optional, required, text},
};
use crate::base::shown;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) variables: BTreeMap<String, Variable>,
}

/// The two types of variable in Resend's documentation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    Text(String),
    Number(Number),
}

impl Template {
    pub(super) fn from_value(value: &Value) -> Result<Self, FieldError> {
        let object = object(value)?;
        only(
            object,
            &["id", "variables"],
            &[
                ("templateid", "id"),
                ("vars", "variables"),
                ("data", "variables"),
                ("props", "variables"),
            ],
        )?;
        Ok(Self {
            id: required(object, "id", filled_line)?.to_owned(),
            variables: optional(object, "variables", parse_variables)?.unwrap_or_default(),
        })
    }
}

fn parse_variables(value: &Value) -> Result<BTreeMap<String, Variable>, FieldError> {
    let parse = |(name, value): (&String, &Value)| {
        if name.is_empty() || name.contains(char::is_control) {
            return Err(FieldError::at(
                name,
                "a variable's name must not be empty or contain control characters",
            ));
        }
        let variable = match value {
            Value::Number(number) => Variable::Number(number.clone()),
            Value::String(_) => Variable::Text(
                text(value)
                    .map_err(|error| error.within(shown(name)))?
                    .to_owned(),
            ),
            _ => return Err(FieldError::at(name, "must be a string or a number")),
        };
        Ok((name.clone(), variable))
    };
    object(value)?.iter().map(parse).collect()
}

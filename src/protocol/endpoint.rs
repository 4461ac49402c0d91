//! The two ways to send a request: one e-mail, or many.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a request goes. Stored with a dispatch as `single` or `batch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// One e-mail, which may have attachments; the body is an object.
    Single,
    /// Up to 100 e-mails without attachments; the body is a list.
    Batch,
}

/// The text is neither `single` nor `batch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown endpoint; expected single or batch")]
pub struct UnknownEndpoint;

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single => "single",
            Self::Batch => "batch",
        })
    }
}

impl FromStr for Endpoint {
    type Err = UnknownEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "single" => Ok(Self::Single),
            "batch" => Ok(Self::Batch),
            _ => Err(UnknownEndpoint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_everywhere() {
        for (endpoint, name) in [(Endpoint::Single, "single"), (Endpoint::Batch, "batch")] {
            assert_eq!(endpoint.to_string(), name);
            assert_eq!(name.parse(), Ok(endpoint));
            assert_eq!(serde_json::to_value(endpoint).unwrap(), name);
            assert_eq!(
                serde_json::from_value::<Endpoint>(name.into()).unwrap(),
                endpoint
            );
        }
        assert_eq!("Single".parse::<Endpoint>(), Err(UnknownEndpoint));
    }
}

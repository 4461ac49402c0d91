//! The project's API with its keys.

use super::answer::log_line;
use crate::base::{QueueError, scrub};
use crate::function::{EnvironmentError, Project};
use crate::io::Keys;
use crate::protocol::Rpc;
use serde::Serialize;

/// Calls with the first key that is taken. A key that cannot be one is left out where there is another.
pub fn rpc<R: Rpc>(
    project: &Project,
    new: impl Fn(&str, &str) -> Result<R, QueueError>,
) -> Result<Keys<R>, EnvironmentError> {
    let rpcs = (project.keys.iter())
        .map(|(name, key)| new(&project.url, key).map(|rpc| (name.clone(), rpc)));
    let (rpcs, wrong): (Vec<_>, Vec<_>) = rpcs.partition(Result::is_ok);
    let wrong = wrong.into_iter().find_map(Result::err);
    match wrong.as_ref().and_then(|error| error.field.as_deref()) {
        Some("url") => Err(EnvironmentError {
            variable: "SUPABASE_URL",
            problem: "must be the project's http(s) address",
        }),
        Some(_) if rpcs.is_empty() => Err(EnvironmentError {
            variable: "SUPABASE_SECRET_KEYS",
            problem: "must hold a secret key of the project, or SUPABASE_SECRET_KEY or SUPABASE_SERVICE_ROLE_KEY",
        }),
        _ => Ok(Keys::new(rpcs.into_iter().flatten().collect(), |name| {
            log_line(&KeyRefused {
                event: "email_queue_key_refused",
                key: &scrub(name),
            });
        })),
    }
}

#[derive(Serialize)]
struct KeyRefused<'a> {
    event: &'static str,
    key: &'a str,
}

//! How a project is connected.

use super::SupabaseQueueProvider;
use crate::base::QueueError;
use crate::client::check;
use crate::io::{PostgrestRpc, SystemRandom};
use std::time::Duration;

/// The database takes no more of it.
const MAX_ACTOR: usize = 100;
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

impl SupabaseQueueProvider {
    /// `url` is the project's; `key` is one of its secret keys.
    ///
    /// # Errors
    /// `invalid_input` with the field `url` or `key`.
    ///
    /// ```
    /// use email_queue::{ErrorCode, SupabaseQueueProvider};
    ///
    /// let queue = SupabaseQueueProvider::new("https://abc.supabase.co", "sb_secret_abc");
    /// assert!(queue.is_ok());
    /// let error = SupabaseQueueProvider::new("abc.supabase.co", "sb_secret_abc").err();
    /// assert_eq!(error.and_then(|error| error.field), Some("url".to_owned()));
    /// ```
    pub fn new(url: &str, key: &str) -> Result<Self, QueueError> {
        Self::with_timeout(url, key, None)
    }

    /// With another limit for a call than ten seconds.
    ///
    /// # Errors
    /// As [`new`](Self::new), or with the field `timeoutSeconds` where it is zero or longer than a day: timers end at 24 days.
    pub fn with_timeout(
        url: &str,
        key: &str,
        timeout: Option<Duration>,
    ) -> Result<Self, QueueError> {
        let mut rpc = PostgrestRpc::new(url, key)?;
        if let Some(timeout) = timeout {
            let fits = !timeout.is_zero() && timeout <= LONGEST_TIMEOUT;
            check::check("timeoutSeconds", fits)?;
            rpc = rpc.with_timeout(timeout);
        }
        Ok(Self::over(rpc, SystemRandom))
    }

    /// Under this name the operators' calls stand in `email_queue_audit`: 1 to 100 printable characters of ASCII.
    ///
    /// # Errors
    /// `invalid_input` with the field `actor`.
    pub fn acting_as(self, actor: &str) -> Result<Self, QueueError> {
        let fits = (1..=MAX_ACTOR).contains(&actor.len());
        let plain = actor.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let why = "must be 1 to 100 printable characters of ASCII";
        QueueError::unless(fits && plain, "actor", why)?;
        Ok(Self {
            rpc: self.rpc.with_header("x-email-queue-actor", actor),
            ..self
        })
    }
}

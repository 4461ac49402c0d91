//! How long a run waits if it is not told.

use std::time::Duration;

/// Rows that others hold are looked for again after this.
pub(super) const POLL: Duration = Duration::from_millis(100);
/// After the deadline the leases do what a last settle could not: it is not tried for longer than this.
pub(super) const GRACE: Duration = Duration::from_secs(3);
/// A run waits this long for a slot, a cooldown or the circuit breaker; for longer ones it ends and says when to come back.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);

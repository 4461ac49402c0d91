//! A custom consumer's lease: one dispatch a message, begun at once.

use super::store::{DispatchRow, Queue};
use crate::protocol::{Claim, Lease, Leased};
use std::time::Duration;

impl Queue {
    /// Leases up to one message for each token, of the first type that has any.
    pub fn dequeue(
        &mut self,
        now: Duration,
        types: &[String],
        tokens: &[String],
        visibility: Duration,
    ) -> Vec<Leased> {
        self.sweep(now);
        let lease = |token: &String| self.lease_one(now, types, token, visibility);
        tokens.iter().map_while(lease).collect()
    }

    fn lease_one(
        &mut self,
        now: Duration,
        types: &[String],
        token: &str,
        visibility: Duration,
    ) -> Option<Leased> {
        let dispatch = types.iter().find_map(|kind| {
            let claim = Claim {
                kind: kind.clone(),
                tokens: Vec::new(),
                lease_ms: crate::base::millis(visibility),
                max_messages: 1,
                max_bytes: u64::MAX,
                min_bytes: 0,
                max_wait_ms: 0,
                max_frozen: 0,
            };
            self.claim_one(now, &claim, token, true, claim.max_bytes, 0)
        })?;
        if let Some(dispatch) = self.dispatches.get_mut(&dispatch.id)
            && !dispatch.begun
        {
            dispatch.begun = true;
            dispatch.attempt += 1;
        }
        Some(Leased {
            message: self.get(sole_member(&dispatch)?)?,
            lease: Lease {
                dispatch_id: dispatch.id.clone(),
                token: token.to_owned(),
            },
        })
    }
}

fn sole_member(dispatch: &DispatchRow) -> Option<&str> {
    dispatch.members.first().map(|member| member.id.as_str())
}

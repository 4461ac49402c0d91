//! Claims by themselves, beside the run's other calls. The database takes a tenth of a second to write out a dispatch of some megabytes:
//! with one call at a time, nothing would be begun or settled meanwhile, and the provider would wait. Small mail goes the other way: a claim
//! travels with settles and begins, which saves requests.

use super::State;
use crate::base::QueueError;
use crate::protocol::{Claim, Dispatch, WorkReply, WorkRequest};
use std::time::Duration;

/// So many claims by themselves are under way at a time.
const CLAIMS: usize = 2;

/// A claim by itself that is not answered yet.
#[derive(Debug)]
pub(super) struct Apart {
    token: String,
    /// How many replays it asks for.
    replays: u32,
    under_way: bool,
}

impl State {
    /// The next claim by itself, and its token, or `None` where there is to be none.
    pub fn next_claim(
        &mut self,
        now: Duration,
        mut token: impl FnMut() -> String,
    ) -> Option<(String, WorkRequest)> {
        if now < self.call_at || self.given_up {
            return None;
        }
        if !self.apart.iter().any(|apart| !apart.under_way) {
            if !self.wants_claim_apart(now) {
                return None;
            }
            let asked: u32 = self.apart.iter().map(|apart| apart.replays).sum();
            self.apart.push(Apart {
                token: token(),
                replays: self.wanted_replays().saturating_sub(asked),
                under_way: false,
            });
        }
        let apart = self.apart.iter_mut().find(|apart| !apart.under_way)?;
        apart.under_way = true;
        let (token, replays) = (apart.token.clone(), apart.replays);
        let claim = Claim {
            max_bytes: self.config.dispatch_bytes,
            max_frozen: replays,
            ..self.claim(now, vec![token.clone()])
        };
        let request = WorkRequest {
            claim: Some(claim),
            ..WorkRequest::default()
        };
        Some((token, request))
    }

    /// The claim by itself with this token was answered, or failed: then it is said again.
    pub fn on_claim(&mut self, now: Duration, token: &str, result: Result<WorkReply, QueueError>) {
        let Some(index) = self.apart.iter().position(|apart| apart.token == token) else {
            return;
        };
        match result {
            Ok(reply) => {
                self.apart.swap_remove(index);
                self.on_heard(now, &reply);
                let WorkReply {
                    claims,
                    claim_error,
                    obstacle,
                    ..
                } = reply;
                self.on_claims(claims);
                if let Some(error) = claim_error {
                    self.on_claim_error(now, &error);
                    return;
                }
                self.failed_claims = 0;
                if let Some(obstacle) = obstacle {
                    self.on_obstacle(now, &obstacle);
                }
            }
            Err(error) => {
                if let Some(apart) = self.apart.get_mut(index) {
                    apart.under_way = false;
                }
                self.on_failure(now, &error);
            }
        }
    }

    /// What comes next is thought to be like what came last. Where nothing came, the other calls look.
    pub(super) fn on_claims(&mut self, claims: Vec<Dispatch>) {
        // A larger one fills the memory alone.
        let sizes = self.config.large_bytes..=self.config.dispatch_bytes;
        self.large = !claims.is_empty() && claims.iter().all(|d| sizes.contains(&d.bytes));
        for dispatch in claims {
            self.on_claimed(dispatch);
        }
    }

    /// A claim by itself that is to be said again.
    pub(super) fn repeats_claim(&self) -> bool {
        self.apart.iter().any(|apart| !apart.under_way)
    }

    /// Settles go with the begin of what is being claimed: with a call of their own, a hundred mails would need three. Only good news waits:
    /// of anything else other runs are to know at once.
    pub(super) fn settles_wait(&self) -> bool {
        self.stopped.is_none()
            && self.large
            && self.apart.iter().any(|apart| apart.under_way)
            && (self.settles.iter()).all(|p| p.failures == 0 && p.tally.accepted == p.tally.total())
    }

    /// Claims go by themselves now.
    pub(super) fn claims_apart(&self) -> bool {
        self.large && !self.exhausted && self.claiming.is_empty()
    }

    fn wants_claim_apart(&self, now: Duration) -> bool {
        let asked = self.apart.len() as u64 * self.config.dispatch_bytes;
        self.claims_apart()
            && self.stopped.is_none()
            && now >= self.claim_at
            && self.fits(now, Duration::ZERO)
            && self.apart.len() < CLAIMS
            && self.prepared.len() + self.apart.len() < self.config.in_flight
            && self.held_bytes + asked <= self.config.held_bytes
    }
}

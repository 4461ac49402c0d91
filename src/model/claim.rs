//! Claim: sweep, then hand out due dispatches and form new ones.

use super::store::{DispatchRow, MemberRow, Place, Queue};
use super::suppress::{Share, note_suppression};
use crate::base::ceil_ms;
use crate::base::limits::{
    LAST_PRIORITY, MAX_CLAIM_BYTES, MAX_CLAIMS, MAX_DISPATCH, MAX_LEASE_MS, MAX_PASSED,
    MAX_REMAINING, MAX_URGENT,
};
use crate::protocol::{self, Begin, Claim, ClaimedMessage, Endpoint, WorkReply};
use std::time::Duration;

pub(super) const PRIORITIES: std::ops::RangeInclusive<u8> = 0..=LAST_PRIORITY;

impl Queue {
    /// Sweeps, then claims up to one dispatch a token. `begins` of the same call are still to come.
    pub(super) fn claim(
        &mut self,
        now: Duration,
        claim: &Claim,
        begins: &[Begin],
        reply: &mut WorkReply,
    ) {
        self.sweep(now);
        if claim.kind == "email" {
            reply.obstacle =
                self.obstacle_after(now, begins, Duration::from_millis(claim.max_wait_ms));
            if reply.obstacle.is_none() {
                self.forget_quiet(now);
            }
        }
        let mut bytes_left = claim.max_bytes.min(MAX_CLAIM_BYTES);
        let mut frozen_left = claim.max_frozen;
        let mut more = reply.obstacle.is_none();
        // The dispatch that a token already has is given again in any case.
        for token in claim.tokens.iter().take(MAX_CLAIMS) {
            let least = match reply.claims.is_empty() {
                true => 1,
                false => claim.min_bytes.max(1),
            };
            let more_now = more && bytes_left >= least;
            match self.claim_one(now, claim, token, more_now, bytes_left, frozen_left) {
                None => {
                    if more_now {
                        reply.obstacle = self.closed_lanes(now, &claim.kind);
                    }
                    more = false;
                }
                Some(dispatch) => {
                    bytes_left = bytes_left.saturating_sub(dispatch.bytes);
                    frozen_left = frozen_left.saturating_sub(dispatch.frozen.into());
                    more = more && !dispatch.is_suspect();
                    reply.claims.push(self.describe(&dispatch));
                }
            }
        }
        if reply.claims.len() < claim.tokens.len() {
            reply.next_due_ms = self.next_due(now, &claim.kind);
        }
    }

    /// The dispatch that the token already has or, where `more` allows, a due or a new one.
    pub(super) fn claim_one(
        &mut self,
        now: Duration,
        claim: &Claim,
        token: &str,
        more: bool,
        bytes_left: u64,
        frozen_left: u32,
    ) -> Option<DispatchRow> {
        let held = |d: &&DispatchRow| d.token.as_deref() == Some(token);
        let held = self.dispatches.values().find(held).cloned();
        if held.is_some() || !more {
            return held;
        }
        let lease_ms = claim.lease_ms.clamp(1, MAX_LEASE_MS);
        let until = now + Duration::from_millis(lease_ms);
        let mut candidates = self.candidates(now, &claim.kind, frozen_left);
        candidates.sort();
        candidates.into_iter().find_map(|candidate| {
            let mut dispatch = match candidate.is_lane {
                false => self.take_over(now, &candidate.id)?,
                true => self.form(now, claim, &candidate.id, bytes_left)?,
            };
            dispatch.token = Some(token.to_owned());
            dispatch.begun = false;
            dispatch.visible_at = until;
            dispatch.updated_at = now;
            self.dispatches
                .insert(dispatch.id.clone(), dispatch.clone());
            Some(dispatch)
        })
    }

    /// A waiting dispatch. Since the claim that formed it an event may have come.
    fn take_over(&mut self, now: Duration, id: &str) -> Option<DispatchRow> {
        let mut dispatch = self.dispatches.get(id)?.clone();
        if !dispatch.frozen {
            self.drop_accepted(now, &mut dispatch);
            if dispatch.members.is_empty() {
                self.close(now, id);
                return None;
            }
        }
        Some(dispatch)
    }

    /// Forms a dispatch from the best ready messages of a lane or, in trouble, every second time from others.
    fn form(
        &mut self,
        now: Duration,
        claim: &Claim,
        lane: &str,
        max_bytes: u64,
    ) -> Option<DispatchRow> {
        let (first, skipped) = self
            .place_in_turn(now, &claim.kind, lane)
            .unwrap_or_default();
        let limit = match lane.starts_with("single:") {
            true => 1,
            false => (claim.max_messages.clamp(1, MAX_DISPATCH) as usize).min(self.size_of(lane)),
        };
        let mut taken: Vec<(Place, Share)> = Vec::new();
        let mut passed = Vec::new();
        let mut bytes = 0;
        'filling: for priority in first..=LAST_PRIORITY {
            let limit = if priority == 0 {
                limit.min(MAX_URGENT)
            } else {
                limit
            };
            for place in self
                .rows(&claim.kind, lane, priority)
                .skip(if priority == first { skipped } else { 0 })
                .take_while(|row| row.run_at <= now)
            {
                let Some(message) = self.messages.get(&place.id) else {
                    continue;
                };
                if message
                    .send_before
                    .is_some_and(|send_before| send_before <= now)
                {
                    continue;
                }
                let share = self.suppressed_share(message);
                let size = match share {
                    Share::All => 0,
                    Share::None | Share::Some => message.bytes,
                };
                // The first message is taken whatever its size, or it would never go.
                let fits = taken.is_empty() || bytes + size <= max_bytes;
                if taken.len() >= limit || !fits || passed.len() >= MAX_PASSED {
                    break 'filling;
                }
                if share == Share::All {
                    passed.push(place.id.clone());
                    continue;
                }
                bytes += size;
                taken.push((place.clone(), share));
            }
            // Urgent mail is not filled up with other.
            if priority == 0 && !taken.is_empty() {
                break;
            }
        }
        for id in passed {
            self.fail_suppressed(now, &id);
        }
        let priority = taken.first()?.0.priority;
        let members = taken.into_iter().filter_map(|(place, share)| {
            let ready = self.take_ready(&place.id)?;
            let mut member = MemberRow {
                id: place.id,
                attempts: ready.attempts,
                errors: ready.errors,
            };
            if share == Share::Some {
                note_suppression(now, &mut member);
            }
            Some(member)
        });
        let members = members.collect();
        let mut dispatch =
            DispatchRow::new(self.new_id(), now, &claim.kind, lane, priority, members);
        self.measure(&mut dispatch);
        self.drop_accepted(now, &mut dispatch);
        if dispatch.members.is_empty() {
            return None;
        }
        self.count_try(lane);
        Some(dispatch)
    }

    /// The lanes of a type that have ready rows, without those of paused domains.
    pub(super) fn lanes(&self, now: Duration, kind: &str) -> Vec<String> {
        let mut lanes = Vec::new();
        let mut from = Place::first(kind, String::new(), 0);
        while let Some(place) = self.order.range(from..).next()
            && place.kind == kind
        {
            if !self.is_lane_paused(now, &place.lane) {
                lanes.push(place.lane.clone());
            }
            from = Place::first(kind, format!("{}\0", place.lane), 0);
        }
        lanes
    }

    /// The rows of a lane in one priority, in order.
    pub(super) fn rows(
        &self,
        kind: &str,
        lane: &str,
        priority: u8,
    ) -> impl Iterator<Item = &Place> {
        let (kind, lane) = (kind.to_owned(), lane.to_owned());
        self.order
            .range(Place::first(&kind, lane.clone(), priority)..)
            .take_while(move |row| row.priority == priority && row.lane == lane && row.kind == kind)
    }

    /// Dispatches without a holder, without those of paused domains.
    pub(super) fn waiting(&self, now: Duration, kind: &str) -> impl Iterator<Item = &DispatchRow> {
        self.dispatches
            .values()
            .filter(move |d| d.is_waiting() && d.kind == kind && !self.is_lane_paused(now, &d.lane))
    }

    /// Milliseconds until something can be claimed; `None` where nothing waits.
    fn next_due(&self, now: Duration, kind: &str) -> Option<u64> {
        let lanes = self.lanes(now, kind).into_iter();
        let lanes = lanes.filter(|lane| self.claimable_at(now, lane).is_none());
        let heads = lanes.flat_map(|lane| {
            PRIORITIES
                .filter_map(move |priority| Some(self.rows(kind, &lane, priority).next()?.run_at))
        });
        let waiting = self.waiting(now, kind);
        let waiting = waiting.filter(|d| d.frozen || self.claimable_at(now, &d.lane).is_none());
        let waiting = waiting.map(|dispatch| dispatch.visible_at);
        heads
            .chain(waiting)
            .min()
            .map(|at| ceil_ms(at.saturating_sub(now)))
    }

    /// Messages that are due and not claimed.
    pub(super) fn remaining(&self, now: Duration, kind: &str) -> u64 {
        let lanes = self.lanes(now, kind);
        let ready = lanes
            .iter()
            .flat_map(|lane| PRIORITIES.flat_map(|priority| self.rows(kind, lane, priority)));
        let ready = ready.filter(|row| row.run_at <= now).count();
        let waiting = self.waiting(now, kind);
        let due = waiting
            .filter(|d| d.visible_at <= now)
            .map(|d| d.members.len());
        let count = ready + due.sum::<usize>();
        u64::try_from(count).unwrap_or(u64::MAX).min(MAX_REMAINING)
    }

    /// A claimed dispatch as the worker gets it.
    fn describe(&self, dispatch: &DispatchRow) -> protocol::Dispatch {
        let members = dispatch.members.iter();
        protocol::Dispatch {
            dispatch_id: dispatch.id.clone(),
            token: dispatch.token.clone().unwrap_or_default(),
            priority: dispatch.priority,
            attempt: dispatch.attempt,
            frozen: dispatch.frozen,
            begun: dispatch.begun,
            endpoint: dispatch.endpoint.or_else(|| endpoint_of(&dispatch.lane)),
            wire_version: dispatch.wire_version,
            mark: match dispatch.wire_version {
                None => Some(self.mark()),
                Some(_) => dispatch.mark.clone(),
            },
            bytes: dispatch.bytes,
            messages: members
                .map(|member| ClaimedMessage {
                    id: member.id.clone(),
                    attempts: member.attempts + dispatch.attempt,
                    payload: self
                        .messages
                        .get(&member.id)
                        .map(|message| message.payload.clone())
                        .unwrap_or_default(),
                })
                .collect(),
        }
    }
}

/// Where the first request of a lane's dispatch goes, however many messages it holds: an answer tells of the lane's
/// endpoint is known from there.
fn endpoint_of(lane: &str) -> Option<Endpoint> {
    lane.split_once(':')?.0.parse().ok()
}

//! The order of claims: which of the claimable messages comes next.

use super::breaker::unavailable;
use super::claim::PRIORITIES;
use super::store::{DispatchRow, Queue};
use crate::base::limits::MAX_CLAIMS;
use crate::protocol::Obstacle;
use std::time::Duration;

/// What could be claimed next, in the order of claims: frozen dispatches come before others of the same priority; then
/// lanes in turns, those of refused domains last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    priority: u8,
    turn: Turn,
    /// The last dispatch of this priority that was formed of the lane: ids are ordered by time.
    last_dispatch: Option<String>,
    /// Messages of the lane `id`; else the dispatch `id`, as the half of a batch, which comes first.
    pub is_lane: bool,
    since: Duration,
    pub id: String,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Frozen,
    Fresh,
    Refused,
}

impl Queue {
    pub(super) fn candidates(&self, now: Duration, kind: &str, frozen_left: u32) -> Vec<Candidate> {
        let mut lanes = self.lanes(now, kind);
        lanes.retain(|lane| self.head(now, kind, lane).is_some());
        // More replays than their share would still hold all places when a lane opens that is closed now.
        let replays = frozen_left > 0 || lanes.is_empty();
        lanes.retain(|lane| self.claimable_at(now, lane).is_none());
        let mut candidates = Vec::new();
        for priority in PRIORITIES {
            let mut due: Vec<_> = self
                .waiting(now, kind)
                .filter(|d| d.priority == priority && d.visible_at <= now)
                .filter(|d| match d.frozen {
                    true => replays,
                    false => self.claimable_at(now, &d.lane).is_none(),
                })
                .collect();
            due.sort_by_key(|d| (d.visible_at, &d.id));
            candidates.extend(due.into_iter().take(MAX_CLAIMS).map(|d| {
                Candidate {
                    priority,
                    turn: match d.frozen {
                        true => Turn::Frozen,
                        false => self.turn_of(&d.lane),
                    },
                    last_dispatch: (!d.frozen)
                        .then(|| self.last_dispatch(kind, &d.lane, priority))
                        .flatten(),
                    is_lane: false,
                    since: d.visible_at,
                    id: d.id.clone(),
                }
            }));
        }
        let first = self.lanes_in_turn(&lanes);
        candidates.extend(lanes.into_iter().filter_map(|lane| {
            let (priority, since) = self.head(now, kind, &lane)?;
            Some(match first.contains(&lane) {
                true => Candidate {
                    priority: 0,
                    turn: Turn::Fresh,
                    last_dispatch: None,
                    is_lane: true,
                    since: Duration::ZERO,
                    id: lane,
                },
                false => Candidate {
                    priority,
                    turn: self.turn_of(&lane),
                    last_dispatch: self.last_dispatch(kind, &lane, priority),
                    is_lane: true,
                    since,
                    id: lane,
                },
            })
        }));
        candidates
    }

    fn turn_of(&self, lane: &str) -> Turn {
        match self.is_lane_refused(lane) {
            true => Turn::Refused,
            false => Turn::Fresh,
        }
    }

    fn last_dispatch(&self, kind: &str, lane: &str, priority: u8) -> Option<String> {
        let of_lane = |d: &&DispatchRow| d.kind == kind && d.lane == lane && d.priority == priority;
        self.dispatches
            .values()
            .rfind(of_lane)
            .map(|d| d.id.clone())
    }

    /// The first due row of a lane, in its best priority.
    fn head(&self, now: Duration, kind: &str, lane: &str) -> Option<(u8, Duration)> {
        PRIORITIES.into_iter().find_map(|priority| {
            let head = self.rows(kind, lane, priority).next()?;
            (head.run_at <= now).then_some((priority, head.run_at))
        })
    }

    /// What keeps lanes with due mail from being claimed from; `None` where no lane is kept.
    pub(super) fn closed_lanes(&self, now: Duration, kind: &str) -> Option<Obstacle> {
        let lanes = self.lanes(now, kind).into_iter();
        let due = lanes.filter(|lane| self.head(now, kind, lane).is_some());
        let waiting = self.waiting(now, kind);
        let waiting = waiting.filter(|d| !d.frozen && d.visible_at <= now);
        let at = (due.chain(waiting.map(|d| d.lane.clone())))
            .filter_map(|lane| self.claimable_at(now, &lane))
            .min()?;
        Some(unavailable(now, at))
    }
}

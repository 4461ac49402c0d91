//! The order of claims: what comes next, of what may be claimed now.

use super::breaker::unavailable;
use super::claim::PRIORITIES;
use super::store::{Dispatch, Queue};
use crate::work::Obstacle;
use std::time::Duration;

/// Due dispatches of a priority that one claim looks at.
const DUE: usize = 20;

/// What could be claimed next, in the order of claims.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    priority: u8,
    pub source: Source,
}

/// Frozen dispatches come before others of the same priority, the oldest first; then lanes in turns, those of refused
/// domains last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Frozen(Duration, String),
    Lane(Turn),
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    refused: bool,
    /// The last dispatch that was formed of the lane: ids are ordered by time.
    last_dispatch: Option<String>,
    next: Next,
}

/// What comes next of a lane: dispatches that wait, as the halves of a batch, before ready messages.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Next {
    Waiting { since: Duration, id: String },
    Ready { since: Duration, lane: String },
}

impl Source {
    pub fn next(self) -> Next {
        match self {
            Self::Frozen(since, id) => Next::Waiting { since, id },
            Self::Lane(turn) => turn.next,
        }
    }
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
            candidates.extend(due.into_iter().take(DUE).map(|dispatch| Candidate {
                priority,
                source: self.source_of(dispatch),
            }));
        }
        let first = self.lanes_in_turn(&lanes);
        candidates.extend(lanes.into_iter().filter_map(|lane| {
            let first = first.contains(&lane);
            let (priority, run_at) = self.head(now, kind, &lane)?;
            let since = if first { Duration::ZERO } else { run_at };
            let source = Source::Lane(Turn {
                refused: !first && self.is_lane_refused(&lane),
                last_dispatch: self.last_dispatch(kind, &lane).filter(|_| !first),
                next: Next::Ready { since, lane },
            });
            let priority = if first { 0 } else { priority };
            Some(Candidate { priority, source })
        }));
        candidates
    }

    fn source_of(&self, dispatch: &Dispatch) -> Source {
        let (since, id) = (dispatch.visible_at, dispatch.id.clone());
        match dispatch.frozen {
            true => Source::Frozen(since, id),
            false => Source::Lane(Turn {
                refused: self.is_lane_refused(&dispatch.lane),
                last_dispatch: self.last_dispatch(&dispatch.kind, &dispatch.lane),
                next: Next::Waiting { since, id },
            }),
        }
    }

    fn last_dispatch(&self, kind: &str, lane: &str) -> Option<String> {
        let of_lane = |d: &&Dispatch| d.kind == kind && d.lane == lane;
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

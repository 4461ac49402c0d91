//! What holds of the queue whatever is asked of it, in any order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod look;
mod steps;
mod world;

use email_queue::protocol::{BeginState, QueueMessageStatus, Rest, SettleResult};
use proptest::prelude::*;
use steps::{Settling, any_settles, decided, steps};
use world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Promise 1: ended, or open and in exactly one place, and never ended twice.
    #[test]
    fn nothing_is_lost(steps in steps(any_settles())) {
        let mut world = World::default();
        for step in steps {
            let ended = world.ended();
            world.take(&step);
            prop_assert_eq!(world.queue.fault(), None, "after {:?}", step);
            for (id, status) in ended {
                let now = world.queue.get(&id).map(|message| message.status);
                prop_assert!(now == Some(status) || step.redrives(), "{id} after {step:?}");
            }
        }
    }

    /// A settle whose answer got lost is repeated.
    #[test]
    fn a_repeated_settle_changes_nothing(steps in steps(any_settles())) {
        let mut world = World::default();
        for step in steps {
            let Some(settle) = world.settle_of(&step) else {
                world.take(&step);
                continue;
            };
            // A keep that takes out nobody says nothing: no worker settles so.
            if settle.rest == Some(Rest::Keep) && settle.members.is_empty() {
                continue;
            }
            let before = world.queue.clone();
            let first = world.settle(settle.clone());
            let after = world.queue.clone();
            let second = world.settle(settle.clone());
            prop_assert!(world.queue == after, "{settle:?} changed something twice");
            match first {
                SettleResult::Applied | SettleResult::Already => {
                    prop_assert_eq!(second, SettleResult::Already, "{:?}", settle);
                }
                other => {
                    prop_assert!(before == after, "{settle:?} was {other:?} and changed something");
                    prop_assert_eq!(second, other);
                }
            }
        }
    }

    /// Promise 4. A frozen dispatch goes on for its most patient member: only there can others have more than theirs.
    #[test]
    fn attempts_stay_within_their_bound(steps in steps(decided())) {
        let mut world = World::default();
        for step in steps {
            world.take(&step);
            for message in world.messages() {
                let in_dispatch = world.members_beside(&message);
                let within = match message.status {
                    QueueMessageStatus::Pending => message.attempts == 0,
                    QueueMessageStatus::Retrying => message.attempts < message.max_attempts,
                    QueueMessageStatus::Processing => {
                        message.attempts <= message.max_attempts
                            || world.has_begun(&message) && in_dispatch.iter().any(|other| other.attempts <= other.max_attempts)
                    }
                    QueueMessageStatus::Failed | QueueMessageStatus::Cancelled => message.attempts <= message.max_attempts,
                    QueueMessageStatus::Completed => true,
                };
                prop_assert!(within, "after {step:?}: {message:?}");
            }
        }
    }

    /// Promise 3: members, order, endpoint and wire version stay until the dispatch ends.
    #[test]
    fn what_has_begun_stays_as_it_is(steps in steps(any_settles())) {
        let mut world = World::default();
        for step in steps {
            world.take(&step);
            prop_assert_eq!(world.changed_after_begin(), None, "after {:?}", step);
        }
    }

    /// Promise 2: with another's token, or one's own after its time, nothing changes.
    #[test]
    fn without_the_lease_nothing_changes(steps in steps(any_settles()), settling in any::<Settling>()) {
        let mut world = World::default();
        for step in steps {
            world.take(&step);
            prop_assert_eq!(&world.unfenced, &None, "by {:?}", step);
        }
        for mut dispatch in world.claimed.clone() {
            dispatch.token = "somebody else".to_owned();
            prop_assert_eq!(world.settle(settling.settle(&dispatch)), SettleResult::Lost);
            prop_assert_eq!(world.begin_state(&dispatch), BeginState::Lost);
        }
        prop_assert_eq!(&world.unfenced, &None);
    }
}

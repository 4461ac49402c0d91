//! What the provider reports, and what operators erase meanwhile.

use crate::protocol::Protocol;
use crate::system::{NOW, System, number};
use crate::variant::Variant;
use email_queue::model::ReportedEvent;
use email_queue::protocol::QueueMessageStatus;

/// The queue in memory mints its marks by counting.
pub const MARK: &str = "000000000000";

impl Protocol {
    /// An event is early or late, comes twice, or never: it may happen in any state, or not.
    pub fn event(&self, system: &mut System, message: usize, ours: bool) {
        let ours = ours || self.scenario.variant == Variant::ForeignCounts;
        let event = ReportedEvent {
            id: format!("msg-{message}"),
            kind: "email.sent".to_owned(),
            occurred_at: String::new(),
            provider_message_id: format!("re-{message}"),
            message_id: Some(number(message)),
            mark: Some(if ours { MARK } else { "ffffffffffff" }.to_owned()),
            recipients: vec!["a@b.example".to_owned()],
            detail: None,
        };
        let ended = system.ends()[message].is_some();
        if ended && ours && self.scenario.variant == Variant::EventSeesNoEnd {
            system.queue.record_only(&event);
        } else {
            system.queue.record(NOW, &event);
        }
        if self.scenario.variant == Variant::EvidenceForAll {
            system.queue.spread_evidence(&number(message));
        }
    }

    /// The body of a message that has ended; of an open one it is refused.
    pub fn erase(&self, system: &mut System, message: usize) {
        let id = number(message);
        let marked =
            self.scenario.variant == Variant::EraseOfMarked && system.queue.is_accepted(&id);
        system.queue.erase(&id, marked);
    }
}

/// A message that failed with evidence.
pub fn stays_failed(system: &System) -> bool {
    let mut ends = system.ends().into_iter().enumerate();
    ends.any(|(message, end)| {
        matches!(end, Some((QueueMessageStatus::Failed, _)))
            && system.queue.is_accepted(&number(message))
    })
}

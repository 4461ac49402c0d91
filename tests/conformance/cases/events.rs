//! What the provider reports later, and what it settles.

use crate::subject::{
    Subject, begin_of, complete_of, emails, freeze_of, ids, not_sent_of, seconds, settle_of,
};
use email_queue::protocol::{Answer, BeginState, DeliveryState, Dispatch, Rest};
use serde_json::{Value, json};

const DAY: u64 = 24 * 60 * 60;

fn event(dispatch: &Dispatch, index: usize, kind: &str) -> Value {
    let id = &dispatch.messages[index].id;
    json!({
        "id": format!("msg-{id}-{kind}"), "type": kind, "occurred_at": "2026-11-26T20:00:00Z",
        "provider_message_id": format!("re-{id}"), "message_id": id, "mark": dispatch.mark,
        "recipients": ["user@example.com"],
    })
}

fn statuses(subject: &mut dyn Subject, ids: &[String]) -> Vec<String> {
    let shown = |id: &String| {
        let message = subject.get(id);
        let reason = message
            .error
            .and_then(|error| Some(format!(":{}", error["reason"].as_str()?)));
        format!("{}{}", message.status.as_str(), reason.unwrap_or_default())
    };
    ids.iter().map(shown).collect()
}

pub fn an_event_is_recorded_once_and_only_moves_forward(subject: &mut dyn Subject) {
    let dispatch = subject.begun(1, 1);
    let delivered = event(&dispatch, 0, "email.delivered");
    assert_eq!(subject.record(&delivered), "recorded");
    assert_eq!(subject.record(&delivered), "known");
    let mut twice = delivered.clone();
    twice["id"] = json!("msg-2");
    assert_eq!(subject.record(&twice), "known");
    let id = &ids(&dispatch)[0];
    assert_eq!(statuses(subject, std::slice::from_ref(id)), ["processing"]);
    subject.apply(complete_of(&dispatch));
    assert_eq!(
        subject.record(&event(&dispatch, 0, "email.sent")),
        "recorded"
    );
    assert_eq!(
        subject.record(&event(&dispatch, 0, "email.received")),
        "ignored"
    );
    let delivery = subject.get(id).delivery.unwrap();
    assert_eq!(delivery.state, DeliveryState::Delivered);
    let mut bounced = event(&dispatch, 0, "email.bounced");
    bounced["detail"] = json!({"type": "Permanent", "subtype": "General", "text": "no"});
    assert_eq!(subject.record(&bounced), "recorded");
    let delivery = subject.get(id).delivery.unwrap();
    assert_eq!(
        (delivery.state, delivery.recipients.len()),
        (DeliveryState::Bounced, 1)
    );
    let recipient = &delivery.recipients[0];
    assert_eq!(recipient.address.as_deref(), Some("user@example.com"));
    assert_eq!(
        recipient.bounce.as_ref().unwrap().subtype.as_deref(),
        Some("General")
    );
}

pub fn another_installations_event_is_foreign(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    let of = |mark: Value, kind: &str, email: &str| {
        let mut event = event(&dispatch, 0, kind);
        (event["mark"], event["provider_message_id"]) = (mark, json!(email));
        event
    };
    let other = json!("ffffffffffff");
    assert_eq!(
        subject.record(&of(other.clone(), "email.sent", "x")),
        "foreign"
    );
    assert_eq!(
        subject.record(&of(Value::Null, "email.sent", "x")),
        "foreign"
    );
    // Begun with its mark, it is ours also after another was minted.
    subject.adopt();
    let own = json!(dispatch.mark);
    assert_eq!(subject.record(&of(own, "email.delivered", "y")), "recorded");
    assert_eq!(
        subject.record(&of(other.clone(), "email.opened", "x")),
        "foreign"
    );
    subject.apply(complete_of(&dispatch));
    let id = &ids(&dispatch)[1];
    let accepted = subject.get(id).provider_message_id.unwrap();
    let mut known = event(&dispatch, 1, "email.opened");
    (known["mark"], known["provider_message_id"]) = (other, json!(accepted));
    assert_eq!(subject.record(&known), "recorded");
}

pub fn a_retired_mark_is_not_begun(subject: &mut dyn Subject) {
    subject.put(&emails(1));
    let dispatch = subject.take(1).unwrap();
    subject.adopt();
    assert_eq!(
        subject.begin(begin_of(&dispatch)).state,
        BeginState::Changed
    );
    let again = subject.take(1).unwrap();
    assert_ne!(again.mark, dispatch.mark);
    assert_eq!(subject.begin(begin_of(&again)).state, BeginState::Begun);
    subject.apply(freeze_of(&again, seconds(0)));
    subject.adopt();
    let replay = subject.take(2).unwrap();
    assert_eq!(replay.mark, again.mark);
    subject.start(&replay);
}

pub fn evidence_of_all_members_ends_a_frozen_dispatch(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    subject.apply(freeze_of(&dispatch, seconds(3600)));
    assert_eq!(
        subject.record(&event(&dispatch, 1, "email.sent")),
        "recorded"
    );
    assert_eq!(subject.take(2), None);
    let members = ids(&dispatch);
    assert_eq!(statuses(subject, &members), ["processing", "processing"]);
    assert_eq!(
        subject.record(&event(&dispatch, 0, "email.bounced")),
        "recorded"
    );
    assert_eq!(subject.take(3), None);
    assert_eq!(statuses(subject, &members), ["completed", "completed"]);
    let message = subject.get(&members[0]);
    assert_eq!(
        message.provider_message_id,
        Some(format!("re-{}", members[0]))
    );
    assert_eq!(
        (message.attempts, message.dispatch_id),
        (1, Some(dispatch.dispatch_id.clone()))
    );
    // Known before the answer was lost.
    let next = subject.begun(1, 4);
    assert_eq!(subject.record(&event(&next, 0, "email.sent")), "recorded");
    subject.apply(freeze_of(&next, seconds(0)));
    assert_eq!(statuses(subject, &ids(&next)), ["completed"]);
}

pub fn evidence_of_some_members_counts_at_the_end(subject: &mut dyn Subject) {
    let dispatch = subject.begun(3, 1);
    subject.apply(freeze_of(&dispatch, seconds(2 * DAY)));
    assert_eq!(
        subject.record(&event(&dispatch, 1, "email.sent")),
        "recorded"
    );
    subject.advance(seconds(DAY));
    assert_eq!(subject.take(2), None);
    let members = ids(&dispatch);
    let unknown = "failed:unknown_outcome";
    assert_eq!(statuses(subject, &members), [unknown, "completed", unknown]);
    assert_eq!(
        subject.record(&event(&dispatch, 0, "email.delivered")),
        "recorded"
    );
    assert_eq!(
        statuses(subject, &members),
        ["completed", "completed", unknown]
    );
}

pub fn a_redriven_message_that_was_accepted_is_not_sent_again(subject: &mut dyn Subject) {
    let dispatch = subject.begun(1, 1);
    subject.apply(settle_of(&dispatch, Answer::Unknown, Some(Rest::Fail)));
    let members = ids(&dispatch);
    assert_eq!(statuses(subject, &members), ["failed:unknown_outcome"]);
    assert_eq!(subject.redrive(&members[0], true), None);
    assert_eq!(statuses(subject, &members), ["pending"]);
    assert_eq!(
        subject.record(&event(&dispatch, 0, "email.sent")),
        "recorded"
    );
    assert_eq!(statuses(subject, &members), ["completed"]);
    assert_eq!(subject.take(2), None);
    // While it is in a request the event only marks it.
    let dispatch = subject.begun(1, 3);
    subject.apply(settle_of(&dispatch, Answer::Unknown, Some(Rest::Fail)));
    let members = ids(&dispatch);
    assert_eq!(subject.redrive(&members[0], true), None);
    let again = subject.take(4).unwrap();
    assert_eq!(
        subject.record(&event(&dispatch, 0, "email.sent")),
        "recorded"
    );
    assert_eq!(statuses(subject, &members), ["processing"]);
    subject.apply(not_sent_of(&again, Rest::Release));
    assert_eq!(subject.take(5), None);
    assert_eq!(statuses(subject, &members), ["completed"]);
}

pub fn what_the_provider_does_not_have_is_sent_again_safely(subject: &mut dyn Subject) {
    let arriving = "its request may still arrive";
    let dispatch = subject.begun(3, 1);
    subject.apply(settle_of(&dispatch, Answer::Unknown, Some(Rest::Fail)));
    let members = ids(&dispatch);
    let (unknown, lost) = ("failed:unknown_outcome", "failed:not_accepted");
    assert_eq!(subject.not_accepted(&members[0]).as_deref(), Some(arriving));
    assert_eq!(statuses(subject, &members), [unknown; 3]);
    // Its key is good for 23 hours from its begin.
    subject.advance(seconds(DAY));
    for id in &members[..2] {
        assert_eq!(subject.not_accepted(id), None);
    }
    assert_eq!(statuses(subject, &members), [lost, lost, unknown]);
    let again = subject.not_accepted(&members[0]);
    assert_eq!(
        again.as_deref(),
        Some("it is no dead letter of an unknown outcome")
    );
    // A report counts more, whenever it comes.
    let sent = event(&dispatch, 1, "email.sent");
    assert_eq!(subject.record(&sent), "recorded");
    assert_eq!(statuses(subject, &members), [lost, "completed", unknown]);
    assert_eq!(
        subject.redrive(&members[2], false).as_deref(),
        Some("it may have been sent: redrive it with duplicates allowed")
    );
    assert_eq!(subject.redrive(&members[0], false), None);
    let sent = event(&dispatch, 0, "email.sent");
    assert_eq!(subject.record(&sent), "recorded");
    assert_eq!(
        statuses(subject, &members),
        ["completed", "completed", unknown]
    );
    assert_eq!(subject.take(2), None);
}

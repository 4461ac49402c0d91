//! What operators remove.

use crate::subject::{Subject, complete_of, email, emails, ids, rejected, settle_of};
use email_queue::NewMessage;
use email_queue::protocol::{Answer, DeliveryState, Settle};
use serde_json::{Value, json};

pub fn what_has_ended_is_erased_with_the_addresses_of_its_events(subject: &mut dyn Subject) {
    subject.put(&[NewMessage {
        metadata: Some(json!({"order": 7})),
        ..email(1)
    }]);
    let says = |subject: &mut dyn Subject, id: &str| {
        let erased = subject.erase(id);
        (erased.result, erased.reason.unwrap_or_default())
    };
    let waiting = subject.list("pending").remove(0).id;
    let told = (
        "pending".to_owned(),
        "it waits to be sent: cancel it first".to_owned(),
    );
    assert_eq!(says(subject, &waiting), told);
    let dispatch = subject.take(1).unwrap();
    subject.start(&dispatch);
    let told = ("processing".to_owned(), "a worker has it".to_owned());
    assert_eq!(says(subject, &waiting), told);
    subject.apply(complete_of(&dispatch));
    let event = |kind: &str, to: &str| {
        json!({
            "id": format!("msg-{kind}-{to}"), "type": kind, "occurred_at": "2026-11-26T20:00:00Z",
            "provider_message_id": format!("provider-{waiting}"), "message_id": waiting,
            "mark": dispatch.mark, "recipients": [to], "detail": {"type": "Permanent", "subtype": "General", "text": "no"},
        })
    };
    let delivered = event("email.delivered", "user1@example.com");
    assert_eq!(subject.record(&delivered), "recorded");
    assert_eq!(
        says(subject, &waiting),
        ("erased".to_owned(), String::new())
    );
    let later = event("email.bounced", "user1@example.com");
    assert_eq!(subject.record(&later), "recorded");
    let message = subject.get(&waiting);
    assert_eq!((&message.payload, &message.metadata), (&Value::Null, &None));
    let delivery = message.delivery.expect("it was reported");
    assert_eq!(delivery.state, DeliveryState::Bounced);
    let shown: Vec<_> = delivery
        .recipients
        .iter()
        .map(|it| (it.address.clone(), it.bounce.clone()))
        .collect();
    assert_eq!(shown, [(None, None)]);
}

pub fn only_dead_letters_are_discarded(subject: &mut dyn Subject) {
    let dispatch = subject.begun(2, 1);
    let members = ids(&dispatch);
    subject.apply(Settle {
        members: vec![
            rejected(&members[0]),
            crate::subject::completed(&members[1]),
        ],
        ..settle_of(&dispatch, Answer::Definite, None)
    });
    let waiting = subject.put(&emails(1)).remove(0);
    let all = [members[0].clone(), members[1].clone(), waiting.clone()];
    assert_eq!(subject.discard(&all), members[..1]);
    assert_eq!(subject.discard(&all), Vec::<String>::new());
    assert_eq!(all.map(|id| subject.has(&id)), [false, true, true]);
}

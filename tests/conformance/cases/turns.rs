//! In trouble: what comes next, and from where.

use super::breaker::{claim, fail_three, of, unanswered};
use crate::subject::{
    MINUTE, Subject, claim_of, emails, freeze_of, ids, seconds, settle_of, token,
};
use email_queue::protocol::{Answer, Claim, Dispatch, Rest, Settle, WorkRequest};

pub fn every_second_dispatch_comes_from_elsewhere(subject: &mut dyn Subject) {
    fail_three(subject, &emails(3));
    let mut waiting = subject.put(&emails(10));
    for (number, place) in [7, 0, 1, 0, 3].into_iter().enumerate() {
        subject.advance(MINUTE);
        let dispatch = subject.take(10 + number).unwrap();
        assert_eq!(ids(&dispatch), [waiting.remove(place)], "{number}");
        subject.start(&dispatch);
        subject.apply(unanswered(&dispatch));
    }
}

pub fn lanes_take_turns(subject: &mut dyn Subject) {
    subject.put(&of("a.example", 30));
    subject.put(&of("b.example", 2));
    let claim = Claim {
        max_messages: 1,
        ..claim_of((10..16).map(token).collect())
    };
    let claims = subject.claim(claim).claims;
    let senders: Vec<_> = claims.iter().map(sender).collect();
    let expected = ["a", "b", "a", "b", "a", "a"].map(|lane| format!("shop@{lane}.example"));
    assert_eq!(senders, expected, "the one claimed longest ago comes first");
    // One of which no dispatch is remembered comes before those with a backlog.
    subject.put(&of("c.example", 2));
    assert_eq!(sender(&subject.take(20).unwrap()), "shop@c.example");
    assert_eq!(sender(&subject.take(21).unwrap()), "shop@a.example");
}

pub fn mail_of_another_priority_is_no_turn(subject: &mut dyn Subject) {
    for domain in ["a.example", "b.example", "c.example"] {
        subject.put(&of(domain, 9));
    }
    let senders: Vec<_> = (0..6)
        .map(|number| {
            let mut urgent = of("a.example", 1);
            urgent[0].priority = Some(0);
            subject.put(&urgent);
            let claim = Claim {
                max_messages: 1,
                ..claim_of(vec![token(10 + 2 * number), token(11 + 2 * number)])
            };
            let claims = subject.claim(claim).claims;
            assert_eq!(sender(&claims[0]), "shop@a.example", "the urgent one");
            sender(&claims[1])
        })
        .collect();
    let expected = ["a", "b", "c", "a", "b", "c"].map(|lane| format!("shop@{lane}.example"));
    assert_eq!(senders, expected);
}

pub fn halves_of_a_refused_batch_take_turns_too(subject: &mut dyn Subject) {
    subject.put(&of("a.example", 8));
    let refused = subject.take(1).unwrap();
    subject.start(&refused);
    subject.apply(Settle {
        counted: false,
        ..settle_of(&refused, Answer::Definite, Some(Rest::Split))
    });
    subject.put(&of("a.example", 2));
    subject.put(&of("b.example", 1));
    let claims = claim(subject, 10, 4).claims;
    let senders: Vec<_> = claims.iter().map(sender).collect();
    let expected = ["b", "a", "a", "a"].map(|lane| format!("shop@{lane}.example"));
    assert_eq!(senders, expected);
    let counts: Vec<_> = claims.iter().map(|d| d.messages.len()).collect();
    assert_eq!(
        counts,
        [1, 4, 4, 2],
        "halves before what is ready of their lane"
    );
}

fn sender(dispatch: &Dispatch) -> String {
    let from = dispatch.messages[0].payload["from"].as_str();
    from.unwrap().to_owned()
}

pub fn the_first_lane_after_trouble_is_another(subject: &mut dyn Subject) {
    fail_three(subject, &of("a.example", 4));
    subject.put(&of("b.example", 2));
    subject.put(&of("c.example", 2));
    subject.advance(seconds(1));
    let probe = subject.take(10).unwrap();
    assert_eq!(sender(&probe), "shop@b.example");
    subject.release(&probe);
    assert_eq!(sender(&subject.take(11).unwrap()), "shop@c.example");
}

pub fn replays_take_their_share_while_fresh_mail_waits(subject: &mut dyn Subject) {
    subject.meet_the_provider();
    let dispatches = subject.singles(4);
    for dispatch in &dispatches {
        subject.start(dispatch);
        subject.apply(freeze_of(dispatch, seconds(1)));
    }
    subject.advance(seconds(2));
    subject.put(&emails(2));
    let claim = |first: usize| Claim {
        max_frozen: 1,
        max_messages: 1,
        ..claim_of((first..first + 5).map(token).collect())
    };
    let reply = subject.claim(claim(10));
    let frozen: Vec<bool> = reply.claims.iter().map(|d| d.frozen).collect();
    // Where nothing fresh waits any more, the others may.
    assert_eq!(frozen, [true, false, false, true, true]);
    let reply = subject.work(&WorkRequest {
        claim: Some(claim(20)),
        ..WorkRequest::default()
    });
    assert_eq!(reply.claims.len(), 1);
}

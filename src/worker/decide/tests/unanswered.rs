//! Requests that got no definite answer, and those that never left.

use super::*;

#[test]
fn unknown_freezes_and_waits_by_what_is_known() {
    let cooldown = Some(40 * SECOND);
    for (counted, soon, cooldown, delay_ms, answered) in [
        (true, false, None, 120_000, Some(false)),
        (true, false, cooldown, 120_000, Some(false)),
        // A 409 shows that the provider is there.
        (true, true, None, 20_000, Some(true)),
        (false, false, None, 60_000, Some(true)),
        (false, false, cooldown, 40_000, Some(true)),
    ] {
        for (pause, misconfigured) in [
            (false, None),
            (true, None),
            (false, Some(Scope::Queue)),
            (false, Some(Scope::SenderDomain)),
        ] {
            let mut expected = expected(Answer::Unknown, Some(Rest::Freeze), answered);
            expected.counted = counted;
            expected.delay_ms = Some(delay_ms);
            let signals = signals(&mut expected);
            if pause {
                signals.pause = queue_pause(None);
            } else if let Some(cooldown) = cooldown {
                signals.cooldown_ms = Some(millis(cooldown));
                signals.cooldown_reason = Some(REASON.to_owned());
            }
            match misconfigured {
                Some(Scope::Queue) => signals.pause = queue_pause(Some(5 * 60_000)),
                Some(Scope::SenderDomain) => signals.pause = domain_pause(),
                None => {}
            }
            let outcome = Outcome::Unknown {
                error: error(),
                counted,
                soon,
                cooldown,
                pause,
                misconfigured,
            };
            assert_eq!(after(outcome.clone()), expected, "{outcome:?}");
        }
    }
}

#[test]
fn without_keys_what_may_have_been_sent_ends() {
    let unknown = |soon, cooldown| Outcome::Unknown {
        error: error(),
        counted: true,
        soon,
        cooldown,
        pause: false,
        misconfigured: None,
    };
    let cooldown = Some(40 * SECOND);
    for (outcome, answered) in [
        (unknown(false, None), Some(false)),
        (unknown(false, cooldown), Some(false)),
        (unknown(true, None), Some(true)),
    ] {
        let hints = RateHints::default();
        let after = |replays| {
            after_reply(
                &dispatch(false),
                3,
                outcome.clone(),
                hints,
                &policy(replays),
                0.5,
            )
        };
        let mut expected = after(true);
        (expected.rest, expected.delay_ms) = (Some(Rest::Fail), None);
        expected.reason = Some(Reason::UnknownOutcome);
        let ended = after(false);
        assert_eq!(ended, expected);
        assert_eq!(ended.signals.unwrap().answered, answered);
    }
}

#[test]
fn what_shows_that_the_provider_is_there() {
    let nameless = || ProviderError::new(ErrorClass::Throttled, Some(429), None, "<html>");
    let throttled = |error| Outcome::Throttled {
        cooldown: SECOND,
        pause: false,
        error,
    };
    let answered = |frozen, outcome| super::super::answered(&dispatch(frozen), &outcome);
    assert_eq!(answered(false, throttled(error())), Some(true));
    // A page of whatever stands before the provider.
    assert_eq!(answered(false, throttled(nameless())), None);
    assert_eq!(answered(false, Outcome::Refused(nameless())), None);
    assert_eq!(answered(true, Outcome::Rejected(error())), None);
    for frozen in [false, true] {
        assert_eq!(answered(frozen, Outcome::Answered(Vec::new())), Some(true));
    }
}

#[test]
fn what_was_not_sent_uses_no_attempt_and_stays_frozen_if_it_was() {
    for (frozen, rest) in [(false, Rest::Release), (true, Rest::Freeze)] {
        let mut expected = expected(Answer::None, Some(rest), Some(true));
        expected.error = None;
        expected.counted = false;
        expected.signals = None;
        assert_eq!(not_sent(&dispatch(frozen)), expected);
    }
}

//! What a provider reports about a message that it accepted, as `email_queue_record_events` takes it and answers.

use crate::base::{ErrorCode, QueueError, is_uuid};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The characters of a mark: which installation sent the message.
const MARK: usize = 12;

/// One report. It has no `Debug`: an event is full of addresses.
#[derive(Serialize)]
pub struct ProviderEvent {
    /// Of the delivery: the same for each repetition.
    pub id: String,
    /// As the provider names it.
    #[serde(rename = "type")]
    pub kind: String,
    /// By the provider's clock, in UTC with a `Z`: the database takes no other form.
    pub occurred_at: String,
    /// The provider's id of the e-mail.
    pub provider_message_id: Option<String>,
    /// The queue's own, from the tag.
    pub message_id: Option<String>,
    /// The installation's, from the tag.
    pub mark: Option<String>,
    /// Bare addresses in lower case, each once.
    pub recipients: Vec<String>,
    /// What else is known, in texts that Postgres can store.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub detail: Map<String, Value>,
}

/// What happened to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The event's.
    pub id: String,
    /// `recorded`, `known`, `foreign`, `ignored` or `invalid`.
    pub result: String,
    /// Why it is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Recorded {
    /// A delivery that is no event.
    pub fn ignored(id: &str, reason: &str) -> Self {
        Self {
            id: id.to_owned(),
            result: "ignored".to_owned(),
            reason: Some(reason.to_owned()),
        }
    }
}

/// The queue's id of a message and the installation's mark, from the value of the tag
/// [`MESSAGE_ID_TAG`](crate::email::MESSAGE_ID_TAG). An older wire version has no mark; another value is not the queue's.
pub fn tagged(value: &str) -> (Option<String>, Option<String>) {
    let (id, mark) = match value.split_once('_') {
        Some((id, mark)) => (id, Some(mark)),
        None => (value, None),
    };
    let hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    // The queue writes it with hyphens.
    let fits =
        id.contains('-') && is_uuid(id) && mark.is_none_or(|mark| mark.len() == MARK && hex(mark));
    match fits {
        true => (Some(id.to_ascii_lowercase()), mark.map(str::to_owned)),
        false => (None, None),
    }
}

/// The arguments of the call.
///
/// # Errors
/// `unexpected`; nothing is known to cause it.
pub fn events_arguments(events: &[ProviderEvent], refused: u32) -> Result<String, QueueError> {
    #[derive(Serialize)]
    struct Arguments<'a> {
        p_events: &'a [ProviderEvent],
        p_refused: u32,
    }
    let arguments = Arguments {
        p_events: events,
        p_refused: refused,
    };
    let unwritten = |_| QueueError::new(ErrorCode::Unexpected, "the events could not be written");
    serde_json::to_string(&arguments).map_err(unwritten)
}

/// What happened to each of `count` events, in their order.
///
/// # Errors
/// `unexpected`, where the answer does not say so.
pub fn events_answer(answer: &str, count: usize) -> Result<Vec<Recorded>, QueueError> {
    #[derive(Deserialize)]
    struct EventResults {
        results: Vec<Recorded>,
    }
    let results = serde_json::from_str::<EventResults>(answer).map(|answer| answer.results);
    results
        .ok()
        .filter(|results| results.len() == count)
        .ok_or_else(|| {
            let why = "the answer of email_queue_record_events cannot be read";
            QueueError::new(ErrorCode::Unexpected, why)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

    #[test]
    fn the_tag_has_the_id_and_since_version_2_the_mark() {
        let marked = |mark: &str| format!("{ID}_{mark}");
        assert_eq!(tagged(ID), (Some(ID.to_owned()), None));
        assert_eq!(tagged(&ID.to_uppercase()), (Some(ID.to_owned()), None));
        assert_eq!(
            tagged(&marked("0123456789ab")),
            (Some(ID.to_owned()), Some("0123456789ab".to_owned()))
        );
        for other in [
            "",
            "order-7",
            &marked(""),
            &marked("0123456789a"),
            &marked("0123456789abc"),
            &marked("0123456789AB"),
            &marked("0123456789ag"),
            &marked("012345_789ab"),
            &ID.replace('-', "0"),
            &ID.replacen('0', "g", 1),
            &format!("{ID}0"),
            "_0123456789ab",
        ] {
            assert_eq!(tagged(other), (None, None), "{other}");
        }
    }

    #[test]
    fn an_answer_speaks_of_every_event() {
        let one = r#"{"results":[{"id":"msg_1","result":"foreign","reason":"no message"}]}"#;
        let read = events_answer(one, 1).unwrap();
        assert_eq!(read.first().map(|it| it.result.as_str()), Some("foreign"));
        for (answer, count) in [(one, 2), (one, 0), ("{}", 0), ("", 1), ("null", 1)] {
            let error = events_answer(answer, count).unwrap_err();
            assert_eq!(error.code, ErrorCode::Unexpected, "{answer}");
        }
    }
}

//! A request as the provider in memory gets it, and how it is treated.

use email_queue::protocol::Endpoint;
use serde_json::Value;
use std::time::Duration;

/// How a request is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// As it deserves.
    Honest,
    /// It never arrives: network error.
    LostRequest,
    /// It is handled, and the answer gets lost: network error.
    LostAnswer,
    /// It never arrives, and nothing comes back within the time-out.
    TimeoutBefore,
    /// It is handled, and nothing comes back within the time-out.
    TimeoutAfter,
    /// It is handled; this is answered.
    AnswersAfter(u16, &'static str),
    /// It is not handled; this is answered, a 429 with `retry-after`.
    Answers(u16, &'static str),
    /// As [`Answers`](Self::Answers), with these seconds in `retry-after`.
    AsksToWait(u16, &'static str, u64),
}

/// What happens to a batch with a bad member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Permissive,
    Strict,
}

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub number: usize,
    pub at: Duration,
    pub endpoint: Endpoint,
    pub key: String,
    pub body: Vec<u8>,
}

impl Request {
    /// The e-mails in it.
    pub fn emails(&self) -> Vec<Value> {
        match serde_json::from_slice(&self.body).expect("the body is JSON") {
            Value::Array(emails) => emails,
            Value::Object(mut other) if other.contains_key("messages") => {
                let Value::Array(emails) = other["messages"].take() else {
                    panic!("a list");
                };
                emails
            }
            email => vec![email],
        }
    }

    /// The ids of the messages in it.
    pub fn ids(&self) -> Vec<String> {
        self.emails().iter().map(message_id).collect()
    }
}

/// The message of an e-mail, by its tag.
pub fn message_id(email: &Value) -> String {
    let tags = email["tags"].as_array().expect("there are tags");
    let tag = tags.iter().find(|tag| tag["name"] == "message_id");
    let value = tag.expect("one is the message's id")["value"].as_str();
    // Without the installation's mark.
    let (id, _) = value
        .expect("a text")
        .split_once('_')
        .unwrap_or((value.expect("a text"), ""));
    id.to_owned()
}

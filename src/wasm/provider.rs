//! `SupabaseQueueProvider` as JavaScript sees it. The hand-written `index.js` wraps it: classes, enums, types.

use crate::queue::{
    ListOptions, NewMessage, QueueError, QueueMessage, QueueMessageStatus,
    SupabaseQueueProvider as Provider,
};
use js_sys::{Array, Date, Error, Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The fields of a message that are times.
const TIMES: [&str; 6] = [
    "runAt",
    "leaseExpiresAt",
    "createdAt",
    "updatedAt",
    "completedAt",
    "sendBefore",
];

/// The client of a project's queue.
#[wasm_bindgen]
pub struct QueueClient(Rc<Provider>);

#[wasm_bindgen]
impl QueueClient {
    /// # Errors
    /// `invalid_input`.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, key: &str) -> Result<QueueClient, JsValue> {
        Ok(QueueClient(Rc::new(
            Provider::new(url, key).map_err(error)?,
        )))
    }

    /// Enqueues one message.
    pub async fn enqueue(&self, message: JsValue) -> Result<JsValue, JsValue> {
        let provider = self.0.clone();
        let message = new_message(&message).map_err(error)?;
        to_js(&provider.enqueue(message).await.map_err(error)?)
    }

    /// Enqueues messages in their order.
    #[wasm_bindgen(js_name = enqueueMany)]
    pub async fn enqueue_many(&self, messages: Array) -> Result<JsValue, JsValue> {
        let provider = self.0.clone();
        let messages = messages
            .iter()
            .enumerate()
            .map(|(index, message)| {
                new_message(&message).map_err(|error| QueueError {
                    field: error
                        .field
                        .map(|field| format!("messages[{index}].{field}")),
                    ..error
                })
            })
            .collect::<Result<_, _>>()
            .map_err(error)?;
        to_js(&provider.enqueue_many(messages).await.map_err(error)?)
    }

    /// One message, or null.
    #[wasm_bindgen(js_name = getMessage)]
    pub async fn get_message(&self, id: String) -> Result<JsValue, JsValue> {
        let provider = self.0.clone();
        match provider.get_message(&id).await.map_err(error)? {
            Some(message) => message_to_js(&message),
            None => Ok(JsValue::NULL),
        }
    }

    /// The newest messages in a status.
    #[wasm_bindgen(js_name = getMessagesByStatus)]
    pub async fn get_messages_by_status(
        &self,
        status: String,
        options: JsValue,
    ) -> Result<JsValue, JsValue> {
        let provider = self.0.clone();
        let status = QueueMessageStatus::parse(&status)
            .ok_or_else(|| QueueError::invalid("status", "must be one of QueueMessageStatus"))
            .map_err(error)?;
        let options: ListOptions = if options.is_falsy() {
            ListOptions::default()
        } else {
            from_js(options, "options").map_err(error)?
        };
        let messages = provider
            .get_messages_by_status(status, &options)
            .await
            .map_err(error)?;
        messages
            .iter()
            .map(message_to_js)
            .collect::<Result<Array, _>>()
            .map(Into::into)
    }
}

/// `Date`s become text on their way in, so that times are accepted as either.
fn new_message(message: &JsValue) -> Result<NewMessage, QueueError> {
    let Some(given) = message.dyn_ref::<Object>() else {
        return Err(QueueError::invalid("message", "must be an object"));
    };
    let copy = Object::assign(&Object::new(), given);
    for name in ["runAt", "sendBefore"] {
        let value = Reflect::get(&copy, &name.into()).unwrap_or_default();
        if let Some(date) = value.dyn_ref::<Date>() {
            if date.get_time().is_nan() {
                return Err(QueueError::invalid(name, "is an invalid Date"));
            }
            let _ = Reflect::set(&copy, &name.into(), &date.to_iso_string());
        }
    }
    from_js(copy.into(), "message")
}

/// Reads a value; the field that does not fit is in serde's message.
fn from_js<T: DeserializeOwned>(value: JsValue, what: &str) -> Result<T, QueueError> {
    serde_wasm_bindgen::from_value(value).map_err(|error| {
        let message = error.to_string();
        let field = message
            .split('`')
            .nth(1)
            .filter(|_| message.contains("field"))
            .unwrap_or(what)
            .to_owned();
        QueueError::invalid(field, crate::outcome::scrub(&message))
    })
}

fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(Into::into)
}

fn message_to_js(message: &QueueMessage) -> Result<JsValue, JsValue> {
    let object = to_js(message)?;
    for name in TIMES {
        if let Some(text) = Reflect::get(&object, &name.into())?.as_string() {
            Reflect::set(&object, &name.into(), &date(&text))?;
        }
    }
    Ok(object)
}

/// PostgREST writes `2026-01-01T00:00:00+00:00`, Supabase Lite `2026-01-01 00:00:00+00`.
fn date(text: &str) -> Date {
    let mut text = text.replacen(' ', "T", 1);
    if text.len() > 3 && matches!(text.get(text.len() - 3..text.len() - 2), Some("+" | "-")) {
        text.push_str(":00");
    }
    Date::new(&text.into())
}

/// An `Error` with `code`, `field` and `retryable`; `index.js` makes it a `QueueError`.
fn error(error: QueueError) -> JsValue {
    let object = Error::new(&error.to_string());
    object.set_name("QueueError");
    for (name, value) in [
        ("code", JsValue::from(error.code.as_str())),
        (
            "field",
            error.field.map_or(JsValue::UNDEFINED, JsValue::from),
        ),
        ("retryable", error.code.is_retryable().into()),
    ] {
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

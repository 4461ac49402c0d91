//! The queue as JavaScript sees it: one door for calls in JSON. The hand-written files of `src/js` wrap it in classes
//! and types.

use crate::base::{ErrorCode, QueueError};
use crate::client::{Either, Method, QueueProvider, SupabaseQueueProvider, call, json};
use crate::model::InMemoryQueueProvider;
use crate::protocol::{Operation, QueueMessage};
use js_sys::{Error, Function, JsString, Reflect};
use serde::Deserialize;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;

/// Whether a page is around. Only its own thread has both.
fn in_browser() -> bool {
    let global = js_sys::global();
    let has = |name: &str| Reflect::has(&global, &name.into()).unwrap_or(false);
    has("window") && has("document")
}

/// A queue. Calls can overlap: each works on a clone of the pointer.
#[wasm_bindgen]
pub struct QueueClient(Rc<Either<SupabaseQueueProvider, InMemoryQueueProvider>>);

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct SupabaseOptions {
    timeout_seconds: Option<f64>,
    actor: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct InMemoryOptions {
    default_sender: Option<String>,
}

#[wasm_bindgen]
impl QueueClient {
    /// The queue of a project.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn supabase(url: &str, key: &str, options: &str) -> Result<QueueClient, JsValue> {
        let options: SupabaseOptions = parse(options).and_then(json::options).map_err(error)?;
        let why = "must not be in a browser, whose user can read it: enqueue on a server";
        QueueError::unless(!in_browser(), "key", why).map_err(error)?;
        let timeout = options.timeout_seconds.map(json::timeout);
        let timeout = timeout.transpose().map_err(error)?;
        let provider = SupabaseQueueProvider::with_timeout(url, key, timeout);
        let provider = match options.actor {
            Some(actor) => provider.and_then(|provider| provider.acting_as(&actor)),
            None => provider,
        };
        let provider = provider.map_err(error)?;
        Ok(QueueClient(Rc::new(Either::One(provider))))
    }

    /// A queue in memory.
    ///
    /// # Errors
    /// `invalid_input`.
    #[wasm_bindgen(js_name = inMemory)]
    pub fn in_memory(options: &str) -> Result<QueueClient, JsValue> {
        let options: InMemoryOptions = parse(options).and_then(json::options).map_err(error)?;
        let provider = match options.default_sender {
            Some(sender) => InMemoryQueueProvider::with_sender(&sender).map_err(error)?,
            None => InMemoryQueueProvider::new(),
        };
        Ok(QueueClient(Rc::new(Either::Other(provider))))
    }

    /// Lets time pass in a queue in memory.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn advance(&self, seconds: f64) -> Result<(), JsValue> {
        let why = "must be a number of seconds from 0 on";
        let time = Duration::try_from_secs_f64(seconds)
            .map_err(|_| error(QueueError::invalid("seconds", why)))?;
        if let Either::Other(provider) = &*self.0 {
            provider.advance(time);
        }
        Ok(())
    }
}

#[wasm_bindgen]
impl QueueClient {
    /// Calls a method with its arguments, a JSON list; gives its answer as JSON.
    ///
    /// # Errors
    /// See [`error`].
    pub async fn call(&self, method: Method, arguments: String) -> Result<String, JsValue> {
        let provider = self.0.clone();
        let arguments = match parse(&arguments).map_err(error)? {
            Value::Array(arguments) => arguments,
            other => vec![other],
        };
        let answer = call(&*provider, method, arguments).await;
        answer.map(|answer| answer.to_string()).map_err(error)
    }

    /// Enqueues `count` messages, each of which `message(index)` gives as JSON when it is needed, so that not all of them
    /// need be held as text at once. `progress(enqueued, count)` is called after each request.
    ///
    /// # Errors
    /// See [`error`].
    #[wasm_bindgen(js_name = enqueueMany)]
    pub async fn enqueue_many(
        &self,
        count: u32,
        message: Function,
        progress: Option<Function>,
    ) -> Result<String, JsValue> {
        let provider = self.0.clone();
        let nobody = JsValue::NULL;
        let message = |index: usize| {
            let given =
                (message.call1(&nobody, &(index as f64).into())).map_err(|why| thrown(&why))?;
            parse(&String::from(JsString::from(given))).and_then(json::item)
        };
        let mut report = |enqueued: usize| {
            if let Some(progress) = &progress {
                // What the caller's own function throws is not this call's error.
                let _ = progress.call2(&nobody, &(enqueued as f64).into(), &count.into());
            }
        };
        let enqueued = (provider.enqueue_each(count as usize, &message, &mut report)).await;
        let enqueued = enqueued.map_err(error)?;
        serde_json::to_string(&enqueued).map_err(|_| JsValue::NULL)
    }
}

/// The fields of messages, and of what operators ask for, that are times, with spaces between them.
#[wasm_bindgen]
pub fn times() -> JsValue {
    [QueueMessage::TIMES, Operation::TIMES].join(" ").into()
}

fn parse(text: &str) -> Result<Value, QueueError> {
    // `src/js/write.js` wrote it, and saw to what a parser could refuse: its depth, and half surrogate pairs.
    let unread = |_| QueueError::new(ErrorCode::Unexpected, "the arguments cannot be read");
    serde_json::from_str(text).map_err(unread)
}

/// What writing a message as JSON threw: `{field, why}` of `src/js/queue.js`.
fn thrown(why: &JsValue) -> QueueError {
    let text = |name: &str| {
        let value = Reflect::get(why, &name.into()).unwrap_or_default();
        value.as_string()
    };
    let message = text("why").unwrap_or_default();
    let error = QueueError::new(ErrorCode::InvalidInput, message);
    let field = text("field");
    QueueError { field, ..error }
}

/// An `Error` with `code`, `field`, `retryable` and `cause`; the classes make it a `QueueError`.
fn error(error: QueueError) -> JsValue {
    let object = Error::new(&error.to_string());
    let text = |text: Option<String>| text.map_or(JsValue::UNDEFINED, JsValue::from);
    for (name, value) in [
        ("code", JsValue::from(error.code.as_str())),
        ("field", text(error.field)),
        ("retryable", error.code.is_retryable().into()),
        ("cause", text(error.cause)),
    ] {
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

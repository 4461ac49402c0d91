//! `SupabaseQueueProvider` as JavaScript sees it. The hand-written `index.js` wraps it: classes, enums, types.

mod convert;

use crate::queue::{
    Dequeue, QueueError, QueueMessageStatus, QueueProvider, Redrive,
    SupabaseQueueProvider as Provider,
};
use convert::{
    error, error_object, lease, message_to_js, messages_to_js, new_message, options, seconds, to_js,
};
use js_sys::{Array, Function, Reflect};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;

type Answer = Result<JsValue, JsValue>;

/// The client of a project's queue. Each call works on a clone of what it needs, so that calls can overlap.
#[wasm_bindgen]
pub struct QueueClient(Rc<Provider>);

#[wasm_bindgen]
impl QueueClient {
    /// # Errors
    /// `invalid_input`.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, key: &str, timeout_seconds: Option<f64>) -> Result<QueueClient, JsValue> {
        let timeout = timeout_seconds
            .map(|given| seconds("timeoutSeconds", given))
            .transpose()
            .map_err(error)?;
        Ok(QueueClient(Rc::new(
            Provider::with_timeout(url, key, timeout).map_err(error)?,
        )))
    }

    /// Enqueues one message.
    pub async fn enqueue(&self, message: JsValue) -> Answer {
        let provider = self.0.clone();
        let message = new_message(&message).map_err(error)?;
        to_js(&provider.enqueue(message).await.map_err(error)?)
    }

    /// Enqueues messages in their order; `progress(enqueued, count)` is called after each request.
    #[wasm_bindgen(js_name = enqueueMany)]
    pub async fn enqueue_many(&self, messages: Array, progress: Option<Function>) -> Answer {
        let provider = self.0.clone();
        let count = messages.length();
        let message = |index: usize| {
            new_message(
                &u32::try_from(index)
                    .map(|index| messages.get(index))
                    .unwrap_or_default(),
            )
        };
        let report = |enqueued: usize| {
            if let Some(progress) = &progress {
                // What the caller's own function throws is not this call's error.
                let _ = progress.call2(&JsValue::NULL, &(enqueued as f64).into(), &count.into());
            }
        };
        to_js(
            &provider
                .enqueue_each(count as usize, message, report)
                .await
                .map_err(error)?,
        )
    }

    /// Leases messages: `[{message, dispatchId, token}]`.
    pub async fn dequeue(&self, given: JsValue) -> Answer {
        let provider = self.0.clone();
        let given: Dequeue = options(given, &[]).map_err(error)?;
        let leased = provider.dequeue(&given).await.map_err(error)?;
        let messages = Array::new();
        for leased in &leased {
            let message = message_to_js(&leased.message)?;
            Reflect::set(&message, &"lease".into(), &to_js(&leased.lease)?)?;
            messages.push(&message);
        }
        Ok(messages.into())
    }

    /// Makes a lease longer.
    pub async fn extend(&self, leased: JsValue, visibility: f64) -> Answer {
        let provider = self.0.clone();
        let visibility = seconds("visibilityTimeout", visibility).map_err(error)?;
        to_js(
            &provider
                .extend(&lease(&leased).map_err(error)?, visibility)
                .await
                .map_err(error)?,
        )
    }

    /// Ends a message as completed.
    pub async fn complete(&self, leased: JsValue) -> Answer {
        let provider = self.0.clone();
        to_js(
            &provider
                .complete(&lease(&leased).map_err(error)?)
                .await
                .map_err(error)?,
        )
    }

    /// Ends a message as failed.
    pub async fn fail(&self, leased: JsValue, why: JsValue) -> Answer {
        let provider = self.0.clone();
        let lease = lease(&leased).map_err(error)?;
        to_js(
            &provider
                .fail(&lease, error_object(why))
                .await
                .map_err(error)?,
        )
    }

    /// Tries a message again later.
    pub async fn retry(&self, leased: JsValue, why: JsValue, delay_seconds: f64) -> Answer {
        let provider = self.0.clone();
        let lease = lease(&leased).map_err(error)?;
        let delay = seconds("delaySeconds", delay_seconds).map_err(error)?;
        to_js(
            &provider
                .retry(&lease, error_object(why), delay)
                .await
                .map_err(error)?,
        )
    }

    /// Gives a message back.
    pub async fn release(&self, leased: JsValue) -> Answer {
        let provider = self.0.clone();
        to_js(
            &provider
                .release(&lease(&leased).map_err(error)?)
                .await
                .map_err(error)?,
        )
    }

    /// Cancels a message that waits.
    pub async fn cancel(&self, id: String) -> Answer {
        let provider = self.0.clone();
        to_js(&provider.cancel(&id).await.map_err(error)?)
    }

    /// One message, or null.
    #[wasm_bindgen(js_name = getMessage)]
    pub async fn get_message(&self, id: String) -> Answer {
        let provider = self.0.clone();
        match provider.get_message(&id).await.map_err(error)? {
            Some(message) => message_to_js(&message),
            None => Ok(JsValue::NULL),
        }
    }

    /// The newest messages in a status.
    #[wasm_bindgen(js_name = getMessagesByStatus)]
    pub async fn get_messages_by_status(&self, status: String, given: JsValue) -> Answer {
        let provider = self.0.clone();
        let status = QueueMessageStatus::parse(&status)
            .ok_or_else(|| QueueError::invalid("status", "must be one of QueueMessageStatus"))
            .map_err(error)?;
        let given = options(given, &["since", "until"]).map_err(error)?;
        messages_to_js(
            &provider
                .get_messages_by_status(status, &given)
                .await
                .map_err(error)?,
        )
    }

    /// The newest dead letters. Filter and page are two objects.
    #[wasm_bindgen(js_name = listDeadLetters)]
    pub async fn list_dead_letters(&self, filter: JsValue, page: JsValue) -> Answer {
        let provider = self.0.clone();
        let filter = options(filter, &["since", "until"]).map_err(error)?;
        let page = options(page, &[]).map_err(error)?;
        messages_to_js(
            &provider
                .list_dead_letters(&filter, &page)
                .await
                .map_err(error)?,
        )
    }

    /// Puts dead letters back.
    pub async fn redrive(&self, given: JsValue, filter: JsValue) -> Answer {
        let provider = self.0.clone();
        let mut redrive: Redrive = options(given, &[]).map_err(error)?;
        if !filter.is_falsy() {
            redrive.filter = Some(options(filter, &["since", "until"]).map_err(error)?);
        }
        to_js(&provider.redrive(&redrive).await.map_err(error)?)
    }

    /// How deep the queue is.
    pub async fn stats(&self) -> Answer {
        let provider = self.0.clone();
        to_js(&provider.stats().await.map_err(error)?)
    }

    /// Pauses e-mail, or one sender domain.
    pub async fn pause(
        &self,
        reason: String,
        domain: Option<String>,
        time_seconds: Option<f64>,
    ) -> Answer {
        let provider = self.0.clone();
        let time: Option<Duration> = time_seconds
            .map(|given| seconds("seconds", given))
            .transpose()
            .map_err(error)?;
        provider
            .pause(&reason, domain.as_deref(), time)
            .await
            .map_err(error)?;
        Ok(JsValue::UNDEFINED)
    }

    /// Ends a pause.
    pub async fn resume(&self, domain: Option<String>) -> Answer {
        let provider = self.0.clone();
        Ok(provider
            .resume(domain.as_deref())
            .await
            .map_err(error)?
            .into())
    }
}

//! Resend over `fetch`. The only file that names `gloo_net`.

use super::timer::within;
use crate::email::Endpoint;
use crate::outcome::{NoAnswer, Reply};
use crate::ports::{Mail, Mailer};
use gloo_net::http::Request;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

#[wasm_bindgen]
extern "C" {
    /// An `ArrayBuffer` of ECMAScript 2024; an older engine throws.
    type Transferable;
    #[wasm_bindgen(method, catch)]
    fn transfer(this: &Transferable, length: u32) -> Result<JsValue, JsValue>;
}

const USER_AGENT: &str = concat!("email-queue/", env!("CARGO_PKG_VERSION"));

/// Resend's sending API.
pub struct ResendMailer {
    base_url: String,
    authorization: String,
}

impl ResendMailer {
    /// `api_key` must be visible ASCII: what is no legal header value would make the client panic.
    pub fn new(base_url: &str, api_key: &str) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            authorization: format!("Bearer {api_key}"),
        }
    }

    async fn request(
        &self,
        mail: Mail,
        abort: Option<&AbortController>,
    ) -> Result<Reply, gloo_net::Error> {
        let signal = abort.map(AbortController::signal);
        let mut request = Request::post(&format!("{}{}", self.base_url, mail.endpoint.path()))
            .abort_signal(signal.as_ref())
            .header("Authorization", &self.authorization)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", &mail.key)
            .header("User-Agent", USER_AGENT);
        if mail.endpoint == Endpoint::Batch {
            // Said explicitly: the default refuses the whole batch for one bad e-mail.
            request = request.header("x-batch-validation", "permissive");
        }
        let body = Uint8Array::from(mail.body.as_slice());
        let request = request.body(&body)?;
        // The request has a copy of its own, and these may be of 10 MB each: the collector would let some pile up.
        drop(mail);
        let _ = body.buffer().unchecked_into::<Transferable>().transfer(0);
        let response = request.send().await?;
        Ok(Reply::Answered {
            status: response.status(),
            headers: response.headers().entries().collect(),
            body: response.binary().await?,
        })
    }
}

impl Mailer for ResendMailer {
    async fn send(&self, mail: Mail) -> Reply {
        let abort = AbortController::new().ok();
        let timeout = mail.timeout;
        match within(timeout, self.request(mail, abort.as_ref())).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => Reply::NoAnswer {
                kind: NoAnswer::Network,
                detail: error.to_string(),
            },
            Err(_) => {
                if let Some(abort) = abort {
                    abort.abort();
                }
                Reply::NoAnswer {
                    kind: NoAnswer::Timeout,
                    detail: format!("no answer within {} s", timeout.as_secs()),
                }
            }
        }
    }
}

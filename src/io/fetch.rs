//! The provider over `fetch`, which follows no redirect (`src/js/fetch.js`), and the database for the module that takes events: `postgrest`
//! would make it a third larger. The only file that names `gloo_net`.

use super::answer::{TOO_LARGE, Target, answer};
use super::timer::within;
use crate::base::QueueError;
use crate::protocol::Rpc;
use crate::provider::{Envelope, Mail, NoAnswer, Provider, Reply};
use crate::worker::Mailer;
use gloo_net::http::{Request, Response};
use js_sys::{Reflect, Uint8Array};
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader};

/// The most that is read of an answer: a hundred ids take 5 kB, a hundred refusals 50.
const MAX_ANSWER: usize = 1024 * 1024;

#[wasm_bindgen]
extern "C" {
    /// An `ArrayBuffer` of ECMAScript 2024; an older engine throws.
    type Transferable;
    #[wasm_bindgen(method, catch)]
    fn transfer(this: &Transferable, length: u32) -> Result<JsValue, JsValue>;
}

const USER_AGENT: &str = concat!("email-queue/", env!("CARGO_PKG_VERSION"));

/// A provider's sending API.
pub struct FetchMailer {
    provider: &'static Provider,
    base_url: String,
    secret: String,
}

impl FetchMailer {
    /// `secret` must be visible ASCII: what is no legal header value would make the client panic.
    pub fn new(provider: &'static Provider, base_url: &str, secret: &str) -> Self {
        Self {
            provider,
            base_url: base_url.trim_end_matches('/').to_owned(),
            secret: secret.to_owned(),
        }
    }

    async fn request(
        &self,
        mail: Mail,
        abort: Option<&AbortController>,
    ) -> Result<Reply, gloo_net::Error> {
        let Envelope { path, headers } =
            (self.provider.envelope)(mail.endpoint, &mail.key, &self.secret);
        let url = format!("{}{path}", self.base_url);
        let response = post(&url, &headers, mail.body, abort).await?;
        let status = response.status();
        Ok(match read(&response).await? {
            Some(body) => Reply::Answered {
                status,
                headers: response.headers().entries().collect(),
                body,
            },
            None => Reply::NoAnswer {
                kind: NoAnswer::TooLarge,
                detail: format!("{status}, and more than {} kB", MAX_ANSWER / 1024),
            },
        })
    }
}

/// Sends JSON.
async fn post(
    url: &str,
    headers: &[(&'static str, String)],
    json: Vec<u8>,
    abort: Option<&AbortController>,
) -> Result<Response, gloo_net::Error> {
    let signal = abort.map(AbortController::signal);
    let mut request = Request::post(url)
        .abort_signal(signal.as_ref())
        .header("Content-Type", "application/json")
        .header("User-Agent", USER_AGENT);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let body = Uint8Array::from(json.as_slice());
    let request = request.body(&body)?;
    // The request has a copy of its own, and these may be of 10 MB each: the collector would let some pile up.
    drop(json);
    let _ = body.buffer().unchecked_into::<Transferable>().transfer(0);
    request.send().await
}

/// Calls functions in a project's `public` schema with one of its secret keys, for short answers.
pub struct FetchRpc {
    target: Target,
    timeout: Duration,
}

impl FetchRpc {
    /// See [`PostgrestRpc::new`](super::PostgrestRpc::new).
    ///
    /// # Errors
    /// `invalid_input` with the field `url` or `key`.
    pub fn new(url: &str, key: &str, timeout: Duration) -> Result<Self, QueueError> {
        let mut target = Target::check(url, key)?;
        (target.headers).push(("Content-Profile", Target::SCHEMA.to_owned()));
        Ok(Self { target, timeout })
    }

    async fn send(
        &self,
        function: &str,
        arguments: &str,
        abort: Option<&AbortController>,
    ) -> Result<(u16, Vec<u8>), String> {
        let url = format!("{}/rpc/{function}", self.target.url);
        let send = async {
            let json = arguments.as_bytes().to_vec();
            let response = post(&url, &self.target.headers, json, abort).await?;
            Ok((response.status(), read(&response).await?))
        };
        let sent: Result<_, gloo_net::Error> = send.await;
        let (status, body) = sent.map_err(|error| error.to_string())?;
        Ok((status, body.ok_or_else(|| TOO_LARGE.to_owned())?))
    }
}

impl Rpc for FetchRpc {
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError> {
        let abort = AbortController::new().ok();
        let came = within(self.timeout, self.send(function, arguments, abort.as_ref())).await;
        if let (Err(_), Some(abort)) = (&came, abort) {
            abort.abort();
        }
        answer(function, self.timeout, came)
    }
}

/// The body; `None` where it is larger than any answer of the provider.
async fn read(response: &Response) -> Result<Option<Vec<u8>>, gloo_net::Error> {
    let mut bytes = Vec::new();
    let Some(body) = response.body() else {
        return Ok(Some(bytes));
    };
    let reader = ReadableStreamDefaultReader::new(&body).map_err(failed)?;
    loop {
        let chunk = JsFuture::from(reader.read()).await.map_err(failed)?;
        let value = Reflect::get(&chunk, &"value".into()).unwrap_or_default();
        // Without a value it is done.
        let Ok(value) = value.dyn_into::<Uint8Array>() else {
            return Ok(Some(bytes));
        };
        if bytes.len() + value.length() as usize > MAX_ANSWER {
            // The call does not wait for it.
            let _ = reader.cancel();
            return Ok(None);
        }
        bytes.extend(value.to_vec());
    }
}

fn failed(error: JsValue) -> gloo_net::Error {
    let text = error
        .dyn_ref::<js_sys::Error>()
        .map(|error| error.to_string());
    gloo_net::Error::GlooError(text.map_or("the answer broke off".to_owned(), String::from))
}

impl Mailer for FetchMailer {
    fn provider(&self) -> &'static Provider {
        self.provider
    }

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

//! The provider over `fetch`, which follows no redirect (`src/js/fetch.js`), and the database for the module that takes events: `postgrest`
//! would make it a third larger. The only file that names `gloo_net`. Its builder makes two requests and a URL out of each request, so the
//! requests are made here.

use super::answer::{TOO_LARGE, Target, answer};
use super::timer::{Expired, within};
use crate::base::QueueError;
use crate::protocol::Rpc;
use crate::provider::{Envelope, Mail, NoAnswer, Provider, Reply};
use crate::worker::Mailer;
use futures_util::poll;
use gloo_net::http::{Request, Response};
use js_sys::{Object, Reflect, Uint8Array};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, RequestInit};

/// The most that is read of an answer: a hundred ids take 5 kB, a hundred refusals 50.
const MAX_ANSWER: u32 = 1024 * 1024;

#[wasm_bindgen]
extern "C" {
    /// A `Response` of `src/js/fetch.js`.
    type Answer;
    /// `null`: it has more bytes than `most`.
    #[wasm_bindgen(method, catch, js_name = upTo)]
    async fn up_to(this: &Answer, most: u32) -> Result<JsValue, JsValue>;
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
}

impl Mailer for FetchMailer {
    fn provider(&self) -> &'static Provider {
        self.provider
    }

    async fn send(&self, mail: Mail) -> Reply {
        let Envelope { path, headers } =
            (self.provider.envelope)(mail.endpoint, &mail.key, &self.secret);
        let url = format!("{}{path}", self.base_url);
        let body = Uint8Array::from(mail.body.as_slice());
        drop(mail.body);
        let mut sent = pin!(post(&url, pairs(&headers), &body, MAX_ANSWER, mail.timeout));
        let first = poll!(sent.as_mut());
        // The request has a copy of its own, and these may be of 10 MB each: the collector would let some pile up.
        detach(&body);
        let sent = match first {
            Poll::Ready(sent) => sent,
            Poll::Pending => sent.await,
        };
        let no_answer = |kind, detail| Reply::NoAnswer { kind, detail };
        match sent {
            Ok(Ok((response, Some(body)))) => Reply::Answered {
                status: response.status(),
                headers: response.headers().entries().collect(),
                body,
            },
            Ok(Ok((response, None))) => no_answer(
                NoAnswer::TooLarge,
                format!(
                    "{}, and more than {} kB",
                    response.status(),
                    MAX_ANSWER / 1024
                ),
            ),
            Ok(Err(error)) => no_answer(NoAnswer::Network, error.to_string()),
            Err(_) => no_answer(
                NoAnswer::Timeout,
                format!("no answer within {} s", mail.timeout.as_secs()),
            ),
        }
    }
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
}

impl Rpc for FetchRpc {
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError> {
        let url = format!("{}/rpc/{function}", self.target.url);
        let headers = pairs(&self.target.headers);
        let came = rpc(&url, headers, arguments, MAX_ANSWER, self.timeout).await;
        answer(function, self.timeout, came)
    }
}

/// Calls a function of the database: a status and a body, or why none came.
pub(super) async fn rpc<'a>(
    url: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    arguments: &str,
    most: u32,
    limit: Duration,
) -> Result<Result<(u16, Vec<u8>), String>, Expired> {
    let body = Uint8Array::from(arguments.as_bytes());
    Ok(match post(url, headers, &body, most, limit).await? {
        Ok((response, Some(body))) => Ok((response.status(), body)),
        Ok((_, None)) => Err(TOO_LARGE.to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

fn pairs<'a>(headers: &'a [(&'static str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let pairs = headers.iter().map(|(name, value)| (*name, value.as_str()));
    pairs.chain([("User-Agent", USER_AGENT)])
}

/// Sends JSON, and reads the answer: `None` where it has more bytes than `most`. Past the limit it is broken off.
async fn post<'a>(
    url: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    json: &Uint8Array,
    most: u32,
    limit: Duration,
) -> Result<Result<(Response, Option<Vec<u8>>), gloo_net::Error>, Expired> {
    let abort = AbortController::new().ok();
    let exchange = async {
        let response = request(url, headers, json, abort.as_ref())?.send().await?;
        let response = web_sys::Response::from(response);
        let bytes = (response.unchecked_ref::<Answer>().up_to(most).await).map_err(failed)?;
        let body = bytes.dyn_into::<Uint8Array>().ok().map(|bytes| {
            let body = bytes.to_vec();
            detach(&bytes);
            body
        });
        Ok((response.into(), body))
    };
    let came = within(limit, exchange).await;
    if let (Err(_), Some(abort)) = (&came, &abort) {
        abort.abort();
    }
    came
}

fn request<'a>(
    url: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    json: &Uint8Array,
    abort: Option<&AbortController>,
) -> Result<Request, gloo_net::Error> {
    let named = Object::new();
    // In small letters, as `postgrest` names what it sets: one name, one value.
    let json_type = [("content-type", "application/json")];
    for (name, value) in json_type.into_iter().chain(headers) {
        Reflect::set(&named, &name.into(), &value.into()).map_err(failed)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&named);
    init.set_body(json);
    init.set_signal(abort.map(AbortController::signal).as_ref());
    let request = web_sys::Request::new_with_str_and_init(url, &init).map_err(failed)?;
    Ok(request.into())
}

/// Gives the memory back at once.
fn detach(bytes: &Uint8Array) {
    let _ = bytes.buffer().unchecked_into::<Transferable>().transfer(0);
}

fn failed(error: JsValue) -> gloo_net::Error {
    let text = error
        .dyn_ref::<js_sys::Error>()
        .map(|error| error.to_string());
    gloo_net::Error::GlooError(text.map_or("the answer broke off".to_owned(), String::from))
}

//! `email-queue-events` as JavaScript sees it: a provider's report in, a response out.

use super::answer::{Problem, answer, log_line, misconfigured};
use super::host::Host;
use super::project;
use crate::base::QueueError;
use crate::events::{
    Batches, Denial, Door, EventEnvironment, Failure, Head, MAX_BODY, RECORD, Refusals, Signed,
};
use crate::function::EnvironmentError;
use crate::io::{FetchRpc, JavaScriptClock, Keys, since_1970, within};
use crate::protocol::{Recorded, Rpc, events_arguments};
use crate::provider::{WEBHOOKS, Webhook};
use crate::worker::Clock;
use js_sys::Uint8Array;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{AbortController, AbortSignal, Headers, Response};

/// For a call of the database. Providers wait for 15 s, Resend's own advice is 5: an event whose answer is late is repeated, and
/// is known then.
const CALL: Duration = Duration::from_secs(5);
/// For the calls before it and its own.
const WAIT: Duration = Duration::from_secs(8);
/// By then a request is answered, or a report of refusals has ended; the module hangs otherwise.
const GUARD: Duration = Duration::from_secs(20);

#[wasm_bindgen]
extern "C" {
    /// A request, as far as the shim has it.
    pub type Delivery;
    #[wasm_bindgen(method, getter)]
    fn method(this: &Delivery) -> String;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Delivery) -> String;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Delivery) -> Headers;
    /// The body; null where it is longer than so many bytes. Throws where it breaks off.
    #[wasm_bindgen(method, catch)]
    fn read(this: &Delivery, most: u32, signal: &AbortSignal) -> Result<js_sys::Promise, JsValue>;
}

/// The function.
#[wasm_bindgen]
pub struct EmailQueueEvents {
    services: Vec<(&'static Webhook, Result<Rc<EventService>, EnvironmentError>)>,
    door: Door,
    host: Rc<Host>,
}

struct EventService {
    environment: EventEnvironment,
    rpc: Rc<Keys<FetchRpc>>,
    batches: Batches<Keys<FetchRpc>>,
    refusals: RefCell<Refusals>,
}

#[wasm_bindgen]
impl EmailQueueEvents {
    /// `variables` is an object of environment variables. A wrong environment is answered to each request. `host` is the isolate.
    #[wasm_bindgen(constructor)]
    pub fn new(variables: JsValue, host: Host) -> EmailQueueEvents {
        let variables: HashMap<String, String> =
            serde_wasm_bindgen::from_value(variables).unwrap_or_default();
        let service =
            |webhook: &&'static Webhook| (*webhook, EventService::new(&variables, webhook));
        EmailQueueEvents {
            services: WEBHOOKS.iter().map(service).collect(),
            door: Door::default(),
            host: Rc::new(host),
        }
    }

    /// Within how many milliseconds a request that comes now is answered; after that the module hangs.
    #[wasm_bindgen(js_name = guardMillis)]
    pub fn guard_millis(&self) -> f64 {
        GUARD.as_secs_f64() * 1000.0
    }

    /// Answers a request: 200 with what happened to the event, whatever that is, once the signature is right; else 400, 401, 404,
    /// 405, 408, 413, 500 with the variable that is wrong, or 503, after which the provider repeats it.
    pub async fn handle(&self, request: Delivery) -> Result<Response, JsValue> {
        match self.report(&request).await {
            Ok(recorded) => answer(
                200,
                &Results {
                    results: [recorded],
                },
                &[],
            ),
            Err(Unserved::Denial(denial)) => {
                let Denial {
                    status,
                    code,
                    error,
                } = denial;
                let more: &[_] = match status {
                    405 => &[("allow", "POST")],
                    // The rest of the body is not read.
                    408 | 413 => &[("connection", "close")],
                    503 => &[("retry-after", "5")],
                    _ => &[],
                };
                answer(status, &Problem::new(code, &error), more)
            }
            Err(Unserved::Environment(problem)) => misconfigured(EVENT, &problem),
            Err(Unserved::Failure(Failure(error))) => {
                let status = if error.code.is_retryable() { 503 } else { 500 };
                let problem = Problem::new(error.code.as_str(), &error.message);
                answer(status, &problem, &[("retry-after", "5")])
            }
        }
    }
}

/// The event of the log's lines.
const EVENT: &str = "email_queue_events";

enum Unserved {
    Denial(Denial),
    Environment(EnvironmentError),
    Failure(Failure),
}

impl From<Denial> for Unserved {
    fn from(denial: Denial) -> Self {
        Self::Denial(denial)
    }
}

impl EmailQueueEvents {
    async fn report(&self, request: &Delivery) -> Result<Recorded, Unserved> {
        let headers = request.headers();
        let header = |name: &str| headers.get(name).ok().flatten();
        let (method, url, length) = (request.method(), request.url(), header("content-length"));
        let head = Head {
            method: &method,
            url: &url,
            length: length.as_deref(),
        };
        let webhook = head.webhook()?;
        let mut services = self.services.iter();
        let found = services.find(|(its, _)| its.segment == webhook.segment);
        let service = match found.map(|(_, service)| service) {
            Some(Ok(service)) => service,
            Some(Err(problem)) => return Err(Unserved::Environment(problem.clone())),
            None => return Err(Denial::NOT_FOUND.into()),
        };
        let its = ["id", "timestamp", "signature"];
        let [id, timestamp, signature] =
            its.map(|name| header(&format!("{}-{name}", webhook.prefix)));
        let signed = Signed::read(
            id.as_deref(),
            timestamp.as_deref(),
            signature.as_deref(),
            since_1970(),
        )
        .map_err(|why| Denial::unsigned(why, webhook.prefix))?;
        let place = self.door.enter()?;
        let body = read(request, place.time).await?;
        drop(place);
        if !signed.admits(&service.environment.secrets, &body) {
            self.refused(service);
            return Err(Denial::SIGNATURE.into());
        }
        let event = match (webhook.read)(signed.id, signed.at, &body) {
            Ok(event) => event,
            Err(why) => return Ok(Recorded::ignored(signed.id, why)),
        };
        drop(body);
        let ticket = service.batches.enter(event).ok_or(Denial::BUSY)?;
        match within(WAIT, ticket.result()).await {
            Ok(result) => result.map_err(Unserved::Failure),
            Err(_) => Err(Denial::LATE.into()),
        }
    }

    /// Counts a wrong signature. Its sender does not wait for the report.
    fn refused(&self, service: &Rc<EventService>) {
        let wait = service.refusals.borrow_mut().note(JavaScriptClock.now());
        if let Some(wait) = wait {
            service.clone().report_refusals(self.host.clone(), wait);
        }
    }
}

async fn read(request: &Delivery, time: Duration) -> Result<Vec<u8>, Denial> {
    let broken = |_| Denial::BROKEN;
    let abort = AbortController::new().map_err(broken)?;
    let body = request.read(MAX_BODY as u32, &abort.signal());
    match within(time, JsFuture::from(body.map_err(broken)?)).await {
        Ok(Ok(body)) => match body.dyn_into::<Uint8Array>() {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(_) => Err(Denial::TOO_LARGE),
        },
        Ok(Err(_)) => Err(Denial::BROKEN),
        Err(_) => {
            abort.abort();
            Err(Denial::SLOW)
        }
    }
}

impl EventService {
    fn new(
        variables: &HashMap<String, String>,
        webhook: &Webhook,
    ) -> Result<Rc<Self>, EnvironmentError> {
        let environment = EventEnvironment::read(variables, webhook)?;
        let rpc = project::rpc(&environment.project, |url, key| {
            FetchRpc::new(url, key, CALL)
        })?;
        let rpc = Rc::new(rpc);
        Ok(Rc::new(Self {
            environment,
            batches: Batches::new(rpc.clone(), log_failure),
            rpc,
            refusals: RefCell::default(),
        }))
    }

    /// Tells the database of wrong signatures, after a wait; and again where more come meanwhile.
    fn report_refusals(self: Rc<Self>, host: Rc<Host>, wait: Duration) {
        let on = host.clone();
        let report = future_to_promise(async move {
            JavaScriptClock.sleep(wait).await;
            let count = self.refusals.borrow_mut().take(JavaScriptClock.now());
            let told = match events_arguments(&[], count) {
                Ok(arguments) => self.rpc.call(RECORD, &arguments).await.map(drop),
                Err(error) => Err(error),
            };
            let untold = told.inspect_err(log_failure).map_or(count, |()| 0);
            let more = self
                .refusals
                .borrow_mut()
                .ended(JavaScriptClock.now(), untold);
            if let Some(wait) = more {
                self.report_refusals(on, wait);
            }
            Ok(JsValue::UNDEFINED)
        });
        host.work(&report, GUARD.as_secs_f64() * 1000.0);
    }
}

#[derive(Serialize)]
struct Results {
    results: [Recorded; 1],
}

fn log_failure(error: &QueueError) {
    #[derive(Serialize)]
    struct Failed<'a> {
        event: &'static str,
        error: &'a str,
        code: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
    }
    log_line(&Failed {
        event: EVENT,
        error: &error.message,
        code: error.code.as_str(),
        cause: error.cause.as_deref(),
    });
}

//! `process-email-queue` as JavaScript sees it: a request in, a response out.

use super::answer::{Problem, answer, misconfigured};
use super::faults;
use super::host::Host;
use super::service::{BUSY, Service};
use crate::function::{Ask, Busy, Credentials, Environment, EnvironmentError, has_large_body};
use crate::io::JavaScriptClock;
use crate::worker::Clock;
use serde::Serialize;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Request, Response};

/// Within this a request is answered that no run waits for, and after its run's end any other.
const ANSWER: Duration = Duration::from_secs(3);

/// The function.
#[wasm_bindgen]
pub struct ProcessEmailQueue {
    credentials: Credentials,
    service: Result<Rc<Service>, EnvironmentError>,
    host: Rc<Host>,
}

#[wasm_bindgen]
impl ProcessEmailQueue {
    /// `variables` is an object of environment variables. A wrong environment is answered to each request, once the
    /// caller is known. `host` is the isolate.
    #[wasm_bindgen(constructor)]
    pub fn new(variables: JsValue, host: Host) -> ProcessEmailQueue {
        let variables: HashMap<String, String> =
            serde_wasm_bindgen::from_value(variables).unwrap_or_default();
        let host = Rc::new(host);
        ProcessEmailQueue {
            credentials: Environment::credentials(&variables),
            service: Service::new(&variables, host.clone()).map(Rc::new),
            host,
        }
    }

    /// Within how many milliseconds a request that comes now is answered; after that the module hangs.
    #[wasm_bindgen(js_name = guardMillis)]
    pub fn guard_millis(&self) -> f64 {
        let ends = self.service.as_ref().ok().map(|service| service.ends());
        let left = ends.map_or(Duration::ZERO, |ends| {
            ends.saturating_sub(JavaScriptClock.now())
        });
        (left + ANSWER).as_secs_f64() * 1000.0
    }

    /// The isolate or the process is about to end: the run under way claims nothing more and gives back what has not
    /// been sent.
    pub fn halt(&self) {
        if let Ok(service) = &self.service {
            service.halt();
        }
    }

    /// Answers a request: 401, 405, 413, 500 with the variable that is wrong, 503 where the isolate takes no more runs,
    /// 202 where the caller does not want to wait, or the run's report. Only the method and the headers are read.
    pub async fn handle(&self, request: Request) -> Result<Response, JsValue> {
        let headers = request.headers();
        let header = |name: &str| headers.get(name).ok().flatten();
        let (authorization, api_key) = (header("authorization"), header("apikey"));
        if !self
            .credentials
            .admit(authorization.as_deref(), api_key.as_deref())
        {
            return answer(
                401,
                &Problem::new("unauthorized", "the caller's secret is missing or wrong"),
                &[],
            );
        }
        if request.method() != "POST" {
            let problem = Problem::new("method_not_allowed", "send POST");
            return answer(405, &problem, &[("allow", "POST")]);
        }
        if has_large_body(header("content-length").as_deref()) {
            let problem = Problem::new("too_large", "send no body: it is not read");
            return answer(413, &problem, &[("connection", "close")]);
        }
        faults::inject(header("x-test-fault").as_deref()).await;
        let service = match &self.service {
            Ok(service) => service,
            Err(problem) => return misconfigured("email_queue_run", problem),
        };
        let ask = Ask::read(
            header("prefer").as_deref(),
            header("x-email-queue-cause").as_deref(),
        );
        let (ticket, run) = match service.enter(ask, header("x-test-run-fault")) {
            Ok(entry) => entry,
            Err(busy) => return refused(busy),
        };
        if ask.respond_async {
            let ended = future_to_promise(async move {
                let _ = run.await;
                Ok(JsValue::UNDEFINED)
            });
            self.host.work(&ended, ticket.guard_millis());
            let accepted = Accepted {
                run_id: &ticket.id,
                accepted: true,
            };
            return answer(202, &accepted, &[("preference-applied", "respond-async")]);
        }
        match run.await {
            Ok(report) => answer(200, &report, &[]),
            Err(busy) => refused(busy),
        }
    }
}

fn refused(busy: Busy) -> Result<Response, JsValue> {
    let seconds = busy.retry_after.as_secs_f64().ceil().to_string();
    answer(
        503,
        &Problem::new("busy", BUSY),
        &[("retry-after", &seconds)],
    )
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted<'a> {
    run_id: &'a str,
    accepted: bool,
}

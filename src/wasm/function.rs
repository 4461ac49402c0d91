//! `process-email-queue` as JavaScript sees it: a request in, a response out.

use crate::adapters::{JavaScriptClock, JavaScriptRandom, PostgrestRpc, ResendMailer, RpcQueue};
use crate::function::{Credentials, Environment, EnvironmentError, Gate};
use crate::ports::Random;
use crate::run::{Report, run};
use serde::Serialize;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Request, Response, ResponseInit};

/// After a run's deadline, the time in which the module must have answered.
const GUARD: Duration = Duration::from_secs(8);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn log(line: &str);
}

/// The function.
#[wasm_bindgen]
pub struct ProcessEmailQueue {
    credentials: Credentials,
    service: Result<Rc<Service>, EnvironmentError>,
    deadline: Duration,
}

struct Service {
    queue: RpcQueue<PostgrestRpc>,
    mailer: ResendMailer,
    environment: Environment,
    gate: Gate<Report>,
}

#[wasm_bindgen]
impl ProcessEmailQueue {
    /// `variables` is an object of environment variables. A wrong environment is answered to each request, once the
    /// caller is known.
    #[wasm_bindgen(constructor)]
    pub fn new(variables: JsValue) -> ProcessEmailQueue {
        let variables: HashMap<String, String> =
            serde_wasm_bindgen::from_value(variables).unwrap_or_default();
        let service = Service::new(&variables);
        ProcessEmailQueue {
            credentials: Environment::credentials(&variables),
            deadline: service.as_ref().map_or(Duration::ZERO, |service| {
                service.environment.config.deadline
            }),
            service: service.map(Rc::new),
        }
    }

    /// Within how many milliseconds a request that comes now is answered; after that the module hangs.
    #[wasm_bindgen(js_name = guardMillis)]
    pub fn guard_millis(&self) -> f64 {
        let busy = self
            .service
            .as_ref()
            .is_ok_and(|service| service.gate.is_busy());
        let runs = if busy { 2 } else { 1 };
        ((self.deadline + GUARD) * runs).as_secs_f64() * 1000.0
    }

    /// Answers a request: 401, 405, 500 with the variable that is wrong, or the run's report.
    pub async fn handle(&self, request: Request) -> Result<Response, JsValue> {
        let headers = request.headers();
        let authorization = headers.get("authorization").ok().flatten();
        let api_key = headers.get("apikey").ok().flatten();
        if !self
            .credentials
            .admit(authorization.as_deref(), api_key.as_deref())
        {
            return answer(
                401,
                &Problem::new("unauthorized", "the caller's secret is missing or wrong"),
            );
        }
        if request.method() != "POST" {
            return answer(405, &Problem::new("method_not_allowed", "send POST"));
        }
        let body = wasm_bindgen_futures::JsFuture::from(request.text()?).await?;
        if !is_object_or_empty(&body.as_string().unwrap_or_default()) {
            return answer(
                400,
                &Problem::new("invalid_input", "body: must be a JSON object, or empty")
                    .about("body"),
            );
        }
        #[cfg(feature = "test-faults")]
        super::faults::inject(&headers).await;
        match &self.service {
            Ok(service) => {
                let run = service.gate.enter(service.clone().run());
                let report = run.await;
                answer(200, &report)
            }
            Err(problem) => {
                let text = problem.to_string();
                log(&format!(
                    "{{\"event\":\"email_queue_run\",\"error\":{text:?}}}"
                ));
                answer(
                    500,
                    &Problem::new("misconfigured", &text).about(problem.variable),
                )
            }
        }
    }
}

impl Service {
    fn new(variables: &HashMap<String, String>) -> Result<Self, EnvironmentError> {
        let environment = Environment::read(variables)?;
        let rpc = PostgrestRpc::new(&environment.supabase_url, &environment.supabase_key).map_err(
            |error| match error.field.as_deref() {
                Some("url") => EnvironmentError {
                    variable: "SUPABASE_URL",
                    problem: "must be the project's http(s) address",
                },
                _ => EnvironmentError {
                    variable: "SUPABASE_SECRET_KEYS",
                    problem: "must hold a secret key of the project, or SUPABASE_SECRET_KEY or SUPABASE_SERVICE_ROLE_KEY",
                },
            },
        )?;
        Ok(Self {
            queue: RpcQueue::new(
                rpc,
                environment.email_from.clone(),
                &environment.supabase_url,
            ),
            mailer: ResendMailer::new(&environment.resend_url, &environment.resend_key),
            environment,
            gate: Gate::default(),
        })
    }

    async fn run(self: Rc<Self>) -> Report {
        let report = run(
            &self.queue,
            &self.mailer,
            &JavaScriptClock,
            &JavaScriptRandom,
            self.environment.config,
        )
        .await;
        let line = LogLine {
            event: "email_queue_run",
            report: &report,
        };
        log(&serde_json::to_string(&line).unwrap_or_default());
        report
    }
}

#[derive(Serialize)]
struct LogLine<'a> {
    event: &'static str,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
    code: &'static str,
    /// The field of the request, or the environment variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(rename = "requestId")]
    request_id: String,
}

impl<'a> Problem<'a> {
    fn new(code: &'static str, error: &'a str) -> Self {
        Self {
            error,
            code,
            field: None,
            request_id: JavaScriptRandom.token(),
        }
    }

    fn about(self, field: &'static str) -> Self {
        Self {
            field: Some(field),
            ..self
        }
    }
}

/// The body says nothing to the function; one that is broken shows a caller's mistake.
fn is_object_or_empty(body: &str) -> bool {
    body.trim().is_empty()
        || serde_json::from_str::<serde_json::Value>(body).is_ok_and(|body| body.is_object())
}

fn answer(status: u16, body: &impl Serialize) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    headers.set("cache-control", "no-store")?;
    if status == 405 {
        headers.set("allow", "POST")?;
    }
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&headers);
    let text = serde_json::to_string(body).unwrap_or_default();
    Response::new_with_opt_str_and_init(Some(&text), &init)
}

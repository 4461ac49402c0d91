//! Responses, and the log.

use crate::base::Random;
use crate::function::EnvironmentError;
use crate::io::JavaScriptRandom;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Response, ResponseInit};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn log(line: &str);
}

pub fn log_line(line: &impl Serialize) {
    log(&serde_json::to_string(line).unwrap_or_default());
}

/// What a caller is told that is not served.
#[derive(Serialize)]
pub struct Problem<'a> {
    error: &'a str,
    code: &'static str,
    /// The environment variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(rename = "requestId")]
    request_id: String,
}

impl<'a> Problem<'a> {
    pub fn new(code: &'static str, error: &'a str) -> Self {
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

pub fn answer(
    status: u16,
    body: &impl Serialize,
    more: &[(&str, &str)],
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    headers.set("cache-control", "no-store")?;
    for (name, value) in more {
        headers.set(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&headers);
    let text = serde_json::to_string(body).unwrap_or_default();
    Response::new_with_opt_str_and_init(Some(&text), &init)
}

/// The variable that is wrong, in the log under `event` too.
pub fn misconfigured(event: &str, problem: &EnvironmentError) -> Result<Response, JsValue> {
    #[derive(Serialize)]
    struct Misconfigured<'a> {
        event: &'a str,
        error: &'a str,
    }
    let error = &problem.to_string();
    log_line(&Misconfigured { event, error });
    let problem = Problem::new("misconfigured", error).about(problem.variable);
    answer(500, &problem, &[])
}

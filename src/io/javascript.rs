//! Time and randomness of a JavaScript runtime.

use crate::base::Random;
use crate::worker::Clock;
use js_sys::{Math, Reflect, global};
use std::time::Duration;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// `performance.now()` and `setTimeout`.
pub struct JavaScriptClock;

impl Clock for JavaScriptClock {
    fn now(&self) -> Duration {
        Duration::try_from_secs_f64(performance_now() / 1000.0).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        // setTimeout fires up to a millisecond early, and the waiting task would ask again at once.
        super::timer::sleep(duration + Duration::from_millis(1)).await;
    }
}

/// `crypto.randomUUID()` and `Math.random()`.
pub struct JavaScriptRandom;

impl Random for JavaScriptRandom {
    fn token(&self) -> String {
        // The Web Crypto API is there in every runtime that this module is made for.
        Reflect::get(&global(), &"crypto".into())
            .map(|crypto| crypto.unchecked_into::<web_sys::Crypto>().random_uuid())
            .unwrap_or_default()
    }

    fn unit(&self) -> f64 {
        Math::random()
    }
}

/// The time, by the system's clock.
pub(crate) fn since_1970() -> Duration {
    Duration::try_from_secs_f64(js_sys::Date::now() / 1000.0).unwrap_or_default()
}

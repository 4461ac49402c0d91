//! The module's exports to JavaScript.

#[cfg(any(feature = "worker", feature = "events"))]
mod answer;
#[cfg(feature = "events")]
mod events;
#[cfg(feature = "worker")]
mod faults;
#[cfg(feature = "worker")]
mod function;
#[cfg(any(feature = "worker", feature = "events"))]
mod host;
#[cfg(any(feature = "worker", feature = "events"))]
mod project;
#[cfg(feature = "client")]
mod provider;
#[cfg(feature = "worker")]
mod service;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the shim installs, to be told of a panic: the module cannot answer any more then.
    #[wasm_bindgen(js_namespace = globalThis, js_name = __emailQueuePanicked, catch)]
    fn panicked(message: &str) -> Result<(), JsValue>;
}

#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| {
        // Only where: the message of a panic may quote the data it stumbled over. Without a listener there is nobody to tell.
        let at = info.location().map(ToString::to_string);
        let _ = panicked(&format!("panicked at {}", at.unwrap_or_default()));
    }));
}

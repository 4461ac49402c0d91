//! The isolate.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The isolate, as the shim shows it to each instance of a module.
    pub type Host;
    /// The platform ends this isolate: its wall clock and its CPU time count.
    #[wasm_bindgen(method, getter)]
    pub fn limited(this: &Host) -> bool;
    /// What the runs of this isolate have claimed, by all instances.
    #[wasm_bindgen(method, getter)]
    pub fn messages(this: &Host) -> f64;
    #[wasm_bindgen(method, setter)]
    pub fn set_messages(this: &Host, messages: f64);
    #[wasm_bindgen(method, getter)]
    pub fn bytes(this: &Host) -> f64;
    #[wasm_bindgen(method, setter)]
    pub fn set_bytes(this: &Host, bytes: f64);
    /// Has the isolate live until the promise settles, and watches over it for so many milliseconds.
    #[wasm_bindgen(method)]
    pub fn work(this: &Host, run: &js_sys::Promise, guard_millis: f64);
}

// What the Edge Function needs of the package: the function itself, and a way to load and to renew its module.
import * as glue from "./worker.js";
import wasm from "./worker_wasm.js";
import { instantiate } from "./module.js";

export { ProcessEmailQueue } from "./worker.js";

let loaded = false;

/** Instantiates the module, once. What its tasks and timers throw goes to `onThrow`. */
export function load(onThrow) {
  glue.tasks.onThrow = onThrow;
  if (!loaded) instantiate(glue, wasm);
  loaded = true;
}

/** A fresh instance after a panic or a trap. Objects of the old one must not be used any more. */
export function reset() {
  if (loaded) glue.__wbg_reset_state();
}

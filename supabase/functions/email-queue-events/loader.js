/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 da4abf9be610a03537fe194ea97ecff580201abf5e9b6745b00623f2feb6c57b. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// Loads and renews the function's module.
import { compile, decode, instantiate } from "./module.js";

/** @param glue what wasm-bindgen wrote @param packed the module, gzipped, in base64 */
export async function loader(glue, packed) {
  // Gzipped, the module takes less than half the place in its users' repositories; unpacking takes 5 ms.
  const stream = new Blob([decode(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let loaded = false;
  return {
    /** Instantiates the module, once. What its tasks and timers throw goes to `onThrow`. */
    load(onThrow) {
      glue.tasks.onThrow = onThrow;
      if (!loaded) instantiate(glue, compile(bytes));
      loaded = true;
    },
    /** A fresh instance after a panic or a trap. Objects of the old one must not be used any more. */
    reset() {
      if (loaded) glue.__wbg_reset_state();
    },
  };
}

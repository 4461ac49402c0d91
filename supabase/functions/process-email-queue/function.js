/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.0 c4c48898ebf2c652e4ff1b92dcd07c2ffdc454412bf130f770f12c5490acecf1. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// The function itself, and a way to load and to renew its module.
import * as glue from "./worker.js";
import packed from "./worker_wasm.js";
import { compile, decode, instantiate } from "./module.js";

export { ProcessEmailQueue } from "./worker.js";

// Gzipped, the module takes less than half the place in its users' repositories; unpacking takes 5 ms.
const stream = new Blob([decode(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
const bytes = new Uint8Array(await new Response(stream).arrayBuffer());

let loaded = false;

/** Instantiates the module, once. What its tasks and timers throw goes to `onThrow`. */
export function load(onThrow) {
  glue.tasks.onThrow = onThrow;
  if (!loaded) instantiate(glue, compile(bytes));
  loaded = true;
}

/** A fresh instance after a panic or a trap. Objects of the old one must not be used any more. */
export function reset() {
  if (loaded) glue.__wbg_reset_state();
}

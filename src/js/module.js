// Loads the WebAssembly module from its base64 text: no file is read and nothing is fetched, so it works wherever
// JavaScript runs, and in what `supabase functions deploy` uploads.
import { __wbg_reset_state, initSync } from "./email_queue.js";
import wasm from "./email_queue_wasm.js";

let compiled;

/** Instantiates the module, once. */
export function load() {
  if (compiled) return;
  compiled = new WebAssembly.Module(decode(wasm));
  initSync({ module: compiled });
}

/** A fresh instance after a panic or a trap. Objects of the old one must not be used any more. */
export function reset() {
  if (compiled) __wbg_reset_state();
}

function decode(text) {
  // Buffer takes 1 ms for it, atob with a callback for each byte 50 ms of CPU.
  if (globalThis.Buffer) return globalThis.Buffer.from(text, "base64");
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

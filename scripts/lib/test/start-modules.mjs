// Run by Deno: whether each module of pkg/ compiles and starts, and how long that takes.
import { Buffer } from "node:buffer";
import fs from "node:fs";

const PKG = new URL("../../../pkg/", import.meta.url);

for (const file of fs.readdirSync(PKG).filter((name) => name.endsWith("_wasm.js"))) {
  const { initSync } = await import(new URL(file.replace("_wasm", ""), PKG).href);
  const { default: base64 } = await import(new URL(file, PKG).href);
  const began = performance.now();
  const bytes = Buffer.from(base64, "base64");
  const decoded = performance.now();
  initSync({ module: new WebAssembly.Module(bytes) });
  const ready = performance.now();
  console.log(`${file}: decoded in ${(decoded - began).toFixed(1)} ms, compiled and instantiated in ${(ready - decoded).toFixed(1)} ms`);
  console.log(`ok: ${file} starts`);
}

const began = performance.now();
const { load } = await import(new URL("functions/process-email-queue/function.js", PKG).href);
load(() => {});
console.log(`function.js: unpacked, compiled and instantiated in ${(performance.now() - began).toFixed(1)} ms`);
console.log("ok: function.js starts");

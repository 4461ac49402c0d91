// Prints how long the function's module takes to be decoded, compiled and instantiated: a part of each cold start.
import process from "node:process";

const { load } = await import("../../../pkg/functions/process-email-queue/function.js");
const began = performance.now();
/** @type {any} */ (load)();
console.log(`the module was compiled and instantiated in ${(performance.now() - began).toFixed(1)} ms on Deno ${process.versions.deno}`);
console.log("ok: the module loads");

// Prints how long the function's module takes to be decoded, compiled and instantiated: a part of each cold start.
import process from "node:process";

const { load } = await import(new URL("../../../pkg/function.js", import.meta.url).href);
const began = performance.now();
load();
console.log(`the module was decoded and instantiated in ${(performance.now() - began).toFixed(1)} ms on Deno ${process.versions.deno}`);
console.log("ok: the module loads");

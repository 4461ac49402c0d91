// Prints how long the module takes to be decoded, compiled and instantiated: what a cold start of the function costs.
const began = performance.now();
const { load } = await import("../../../pkg/module.js");
const read = performance.now();
load();
const loaded = performance.now();
console.log(JSON.stringify({ importMs: Math.round(read - began), loadMs: Math.round(10 * (loaded - read)) / 10 }));

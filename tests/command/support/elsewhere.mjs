// Loaded into the command (node --import): a hosted project's address leads to the queue of the test, and the clock stands still.
import process from "node:process";

const { ELSEWHERE_FROM: from, ELSEWHERE_TO: to, ELSEWHERE_NOW: now } = process.env;
const { fetch } = globalThis;
if (from && to) globalThis.fetch = (url, options) => fetch(String(url).replace(from, to), options);
if (now) Date.now = () => Date.parse(now);

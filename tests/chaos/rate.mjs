// Eight runs at the same time before a provider that allows five requests a second: hardly any request is refused, and
// hardly any of the window is left unused.
//   node tests/chaos/rate.mjs [--requests N]
import process from "node:process";
import { readOptions } from "../../scripts/lib/screen.mjs";
import { isStopping, sleep, stopAll } from "../../scripts/lib/stack.mjs";
import { Wire } from "../faults/support/wire.mjs";
import { startWorld } from "./world.mjs";

const PROCESSES = 8;
const RATE = 5;
const attachments = [{ filename: "bill.txt", content: "aGVsbG8=" }];

const values = readOptions({ options: { requests: { type: "string", default: "150" } } }, ["requests"]);
const count = Number(values.requests);

let failed = true;
try {
  failed = !(await rate());
} catch (error) {
  if (!isStopping()) console.log(`error: ${error.stack}`);
} finally {
  await stopAll();
}
process.exit(failed ? 1 : 0);

async function rate() {
  /** When each request arrived, in seconds, and what it was told. @type {{at: number, status: number}[]} */
  const arrivals = [];
  const { db, sandbox, workers } = await startWorld({
    processes: PROCESSES,
    rate: RATE,
    seconds: 50,
    between: async (url) => {
      const wire = await Wire.start(url, ({ path }) => path);
      wire.record(async ({ forward }) => {
        const arrival = { at: performance.now() / 1000, status: 0 };
        arrivals.push(arrival);
        const answer = await forward();
        arrival.status = answer.status;
        return answer;
      });
      return wire.url;
    },
  });
  // The ceiling that a project has without any setting; what the provider allows is learned from its headers.
  await db.configure({ rate_limit: 10 });
  await db.sql`update email_queue_private.budget set answered = false`;
  const functions = await Promise.all(workers.map(({ fn }) => fn));
  // Attachments: each message travels alone, so that each is a request.
  await db.enqueue(alone(count));
  await Promise.all(functions.map(async (fn) => {
    while (!(await db.isDrained())) {
      await fn.invoke();
      await sleep(100);
    }
  }));

  const refused = arrivals.filter(({ status }) => status === 429).length;
  const seconds = (arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0);
  // The first request opens the first window, and uses no time.
  const used = (arrivals.length - refused - 1) / (RATE * seconds);
  const percent = (/** @type {number} */ fraction) => `${(fraction * 100).toFixed(1)} %`;
  let passed = true;
  const rule = (/** @type {string} */ text, /** @type {boolean} */ holds) => {
    passed &&= holds;
    console.log(`${holds ? "ok" : "error"}: ${text}`);
  };
  const state = sandbox.state();
  rule(`${refused} of ${arrivals.length} requests were refused by the rate window (${percent(refused / arrivals.length)}): at most 1 %`, refused <= arrivals.length / 100);
  rule(`${percent(used)} of the window was used in ${seconds.toFixed(1)} s: at least 90 %`, used >= 0.9);
  rule(`${state.acceptedMessages} messages were accepted, ${state.duplicates} twice`, state.acceptedMessages === count && state.duplicates === 0);
  return passed;
}

function alone(/** @type {number} */ number) {
  return Array.from({ length: number }, (_, index) => ({
    payload: { to: `user-${index}@customer.example`, subject: `Letter ${index}`, text: "Hello", attachments },
  }));
}

// A process that dies again and again: at the same step whatever it holds, or whenever it holds one certain message.
// It must come to an end, with the attempts that the message had, and without its batch-mates.
import assert from "node:assert/strict";
import { checkEnd, sent } from "../check.mjs";
import { prepare, SHAPES } from "../scenario.mjs";

const ATTEMPTS = 2;
/** Runs until nothing may be open: a batch is taken over and dissolved, each attempt of a member costs two runs, and some sweep. */
const RUNS = 2 + SHAPES.batch.length * ATTEMPTS * 2 + 4;
/** With less than a backoff between the runs, one that has paid for a crash does not come back at once. */
const POISON_RUNS = 60;
const SHORT = "20 seconds";

/**
 * What the process has carried out when it dies.
 * @type {Record<string, {wire: "database" | "provider", has: string, done: boolean, end: import("../check.mjs").End}>}
 */
const DEATHS = {
  "after each claim": { wire: "database", has: "claim", done: true, end: { status: "failed", reason: "exhausted", attempts: ATTEMPTS } },
  "before each begin": { wire: "database", has: "begin", done: false, end: { status: "failed", reason: "exhausted", attempts: ATTEMPTS } },
  "after each begin": { wire: "database", has: "begin", done: true, end: { status: "failed", reason: "unknown_outcome", attempts: ATTEMPTS } },
  "before each request": { wire: "provider", has: "request", done: false, end: { status: "failed", reason: "unknown_outcome", attempts: ATTEMPTS } },
  "after each request": { wire: "provider", has: "request", done: true, end: { status: "failed", reason: "unknown_outcome", accepted: 1, attempts: ATTEMPTS } },
  "before each settle": { wire: "database", has: "settle", done: false, end: { status: "failed", reason: "unknown_outcome", accepted: 1, attempts: ATTEMPTS } },
};

/** @returns {import("../main.mjs").Case[]} */
export function crashes() {
  const cases = [];
  for (const shape of Object.keys(SHAPES)) {
    for (const death of Object.keys(DEATHS)) {
      cases.push({
        group: "crashes without end",
        name: `${shape}, ${death}`,
        seconds: 6,
        run: (/** @type {import("../support/place.mjs").Place} */ place) => endless(place, shape, death),
      });
    }
  }
  for (const step of ["claim", "begin", "request"]) {
    cases.push({
      group: "poison",
      name: `one of a batch ends the process at its ${step}`,
      seconds: 6,
      run: (/** @type {import("../support/place.mjs").Place} */ place) => poison(place, step),
    });
  }
  return cases;
}

/** @param {import("../support/place.mjs").Place} place @param {string} shape @param {string} death */
async function endless(place, shape, death) {
  const { wire, has, done, end } = DEATHS[death];
  const ids = await prepare(place, limited(SHAPES[shape]), "first attempt");
  const worker = await place.worker();
  worker[wire].wrap(async (call, behaviour, label) => {
    if (!label.includes(has) || (await place.db.isDrained())) return await behaviour(call);
    /** @type {any} */
    const answer = done && await behaviour(call);
    // A claim that found nothing leaves nothing to die of.
    if (has === "claim" && JSON.parse(String(answer.body)).claims.length === 0) return answer;
    await worker.kill();
    return "close";
  });
  await runOut(place, worker);
  await checkEnd(place, ids, { end });
}

/** @param {import("../support/place.mjs").Place} place @param {string} step */
async function poison(place, step) {
  const ids = await prepare(place, limited(SHAPES.batch), "first attempt");
  const [bad, ...good] = ids;
  const worker = await place.worker();
  const die = async () => (await worker.kill(), /** @type {const} */ ("close"));
  /** Dispatches with the bad one among them. @type {Set<string>} */
  const holding = new Set();
  worker.database.wrap(async (call, behaviour) => {
    const begins = JSON.parse(call.text).p_request.begins.map((/** @type {any} */ begin) => begin.dispatch_id);
    if (step === "begin" && begins.some((/** @type {string} */ id) => holding.has(id))) return await die();
    const answer = /** @type {any} */ (await behaviour(call));
    const claimed = (JSON.parse(String(answer.body)).claims ?? []).filter(({ messages }) => messages.some(({ id }) => id === bad));
    for (const { dispatch_id } of claimed) holding.add(dispatch_id);
    return step === "claim" && claimed.length > 0 ? await die() : answer;
  });
  if (step === "request") worker.provider.wrap(async (call, behaviour) => (call.text.includes(bad) ? await die() : await behaviour(call)));
  for (let run = 1; !(await place.db.isDrained()); run++) {
    assert(run <= POISON_RUNS, `after ${POISON_RUNS} runs something is still open`);
    await worker.run();
    await place.db.passTime(SHORT);
  }

  // Once a request may have left, all of it is frozen together; before, the others go out without it.
  const together = step === "request";
  const dead = { status: "failed", reason: together ? "unknown_outcome" : "exhausted", attempts: ATTEMPTS };
  await checkEnd(place, ids, { ends: Object.fromEntries([[bad, dead], ...good.map((id) => [id, together ? dead : {}])]) });
  if (!together) assert(sent(place).every(({ members }) => !members.includes(bad)), "the bad one never left");
}

/** Time goes by, and a new process runs, until nothing is open. */
async function runOut(/** @type {import("../support/place.mjs").Place} */ place, /** @type {Awaited<ReturnType<import("../support/place.mjs").Place["worker"]>>} */ worker) {
  for (let run = 1; !(await place.db.isDrained()); run++) {
    assert(run <= RUNS, `after ${RUNS} runs something is still open`);
    await worker.run();
    assert.deepEqual(await place.db.lost(), [], "every message is in one legal place");
    await place.db.passTime();
    await place.db.resume();
  }
}

const limited = (/** @type {object[]} */ messages) => messages.map((message) => ({ ...message, max_attempts: ATTEMPTS }));

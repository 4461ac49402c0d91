// Many processes of the function, killed at random, on a PostgreSQL that crashes, before a provider that fails, and whose reports are
// lost, doubled, early and late: at the end every message has been accepted once, and shows what was reported of it.
//   node tests/chaos/main.mjs [--seed N] [--messages N]
// The seed decides the messages, the kills and the faults; how the processes interleave is up to the machine.
import process from "node:process";
import { readOptions } from "../../scripts/lib/screen.mjs";
import { isStopping, sleep, stopAll } from "../../scripts/lib/stack.mjs";
import { ask } from "../faults/support/reports.mjs";
import { check, sent } from "./check.mjs";
import { plan } from "./plan.mjs";
import { reporting, reportOthers } from "./reports.mjs";
import { startWorld } from "./world.mjs";

const PROCESSES = 8;
/** Requests a second that the provider allows; the queue learns it from its headers. */
const RATE = 80;
/** Fewer waiting than this, and the next wave is enqueued: small dispatches come of it, and large ones after a standstill. */
const BACKLOG = 250;
/** And fewer events than this on their way: however slow the machine is, reports come before most replays. */
const EVENTS_BACKLOG = 300;
const PROGRESS_MS = 3_000;
/** Standing still for so long, it will not end. */
const STANDSTILL_MS = 120_000;

/** Of a hundred requests: five answers lost, five of 5xx, now and then one that cannot be read, and ten that come after the reports. */
const FAULTS = [
  { action: "drop", when: "after", probability: 0.05 },
  { action: "answer", status: 500, probability: 0.02 },
  { action: "answer", status: 503, name: "service_unavailable", probability: 0.02 },
  { action: "answer", when: "after", status: 500, probability: 0.01 },
  { action: "garbage", garbage: "truncated", probability: 0.005 },
  { action: "delay", when: "after", delayMs: 400, probability: 0.1 },
];

const values = readOptions({ options: { seed: { type: "string" }, messages: { type: "string", default: "2000" } } }, ["seed", "messages"]);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const count = Number(values.messages);
console.log(`seed ${seed}: node tests/chaos/main.mjs --seed ${seed} --messages ${count}`);

let failed = true;
try {
  failed = !(await chaos());
} catch (error) {
  if (!isStopping()) console.log(`error: ${error.stack}`);
} finally {
  await stopAll();
}
process.exit(failed ? 1 : 0);

async function chaos() {
  const world = await startWorld({ processes: PROCESSES, rate: RATE });
  const { db, sandbox, postgres } = world;
  const planned = plan(seed, count, PROCESSES);
  const { waves, kills, doorKills, crash, crowds, faultSeed } = planned;
  // Leases run out in real time here, so that retries should not wait long either; but longer than most reports take.
  await db.configure({ retry_base_ms: 3000, retry_cap_ms: 4000 });
  await ask(sandbox, "config", { seed: faultSeed, ...reporting(count) });
  await ask(sandbox, "faults", FAULTS);
  const reports = await world.startReports();
  const done = { kills: 0, doorKills: 0, crashes: 0, crowds: 0, others: 0, violations: /** @type {object[]} */ ([]), runs: 0, misplacedChecks: 0 };
  const state = { enqueued: 0, over: false };
  const accepted = () => sandbox.state({ brief: true }).acceptedMessages;

  const producer = (async () => {
    for (const wave of waves) {
      await until(() => state.enqueued - accepted() < BACKLOG && reports.underway() < EVENTS_BACKLOG || state.over);
      await steadily(() => db.enqueue(wave));
      state.enqueued += wave.length;
    }
  })();
  const workers = world.workers.map((worker) => keepRunning(worker, state, done));
  const killer = (async () => {
    for (const { at, victim } of kills) {
      await until(() => accepted() >= at || state.over);
      await world.workers[victim].restart();
      done.kills += 1;
    }
  })();
  const doorKiller = (async () => {
    for (const at of doorKills) {
      await until(() => accepted() >= at || state.over);
      await reports.restart();
      done.doorKills += 1;
    }
  })();
  const crasher = (async () => {
    await until(() => accepted() >= crash || state.over);
    await postgres.restart({ crash: true });
    done.crashes += 1;
  })();
  const crowd = (async () => {
    for (const at of crowds) {
      await until(() => accepted() >= at || state.over);
      await Promise.all(Array.from({ length: RATE }, () => fetch(`${sandbox.url}/domains`, { headers: { authorization: "Bearer re_another_key", "user-agent": "another" } })));
      done.crowds += 1;
    }
  })();
  const others = (async () => {
    while (!state.over) {
      done.others += await steadily(() => reportOthers(db, sandbox));
      await sleep(250);
    }
  })();

  let moved = performance.now();
  let last = "";
  const began = performance.now();
  for (let ended = false; !ended;) {
    await sleep(PROGRESS_MS);
    const now = sandbox.state();
    const { requests, throttled } = sent(now);
    const misplaced = await steadily(() => db.lost());
    done.misplacedChecks += 1;
    done.violations.push(...misplaced);
    console.log(`${seconds(began)} s: ${state.enqueued} enqueued, ${now.acceptedMessages} accepted by ${requests} requests (${now.lost} answers lost, ` +
      `${throttled} throttled), ${now.events.delivered} of ${now.events.happened} events taken, ${done.kills + done.doorKills} processes killed, ${done.crashes} crashes of PostgreSQL, ${misplaced.length} misplaced`);
    const progress = `${now.acceptedMessages} ${now.events.delivered}`;
    if (progress !== last) moved = performance.now();
    last = progress;
    ended = state.enqueued === count && await steadily(() => db.isDrained()) && reports.underway() === 0 || performance.now() - moved > STANDSTILL_MS;
  }
  state.over = true;
  await Promise.all([producer, killer, doorKiller, crasher, crowd, others, ...workers]);
  console.log(`${seconds(began)} s, ${done.runs} runs`);
  return await check({ db, sandbox, count, done, plan: planned });
}

/** As cron does, only without the minute between. */
async function keepRunning(/** @type {import("./world.mjs").Worker} */ worker, /** @type {{over: boolean}} */ state, /** @type {{runs: number}} */ done) {
  while (!state.over) {
    let claimed = 0;
    try {
      ({ claimed } = await (await worker.fn).invoke(undefined, { timeout: 40_000 }));
      done.runs += 1;
    } catch {
      // Killed in the middle.
    }
    await sleep(claimed > 0 ? 50 : 200);
  }
}

/** While PostgreSQL is down, again. @template T @param {() => Promise<T>} ask @returns {Promise<T>} */
async function steadily(ask) {
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(200);
    }
  }
}

async function until(/** @type {() => boolean | Promise<boolean>} */ condition) {
  while (!(await condition())) await sleep(10);
}

function seconds(/** @type {number} */ since) {
  return Math.round((performance.now() - since) / 1000);
}

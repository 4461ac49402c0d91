// The function under Deno 2.1.4 at work, beside the same job written by hand in TypeScript: speed, processor time, memory,
// requests.
import { naive, ours } from "../queues/index.mjs";
import { LONG, attachment, payloadSql } from "../queues/payload.mjs";
import { startCluster } from "../cluster.mjs";
import { alternate, figure, ratio, spread, withRange } from "../stats.mjs";
import { cpuMs, memory, startGateway, startProvider, startWorker } from "../world.mjs";

const MB = 2 ** 20;
/** Requests a second that the provider takes, and how many a run has open at most (src/worker/config.rs). */
const [LIMIT, PLACES] = [10, 4];
const NAMES = { wasm: "email-queue", handwritten: "TypeScript" };
const [SMALL, SINGLES, BIG] = ["small, in batches", "small, one by one", "50 kB, in batches"];

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {number} messages
 * @property {(n: string) => string} payload
 * @property {boolean} [alone] with attachments, so that each is a request of its own
 * @property {number} latency of the provider, milliseconds
 * @property {boolean} [compared]
 */

/** @param {boolean} quick @returns {Case[]} */
function cases(quick) {
  const share = quick ? 0.2 : 1;
  const kinds = [
    { name: SMALL, messages: 10_000 * share, payload: payloadSql, compared: true },
    { name: BIG, messages: 1_000 * share, payload: (/** @type {string} */ n) => payloadSql(n, LONG), compared: true },
    { name: SINGLES, messages: 400 * share, payload: (/** @type {string} */ n) => attachment(n, 10), alone: true, compared: true },
    { name: "attachments of 300 kB", messages: 200 * share, payload: (/** @type {string} */ n) => attachment(n, 300_000), alone: true },
  ];
  const slow = quick ? kinds.slice(0, 1) : kinds;
  return [
    ...kinds.map((kind) => ({ ...kind, latency: 0 })),
    ...slow.map((kind) => ({ ...kind, latency: 200, compared: kind.name === BIG })),
  ];
}

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function run({ log, quick, rounds }) {
  const cluster = await startCluster();
  const provider = await startProvider();
  try {
    const stage = await prepare(cluster, provider);
    /** @type {(Case & {found: Map<"wasm" | "handwritten", Measured[]>})[]} */
    const results = [];
    for (const one of cases(quick)) {
      const found = await alternate(/** @type {("wasm" | "handwritten")[]} */ (["wasm", "handwritten"]), one.compared ? rounds : 1, async (kind, round) => {
        const measured = await stage.measure(kind, one);
        log(`${one.name}, ${one.latency} ms, round ${round + 1}: ${NAMES[kind]} ${figure(measured.perSecond)} messages/s, ${figure(measured.cpu)} ms CPU per 1,000`);
        return measured;
      });
      results.push({ ...one, found });
    }
    /** @type {Window[]} */
    const windows = [];
    // No more than 100: one run claims no more after 10,000 messages.
    for (const [latency, requests] of /** @type {[number, number][]} */ (quick ? [[200, 30], [1000, 16]] : [[200, 100], [1000, 80], [5000, 40]])) {
      const window = await stage.window(latency, requests);
      windows.push(window);
      log(`rate window at ${latency} ms: ${figure(window.used * 100)} % of ${figure(window.possible)} requests/s used`);
    }
    const flat = await stage.flat(quick ? 5_000 : 300_000);
    log(`memory over ${flat.messages} messages: ${figure(flat.second / MB)} MB, then ${figure(flat.last / MB)} MB`);
    const largest = await stage.largest(quick ? 4 : 12);
    log(`memory at the largest payload: ${figure(largest.peak / MB)} MB, Deno's own ${figure(largest.own / MB)} MB`);

    return {
      tables: [...results.map(tableOf), windowTable(windows), memoryTable(flat, largest)],
      goals: [
        ...costGoals(results),
        ...windows.map(({ latency, used, refused, requests }) => ({
          text: `at least 95 % of the requests that ${LIMIT} a second and ${PLACES} at a time allow, at ${latency} ms`,
          found: `${figure(used * 100)} %, ${refused} of ${requests} refused`,
          met: used >= 0.95,
        })),
        ...memoryGoals(flat, largest),
      ],
      plots: [{
        title: "A run: milliseconds of CPU for 1,000 messages, provider without latency",
        kind: "bars",
        series: (/** @type {const} */ (["wasm", "handwritten"])).map((kind) => ({
          name: NAMES[kind],
          points: results.filter(({ latency }) => latency === 0).map(({ name, found }) => {
            const all = spread((found.get(kind) ?? []).map((measured) => measured.cpu));
            return { x: name, y: all.median, min: all.min, max: all.max };
          }),
        })),
      }],
      raw: { cases: results.map(({ payload: _, found, ...one }) => ({ ...one, found: Object.fromEntries(found) })), windows, flat, largest },
    };
  } finally {
    await provider.stop();
    await cluster.stop();
  }
}

/** @typedef {{latency: number, possible: number, used: number, requests: number, refused: number, seconds: number}} Window possible: requests a second */
/** @typedef {{perSecond: number, cpu: number, peak: number, requests: number, calls: number}} Measured requests and calls per 100 messages */

/** @param {import("../cluster.mjs").Cluster} cluster @param {import("../world.mjs").Provider} provider */
async function prepare(cluster, provider) {
  const sides = { wasm: { queue: ours }, handwritten: { queue: naive } };
  const gateways = /** @type {Record<string, Awaited<ReturnType<typeof startGateway>>>} */ ({});
  for (const [kind, { queue }] of Object.entries(sides)) {
    await cluster.database(queue);
    gateways[kind] = await startGateway(cluster.postgres.urlOf(queue.database));
  }
  const begin = async (/** @type {"wasm" | "handwritten"} */ kind) =>
    await startWorker(kind, { database: gateways[kind]?.url ?? "", provider: provider.url });
  const load = async (/** @type {"wasm" | "handwritten"} */ kind, /** @type {number} */ count, /** @type {Partial<Case>} */ { payload, alone } = {}) => {
    const { queue } = sides[kind];
    const sql = await cluster.database(queue);
    await queue.clear(sql);
    // What was learned of another rate is forgotten.
    if (kind === "wasm") await sql.unsafe("update email_queue_private.budget set learned_limit = null, cooldown_until = null; select setval('email_queue_private.next_slot', 0)");
    await queue.fill(sql, count, { payload, alone });
    await sql.unsafe("vacuum analyze");
  };
  const drain = async (/** @type {Awaited<ReturnType<typeof begin>>} */ worker, /** @type {number} */ count) => {
    let accepted = 0;
    while (accepted < count) {
      const done = await worker.invoke(undefined, { timeout: 120_000 });
      if (done.accepted === 0) throw new Error(`the run did nothing: ${JSON.stringify(done)}`);
      accepted += done.accepted;
    }
  };

  return {
    /** @param {"wasm" | "handwritten"} kind @param {Case} one @returns {Promise<Measured>} */
    measure: async (kind, one) => {
      await provider.configure({ rateLimit: 0, latencyMs: one.latency });
      const worker = await begin(kind);
      // Before that, as an isolate that has served requests: compiled, optimised, connected.
      await load(kind, 2_000);
      await drain(worker, 2_000);
      await load(kind, one.messages, one);
      const before = { cpu: cpuMs(worker.pid), requests: (await provider.state()).requests, calls: await gateways[kind]?.calls() ?? NaN, at: performance.now() };
      await drain(worker, one.messages);
      const ms = performance.now() - before.at;
      const hundreds = one.messages / 100;
      const measured = {
        perSecond: (one.messages / ms) * 1000,
        cpu: (cpuMs(worker.pid) - before.cpu) / (one.messages / 1000),
        peak: memory(worker.pid).peak,
        requests: ((await provider.state()).requests - before.requests) / hundreds,
        calls: ((await gateways[kind]?.calls() ?? NaN) - before.calls) / hundreds,
      };
      await worker.stop();
      return measured;
    },
    /** How much of the provider's rate a run uses. @param {number} latency @param {number} requests @returns {Promise<Window>} */
    window: async (latency, requests) => {
      await provider.configure({ rateLimit: LIMIT, latencyMs: latency, keepEmails: requests * 100 });
      const worker = await begin("wasm");
      await load("wasm", requests * 100);
      // As it is after any earlier answer of the provider.
      await (await cluster.database(ours)).unsafe(`update email_queue_private.budget set learned_limit = ${LIMIT}`);
      await drain(worker, requests * 100);
      const state = await provider.state();
      const accepted = (await provider.emails(requests * 100)).map(({ created_at }) => Date.parse(created_at));
      await worker.stop();
      const seconds = (Math.max(...accepted) - Math.min(...accepted)) / 1000;
      const possible = Math.min(LIMIT, (PLACES * 1000) / latency);
      // The first request opens the first window, or the first of each place fill the places, and use no time.
      const first = possible === LIMIT ? 1 : PLACES;
      return { latency, possible, used: (requests - first) / (possible * seconds), requests: state.requests, refused: state.statuses?.["429"] ?? 0, seconds };
    },
    /** Memory after each run. @param {number} messages */
    flat: async (messages) => {
      await provider.configure({ rateLimit: 0, latencyMs: 0 });
      const worker = await begin("wasm");
      const each = messages / 10;
      const after = [];
      for (let turn = 0; turn < 10; turn++) {
        await load("wasm", each);
        await drain(worker, each);
        after.push(memory(worker.pid).now);
      }
      await worker.stop();
      return { messages, after, second: after[1] ?? NaN, last: after.at(-1) ?? NaN };
    },
    /** Payloads of the configured maximum. @param {number} messages */
    largest: async (messages) => {
      await provider.configure({ rateLimit: 0, latencyMs: 0, keepBytes: 64 * MB });
      const empty = await startWorker("empty", { database: "", provider: provider.url });
      await empty.request();
      const own = memory(empty.pid).peak;
      await empty.stop();
      const worker = await begin("wasm");
      await load("wasm", 0);
      await worker.invoke();
      const idle = memory(worker.pid).peak;
      await load("wasm", messages, { payload: (n) => attachment(n, 10_485_760 - 2_000), alone: true });
      await drain(worker, messages);
      const { peak } = memory(worker.pid);
      await worker.stop();
      return { own, idle, peak, messages };
    },
  };
}

/** @param {(Case & {found: Map<"wasm" | "handwritten", Measured[]>})[]} results @returns {import("../main.mjs").Goal[]} */
function costGoals(results) {
  const of = (/** @type {string | undefined} */ name, /** @type {number} */ latency, /** @type {"wasm" | "handwritten"} */ kind, /** @type {(measured: Measured) => number} */ value) =>
    (results.find((one) => one.name === name && one.latency === latency)?.found.get(kind) ?? []).map(value);
  /** @param {string} text @param {import("../stats.mjs").Spread} value @param {string} unit @param {boolean} met */
  const goal = (text, value, unit, met) => ({ text, found: `${withRange(value)}${unit}`, met: Number.isNaN(value.median) ? null : met });
  const beside = (/** @type {string | undefined} */ name, /** @type {number} */ latency, /** @type {"cpu" | "perSecond"} */ field) =>
    ratio(of(name, latency, "wasm", (measured) => measured[field]), of(name, latency, "handwritten", (measured) => measured[field]));
  const cpu = (/** @type {string} */ text, /** @type {string | undefined} */ name, /** @type {number} */ most) =>
    goal(`CPU of a run, ${text}: at most ${most} × TypeScript's`, beside(name, 0, "cpu"), " ×", beside(name, 0, "cpu").median <= most);
  const speed = (/** @type {number} */ latency, /** @type {number} */ least) =>
    goal(`speed of a run, 50 kB, ${latency} ms: at least ${least} × TypeScript's`, beside(BIG, latency, "perSecond"), " ×", beside(BIG, latency, "perSecond").median >= least);
  const per100 = (/** @type {string} */ text, /** @type {string | undefined} */ name, /** @type {number} */ most, /** @type {(measured: Measured) => number} */ value) =>
    goal(`${text} for 100: at most ${most}`, spread(of(name, 0, "wasm", value)), "", spread(of(name, 0, "wasm", value)).median <= most);
  return [
    per100("small messages, HTTP requests", SMALL, 2.2, ({ requests, calls }) => requests + calls),
    per100("50 kB, provider requests", BIG, 1.3, ({ requests }) => requests),
    per100("50 kB, database calls", BIG, 2, ({ calls }) => calls),
    cpu("small", SMALL, 1), cpu("one by one", SINGLES, 1.3), cpu("50 kB", BIG, 0.8),
    speed(0, 0.9), speed(200, 0.95),
  ];
}

/** @param {{messages: number, second: number, last: number}} flat @param {{own: number, peak: number}} largest @returns {import("../main.mjs").Goal[]} */
const memoryGoals = (flat, { own, peak }) => [
  { text: "peak memory at the largest payload: at most 128 MB above Deno's own", found: `${figure((peak - own) / MB)} MB`, met: peak - own <= 128 * MB },
  {
    text: `flat over ${flat.messages.toLocaleString("en-GB")} messages: the last tenth at most 1.05 × the second`,
    found: `${figure(flat.second / MB)} MB, then ${figure(flat.last / MB)} MB`,
    met: flat.last <= flat.second * 1.05,
  },
];

/** @param {Case & {found: Map<"wasm" | "handwritten", Measured[]>}} result @returns {import("../main.mjs").Table} */
function tableOf({ name, messages, latency, found }) {
  return {
    title: `${name}; ${messages.toLocaleString("en-GB")} messages, the provider takes ${latency} ms`,
    columns: ["", "messages/s", "CPU ms per 1,000", "peak memory", "provider requests per 100", "database calls per 100"],
    rows: [...found].map(([kind, all]) => {
      const of = (/** @type {keyof Measured} */ field) => spread(all.map((measured) => measured[field]));
      return [NAMES[kind], withRange(of("perSecond")), withRange(of("cpu")), `${figure(of("peak").median / MB)} MB`, figure(of("requests").median), figure(of("calls").median)];
    }),
  };
}

/** @param {Window[]} windows @returns {import("../main.mjs").Table} */
const windowTable = (windows) => ({
  title: `The provider takes ${LIMIT} requests a second, and a run has at most ${PLACES} open`,
  columns: ["the provider takes", "requests/s that this allows", "used", "requests", "refused", "seconds"],
  rows: windows.map(({ latency, possible, used, requests, refused, seconds }) => [`${latency} ms`, figure(possible), `${figure(used * 100)} %`, String(requests), String(refused), figure(seconds)]),
});

/** @param {{messages: number, after: number[]}} flat @param {{own: number, idle: number, peak: number, messages: number}} largest @returns {import("../main.mjs").Table} */
const memoryTable = (flat, largest) => ({
  title: "Memory of the process",
  columns: ["", "MB"],
  rows: [
    [`after each tenth of ${flat.messages.toLocaleString("en-GB")} small messages`, flat.after.map((bytes) => figure(bytes / MB)).join(", ")],
    [`peak, ${largest.messages} messages of 10 MB`, figure(largest.peak / MB)],
    ["peak of the same function before, with nothing to send", figure(largest.idle / MB)],
    ["peak of Deno with a server that does nothing", figure(largest.own / MB)],
  ],
});

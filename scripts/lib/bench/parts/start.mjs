// How large the module is, and how long until it answers.
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { naive, ours } from "../queues/index.mjs";
import { ROOT, ensureDeno } from "../../stack.mjs";
import { outputOf } from "../../host.mjs";
import { startCluster } from "../cluster.mjs";
import { alternate, figure, ratio, spread, withRange } from "../stats.mjs";
import { startGateway, startProvider, startWorker } from "../world.mjs";

const GOAL = 1.2;

/** In a Deno of its own each time: nothing is compiled yet. */
const INSTANTIATE = `
  const began = performance.now();
  const { load } = await import("file://${path.join(ROOT, "pkg/functions/process-email-queue/function.js")}");
  const decoded = performance.now();
  load(() => {});
  console.log(JSON.stringify({ decode: decoded - began, instantiate: performance.now() - decoded }));`;

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function start({ log, rounds }) {
  const deno = await ensureDeno("2.1.4");
  const wasm = await moduleBytes();
  const sizes = { module: wasm.length, gzip: gzipSync(wasm, { level: 9 }).length };
  const instants = [];
  for (let round = 0; round < rounds; round++) instants.push(JSON.parse(outputOf(deno, ["eval", INSTANTIATE]) ?? "{}"));
  log(`${sizes.module} bytes, ${sizes.gzip} gzipped, instantiated in ${figure(spread(instants.map(({ instantiate }) => instantiate)).median)} ms`);

  const cluster = await startCluster();
  const provider = await startProvider();
  try {
    await Promise.all([cluster.database(ours), cluster.database(naive)]);
    const [mine, theirs] = await Promise.all([ours, naive].map(({ database }) => startGateway(cluster.postgres.urlOf(database))));
    const kinds = /** @type {const} */ (["wasm", "handwritten", "empty"]);
    // A start takes a moment, and the machine's speed changes from one to the next.
    const times = await alternate([...kinds], 4 * rounds, async (kind) => {
      const began = performance.now();
      const worker = await startWorker(kind, { database: (kind === "wasm" ? mine : theirs)?.url ?? "", provider: provider.url });
      const listening = performance.now();
      await worker.request();
      const first = performance.now();
      await worker.request();
      const second = performance.now();
      await worker.stop();
      log(`${kind}: listens after ${figure(listening - began)} ms, first answer ${figure(first - listening)} ms, then ${figure(second - first)} ms`);
      return { listening: listening - began, first: first - listening, second: second - first };
    });
    const firsts = (/** @type {"wasm" | "handwritten"} */ kind) => (times.get(kind) ?? []).map((time) => time.first);
    const first = ratio(firsts("wasm"), firsts("handwritten"));
    const names = { wasm: "email-queue", handwritten: "TypeScript", empty: "a server that does nothing" };
    return {
      tables: [
        {
          title: "The module",
          columns: ["bytes", "gzip", "loaded and unpacked, ms", "compiled and instantiated, ms"],
          rows: [[
            sizes.module.toLocaleString("en-GB"),
            sizes.gzip.toLocaleString("en-GB"),
            withRange(spread(instants.map(({ decode }) => decode))),
            withRange(spread(instants.map(({ instantiate }) => instantiate))),
          ]],
        },
        {
          title: "A process of Deno 2.1.4, milliseconds",
          columns: ["", "until it listens (cold)", "first request, an empty queue", "second (warm)"],
          rows: kinds.map((kind) => {
            const found = times.get(kind) ?? [];
            return [names[kind], ...(/** @type {const} */ (["listening", "first", "second"])).map((field) => withRange(spread(found.map((time) => time[field]))))];
          }),
        },
      ],
      goals: [{
        text: `first request with an empty queue: at most ${GOAL} × TypeScript's`,
        found: `${withRange(first)} ×`,
        met: first.median <= GOAL,
      }],
      plots: [],
      raw: { sizes, instants, times: Object.fromEntries(times) },
    };
  } finally {
    await provider.stop();
    await cluster.stop();
  }
}

async function moduleBytes() {
  const source = fs.readFileSync(path.join(ROOT, "pkg/functions/process-email-queue/worker_wasm.js"), "utf8");
  return gunzipSync(Buffer.from(/** @type {string} */ (/["'`]([A-Za-z0-9+/=]{1000,})["'`]/.exec(source)?.[1]), "base64"));
}

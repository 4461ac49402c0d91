// How the cost grows with the length of the queue and with the number of workers.
import { ours } from "../queues/index.mjs";
import { startCluster } from "../cluster.mjs";
import { pgbench } from "../pgbench.mjs";
import { figure, median, ratio, slope, spread, withRange } from "../stats.mjs";
import { startGateway, startProvider, startWorker } from "../world.mjs";

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function scale({ log, quick, rounds }) {
  const cluster = await startCluster();
  try {
    const lengths = await byLength(cluster, quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000], log);
    const claims = await manyClaims(cluster, quick ? 30_000 : 1_000_000, quick ? 200 : 5_000, rounds, log);
    const workers = await byWorkers(cluster, quick ? [1, 4] : [1, 2, 4, 8, 16], quick ? 4_000 : 20_000, log);
    const bySlope = {
      length: slope(lengths.map(({ queued, p50 }) => [queued, p50])),
      workers: slope(workers.map(({ count, perSecond }) => [count, perSecond])),
    };
    const last = ratio(claims.map((claim) => claim.last), claims.map((claim) => claim.first));
    const whole = (/** @type {number} */ value) => value.toLocaleString("en-GB");
    return {
      tables: [
        {
          title: "One client, claim and settle of 100, by what is queued",
          columns: ["queued", "ms a call, p50", "buffers a message", "a run of the function, messages/s"],
          rows: lengths.map(({ queued, p50, buffers, run }) => [whole(queued), figure(p50), figure(buffers), figure(run)]),
          note: `Slope (exponent) of the milliseconds over the queued messages: ${bySlope.length.toFixed(3)}; 0 is not at all, 1 in proportion.`,
        },
        {
          title: `From ${whole(quick ? 30_000 : 1_000_000)} queued messages, one claim and settle of 100 after the other`,
          columns: ["first hundred, ms", "last hundred, ms", "ratio"],
          rows: [[withRange(spread(claims.map(({ first }) => first))), withRange(spread(claims.map((claim) => claim.last))), withRange(last)]],
        },
        {
          title: "Processes of the function on one queue, the provider takes 200 ms",
          columns: ["processes", "messages/s"],
          rows: workers.map(({ count, perSecond }) => [String(count), figure(perSecond)]),
          note: `Slope of the messages a second over the processes: ${bySlope.workers.toFixed(3)}; 1 is in proportion. All of them, the database and the provider share this machine's processors.`,
        },
      ],
      goals: [{
        text: `from ${whole(quick ? 30_000 : 1_000_000)} queued messages claim ${whole(quick ? 200 : 5_000)} costs at most 1.1 × the first`,
        found: `${withRange(last)} ×`,
        met: last.median <= 1.1,
      }],
      plots: [
        { title: "Milliseconds of a claim and settle of 100", kind: "lines", x: "queued messages", series: [{ name: "one client", points: lengths.map(({ queued, p50 }) => ({ x: queued, y: p50 })) }] },
        { title: "Messages a second", kind: "lines", x: "processes of the function", series: [{ name: "provider with 200 ms", points: workers.map(({ count, perSecond }) => ({ x: count, y: perSecond })) }] },
      ],
      raw: { lengths, claims, workers, slopes: bySlope },
    };
  } finally {
    await cluster.stop();
  }
}

/** @typedef {import("../cluster.mjs").Cluster} Cluster @typedef {(text: string) => void} Log */

/** @param {any} sql @param {number} count */
async function queue(sql, count) {
  await ours.clear(sql);
  for (let done = 0; done < count; done += 100_000) await ours.fill(sql, Math.min(100_000, count - done));
  await sql.unsafe("checkpoint");
  await sql.unsafe("vacuum analyze");
}

/** @param {Cluster} cluster @param {number[]} lengths @param {Log} log */
async function byLength(cluster, lengths, log) {
  const sql = await cluster.database(ours);
  const provider = await startProvider();
  const gateway = await startGateway(cluster.postgres.urlOf(ours.database));
  const results = [];
  for (const queued of lengths) {
    // More than that is never claimed, so that the queue keeps about its length.
    const calls = Math.min(60, queued / 100 - 3);
    await queue(sql, queued);
    const { p50, buffers } = await pgbench({ ...cluster, sql, queue: ours, size: 100, clients: 1, calls });
    await queue(sql, queued);
    const worker = await startWorker("wasm", { database: gateway.url, provider: provider.url });
    const began = performance.now();
    const { accepted } = await worker.invoke();
    const run = (accepted / (performance.now() - began)) * 1000;
    await worker.stop();
    results.push({ queued, p50, buffers, run });
    log(`${queued} queued: ${figure(p50)} ms a call, a run ${figure(run)} messages/s`);
  }
  await Promise.all([provider.stop(), gateway.stop()]);
  return results;
}

/** @param {Cluster} cluster @param {number} queued @param {number} calls @param {number} rounds @param {Log} log */
async function manyClaims(cluster, queued, calls, rounds, log) {
  const sql = await cluster.database(ours);
  const results = [];
  await queue(sql, queued);
  for (let round = 0; round < rounds; round++) {
    // What the last round has taken; nothing is vacuumed within a round but by autovacuum.
    if (round > 0) for (let done = 0; done < calls * 100; done += 100_000) await ours.fill(sql, Math.min(100_000, calls * 100 - done));
    await sql.unsafe("vacuum analyze");
    const found = await pgbench({ ...cluster, sql, queue: ours, size: 100, clients: 1, calls });
    // The very first calls of a connection load catalogs and make plans.
    const first = median(found.calls.slice(5, 105));
    const last = median(found.calls.slice(-100));
    results.push({ first, last });
    log(`${queued} queued, round ${round + 1}: first claims ${figure(first)} ms, claim ${calls} ${figure(last)} ms`);
  }
  return results;
}

/** @param {Cluster} cluster @param {number[]} counts @param {number} messages @param {Log} log */
async function byWorkers(cluster, counts, messages, log) {
  const sql = await cluster.database(ours);
  const provider = await startProvider();
  const gateway = await startGateway(cluster.postgres.urlOf(ours.database));
  const results = [];
  for (const count of counts) {
    await provider.configure({ rateLimit: 0, latencyMs: 200 });
    const workers = await Promise.all(Array.from({ length: count }, () => startWorker("wasm", { database: gateway.url, provider: provider.url })));
    await queue(sql, messages);
    const began = performance.now();
    let accepted = 0;
    await Promise.all(workers.map(async (worker) => {
      while (accepted < messages) {
        const done = await worker.invoke();
        accepted += done.accepted;
        if (done.claimed === 0) return;
      }
    }));
    const perSecond = (accepted / (performance.now() - began)) * 1000;
    await Promise.all(workers.map((worker) => worker.stop()));
    results.push({ count, perSecond });
    log(`${count} processes: ${figure(perSecond)} messages/s`);
  }
  await Promise.all([provider.stop(), gateway.stop()]);
  return results;
}

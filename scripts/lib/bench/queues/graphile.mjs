// graphile-worker as it works with a local queue and batched completion: its own schema and its own two statements, taken
// from the package and run through plpgsql, which prepares them as the package does.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "../../stack.mjs";
import { payloadSql } from "./payload.mjs";

const folder = () => packageFolder("bench", "graphile-worker");
const load = async (/** @type {string} */ file) => await import(pathToFileURL(path.join(await folder(), file)).href);

/** @type {import("./index.mjs").Queue} */
export const graphile = {
  name: "graphile-worker, batched",
  keeps: "retries",
  database: "bench_graphile",
  schema: "graphile_worker",
  version: async () => JSON.parse(fs.readFileSync(path.join(await folder(), "package.json"), "utf8")).version,
  warmup: 0,
  variables: {},
  setup: async (sql, url) => {
    const { runMigrations } = await load("dist/index.js");
    await runMigrations({ connectionString: url });
    await sql.unsafe("insert into graphile_worker._private_tasks (identifier) values ('email'); create schema bench");
    for (const size of [1, 10, 100]) {
      const { claim, complete } = await statements(size);
      await sql.unsafe(`
        create function bench.claim_${size}(p_worker text, p_tasks integer[]) returns table (id bigint, payload json) language plpgsql as $$
        #variable_conflict use_column
        begin return query ${claim}; end $$;
        create function bench.complete_${size}(p_ids bigint[]) returns void language plpgsql as $$ begin ${complete}; end $$;`);
    }
  },
  clear: async (sql) => void await sql.unsafe("truncate graphile_worker._private_jobs"),
  fill: async (sql, count) => void await sql.unsafe(fillSql(count, "0")),
  schedule: async (sql, count) => void await sql.unsafe(fillSql(count, "1 day")),
  script: (size) => `
select coalesce(array_agg(id), '{}')::text as ids, string_agg(payload::text, '') as response from bench.claim_${size}('worker-' || :client_id, '{1}') \\gset
select bench.complete_${size}(:ids::bigint[]);
`,
};

/** What the package sends for so many jobs. @param {number} size */
async function statements(size) {
  const [{ batchGetJobs }, { batchCompleteJobs }] = await Promise.all([load("dist/sql/getJobs.js"), load("dist/sql/completeJobs.js")]);
  const options = {
    escapedWorkerSchema: "graphile_worker",
    workerSchema: "graphile_worker",
    resolvedPreset: { worker: { preparedStatements: true, useNodeTime: false } },
  };
  /** @type {string[]} */
  const sent = [];
  const client = {
    query: async (/** @type {{text: string}} */ { text }) => {
      sent.push(text);
      return { rows: [{ id: 1, identifier: "email" }] };
    },
  };
  const withClient = Object.assign((/** @type {(c: typeof client) => unknown} */ use) => use(client), {
    withRetries: (/** @type {(c: typeof client) => unknown} */ use) => use(client),
  });
  await batchGetJobs(options, withClient, { email: () => {} }, "worker", null, size);
  const claim = /** @type {string} */ (sent.at(-1)).replaceAll("$1", "p_worker").replaceAll("$2", "p_tasks")
    // It asks for every column of three tables and uses these.
    .replace(/returning \*$/, "returning jobs.id, jobs.payload");
  await batchCompleteJobs(options, withClient, "worker", Array.from({ length: size }, () => ({ id: 1, job_queue_id: null })));
  const complete = /** @type {string} */ (sent.at(-1)).replaceAll("$1", size === 1 ? "p_ids[1]" : "p_ids");
  return { claim, complete };
}

/** @param {number} count @param {string} delay */
const fillSql = (count, delay) => `
  insert into graphile_worker._private_jobs (task_id, payload, run_at)
  select 1, ${payloadSql("n")}::json, clock_timestamp() + interval '${delay}' from generate_series(1, ${count}) as n`;

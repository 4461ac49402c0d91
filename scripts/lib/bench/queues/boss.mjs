// pg-boss: its own schema and its own fetch and fenced complete, taken from the package.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "../../stack.mjs";
import { payloadSql } from "./payload.mjs";

const TABLE = "job_common";
const folder = () => packageFolder("bench", "pg-boss");
const load = async (/** @type {string} */ file) => await import(pathToFileURL(path.join(await folder(), file)).href);

/** @type {import("./index.mjs").Queue} */
export const boss = {
  name: "pg-boss",
  keeps: "history, fencing, retries",
  database: "bench_boss",
  schema: "pgboss",
  version: async () => JSON.parse(fs.readFileSync(path.join(await folder(), "package.json"), "utf8")).version,
  warmup: 0,
  variables: {},
  setup: async (sql, url) => {
    const { PgBoss } = await load("dist/index.js");
    // Its own upkeep is left out: it would only slow it down.
    const instance = new PgBoss({ connectionString: url, supervise: false, schedule: false });
    await instance.start();
    await instance.createQueue("email");
    await instance.stop({ graceful: false });
    const { fetchNextJob, completeJobs } = await load("dist/plans.js");
    const fetch = fetchNextJob({ schema: "pgboss", table: TABLE, name: "email", policy: "standard", limit: 12345 }).text.replace("12345", "p_size");
    const complete = completeJobs("pgboss", TABLE, false, true)
      .replaceAll("$1", "'email'").replaceAll("$2", "p_ids").replaceAll("$3", "null").replaceAll("$4", "p_attempts");
    await sql.unsafe(`
      create schema bench;
      create function bench.fetch(p_size integer) returns table (job_id uuid, queue text, data jsonb, attempt integer, expire integer, heartbeat integer,
        group_id text, group_tier text) language plpgsql as $$
      #variable_conflict use_column
      begin return query ${fetch}; end $$;
      create function bench.complete(p_ids uuid[], p_attempts text[]) returns table (count bigint, ids uuid[]) language plpgsql as $$
      #variable_conflict use_column
      begin return query ${complete}; end $$;`);
  },
  clear: async (sql) => void await sql.unsafe(`truncate pgboss.${TABLE}`),
  fill: async (sql, count) => void await sql.unsafe(fillSql(count, "0")),
  schedule: async (sql, count) => void await sql.unsafe(fillSql(count, "1 day")),
  script: (size) => `
select coalesce(array_agg(job_id), '{}')::text as ids, coalesce(array_agg(job_id || ':' || attempt), '{}')::text as attempts, string_agg(data::text, '') as response from bench.fetch(${size}) \\gset
select count(*) as done from bench.complete(:ids::uuid[], :attempts::text[]) \\gset
`,
};

/** @param {number} count @param {string} delay */
const fillSql = (count, delay) => `
  insert into pgboss.${TABLE} (name, data, start_after, policy)
  select 'email', ${payloadSql("n")}, now() + interval '${delay}', 'standard' from generate_series(1, ${count}) as n`;

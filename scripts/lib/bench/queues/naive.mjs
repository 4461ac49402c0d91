// The hand-written version, naive.sql.
import fs from "node:fs";
import { payloadSql } from "./payload.mjs";

/** @type {import("./index.mjs").Queue} */
export const naive = {
  name: "hand-written",
  keeps: "history",
  database: "bench_naive",
  schema: "public",
  version: async () => "scripts/lib/bench/queues/naive.sql",
  warmup: 0,
  variables: {},
  setup: async (sql) => void await sql.unsafe(fs.readFileSync(new URL("naive.sql", import.meta.url), "utf8")),
  clear: async (sql) => void await sql.unsafe("truncate email_jobs"),
  fill: async (sql, count, content) => void await sql.unsafe(fillSql(count, "0", content)),
  schedule: async (sql, count) => void await sql.unsafe(fillSql(count, "1 day")),
  script: (size) => `
select coalesce(array_agg(id), '{}')::text as ids, string_agg(payload::text, '') as response from dequeue_emails(${size}) \\gset
select complete_emails(:ids::uuid[], :ids::text[]);
`,
};

/** @param {number} count @param {string} delay @param {import("./index.mjs").Content} [content] */
const fillSql = (count, delay, { payload = payloadSql } = {}) => `
  insert into email_jobs (payload, scheduled_at) select ${payload("n")}, clock_timestamp() + interval '${delay}' from generate_series(1, ${count}) as n`;

// pgmq, from the SQL that its crate carries. `--pgmq FILE` names another pgmq.sql.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../stack.mjs";
import { payloadSql } from "./payload.mjs";

const MANIFEST = path.join(ROOT, "scripts/tools/pgmq/Cargo.toml");

/** @type {{file: string, version: string} | null | undefined} */
let source;

/** @param {string} [file] */
export function findPgmq(file) {
  if (source !== undefined) return source;
  if (file) return source = { file, version: path.basename(file) };
  const run = spawnSync("cargo", ["metadata", "--locked", "--format-version=1", `--manifest-path=${MANIFEST}`], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status !== 0) return source = null;
  const found = JSON.parse(run.stdout).packages.find((/** @type {{name: string}} */ { name }) => name === "pgmq");
  const folder = path.join(path.dirname(found.manifest_path), "src/install/embedded/sql");
  // The version of the SQL is that of the newest upgrade beside it.
  const newest = fs.readdirSync(folder)
    .flatMap((name) => /--(\d+\.\d+\.\d+)\.sql$/.exec(name)?.[1] ?? [])
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  return source = { file: path.join(folder, "pgmq.sql"), version: `${newest} (crate ${found.version})` };
}

/** @type {import("./index.mjs").Queue} */
export const pgmq = {
  name: "pgmq, read + delete",
  keeps: "nothing",
  database: "bench_pgmq",
  schema: "pgmq",
  version: async () => findPgmq()?.version ?? null,
  warmup: 0,
  variables: {},
  setup: async (sql) => {
    await sql.unsafe(fs.readFileSync(/** @type {{file: string}} */ (findPgmq()).file, "utf8"));
    await sql.unsafe("select pgmq.create('email')");
  },
  clear: async (sql) => void await sql.unsafe("truncate pgmq.q_email, pgmq.a_email"),
  fill: async (sql, count) => void await sql.unsafe(fillSql(count, "0")),
  schedule: async (sql, count) => void await sql.unsafe(fillSql(count, "1 day")),
  script: (size) => script(size, "delete"),
};

/** The same, kept in pgmq's archive. @type {import("./index.mjs").Queue} */
export const pgmqArchive = { ...pgmq, name: "pgmq, read + archive", keeps: "history", script: (size) => script(size, "archive") };

/** @param {number} count @param {string} delay */
const fillSql = (count, delay) => `
  insert into pgmq.q_email (vt, message) select clock_timestamp() + interval '${delay}', ${payloadSql("n")} from generate_series(1, ${count}) as n`;

/** @param {number} size @param {"delete" | "archive"} end */
const script = (size, end) => `
select coalesce(array_agg(msg_id), '{}')::text as ids, string_agg(message::text, '') as response from pgmq.read('email', 60, ${size}) \\gset
select pgmq.${end}('email', :ids::bigint[]);
`;

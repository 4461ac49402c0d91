// The process that lite.js starts: `lite-server.js <folder with node_modules>`, in a folder with supabase/config.toml. It does what
// `lite migration up` and `lite start --no-admin` do, in one process, because
// - it can listen on port 0, so that two of them never want the same port;
// - an embedded database in memory does not survive from one command to the next;
// - Lite's own server replaces the global Response, which ends Deno 2.1's HTTP server.
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

/** Extensions that projects use and Lite leaves out. */
const EXTENSIONS = ["btree_gin", "btree_gist", "citext", "fuzzystrmatch", "hstore", "intarray", "pg_trgm", "tablefunc", "unaccent", "uuid_ossp"];

const [tool = ""] = process.argv.slice(2);
const lite = path.join(tool, "node_modules/@supabase/lite/dist");
const { applyPendingMigrations, createApi, listMigrationFiles } = await import(pathToFileURL(path.join(lite, "cli/lib.js")).href);

const api = await createApi({ withSupabaseClient: false });
const { local } = api.project;
const readConfig = local.readConfig.bind(local);
local.readConfig = async (/** @type {string | undefined} */ file) => {
  const config = await readConfig(file);
  return config.db.driver === "pglite" ? { ...config, connection: embedded(config.db.url) } : config;
};
const app = await local.createApp(undefined, { admin: false });
mendJsonArguments(app.connection.driver);
// With its first call Lite 0.10.0 gives the API's roles every table of every schema that has row security, as Supabase
// never would. authenticator could not, and the call would fail.
if (app.connection.driver?.unsafe) app.connection.rlsState = "active";
/** @type {string[]} */
const warnings = [];
if ((await listMigrationFiles(app)).length > 0) {
  await migrate();
  await closeAgain(app.connection);
}
if (fs.existsSync("seed.sql")) await seed();

// The package `postgres` 3.4 throws from a timer when the database goes away while it writes, and connects anew all the same.
process.on("uncaughtException", (error) => console.error(error));

// An idle connection must not be closed just when a client uses it again.
const server = createServer({ keepAliveTimeout: 300_000 }, async (incoming, outgoing) => {
  try {
    const answer = await app.fetch(await toRequest(incoming), { peerAddress: incoming.socket.remoteAddress ?? null });
    const body = Buffer.from(await answer.arrayBuffer());
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(body);
  } catch (error) {
    console.error(error);
    if (!outgoing.headersSent) outgoing.writeHead(500);
    outgoing.end();
  }
});

server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`ready ${JSON.stringify({ url: `http://127.0.0.1:${port}`, warnings })}`);
});

/** @param {string} url */
async function embedded(url) {
  const { createPgliteConnection } = await import(pathToFileURL(path.join(lite, "db/postgres/pglite/PgliteConnection.js")).href);
  const require = createRequire(path.join(lite, "index.js"));
  const extensions = Object.fromEntries(EXTENSIONS.map((name) => [name, require(`@electric-sql/pglite/contrib/${name}`)[name]]));
  return await createPgliteConnection({ url, pgliteOptions: { extensions } });
}

async function migrate() {
  const { connection } = app;
  // As a project has it.
  await connection.driver.exec("create schema if not exists extensions; grant usage on schema extensions to public");
  // As the Supabase CLI does: what a file sets for its session ends with it. A dump's first lines take the search_path away.
  const reset = () => connection.driver.exec('reset all; set search_path = "$user", public, extensions');
  const transaction = connection.transaction.bind(connection);
  connection.transaction = async (/** @type {any[]} */ ...all) => {
    await reset();
    return await transaction(...all);
  };
  // Lite prints the database's reason and then throws only the statement.
  /** @type {string[]} */
  const reasons = [];
  const print = console.error;
  console.error = (/** @type {any[]} */ ...values) => {
    for (const value of values) if (value?.code && value?.message) reasons.push(`${value.message} (${value.code})`);
    print(...values);
  };
  try {
    await applyPendingMigrations(app);
  } catch (error) {
    print(error);
    const { rows } = await app.connection.driver.query("select version from supabase_migrations.schema_migrations");
    const done = rows.map((/** @type {{version: string}} */ { version }) => version);
    const failed = (await listMigrationFiles(app)).find((/** @type {{version: string}} */ { version }) => !done.includes(version));
    console.log(`refused ${JSON.stringify({ failed: failed?.filename, reason: reasons.at(-1) ?? String(error) })}`);
    process.exit(1);
  } finally {
    console.error = print;
    connection.transaction = transaction;
    await reset();
  }
}

async function seed() {
  try {
    await app.connection.driver.exec(fs.readFileSync("seed.sql", "utf8"));
  } catch (error) {
    warnings.push(`seed.sql has stopped half-way: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * In the embedded database Lite makes the API's roles with its first call: here, and then what the migrations took from
 * them is taken again.
 * @param {any} connection
 */
async function closeAgain(connection) {
  await connection.ensureRlsContext();
  await connection.driver.exec(`do $$ begin
    if to_regprocedure('email_queue_private.apply_grants()') is not null then call email_queue_private.apply_grants(); end if;
  end $$`);
}

/**
 * Lite 0.10.0 hands the arguments of a function over as JSON text, and on the driver `postgres`
 * has them encoded a second time, so that an object arrives as a string.
 * @param {any} driver
 */
function mendJsonArguments(driver) {
  const encode = (/** @type {unknown} */ value) => (typeof value === "string" ? value : JSON.stringify(value));
  const serializers = driver?.options?.serializers;
  if (serializers) for (const type of [114, 3802]) serializers[type] = encode;
}

/** @param {import("node:http").IncomingMessage} incoming */
async function toRequest(incoming) {
  const { method = "GET" } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  const chunks = [];
  // Under Deno 2.1 the body of a GET never ends.
  if (hasBody) for await (const chunk of incoming) chunks.push(chunk);
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]]
  );
  return new Request(new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "127.0.0.1"}`), {
    method,
    headers: /** @type {[string, string][]} */ (headers),
    body: hasBody ? Buffer.concat(chunks) : undefined,
  });
}

// The process that lite.mjs starts: `lite-server.mjs <folder with node_modules> [--migrate]`,
// in a folder with supabase/config.toml. It does what `lite migration up` and
// `lite start --no-admin` do, in one process, because
// - it can listen on port 0, so that two of them never want the same port;
// - an embedded database in memory does not survive from one command to the next;
// - Lite's own server replaces the global Response, which ends Deno 2.1's HTTP server.
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [tools, ...options] = process.argv.slice(2);
const library = path.join(tools, "node_modules/@supabase/lite/dist/cli/lib.js");
const { applyPendingMigrations, createApi } = await import(pathToFileURL(library).href);

const api = await createApi({ withSupabaseClient: false });
const app = await api.project.local.createApp(undefined, { admin: false });
mendJsonArguments(app.connection.driver);
// With its first call Lite 0.10.0 gives the API's roles every table of every schema that has row security, as Supabase
// never would. authenticator could not, and the call would fail.
if (app.connection.driver?.unsafe) app.connection.rlsState = "active";
const applied = options.includes("--migrate") ? await migrate() : [];
if (applied.length > 0) await closeAgain(app.connection);

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
  console.log(`ready ${JSON.stringify({ url: `http://127.0.0.1:${port}`, migrations: applied })}`);
});

/** @returns {Promise<string[]>} the files applied */
async function migrate() {
  // Lite prints the database's reason and then throws only the statement: the reason must be what is read last.
  /** @type {string[]} */
  const reasons = [];
  const print = console.error;
  console.error = (/** @type {any[]} */ ...values) => {
    for (const value of values) if (value?.code && value?.message) reasons.push(`${value.message} (${value.code})`);
    print(...values);
  };
  try {
    const { applied } = await applyPendingMigrations(app);
    return applied.map((/** @type {{filename: string}} */ { filename }) => filename);
  } catch (error) {
    print(error);
    print(`\nThe migrations were not applied: ${reasons.at(-1) ?? error}`);
    process.exit(1);
  } finally {
    console.error = print;
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

// PostgREST's protocol, as much of it as a call of a function takes, on a real PostgreSQL. Supabase Lite answers some eighty
// calls a second, so it would be the bottleneck of every measurement.
//   node scripts/lib/bench/gateway.mjs <address of the database>
// Prints `ready {"url": …}`; GET /calls tells how many calls there were, and how many bytes.
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import process from "node:process";
import { connect } from "../stack.mjs";

const [database = ""] = process.argv.slice(2);
const sql = await connect(database, { max: 16 });
let calls = 0;
let bytes = 0;

/** Names are identifiers, values go as parameters; PostgreSQL turns JSON into whatever the argument is. */
const IDENTIFIER = /^[a-z_][a-z0-9_]*$/;

/** What a function takes: arrays and objects need their type named. @type {Map<string, Promise<{types: Map<string, string>, set: boolean}>>} */
const functions = new Map();

const signature = (/** @type {string} */ name) => {
  const known = functions.get(name) ?? sql`
    select p.proargnames as names, array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a(t, n) order by n) as types, p.proretset as set
    from pg_proc as p join pg_namespace as s on s.oid = p.pronamespace where s.nspname = 'public' and p.proname = ${name}`.then(
    (/** @type {{names: string[], types: string[], set: boolean}[]} */ [found]) => {
      if (!found) throw new Error(`there is no function ${name}`);
      return { types: new Map(found.types.map((type, index) => [/** @type {string} */ (found.names[index]), type])), set: found.set };
    },
  );
  functions.set(name, known);
  return known;
};

/** @param {string} name @param {Record<string, unknown>} args */
async function call(name, args) {
  const { types, set } = await signature(name);
  const entries = Object.entries(args);
  if (!IDENTIFIER.test(name) || !entries.every(([argument]) => types.has(argument))) throw new Error(`wrong arguments for ${name}`);
  const list = entries.map(([argument], index) => `${argument} => $${index + 1}::text::${types.get(argument)}`).join(", ");
  const values = entries.map(([argument, value]) => text(value, types.get(argument) ?? ""));
  // As PostgREST asks. As text: parsing the answer here only to write it out again would double the work.
  const query = set ? `select coalesce(json_agg(r), '[]')::text as answer from ${name}(${list}) as r` : `select (json_agg(r.answer) -> 0)::text as answer from (select ${name}(${list}) as answer) as r`;
  const [row] = await sql.unsafe(query, values, { prepare: true });
  return row.answer ?? "null";
}

/** @param {unknown} value @param {string} type */
function text(value, type) {
  if (value === null || typeof value === "string") return value;
  if (type.endsWith("[]") && Array.isArray(value)) return `{${value.map((item) => (item === null ? "NULL" : JSON.stringify(item))).join(",")}}`;
  return JSON.stringify(value);
}

const server = createServer({ keepAliveTimeout: 300_000 }, async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const answer = (/** @type {number} */ status, /** @type {string} */ content) => {
    bytes += body.length + content.length;
    response.writeHead(status, { "content-type": "application/json" }).end(content);
  };
  if (request.url === "/calls") return answer(200, JSON.stringify({ calls, bytes }));
  const name = /^\/rest\/v1\/rpc\/(\w+)$/.exec(request.url ?? "")?.[1];
  if (!name) return answer(404, "{}");
  calls += 1;
  try {
    answer(200, await call(name, JSON.parse(body.toString("utf8") || "{}")));
  } catch (error) {
    const { message, code = "XX000" } = /** @type {Error & {code?: string}} */ (error);
    answer(400, JSON.stringify({ message, code, details: null, hint: null }));
  }
});
server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`ready ${JSON.stringify({ url: `http://127.0.0.1:${port}` })}`);
});

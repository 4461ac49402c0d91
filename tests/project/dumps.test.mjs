// What pg_dump leaves of a queue: its schema without rows, its rows for a schema that is there, and both.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { migrate, stopAll } from "../../scripts/lib/stack.mjs";
import { callAll, over } from "./support/calls.mjs";
import { asRole, dump, inSession, restore, startProject } from "./support/world.mjs";

/** @type {Awaited<ReturnType<typeof startProject>>} */
let postgres;
/** @type {object[]} */
let rows;
before(async () => {
  postgres = await startProject(15, { grants: "new" });
  await migrate(postgres.url);
  await asRole(postgres.apiUrl, "service_role", (sql) => callAll(over(sql), { wired: false }));
  await inSession(postgres.url, (sql) => sql`select email_queue_suppress('listed@b.example')`);
  rows = await inSession(postgres.url, all);
});
after(stopAll);

/** @param {any} sql */
const all = async (sql) => [...await sql`select id, type, status, payload, attempts, error, dedup_key from public.email_queue order by id`];

/** Found by its hash, so with the key that it was made with. @param {any} sql */
const listed = async (sql) => (await sql`select email_queue_suppressions('{"address": "listed@b.example"}') as entries`)[0].entries.length;

/** @param {string} name */
async function create(name) {
  await inSession(postgres.url, (sql) => sql.unsafe(`create database ${name}`));
  return postgres.urlOf(name);
}

/** @param {string} name */
const works = (name) => asRole(postgres.urlOf(name, "authenticator"), "service_role", (sql) => callAll(over(sql), { wired: false }));

test("a schema without its rows works as a fresh one", async () => {
  const url = await create("schema_only");
  await restore(url, await dump(postgres.url, "--schema-only"));
  const empty = await inSession(url, async (sql) => {
    const tables = await sql`select c.oid::regclass::text as name from email_queue_private.our_relations() as c where c.relkind = 'r'`;
    return Promise.all(tables.map(async (/** @type {any} */ { name }) => (await sql.unsafe(`select count(*)::int as n from ${name}`))[0].n));
  });
  assert.deepEqual(empty.filter(Boolean), []);
  await works("schema_only");
  const doctor = await inSession(url, (sql) => over(sql)("email_queue_doctor"));
  assert.deepEqual(doctor.filter((/** @type {any} */ { check, status }) => check === "schema" && status !== "ok"), []);
});

test("rows alone go into a database that has the migrations", async () => {
  const url = await create("data_only");
  await migrate(url);
  await restore(url, await dump(postgres.url, "--data-only"));
  assert.deepEqual(await inSession(url, all), rows);
  assert.equal(await inSession(url, listed), 1);
  assert.equal((await inSession(url, (sql) => over(sql)("email_queue_configure"))).default_sender, "Shop <shop@shop.example>");
});

test("a whole dump is the same queue", async () => {
  const url = await create("whole");
  await restore(url, await dump(postgres.url));
  assert.deepEqual(await inSession(url, all), rows);
  assert.equal(await inSession(url, listed), 1);
});

// Nobody but service_role gets anything, also where the grants were lost; and what puts them right.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { migrate, stopAll } from "../../scripts/lib/stack.mjs";
import { callAll, over } from "./support/calls.mjs";
import { api, asRole, dump, inSession, restore, startProject } from "./support/world.mjs";

const MAIL = { from: "shop@a.example", to: "user@b.example", subject: "Hello", text: "Hi" };

/** @type {Awaited<ReturnType<typeof startProject>>} */
let postgres;
before(async () => {
  postgres = await startProject(15, { preload: "safeupdate", grants: "old" });
  await migrate(postgres.url);
});
after(stopAll);

/** @param {string} name @param {string} [login] */
const url = (name, login) => postgres.urlOf(name, login);

/** A copy of the first database, without its grants where that is asked for. @param {string} name @param {string[]} options of pg_dump */
async function copy(name, ...options) {
  await inSession(postgres.url, (sql) => sql.unsafe(`create database ${name}`));
  await restore(url(name), await dump(postgres.url, ...options));
}

/** Calls everything as a stranger would, and looks at each table. @param {string} name of the database */
async function isClosed(name) {
  const { functions, relations } = await inSession(url(name), async (sql) => ({
    functions: await api(sql),
    relations: (await sql`select c.oid::regclass::text as name from email_queue_private.our_relations() as c where c.relkind in ('r', 'v')`).map((/** @type {any} */ one) => one.name),
  }));
  assert.ok(functions.length > 25 && relations.length > 10);
  for (const role of ["anon", "authenticated"]) {
    await asRole(url(name, "authenticator"), role, async (sql) => {
      for (const signature of functions) {
        const [, called, types] = /^(\w+)\((.*)\)$/.exec(signature) ?? [];
        const nulls = types === "" ? "" : types.split(", ").map((type) => `null::${type}`).join(", ");
        await assert.rejects(sql.unsafe(`select public.${called}(${nulls})`), { code: "42501" }, `${role} calls ${signature}`);
      }
      for (const relation of relations) await assert.rejects(sql.unsafe(`select * from ${relation}`), { code: "42501" }, `${role} reads ${relation}`);
    });
  }
}

/** @param {string} name of the database @returns {Promise<boolean>} whether anon may execute any of the functions */
const isOpen = (name) => inSession(url(name), async (sql) => (await sql`
  select bool_or(has_function_privilege('anon', to_regprocedure('public.' || f), 'execute')) as open from unnest(email_queue_private.api()) as f`)[0].open);

test("after the migrations, on a project whose default privileges are open", async () => {
  await isClosed("postgres");
  assert.equal(await isOpen("postgres"), false);
});

test("after `grant all on all functions in schema public to anon`", async () => {
  await copy("granted");
  await inSession(url("granted"), async (sql) => {
    await over(sql)("email_queue_enqueue", { p_payload: MAIL });
    await sql.unsafe("grant all on all functions in schema public to anon, authenticated; grant all on all tables in schema public to anon, authenticated");
  });
  assert.equal(await isOpen("granted"), true);
  await isClosed("granted");
});

test("after a dump without privileges, restored into a project whose default privileges are open", async () => {
  await copy("restored", "--no-privileges", "--no-owner");
  assert.equal(await isOpen("restored"), true);
  await isClosed("restored");
  await asRole(url("restored", "authenticator"), "service_role", async (sql) => {
    await assert.rejects(over(sql)("email_queue_stats"), { code: "42501" }, "nor does service_role get in");
  });

  // What the retention job runs, as its owner.
  await inSession(url("restored"), (sql) => sql.unsafe("select email_queue_private.retain()"));
  assert.equal(await isOpen("restored"), false);
  await isClosed("restored");
  await asRole(url("restored", "authenticator"), "service_role", (sql) => callAll(over(sql), { wired: false }));
});

test("email_queue_connect puts such grants right, and says so", async () => {
  await copy("connected", "--no-privileges", "--no-owner");
  const answer = await inSession(url("connected"), async (sql) => {
    await sql.unsafe("create extension supabase_vault");
    return await over(sql)("email_queue_connect", { p_url: "https://project.example/functions/v1/process-email-queue", p_secret: "the-secret-of-the-tests" });
  });
  assert.ok(answer.grants_mended, JSON.stringify(answer));
  assert.equal(await isOpen("connected"), false);
  await asRole(url("connected", "authenticator"), "service_role", (sql) => callAll(over(sql), { wired: false }));
});

// Closed by default: who is not service_role can neither read nor write nor execute anything of the queue.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mails, type Sql } from "./support/database.ts";
import { type Stack } from "./support/stack.ts";
import { suite } from "./support/suite.ts";

const { test, end } = suite("roles");

interface Routine {
  name: string;
  signature: string;
  arguments: string[];
}

/** All of the queue's routines in a schema, those that come later included. */
const routines = async (sql: Sql, schema: string): Promise<Routine[]> => [
  ...await sql`
    select p.proname as name, p.oid::regprocedure::text as signature,
      coalesce(p.proargnames[1:p.pronargs], '{}') as arguments
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = ${schema} and (p.proname like 'email\\_queue%' or ${schema} = 'email_queue_private')
    order by 1`,
];

const relations = async (sql: Sql, kinds = ["r", "v", "m", "p", "S"]): Promise<string[]> =>
  [...await sql`
    select c.oid::regclass::text as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind::text = any(${kinds}) and (n.nspname = 'email_queue_private' or n.nspname = 'public' and c.relname like 'email\\_queue%')`]
    .map(({ name }) => name);

/** A user's token, as Supabase Auth signs it. */
function token(secret: string, role: string): string {
  const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
  const seconds = Math.floor(Date.now() / 1000);
  const claims = { role, aud: "authenticated", sub: "00000000-0000-4000-8000-000000000000", iat: seconds, exp: seconds + 600 };
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

function callers(stack: Stack): Record<string, Record<string, string>> {
  const { publishableKey, jwtSecret } = stack.lite;
  const as = (role: string) => ({ apikey: publishableKey, authorization: `Bearer ${token(jwtSecret, role)}` });
  return {
    "no key": {},
    "a wrong key": { apikey: "sb_secret_of_somebody_else" },
    "the publishable key": { apikey: publishableKey },
    "a user who is not signed in": as("anon"),
    "a user": as("authenticated"),
    "a forged token": { apikey: publishableKey, authorization: `Bearer ${token("another secret", "service_role")}` },
  };
}

test("every function answers 401 or 403 to everybody but service_role", async (stack) => {
  await stack.db.enqueue(mails(1));
  const functions = await routines(stack.db.sql, "public");
  assert(functions.length >= 10, `${functions.length} functions`);
  for (const [who, headers] of Object.entries(callers(stack))) {
    for (const { name, arguments: names } of functions) {
      const response = await fetch(`${stack.lite.url}/rest/v1/rpc/${name}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(Object.fromEntries(names.map((argument) => [argument, null]))),
      });
      const body = await response.text();
      assert(response.status === 401 || response.status === 403, `${who} calls ${name}: ${response.status} ${body}`);
      assert(!body.includes("recipient-mark"));
    }
  }
  assert.deepEqual(await stack.db.statuses(), { pending: 1 });
});

test("public.email_queue and what is below it show nobody else a row", async (stack) => {
  await stack.db.enqueue(mails(1));
  for (const [who, headers] of Object.entries(callers(stack))) {
    for (const [path, profile] of [["email_queue", "public"], ["message", "email_queue_private"], ["body", "email_queue_private"], ["setting", "email_queue_private"]]) {
      for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
        const response = await fetch(`${stack.lite.url}/rest/v1/${path}?id=not.is.null`, {
          method,
          headers: { ...headers, "accept-profile": profile, "content-profile": profile, "content-type": "application/json" },
          body: method === "POST" || method === "PATCH" ? JSON.stringify({ status: "completed" }) : undefined,
        });
        const body = await response.text();
        assert(response.status >= 400, `${who}: ${method} ${profile}.${path} answers ${response.status} ${body}`);
        assert(!body.includes("recipient-mark"));
      }
    }
  }
  const allowed = await fetch(`${stack.lite.url}/rest/v1/email_queue?select=id,status`, { headers: { apikey: stack.lite.secretKey } });
  const rows = await allowed.json();
  assert.deepEqual(rows.map(({ status }: { status: string }) => status), ["pending"], "service_role reads it");
});

// Then there is still row security, with a policy for service_role alone.
test("row security holds where somebody has granted everything", async (stack) => {
  await stack.db.enqueue(mails(1));
  for (const role of ["anon", "authenticated"]) {
    await stack.db.sql.unsafe(`grant usage on schema email_queue_private to ${role}; grant all on all tables in schema public, email_queue_private to ${role}`);
    // A sequence has no rows to secure.
    for (const relation of await relations(stack.db.sql, ["r", "v", "m", "p"])) {
      for (const statement of [`select from ${relation}`, `delete from ${relation} returning 1`]) {
        const rows = await stack.db.sql.begin(async (sql: Sql) => {
          await sql.unsafe(`set local role ${role}`);
          return await sql.unsafe(statement);
        }).catch(({ code }: { code: string }) => code);
        assert(rows === "42501" || rows === "55000" || rows.length === 0, `${role}: ${statement} gives ${JSON.stringify(rows)}`);
      }
    }
  }
  assert.deepEqual(await stack.db.statuses(), { pending: 1 });
});

end();

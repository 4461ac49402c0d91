// The package's types of the database (src/js/database.d.ts) are what the catalogue says: names, types, and what may be left out.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { ROOT, connect, migrate, stopAll } from "../../scripts/lib/stack.mjs";
import { startProject } from "./support/world.mjs";

const TEXT = fs.readFileSync(path.join(ROOT, "src/js/database.d.ts"), "utf8");

/** As `supabase gen types` maps them. JSON, and what may be null, is told in more detail by hand. @type {Record<string, RegExp>} */
const TYPES = {
  uuid: /^string$/, text: /^(string|QueueMessageStatus|SuppressionReason|DeliveryState \| "complained")$/, "timestamp with time zone": /^string$/, integer: /^number$/, smallint: /^number$/, bigint: /^number$/,
  boolean: /^boolean$/, jsonb: /^(EmailPayload \| Json|Json|Metadata|Tags|Filter|Search|\{ actor\?.*|\{ address\?.*|readonly \(?\{.*)$/s, "uuid[]": /^readonly string\[\]$/,
};

/** @type {any} */
let sql;
before(async () => {
  const postgres = await startProject(15);
  await migrate(postgres.url);
  sql = await connect(postgres.url, { max: 1 });
});
after(async () => {
  await sql?.end({ timeout: 1 });
  await stopAll();
});

/** The fields of a type's text: name, whether it may be left out, type. @param {string} text @returns {[string, boolean, string][]} */
const fields = (text) => text.split(/;\s*(?![^{]*\})/).map((line) => line.trim()).filter(Boolean).map((line) => {
  const [, name = "", optional, type = ""] = /^(\w+)(\?)?: ([^]+)$/.exec(line) ?? assert.fail(line);
  return [name, optional === "?", type];
});

test("the view", async () => {
  const body = /type EmailQueueRow = \{([^}]*)\}/.exec(TEXT)?.[1] ?? "";
  const columns = await sql`select a.attname as name, format_type(a.atttypid, null) as type from pg_attribute as a
    where a.attrelid = 'public.email_queue'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`;
  assert.deepEqual(fields(body).map(([name]) => name), columns.map((/** @type {any} */ { name }) => name));
  for (const [index, [name, , type]] of fields(body).entries()) assert.match(type.replace(/ \| null$/, ""), TYPES[columns[index].type] ?? /^$/, name);
});

test("the functions", async () => {
  const found = [...TEXT.matchAll(/^ {2}(email_queue_\w+): \{\n {4}Args: (?:(EnqueueArgs)|(Record<PropertyKey, never>)|\{ ([^\n]*) \});\n/gm)];
  assert.ok(found.length > 10, `${found.length}`);
  for (const [, name, enqueue, none, own = ""] of found) {
    const [one] = await sql`select p.pronargs - p.pronargdefaults as needed, coalesce(p.proargnames, '{}') as names,
      array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a(t, n) order by n) as types
      from pg_proc as p where p.pronamespace = 'public'::regnamespace and p.proname = ${name ?? ""}`;
    assert.ok(one, `${name} is no function`);
    const args = none ? [] : fields(enqueue ? /type EnqueueArgs = \{([^}]*)\}/.exec(TEXT)?.[1] ?? "" : own);
    assert.deepEqual(args.map(([called, optional]) => `${called}${optional ? "?" : ""}`), one.names.map((/** @type {string} */ called, /** @type {number} */ index) => `${called}${index >= one.needed ? "?" : ""}`), name);
    for (const [index, [called, , type]] of args.entries()) assert.match(type, TYPES[one.types[index]] ?? /^$/, `${name}: ${called}`);
  }
});

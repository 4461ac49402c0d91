// Every piece of SQL in the documents, run in their order, as `postgres` does in the SQL editor of a project.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { migrate, stopAll } from "../../scripts/lib/stack.mjs";
import { addExtensions, api, inSession, startProject } from "../project/support/world.mjs";
import { PAGES, snippets, textOf } from "./documents.mjs";

/** @type {Awaited<ReturnType<typeof startProject>>} */
let project;
before(async () => {
  project = await startProject(15);
  await addExtensions(project.url);
  await migrate(project.url);
  await inSession(project.url, async (sql) => {
    await sql`select email_queue_configure('{"default_sender": "Acme <mail@acme.example>"}')`;
    await sql`select email_queue_connect('https://abcdefghijklmnopqrst.supabase.co/functions/v1/process-email-queue', 'the-secret-of-the-tests')`;
  });
});
after(stopAll);

// Debian's pg_cron knows no seconds: what is shown for them is run as minutes.
const here = (/** @type {string} */ text) => text.replace("email_queue_schedule('10 seconds')", "email_queue_schedule('1 minute')");

for (const page of PAGES) {
  for (const { place, text } of snippets(page, "sql")) {
    test(`${place} runs`, () => inSession(project.url, (sql) => sql.unsafe(here(text))));
  }
}

test("what the documents enqueue is in the queue, the welcome mail of the trigger too", () =>
  inSession(project.url, async (sql) => {
    await sql`insert into auth.users (email) values ('new@example.com')`;
    const rows = await sql`select payload ->> 'subject' as subject, dedup_key from email_queue order by created_at`;
    assert.deepEqual(rows.map((/** @type {any} */ { subject }) => subject), ["Welcome", "Your trial ends", "Willkommen, Ann", "News", "Welcome"]);
    assert.match(rows[4].dedup_key, /^welcome:[0-9a-f-]{36}$/);
  }));

test("the function of the documents flags the user whose address bounced", () =>
  inSession(project.url, async (sql) => {
    await sql`insert into public.profiles (email) values ('Ann@example.com'), ('bob@example.com')`;
    const [{ id }] = await sql`select (email_queue_enqueue('{"to": "ann@example.com", "subject": "Hello", "content": "Hi"}') ->> 'id')::uuid as id`;
    const { claims } = (await sql`select email_queue_worker_work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000001"], "lease_ms": 60000}}') as w`)[0].w;
    const event = { id: "msg_1", type: "email.bounced", occurred_at: "2026-11-26T20:00:00.000Z", provider_message_id: "re_1", message_id: id, mark: claims[0].mark,
      recipients: ["ann@example.com"], detail: { type: "Permanent", subtype: "General", text: "no such user" } };
    await sql`set role service_role`;
    const [{ answer }] = await sql`select email_queue_record_events(${sql.json([event])}) as answer`;
    await sql`reset role`;
    assert.deepEqual(answer.results, [{ id: "msg_1", result: "recorded" }]);
    const rows = await sql`select email from public.profiles where email_bounced_at is not null`;
    assert.deepEqual(rows.map((/** @type {any} */ { email }) => email), ["Ann@example.com"]);
    await sql`select email_queue_on_event(null)`;
  }));

test("the reference names every function of the schema public, and no other", () =>
  inSession(project.url, async (sql) => {
    const names = (await api(sql)).map((signature) => signature.replace(/\(.*/, "")).sort();
    const listed = [...textOf("docs/reference.md").matchAll(/^\| `(email_queue_\w+)\(/gm)].map(([, name]) => name).sort();
    assert.deepEqual(listed, names);
  }));

test("the reference names every setting with its default", () =>
  inSession(project.url, async (sql) => {
    const [{ settings }] = await sql`select email_queue_configure() as settings`;
    const [, section = ""] = textOf("docs/reference.md").split("## Settings");
    const listed = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, names = ""]) => names.replaceAll("`", "").split(", "));
    assert.deepEqual(listed.sort(), Object.keys(settings).sort());
  }));

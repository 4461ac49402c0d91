// What a provider reports reaches the messages, through the function, PostgREST's stand-in and the database.
import assert from "node:assert/strict";
import { event, OTHER, SECRET, sign, TestDoor } from "./support/door.ts";
import { mails } from "./support/database.ts";
import { type Fault, type Stack, waitFor } from "./support/stack.ts";
import { suite } from "./support/suite.ts";

const { test, end } = suite("events in the database");

async function withDoor(stack: Stack, body: (door: TestDoor) => Promise<void>, { fault, secret = SECRET }: { fault?: Fault; secret?: string } = {}) {
  const database = fault ? await stack.proxy(stack.lite, fault) : stack.lite;
  const door = await TestDoor.start(database, { env: { SUPABASE_SECRET_KEY: stack.lite.secretKey, RESEND_WEBHOOK_SECRET: secret } });
  try {
    await body(door);
    assert.doesNotMatch(door.output(), /email_queue_broken|[\w.+-]+@[\w-]+\.\w+|whsec_|sb_secret_/);
  } finally {
    await door.stop();
  }
}

const delivery = async (stack: Stack, id: string) => (await stack.db.sql`select delivery from public.email_queue where id = ${id}`)[0].delivery;
const result = async (sent: ReturnType<TestDoor["send"]>) => (({ status, body }) => [status, body.results?.[0].result])(await sent);

/** A message that was sent, and an event about it with its own tag. */
async function sent(stack: Stack) {
  const [id] = await stack.db.enqueue(mails(1));
  await stack.drain(await stack.function());
  const [{ mark, provider_message_id: email }] = await stack.db.sql`select m.mark, m.provider_message_id from email_queue_private.message as m where m.id = ${id}`;
  const [{ own }] = await stack.db.sql`select email_queue_private.current_mark() as own`;
  const about = (type: string, more = {}) => JSON.stringify(event(type, { email_id: email, tags: { message_id: `${id}_${mark ?? own}` }, ...more }));
  return { id, about };
}

test("the provider's own webhook says of each mail what happened to it", async (stack) => {
  const created = await fetch(`${stack.provider.url}/webhooks`, { method: "POST", headers: { authorization: "Bearer re_the_key_of_the_tests", "user-agent": "tests", "content-type": "application/json" }, body: JSON.stringify({ endpoint: "http://127.0.0.1:9/resend", events: ["email.sent"] }) });
  assert.equal(created.status, 201);
  const { id, signing_secret: secret } = await created.json();
  await withDoor(stack, async (door) => {
    await fetch(`${stack.provider.url}/webhooks/${id}`, { method: "PATCH", headers: { authorization: "Bearer re_the_key_of_the_tests", "user-agent": "tests", "content-type": "application/json" }, body: JSON.stringify({ endpoint: door.url(), events: ["email.sent", "email.delivered", "email.bounced"] }) });
    const [good, bad] = await stack.db.enqueue([...mails(1), ...mails(1, { to: "bounced@resend.dev" })]);
    await stack.drain(await stack.function());
    const state = async (id: string) => (await delivery(stack, id))?.state;
    await waitFor(async () => await state(good) === "delivered" && await state(bad) === "bounced", { timeout: 60_000, what: "both reports" });
    assert.equal((await delivery(stack, bad)).recipients[0].bounce.type, "Permanent");
  }, { secret });
});

test("an event that comes again, with another body or beside itself, counts once", async (stack) => {
  const { about } = await sent(stack);
  await withDoor(stack, async (door) => {
    const body = about("email.delivered");
    const all = await Promise.all(Array.from({ length: 20 }, () => result(door.send({ id: "msg_twice", body }))));
    assert.deepEqual(all.map(([status]) => status), all.map(() => 200));
    assert.equal(all.filter(([, what]) => what === "recorded").length, 1);
    assert.deepEqual(await result(door.send({ id: "msg_twice", body: about("email.bounced") })), [200, "known"]);
    assert.deepEqual(await result(door.send({ id: "msg_of_another_endpoint", body })), [200, "known"]);
    assert.equal((await stack.db.sql`select count(*)::int as n from email_queue_private.event`)[0].n, 1);
  });
});

test("events of other applications, of erased messages and of no mail are taken, and change nothing", async (stack) => {
  const { id, about } = await sent(stack);
  await withDoor(stack, async (door) => {
    assert.deepEqual(await result(door.send()), [200, "foreign"]);
    assert.deepEqual(await result(door.send({ body: JSON.stringify(event("email.delivered", { tags: undefined })) })), [200, "foreign"]);
    for (const type of ["domain.updated", "contact.created", "email.received", "never.heard.of"]) assert.deepEqual(await result(door.send({ body: JSON.stringify(event(type)) })), [200, "ignored"], type);
    await stack.db.sql`select public.email_queue_erase(${id})`;
    assert.equal((await door.send({ body: about("email.delivered") })).status, 200);
    const to = Array.from({ length: 3000 }, (_, n) => `Somebody <person-${n}@private.example>`);
    assert.equal((await door.send({ body: about("email.delivered", { to, created_at: "2023-10-06 23:47:56.678+00" }) })).status, 200);
    const [{ addresses }] = await stack.db.sql`select count(*)::int as addresses from email_queue_private.event where recipient like '%@%'`;
    assert.equal(addresses, 0, "of an erased message no address is kept");
  });
});

test("while the database is away every event is told to come again, and then none is lost or counted twice", async (stack) => {
  const { about } = await sent(stack);
  let away = true;
  await withDoor(stack, async (door) => {
    const bodies = Array.from({ length: 150 }, (_, n) => about("email.opened", { to: [`reader-${n}@private.example`] }));
    const send = () => Promise.all(bodies.map((body, n) => door.send({ id: `msg_${n}`, body })));
    const refused = await send();
    assert.deepEqual([...new Set(refused.map(({ status }) => status))], [503]);
    assert(refused.every(({ headers }) => headers.get("retry-after")));
    away = false;
    const taken = await send();
    assert.deepEqual([...new Set(taken.map(({ status, body }) => `${status} ${body.results[0].result}`))], ["200 recorded"]);
    assert.deepEqual([...new Set((await send()).map(({ body }) => body.results[0].result))], ["known"]);
    assert.equal((await stack.db.sql`select count(*)::int as n from email_queue_private.event`)[0].n, 150);
  }, { fault: () => away ? { status: 503, headers: { "content-type": "application/json" }, body: '{"code":"PGRST001","message":"Database client error"}' } : undefined });
});

test("a call whose answer is lost is repeated, and its events are known", async (stack) => {
  const { about } = await sent(stack);
  let away = true;
  await withDoor(stack, async (door) => {
    const body = about("email.delivered");
    const first = await door.send({ id: "msg_lost", body });
    assert.equal(first.status, 503);
    away = false;
    assert.deepEqual(await result(door.send({ id: "msg_lost", body })), [200, "known"]);
  }, { fault: () => away ? "lose-answer" : undefined });
});

test("a wrong secret shows in the doctor, until a right one comes", async (stack) => {
  const { about } = await sent(stack);
  const refused = async () => (await stack.lite.rpc("email_queue_doctor")).find(({ check }: { check: string }) => check === "refused events");
  await withDoor(stack, async (door) => {
    await door.send({ secret: OTHER });
    await waitFor(async () => (await refused()).status === "warn", { what: "the doctor to hear of it" });
    assert.deepEqual(await result(door.send({ body: about("email.delivered") })), [200, "recorded"]);
    assert.equal((await refused()).status, "ok");
  });
});

test("a lock that is held tells the provider to repeat, and the others are recorded afterwards", async (stack) => {
  const { id, about } = await sent(stack);
  await withDoor(stack, async (door) => {
    const body = about("email.delivered");
    await stack.db.sql.begin(async (sql: typeof stack.db.sql) => {
      await sql`select from email_queue_private.message where id = ${id} for update`;
      assert.equal((await door.send({ id: "msg_locked", body })).status, 503);
    });
    assert.deepEqual(await result(door.send({ id: "msg_locked", body })), [200, "recorded"]);
    assert.equal((await delivery(stack, id)).state, "delivered");
  });
});

test("signatures are checked over the bytes, whatever they are", async (stack) => {
  await withDoor(stack, async (door) => {
    const body = JSON.stringify(event("email.delivered", { subject: "\u0000 \ud83d half \u2028 \u00e4\u6f22" }));
    const at = Math.floor(Date.now() / 1000);
    assert.equal((await door.send({ id: "msg_bytes", at, body, signature: sign(SECRET, "msg_bytes", at, body) })).status, 200);
    assert.equal((await door.send({ body: `\ufeff${body}` })).body.results[0].result, "ignored", "a byte order mark is no JSON");
  });
});

end({ allowed: /person-\d+@private\.example/g });

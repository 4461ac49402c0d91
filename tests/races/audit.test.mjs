// What operators do at once leaves a row each, if it changed something; and what they erase stays erased.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { open, token } from "./testing.mjs";

const db = await open();
const a = await db.session();
const b = await db.session();
beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  await db.close();
});

/** @param {any} session @param {string} name @param {string} id */
const ask = async (session, name, id) => (await session.sql.unsafe(`select public.email_queue_${name}($1) as r`, [name === "cancel" || name === "erase" ? id : [id]]))[0].r;

/** Who changed what. */
async function noted() {
  const [{ r }] = await db.watch`select public.email_queue_audit() as r`;
  return r.map((/** @type {any} */ { actor, action, messages }) => `${actor} ${action} ${messages}`);
}

/** @param {any} session @param {string} name */
const named = async (session, name) => void await session.sql`select set_config('email_queue.actor', ${name}, true)`;

/** Ids of messages to an address. @param {any} session @param {string} address */
const to = async (session, address) =>
  (await session.sql`select public.email_queue_search(${session.sql.json({ recipient: address })}) as r`)[0].r.messages.map((/** @type {any} */ { id }) => id);

async function deadLetter() {
  const { id } = await a.enqueue();
  assert.equal(await a.settle(await a.claim(token(1)), { answer: "none", rest: "fail" }), "applied");
  return id;
}

for (const { name, prepare } of [
  { name: "cancel", prepare: async () => (await a.enqueue()).id },
  { name: "redrive", prepare: deadLetter },
  { name: "discard", prepare: deadLetter },
]) {
  test(`of two calls of ${name} at once the one that did it is noted`, async () => {
    const id = await prepare();
    await a.begin();
    await named(a, "ann");
    await ask(a, name, id);
    await b.begin();
    await named(b, "bob");
    const second = ask(b, name, id);
    await b.waitsFor(second, a);
    await a.commit();
    await second;
    await b.commit();
    assert.deepEqual(await noted(), [`ann ${name} 1`]);
  });

  test(`a call of ${name} that is undone is not noted, and the other one is`, async () => {
    const id = await prepare();
    await a.begin();
    await named(a, "ann");
    await ask(a, name, id);
    await b.begin();
    await named(b, "bob");
    const second = ask(b, name, id);
    await b.waitsFor(second, a);
    await a.rollback();
    await second;
    await b.commit();
    assert.deepEqual(await noted(), [`bob ${name} 1`]);
  });
}

test("an enqueue to an address waits for no erasure, and only the new mail is found", async () => {
  const payload = { to: ["ann@b.example", "bob@b.example"] };
  const { id: old } = await a.enqueue({ payload });
  await ask(a, "cancel", old);
  await a.begin();
  assert.equal((await ask(a, "erase", old)).result, "erased");
  const { id } = await b.free(b.enqueue({ payload }));
  assert.deepEqual(await to(b, "bob@b.example"), [id, old]);
  await a.commit();
  for (const address of payload.to) assert.deepEqual(await to(b, address), [id], address);
});

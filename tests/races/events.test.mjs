// An event and what ends its message without knowing its outcome, on two connections, in both orders: whichever comes second waits
// for the first, and an accepted message is completed either way.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { expire, mail, members, open, token } from "./testing.mjs";

/** @type {Awaited<ReturnType<typeof open>>} */
let world;
/** @type {any} */ let worker;
/** @type {any} */ let door;
before(async () => {
  world = await open();
  worker = await world.session();
  door = await world.session();
});
beforeEach(() => world.empty());
after(() => world.close());

/** @param {string} id @param {string} [type] */
const event = (id, type = "email.sent") => ({
  id: `msg_${id}_${type}`, type, occurred_at: "2026-11-26T20:00:00Z", provider_message_id: `re-${id}`, message_id: id, mark: null, recipients: ["user@b.example"],
});
/** @param {any} session @param {...any} events */
const record = async (session, ...events) =>
  (await session.sql`select public.email_queue_record_events(${session.sql.json(events)}) as r`)[0].r.results.map((/** @type {any} */ one) => one.result);
/** @param {string} id */
const status = async (id) => (await world.watch`select status || coalesce(':' || (error ->> 'reason'), '') as s from public.email_queue where id = ${id}`)[0].s;
const swept = (/** @type {any} */ session) => session.work({ claim: { tokens: [], lease_ms: 60_000 } });

/** Mails in one dispatch, begun without a mark, as their events are. @param {number} count @param {number} n @param {object} [options] */
async function begun(count, n, options = {}) {
  await worker.sql`select public.email_queue_enqueue_many(${worker.sql.json(Array.from({ length: count }, () => mail(options)))})`;
  const dispatch = await worker.claim(token(n));
  assert.equal((await worker.start(dispatch)).state, "begun");
  return dispatch;
}

const unknown = { answer: "unknown", rest: "freeze", delay_ms: 0, error: { class: "unknown" } };

/**
 * `ends` and an event of the first of `ids`, in both orders: the second one waits for the first.
 * @param {() => Promise<{ids: string[], ends: () => Promise<unknown>}>} prepare
 * @param {string} expected the state of the first message
 */
async function bothOrders(prepare, expected) {
  for (const first of ["the end", "the event"]) {
    await world.empty();
    const { ids: [id], ends } = await prepare();
    const [one, two] = first === "the end" ? [worker, door] : [door, worker];
    const act = (/** @type {any} */ session) => (session === worker ? ends() : record(door, event(id)));
    await one.begin();
    const result = await act(one);
    if (one === door) assert.deepEqual(result, ["recorded"]);
    await two.begin();
    const waits = act(two);
    await two.waitsFor(waits, one);
    await one.commit();
    await waits;
    await two.commit();
    assert.equal(await status(id), expected, `first ${first}`);
    assert.equal(await world.misplaced(), 0);
  }
}

test("a settle that gives up and an event", async () => {
  await bothOrders(async () => {
    const dispatch = await begun(2, 1, { max_attempts: 1 });
    return { ids: members(dispatch), ends: () => worker.settle(dispatch, unknown) };
  }, "completed");
});

test("the horizon and an event", async () => {
  await bothOrders(async () => {
    const dispatch = await begun(2, 1);
    await worker.settle(dispatch, { ...unknown, delay_ms: 3_600_000 });
    await world.watch`update email_queue_private.dispatch set horizon_at = clock_timestamp() - interval '1 second' where id = ${dispatch.dispatch_id}`;
    // What the sweep cannot lock it leaves to the next one.
    return { ids: members(dispatch), ends: async () => { while ((await worker.sql`select from email_queue_private.dispatch where frozen`).length > 0) await swept(worker); } };
  }, "completed");
});

test("a lease that ran out, without keys, and an event", async () => {
  await bothOrders(async () => {
    const dispatch = await begun(1, 1, { max_attempts: 1 });
    await expire(world.watch, dispatch);
    return { ids: members(dispatch), ends: async () => { while ((await worker.sql`select from email_queue_private.dispatch where token is not null`).length > 0) await swept(worker); } };
  }, "completed");
});

/** A dead letter of unknown outcome. @param {number} n */
async function deadLetter(n) {
  const dispatch = await begun(1, n);
  assert.equal(await worker.settle(dispatch, { answer: "unknown", rest: "fail", error: { class: "unknown" } }), "applied");
  return members(dispatch)[0];
}
const redrive = async (/** @type {string} */ id) =>
  (await worker.sql`select public.email_queue_redrive(array[${id}::uuid], p_allow_duplicates => true) as r`)[0].r;

test("a redrive and an event", async () => {
  await bothOrders(async () => {
    const id = await deadLetter(1);
    return { ids: [id], ends: () => redrive(id) };
  }, "completed");
});

test("a claim of a redriven message and an event: the claim waits and leaves it out; an event that waits finds it claimed", async () => {
  let id = await deadLetter(1);
  assert.deepEqual((await redrive(id)).redriven, [id]);
  // The event has the message, and the claim takes the row of ready between.
  await door.begin();
  await door.sql`select from email_queue_private.message where id = ${id} for key share`;
  await worker.begin();
  const claim = worker.claim(token(2));
  await worker.waitsFor(claim, door);
  assert.deepEqual(await door.free(record(door, event(id))), ["recorded"], "the event waits for no claim");
  await door.commit();
  assert.equal(await claim, null, "what was accepted is not handed out");
  await worker.commit();
  assert.equal(await status(id), "completed");

  await world.empty();
  id = await deadLetter(3);
  await redrive(id);
  await worker.begin();
  assert.deepEqual(members(await worker.claim(token(4))), [id]);
  const recorded = record(door, event(id));
  await door.waitsFor(recorded, worker);
  await worker.commit();
  assert.deepEqual(await recorded, ["recorded"]);
  assert.equal(await status(id), "processing", "a message in a dispatch is only marked");
  assert.equal(await world.misplaced(), 0);
});

test("an event and a settle that completes do not wait for each other", async () => {
  const dispatch = await begun(3, 1);
  const ids = members(dispatch);
  await door.begin();
  assert.deepEqual(await record(door, ...ids.map((id) => event(id))), ["recorded", "recorded", "recorded"]);
  await worker.begin();
  const accepted = ids.map((id) => ({ id, outcome: "completed", provider_message_id: `re-${id}` }));
  assert.equal(await worker.free(worker.settle(dispatch, { answer: "definite", members: accepted })), "applied");
  await door.commit();
  await worker.commit();
  for (const id of ids) assert.equal(await status(id), "completed");
  const next = await begun(1, 2);
  await worker.begin();
  await worker.settle(next, { answer: "definite", members: [{ id: members(next)[0], outcome: "completed", provider_message_id: "x" }] });
  assert.deepEqual(await door.free(record(door, event(members(next)[0]))), ["recorded"]);
  await worker.commit();
});

test("an erasure and an event: no address stays", async () => {
  for (const first of ["the erasure", "the event"]) {
    await world.empty();
    const dispatch = await begun(1, 1);
    const [id] = members(dispatch);
    await worker.settle(dispatch, { answer: "definite", members: [{ id, outcome: "completed", provider_message_id: `re-${id}` }] });
    const [one, two] = first === "the erasure" ? [worker, door] : [door, worker];
    const act = (/** @type {any} */ session) => (session === worker ? worker.sql`select public.email_queue_erase(${id})` : record(door, event(id)));
    await one.begin();
    await act(one);
    const waits = act(two);
    await two.waitsFor(waits, one);
    await one.commit();
    await waits;
    assert.equal((await world.watch`select from email_queue_private.event where recipient like '%@%'`).length, 0, `first ${first}`);
  }
});

test("the same events in two calls, in another order, are counted once and end in no deadlock", async () => {
  const dispatch = await begun(4, 1);
  const events = members(dispatch).flatMap((id) => [event(id), event(id, "email.delivered")]);
  await door.begin();
  assert.deepEqual(new Set(await record(door, ...events.slice(0, 4))), new Set(["recorded"]));
  const other = record(worker, ...events.map((one) => ({ ...one, id: `other ${one.id}` })).reverse());
  await worker.waitsFor(other, door);
  await door.commit();
  const results = await other;
  assert.equal(results.filter((/** @type {string} */ result) => result === "known").length, 4);
  assert.deepEqual(new Set(await record(door, ...events.slice(4))), new Set(["known"]));
  assert.equal((await world.watch`select from email_queue_private.event`).length, 8);
});

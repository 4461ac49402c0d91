// Endpoints: what is set up, and how events reach them.
import assert from "node:assert/strict";
import { once } from "node:events";
import process from "node:process";
import { afterEach, beforeEach, describe, test } from "node:test";
import { sign } from "../../src/js/sandbox/signature.mjs";
import { email, open, receiver, startProgram, tagged, until } from "./testing.mjs";

const { call, single, batch, fault, hasty, set, reset, state } = await open();
const hook = await receiver();
const get = (path) => call(path, { method: "GET" });
const act = (path, body = {}) => call(`/_sandbox/${path}`, { body });
/** @param {object} [change] */
const create = async (change = {}) => (await call("/webhooks", { body: { endpoint: hook.url, events: ["email.sent", "email.delivered", "email.bounced"], ...change } })).json;
const types = () => hook.got.map(({ event }) => event.type);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

beforeEach(async () => {
  await reset();
  hook.answer(200, "ok");
  hook.got.length = 0;
});
// What is on its way when a test ends must not arrive in the next one.
afterEach(reset);

/** @param {{id: string, timestamp: string, body: string, signature: string}} one @param {string} secret */
const isSigned = ({ id, timestamp, body, signature }, secret) => signature.split(" ").includes(sign(secret, id, Number(timestamp), body));

test("the signature is Svix' own, by its published vector", () => {
  assert.equal(
    sign("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553, '{"email":"test@example.com","username":"test_user"}'),
    "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
  );
});

describe("endpoints", () => {
  test("are created, read with their secret, listed without it, changed and deleted", async () => {
    const made = await call("/webhooks", { body: { endpoint: hook.url, events: ["email.sent"] } });
    assert.equal(made.status, 201);
    const { id, signing_secret: secret } = made.json;
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{32}$/);
    const read = (await get(`/webhooks/${id}`)).json;
    assert.deepEqual([read.object, read.status, read.endpoint, read.events, read.signing_secret], ["webhook", "enabled", hook.url, ["email.sent"], secret]);
    const { data } = (await get("/webhooks")).json;
    assert.deepEqual(data.map(({ id: one, signing_secret }) => [one, signing_secret]), [[id, undefined]]);
    const changed = await call(`/webhooks/${id}`, { method: "PATCH", body: { events: ["email.bounced"] } });
    assert.deepEqual(changed.json, { object: "webhook", id });
    assert.deepEqual((await get(`/webhooks/${id}`)).json.events, ["email.bounced"], "the list replaces the other");
    assert.deepEqual((await call(`/webhooks/${id}`, { method: "DELETE" })).json, { object: "webhook", id, deleted: true });
    const gone = await get(`/webhooks/${id}`);
    assert.deepEqual([gone.status, gone.name], [404, "not_found"]);
  });
  test("are https, or http on this machine", async () => {
    for (const endpoint of ["https://example.com/a", "http://localhost:1/a", "http://[::1]:1/a", "http://host.docker.internal:1/a"]) {
      assert.equal((await call("/webhooks", { body: { endpoint, events: ["email.sent"] } })).status, 201, endpoint);
    }
    for (const endpoint of ["http://example.com/a", "http://127.0.0.1.example.com/", "ftp://localhost/", "nonsense", 7]) {
      const answer = await call("/webhooks", { body: { endpoint, events: ["email.sent"] } });
      assert.deepEqual([answer.status, answer.name], [422, "validation_error"], String(endpoint));
    }
  });
  test("need known events, at least one", async () => {
    for (const events of [[], ["email.nothing"], "email.sent"]) {
      assert.equal((await call("/webhooks", { body: { endpoint: hook.url, events } })).name, "validation_error", JSON.stringify(events));
    }
    assert.equal((await call("/webhooks", { body: { endpoint: hook.url } })).name, "missing_required_field");
    assert.equal((await call("/webhooks", { body: "{" })).status, 400);
  });
  test("on another machine get nothing: the attempt says why, and is not repeated", async () => {
    const { id } = await create({ endpoint: "https://example.com/hook", events: ["email.sent"] });
    await single(email());
    await until(async () => (await state()).events.failed === 1);
    const [event] = (await get(`/webhooks/${id}/events`)).json.data;
    const [attempt] = (await get(`/webhooks/${id}/events/${event.id}/attempts`)).json.data;
    assert.deepEqual([event.status, attempt.http_status_code, attempt.response], ["failed", 0, "the sandbox delivers to this machine only"]);
    assert.equal((await get(`/webhooks/${id}`)).json.status, "enabled");
  });
  test("that a test connects keep their secret over a reset", async () => {
    const own = await open();
    const { json } = await own.call("/_sandbox/webhooks", { body: { endpoint: hook.url, signing_secret: "whsec_c2VjcmV0" } });
    assert.equal(json.signing_secret, "whsec_c2VjcmV0");
    await own.reset();
    await own.single(email());
    await until(() => hook.got.length === 2);
    assert.ok(hook.got.every((one) => isSigned(one, "whsec_c2VjcmV0")));
    for (const wrong of [{ endpoint: hook.url, signing_secret: "secret" }, { endpoint: "https://example.com/" }, { endpoint: "nonsense" }]) {
      assert.equal((await own.call("/_sandbox/webhooks", { body: wrong })).status, 400, wrong.endpoint);
    }
  });
});

test("main.mjs sends events to --webhook, signed with the environment's secret", async () => {
  process.env.RESEND_WEBHOOK_SECRET = "whsec_c2VjcmV0";
  const child = startProgram(["--webhook", hook.url]);
  delete process.env.RESEND_WEBHOOK_SECRET;
  const [line] = await once(child.stdout, "data");
  const { url } = JSON.parse(String(line));
  await fetch(`${url}/emails`, { method: "POST", headers: { authorization: "Bearer re_test" }, body: JSON.stringify(email()) });
  await until(() => hook.got.length === 2);
  child.kill();
  assert.ok(hook.got.every((one) => isSigned(one, "whsec_c2VjcmV0")));
});

describe("a delivery", () => {
  test("is a signed POST of the event, at the machine's time", async () => {
    const { signing_secret: secret } = await create();
    await set({ clockOffsetMs: 24 * HOUR });
    const { id } = (await single(tagged("m", { to: "Ada <ada@example.com>", headers: { "X-Own": "1" } }))).json;
    await until(() => hook.got.length === 2);
    for (const one of hook.got) {
      assert.ok(isSigned(one, secret));
      assert.ok(!isSigned({ ...one, body: `${one.body} ` }, secret));
      assert.ok(Math.abs(Number(one.timestamp) - Date.now() / 1000) < 60, "the receiver compares it with its own clock");
      assert.match(one.id, /^msg_\w{27}$/);
      assert.match(one.headers["content-type"], /^application\/json/);
    }
    const sent = hook.got.find(({ event }) => event.type === "email.sent").event;
    assert.ok(Date.parse(sent.created_at) > Date.now() + 23 * HOUR, "the event has the sandbox's time");
    const { created_at: _, ...data } = sent.data;
    assert.deepEqual(data, {
      email_id: id, message_id: `<${id}@sandbox.resend.dev>`, from: "Acme <hello@example.com>", to: ["Ada <ada@example.com>"], subject: "Hello",
      tags: { message_id: "m" }, headers: [{ name: "X-Own", value: "1" }],
    });
  });
  test("happens only for what was accepted, also where its answer is lost, and once for a replay", async () => {
    await create({ events: ["email.sent"] });
    const body = tagged("m");
    await fault({ action: "drop" });
    await single(body, "k").catch(() => {});
    await single(email({ subject: undefined }));
    await batch([email(), email({ to: ["nonsense"] })]);
    assert.equal((await state()).events.happened, 0);
    await fault({ action: "drop", when: "after" });
    await single(body, "k").catch(() => {});
    await until(() => hook.got.length === 1);
    assert.equal((await single(body, "k")).status, 200);
    assert.equal(hook.got[0].event.data.tags.message_id, "m");
    assert.equal((await state()).events.happened, 2);
  });
  test("needs no answer to the request", async () => {
    await create({ events: ["email.sent"] });
    await fault({ action: "hang", when: "after" });
    assert.equal(await hasty(tagged("m"), "k"), "gave up");
    await until(() => hook.got.length === 1);
  });
  test("goes to each endpoint that wants the type, under an id of its own", async () => {
    await create({ events: ["email.sent"] });
    await create({ events: ["email.sent", "email.delivered"] });
    await create({ events: ["email.bounced"] });
    await single(email());
    await until(async () => (await state()).events.delivered === 3);
    assert.deepEqual(types().sort(), ["email.delivered", "email.sent", "email.sent"]);
    assert.equal(new Set(hook.got.map(({ id }) => id)).size, 3);
  });
  test("has two signatures for a day after a rotation", async () => {
    const { id, signing_secret: old } = await create({ events: ["email.sent"] });
    const { signing_secret: fresh } = (await call(`/webhooks/${id}/signing-secret/rotate`)).json;
    assert.notEqual(fresh, old);
    assert.equal((await get(`/webhooks/${id}`)).json.signing_secret, fresh);
    await single(email());
    await until(() => hook.got.length === 1);
    assert.deepEqual([hook.got[0].signature.split(" ").length, isSigned(hook.got[0], old), isSigned(hook.got[0], fresh)], [2, true, true]);
    await set({ clockOffsetMs: 24 * HOUR });
    await single(email());
    await until(() => hook.got.length === 2);
    assert.deepEqual([isSigned(hook.got[1], old), isSigned(hook.got[1], fresh)], [false, true]);
    await set({ secretOverlapMs: 0 });
    await call(`/webhooks/${id}/signing-secret/rotate`);
    await single(email());
    await until(() => hook.got.length === 3);
    assert.deepEqual([hook.got[2].signature.split(" ").length, isSigned(hook.got[2], fresh)], [1, false]);
  });
});

test("a reset ends what is on its way, and what waits", async () => {
  await set({ eventsInFlight: 1, eventTimeoutMs: 600_000 });
  await create({ events: ["email.sent"] });
  hook.answer("hang");
  await batch([tagged("a"), tagged("b")]);
  await until(() => hook.got.length === 1);
  await reset();
  await until(() => hook.got[0].ended);
  hook.answer(200);
  await create({ events: ["email.sent"] });
  await single(tagged("c"));
  await until(() => hook.got.length === 2);
  assert.deepEqual(hook.got.map(({ event }) => event.data.tags.message_id), ["a", "c"]);
});

describe("a failure", () => {
  test("is repeated after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, then given up", async () => {
    hook.answer(500, "out of order");
    const { id } = await create({ events: ["email.sent"] });
    await single(email());
    let [at, attempts] = [0, 1];
    const event = async () => {
      const [{ id: one }] = (await get(`/webhooks/${id}/events`)).json.data;
      return (await get(`/webhooks/${id}/events/${one}`)).json;
    };
    const attempted = () => until(async () => (await state()).events.attempts === attempts);
    await attempted();
    for (const wait of [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR]) {
      const { status, next_attempt_at: next } = await event();
      const { now } = await state();
      const left = Date.parse(next) - Date.parse(now);
      assert.ok(status === "attempting" && left <= wait && left > wait - 2 * MINUTE, `${left} of ${wait}`);
      await set({ clockOffsetMs: at += wait });
      attempts += 1;
      await attempted();
    }
    const { status, next_attempt_at: next, payload } = await event();
    assert.deepEqual([status, next, payload], ["failed", null, hook.got[0].event]);
    assert.deepEqual([hook.got.length, new Set(hook.got.map(({ id: one }) => one)).size], [8, 1]);
    const list = (await get(`/webhooks/${id}/events/${hook.got[0].id}/attempts`)).json.data;
    assert.deepEqual(list.map(({ http_status_code, response }) => [http_status_code, response]), Array(8).fill([500, "out of order"]));
  });
  test("is any answer but a 2xx, a time-out, and no answer", async () => {
    const { id } = await create({ events: ["email.sent"] });
    await set({ eventTimeoutMs: 200 });
    for (const [how, code] of /** @type {const} */ ([[302, 302], [404, 404], ["hang", 0], [204, 204]])) {
      hook.answer(how);
      const before = (await state()).events.attempts;
      await single(email());
      await until(async () => (await state()).events.attempts === before + 1);
      const [{ id: event, status }] = (await get(`/webhooks/${id}/events`)).json.data;
      const [attempt] = (await get(`/webhooks/${id}/events/${event}/attempts`)).json.data;
      assert.deepEqual([attempt.http_status_code, status], [code, code === 204 ? "success" : "attempting"]);
    }
    const closed = await create({ endpoint: "http://127.0.0.1:1/", events: ["email.sent"] });
    await single(email());
    await until(async () => (await get(`/webhooks/${closed.id}/events`)).json.data[0]?.status === "attempting");
  });
  test("ends when the endpoint works again", async () => {
    hook.answer(503);
    await create({ events: ["email.sent"] });
    await single(email());
    await until(async () => (await state()).events.waiting === 1);
    hook.answer(200);
    await set({ clockOffsetMs: 5 * SECOND });
    await until(async () => (await state()).events.delivered === 1);
    assert.equal((await state()).events.waiting, 0);
  });
  test("repeated for several events disables the endpoint, until somebody enables it", async () => {
    await set({ retryScale: 0, disableAfter: 2, eventsInFlight: 1 });
    hook.answer(500);
    const { id } = await create({ events: ["email.sent"] });
    await batch([email(), email(), email()]);
    await until(async () => (await get(`/webhooks/${id}`)).json.status === "disabled");
    assert.deepEqual((await get(`/webhooks/${id}/events`)).json.data.map(({ status }) => status), ["failed", "failed", "failed"]);
    const attempts = hook.got.length;
    assert.ok(attempts >= 16 && attempts <= 24, `${attempts} attempts`);
    hook.answer(200);
    await single(email());
    const [{ id: lost }] = (await get(`/webhooks/${id}/events`)).json.data;
    assert.equal((await call(`/webhooks/${id}/events/${lost}/replay`)).status, 422, "a replay needs an enabled endpoint");
    await call(`/webhooks/${id}`, { method: "PATCH", body: { status: "enabled" } });
    await single(email());
    await until(async () => (await state()).events.delivered === 1);
    assert.deepEqual((await get(`/webhooks/${id}/events`)).json.data.map(({ status }) => status), ["success", "failed", "failed", "failed"]);
    assert.equal((await call(`/webhooks/${id}/events/${lost}/replay`)).json.id, lost);
    await until(() => hook.got.at(-1).id === lost);
    await until(async () => (await get(`/webhooks/${id}/events/${lost}`)).json.status === "success");
  });
  test("in a row, but with a success between, disables nothing", async () => {
    await set({ retryScale: 0, disableAfter: 2 });
    const { id } = await create({ events: ["email.sent"] });
    for (const status of [500, 200, 500]) {
      hook.answer(status);
      await single(email());
      await until(async () => (await get(`/webhooks/${id}/events`)).json.data[0].status === (status === 200 ? "success" : "failed"));
    }
    assert.equal((await get(`/webhooks/${id}`)).json.status, "enabled");
  });
});

describe("a test can", () => {
  const tags = () => hook.got.map(({ event }) => event.data.tags.message_id);
  test("hold events back, and let some go", async () => {
    await create();
    await set({ eventsHeld: ["email.delivered"] });
    const { id } = (await single(tagged("a"))).json;
    await single(tagged("b"));
    await until(async () => (await state()).events.delivered === 2);
    assert.deepEqual([types(), (await state()).events.held], [["email.sent", "email.sent"], 2]);
    assert.deepEqual((await act("events/release", { email_id: id })).json, { released: 1 });
    await until(() => hook.got.length === 3);
    assert.deepEqual([types()[2], tags()[2]], ["email.delivered", "a"]);
    await set({ eventsHeld: false });
    await until(() => hook.got.length === 4);
    assert.equal((await state()).events.held, 0);
  });
  test("lose held events, or a share of all", async () => {
    const { id } = await create({ events: ["email.sent"] });
    await set({ eventsHeld: true });
    await batch([tagged("a"), tagged("b")]);
    assert.deepEqual((await act("events/drop", { limit: 1 })).json, { dropped: 1 });
    await act("events/release");
    await until(() => hook.got.length === 1);
    assert.deepEqual(tags(), ["b"]);
    assert.deepEqual((await get(`/webhooks/${id}/events`)).json.data.map(({ status }) => status), ["success", "failed"], "what is lost can still be read");
    await set({ eventsHeld: false, eventDrops: 1 });
    await single(email());
    assert.equal((await state()).events.failed, 2);
  });
  test("have events twice, with the same id", async () => {
    await create({ events: ["email.sent"] });
    await set({ eventDuplicates: 1 });
    await single(email());
    await until(() => hook.got.length === 2);
    assert.equal(hook.got[0].id, hook.got[1].id);
    assert.deepEqual((await act("events/repeat", { id: hook.got[0].id })).json, { repeated: 1 });
    await until(() => hook.got.length === 3);
    assert.equal(hook.got[2].id, hook.got[0].id);
  });
  test("have them in another order, the same for the same seed", async () => {
    const orders = [];
    for (const seed of [1, 1, 2]) {
      await reset();
      hook.got.length = 0;
      await set({ seed, eventShuffleMs: 60_000 });
      await create({ events: ["email.sent"] });
      await batch(["a", "b", "c", "d", "e", "f", "g", "h"].map((tag) => tagged(tag)));
      // One at a time, so that none overtakes another on the way.
      await set({ eventsInFlight: 1, clockOffsetMs: 60_000 });
      await until(() => hook.got.length === 8);
      orders.push(tags().join(""));
    }
    assert.equal(orders[0], orders[1]);
    assert.notEqual(orders[0], orders[2]);
    assert.ok(orders.every((order) => order !== "abcdefgh"));
  });
  test("let any event happen, of its mail or of a stranger's", async () => {
    await create({ events: ["email.bounced", "email.sent"] });
    const { id } = (await single(tagged("m", { to: "ada@example.com" }))).json;
    const bounce = { type: "Transient", subType: "MailboxFull", message: "Full" };
    await act("events", { type: "email.bounced", email_id: id, more: { bounce }, created_at: "2026-01-01T00:00:00Z" });
    await until(() => hook.got.length === 2);
    const bounced = hook.got.find(({ event }) => event.type === "email.bounced").event;
    assert.deepEqual([bounced.created_at, bounced.data.to, bounced.data.bounce, bounced.data.tags], ["2026-01-01T00:00:00.000Z", ["ada@example.com"], bounce, { message_id: "m" }]);
    assert.equal((await get("/suppressions")).json.data.length, 0, "only a permanent one suppresses");
    await act("events", { type: "email.sent", data: { email_id: "x", to: ["someone@example.com"], odd: true } });
    await until(() => hook.got.length === 3);
    assert.deepEqual(hook.got[2].event.data, { email_id: "x", to: ["someone@example.com"], odd: true });
    const { events } = (await get(`/_sandbox/events?email_id=${id}&type=email.sent`)).json;
    assert.deepEqual(events.map(({ type, deliveries }) => [type, deliveries.length, deliveries[0].status]), [["email.sent", 1, "success"]]);
    for (const wrong of [{ type: "email.eaten", email_id: id }, { type: "email.sent", email_id: "x" }, { typ: "email.sent" }, { type: "email.sent", email_id: id, created_at: "soon" }]) {
      assert.equal((await act("events", wrong)).status, 400, JSON.stringify(wrong));
    }
  });
});

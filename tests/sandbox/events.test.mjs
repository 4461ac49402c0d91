// The life of an e-mail after it was accepted: by its address, by the suppression list, by its time.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { email, open, tagged, until } from "./testing.mjs";

const { url, call, single, batch, set, reset, state } = await open();
const get = (path) => call(path, { method: "GET" });
const HOUR = 3600_000;
beforeEach(reset);

/** The events of an e-mail, oldest first, as `type to`. */
const story = async (id) => {
  const { events } = (await get(`/_sandbox/events?email_id=${id}`)).json;
  return events.reverse().map(({ type, payload: { data } }) => `${type.replace("email.", "")} ${data.to.join(" ")}`);
};
const happens = async (change) => await story((await single(email(change))).json.id);
const last = async (id) => (await get(`/emails/${id}`)).json.last_event;

describe("an address decides", () => {
  test("any other is delivered to", async () => {
    assert.deepEqual(await happens({ to: "Ada <Ada@example.com>" }), ["sent Ada <Ada@example.com>", "delivered ada@example.com"]);
  });
  test("the test addresses, with any label", async () => {
    for (const label of ["", "+a"]) {
      const at = (name) => `${name}${label}@resend.dev`;
      assert.deepEqual(await happens({ to: at("delivered") }), [`sent ${at("delivered")}`, `delivered ${at("delivered")}`]);
      assert.deepEqual(await happens({ to: at("bounced") }), [`sent ${at("bounced")}`, `bounced ${at("bounced")}`]);
      assert.deepEqual(await happens({ to: at("complained") }), [`sent ${at("complained")}`, `delivered ${at("complained")}`, `complained ${at("complained")}`]);
      assert.deepEqual(await happens({ to: at("suppressed") }), [`suppressed ${at("suppressed")}`]);
      assert.deepEqual(await happens({ to: at("failed") }), [`failed ${at("failed")}`]);
    }
    assert.deepEqual(await happens({ to: "bounced@example.com" }), ["sent bounced@example.com", "delivered bounced@example.com"]);
  });
  test("each recipient has its own end, cc and bcc too, once", async () => {
    assert.deepEqual(await happens({ to: ["ada@example.com", "suppressed@resend.dev"], cc: "bounced+x@resend.dev", bcc: ["bob@example.com", "ADA@example.com"] }), [
      "sent ada@example.com", "delivered ada@example.com", "suppressed suppressed@resend.dev", "bounced bounced+x@resend.dev", "delivered bob@example.com",
    ]);
  });
  test("events of an e-mail have different times, in their order", async () => {
    const { id } = (await single(email({ to: "complained@resend.dev" }))).json;
    const { events } = (await get(`/_sandbox/events?email_id=${id}`)).json;
    const times = events.reverse().map(({ payload }) => payload.created_at);
    assert.deepEqual(times, [...new Set(times)].sort());
    assert.equal(times.length, 3);
  });
});

describe("a suppressed address", () => {
  test("is one that bounced or complained; the next mail to it gets an id and is suppressed", async () => {
    const first = (await single(tagged("m", { to: "bounced+a@resend.dev" }))).json.id;
    const second = (await single(email({ to: "Bounced <BOUNCED+a@resend.dev>" }))).json.id;
    assert.deepEqual(await story(second), ["suppressed bounced+a@resend.dev"]);
    await single(email({ to: "complained+a@resend.dev" }));
    const third = (await single(email({ to: "complained+a@resend.dev" }))).json.id;
    const { events } = (await get("/_sandbox/events?type=email.suppressed")).json;
    assert.deepEqual(events.map(({ email_id, payload: { data } }) => [email_id, data.suppressed.type, data.suppressed.reason]), [
      [third, "OnAccountSuppressionList", "previous_complaint"], [second, "OnAccountSuppressionList", "previous_bounce"],
    ]);
    const { data } = (await get("/suppressions")).json;
    assert.deepEqual(data.map(({ email: address, origin, source_id }) => [address, origin, source_id === first]), [
      ["complained+a@resend.dev", "complaint", false], ["bounced+a@resend.dev", "bounce", true],
    ]);
    const added = (await get("/_sandbox/events?type=suppression.added")).json.events;
    assert.deepEqual(added.map(({ payload }) => payload.data), data);
    assert.equal(await last(second), "suppressed");
    await call("/suppressions/bounced%2Ba%40resend.dev", { method: "DELETE" });
    assert.deepEqual(await happens({ to: "bounced+a@resend.dev" }), ["sent bounced+a@resend.dev", "bounced bounced+a@resend.dev"]);
  });
});

describe("time", () => {
  test("a scheduled mail is sent when its time comes", async () => {
    const { id } = (await single(email({ scheduled_at: new Date(Date.now() + HOUR).toISOString() }))).json;
    assert.equal(await last(id), "scheduled");
    await set({ clockOffsetMs: HOUR });
    assert.equal(await last(id), "delivered");
    assert.deepEqual((await story(id)).map((line) => line.split(" ")[0]), ["scheduled", "sent", "delivered"]);
  });
  test("deliveryMs lies between sending and its end", async () => {
    await set({ deliveryMs: HOUR });
    const { id } = (await single(email())).json;
    assert.equal(await last(id), "sent");
    await set({ clockOffsetMs: HOUR });
    assert.equal(await last(id), "delivered");
    await set({ deliveryMs: 20 });
    const soon = (await single(email())).json.id;
    await until(async () => await last(soon) === "delivered");
  });
  test("a reset ends what is to come", async () => {
    await set({ deliveryMs: 50 });
    await single(email({ to: "bounced@resend.dev" }));
    await reset();
    await set({ deliveryMs: 100 });
    const { id } = (await single(email())).json;
    await until(async () => await last(id) === "delivered");
    assert.equal((await state()).events.happened, 2);
    assert.deepEqual((await get("/suppressions")).json.data, []);
  });
});

test("the queue's id is read from its tag with and without the installation's mark", async () => {
  const id = "0b9d2f6e-0000-4000-8000-1234567890ab";
  await batch([tagged(id), tagged(`${id}_0123456789ab`), tagged("own_0123456789ab")]);
  assert.deepEqual((await state()).acceptedByMessage, { [id]: 2, own_0123456789ab: 1 });
});

test("only the last events are kept", async () => {
  await set({ keepEvents: 3 });
  await batch(Array.from({ length: 10 }, () => email()));
  const { total, events } = (await get("/_sandbox/events?limit=2")).json;
  assert.deepEqual([total, events.length, (await state()).events.happened], [3, 2, 20]);
});

describe("the mailbox", () => {
  test("shows an e-mail's events with their deliveries, escaped", async () => {
    await call("/webhooks", { body: { endpoint: "http://127.0.0.1:1/<b>", events: ["email.bounced"] } });
    const { id } = (await single(email({ to: "bounced+m@resend.dev" }))).json;
    await until(async () => (await state()).events.attempts === 1);
    const { text } = await get(`/mailbox/${id}`);
    assert.match(text, /email\.sent<\/span> bounced\+m@resend\.dev/);
    assert.match(text, /email\.bounced<\/span> bounced\+m@resend\.dev <span class="soft">Permanent, General<\/span>/);
    assert.match(text, /http:\/\/127\.0\.0\.1:1\/&lt;b&gt;: attempting \(1 attempt, [^,]+, again at [\d:.]+\) <span class="mono">msg_/);
    assert.ok(!text.includes("<b>"));
  });
  test("marks what went wrong in its list", async () => {
    await single(email());
    assert.ok(!(await (await fetch(url)).text()).includes('class="chip soft"'));
    await single(email({ to: "bounced+m@resend.dev" }));
    assert.match(await (await fetch(url)).text(), /<span class="chip soft">bounced<\/span>/);
  });
});

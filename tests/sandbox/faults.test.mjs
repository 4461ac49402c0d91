// Faults: what the client sees, and what was accepted all the same.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { email, open, tagged, until } from "./testing.mjs";

const sandbox = await open();
const { call, single, batch, hasty, set, fault, reset, state } = sandbox;
beforeEach(reset);

const failed = async (promise) => {
  const outcome = await promise.then(() => "answered", () => "failed");
  assert.equal(outcome, "failed");
};

describe("what it does", () => {
  test("answer before accepting", async () => {
    await fault({ action: "answer", status: 503, name: "application_error", message: "Down", headers: { "retry-after": "7" } });
    const answer = await single(tagged("m"), "k");
    assert.deepEqual([answer.status, answer.json], [503, { statusCode: 503, message: "Down", name: "application_error" }]);
    assert.equal(answer.headers.get("retry-after"), "7");
    assert.equal((await state()).accepted, 0);
    assert.equal((await single(tagged("m"), "k")).status, 200);
  });
  test("answer after accepting", async () => {
    await fault({ action: "answer", status: 500, when: "after" });
    const body = tagged("m");
    const answer = await single(body, "k");
    assert.deepEqual([answer.status, answer.name], [500, "application_error"]);
    assert.equal((await single(body, "k")).status, 200);
    assert.deepEqual((await state()).acceptedByMessage, { m: 1 });
  });
  test("answer with HTML, or with JSON of any shape", async () => {
    await fault([{ action: "answer", status: 502, body: "<h1>Bad gateway</h1>" }, { action: "answer", status: 400, body: { odd: true } }]);
    const page = await single(email());
    assert.deepEqual([page.status, page.text, page.headers.get("content-type")], [502, "<h1>Bad gateway</h1>", "text/html; charset=utf-8"]);
    assert.deepEqual((await single(email())).json, { odd: true });
  });
  test("drop before accepting", async () => {
    await fault({ action: "drop" });
    await failed(single(tagged("m"), "k"));
    assert.deepEqual([(await state()).accepted, (await state()).lost], [0, 1]);
  });
  test("drop after accepting: the replay gets the lost answer", async () => {
    await fault({ action: "drop", when: "after" });
    const body = [tagged("a"), tagged("b")];
    await failed(batch(body, "k"));
    assert.deepEqual((await state()).acceptedByMessage, { a: 1, b: 1 });
    const lost = Object.keys((await state({ ids: true })).emailIds);
    const answer = await batch(body, "k");
    assert.deepEqual(answer.json.data.map(({ id }) => id), lost);
    assert.deepEqual([(await state()).accepted, (await state()).replays], [2, 1]);
    for (const { answered, unanswered } of Object.values((await state({ ids: true })).emailIds)) assert.deepEqual([answered, unanswered], [1, 1]);
  });
  test("hang before and after accepting", async () => {
    await fault([{ action: "hang" }, { action: "hang", when: "after" }]);
    const body = tagged("m");
    assert.equal(await hasty(body, "k"), "gave up");
    assert.equal((await state()).accepted, 0);
    assert.equal(await hasty(body, "k"), "gave up");
    assert.equal((await state()).accepted, 1);
    assert.equal((await single(body, "k")).status, 200);
    assert.equal((await state()).accepted, 1);
  });
  test("delay before accepting: who gave up finds the key in progress, then the answer", async () => {
    await fault({ action: "delay", delayMs: 900 });
    const body = tagged("m");
    assert.equal(await hasty(body, "k", 250), "gave up");
    assert.equal((await single(body, "k")).name, "concurrent_idempotent_requests");
    assert.equal((await state()).accepted, 0);
    await until(async () => (await state()).accepted === 1);
    assert.equal((await single(body, "k")).status, 200);
    assert.equal((await state()).accepted, 1);
  });
  test("delay after accepting: the answer waits, the replay does not", async () => {
    await fault({ action: "delay", when: "after", delayMs: 900 });
    const body = tagged("m");
    assert.equal(await hasty(body, "k", 250), "gave up");
    assert.equal((await state()).accepted, 1);
    assert.equal((await single(body, "k")).status, 200);
  });
  test("any other action may wait first", async () => {
    await fault({ action: "answer", status: 500, delayMs: 120 });
    const start = performance.now();
    assert.equal((await single(email())).status, 500);
    assert.ok(performance.now() - start >= 115);
  });
  test("garbage: accepted, but the answer cannot be read", async () => {
    const kinds = ["html", "truncated", "cut", "empty", "short"];
    await fault(kinds.map((garbage) => ({ action: "garbage", garbage })));
    const send = (id) => batch([tagged(`${id}-1`), tagged(`${id}-2`)], id);
    const html = await send("html");
    assert.deepEqual([html.status, html.json], [200, null]);
    assert.match(html.text, /<h1>/);
    const truncated = await send("truncated");
    assert.deepEqual([truncated.status, truncated.json, truncated.text.startsWith('{"data":[')], [200, null, true]);
    await failed(send("cut"));
    assert.equal((await send("empty")).text, "");
    assert.equal((await send("short")).json.data.length, 1);
    assert.deepEqual([(await state()).accepted, (await state()).lost], [10, 1]);
    assert.ok(Object.values((await state({ ids: true })).emailIds).every(({ answered, unanswered }) => answered === 0 && unanswered === 1));
  });
  test("garbage before accepting", async () => {
    await fault({ action: "garbage", garbage: "truncated", when: "before" });
    const answer = await single(email());
    assert.deepEqual([answer.status, answer.json, (await state()).accepted], [200, null, 0]);
  });
});

describe("what it matches", () => {
  const hits = async (match, ...requests) => {
    await fault({ action: "answer", status: 500, times: "always", match });
    const statuses = [];
    for (const request of requests) statuses.push((await request()).status);
    return statuses;
  };
  test("the endpoint", async () => {
    assert.deepEqual(await hits({ endpoint: "/emails/batch" }, () => single(email()), () => batch([email()])), [200, 500]);
  });
  test("the key", async () => {
    assert.deepEqual(await hits({ key: "b" }, () => single(email(), "a"), () => single(email(), "b"), () => single(email())), [200, 500, 200]);
  });
  test("a part of a recipient of any e-mail", async () => {
    const batchTo = (bcc) => () => batch([email(), email({ bcc: [bcc] })]);
    assert.deepEqual(await hits({ recipient: "+poison" }, batchTo("a+fine@example.com"), batchTo("a+poison@example.com")), [200, 500]);
  });
  test("a part of a subject", async () => {
    assert.deepEqual(await hits({ subject: "boom" }, () => single(email()), () => single(email({ subject: "big boom" }))), [200, 500]);
  });
  test("the nth request of those that match", async () => {
    const send = (subject) => () => single(email({ subject }));
    assert.deepEqual(await hits({ subject: "x", nth: [1, 3] }, send("x"), send("y"), send("x"), send("x"), send("x")), [500, 200, 200, 500, 200]);
  });
  test("so many times, once by default; the first rule that applies wins", async () => {
    await fault([{ action: "answer", status: 500, times: 2 }, { action: "answer", status: 503 }]);
    const statuses = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await single(email())).status);
    assert.deepEqual(statuses, [500, 500, 503, 200]);
    assert.deepEqual((await state()).faults.map(({ applied }) => applied), [2, 1]);
    await fault({ action: "answer", status: 500, times: "always" });
    assert.equal((await call("/_sandbox/faults", { method: "DELETE" })).status, 200);
    assert.equal((await single(email())).status, 200);
  });
  test("a throttled request uses no fault up", async () => {
    await set({ rateLimit: 1 });
    await fault({ action: "answer", status: 500, times: 2 });
    assert.deepEqual([(await single(email())).status, (await single(email())).status], [500, 429]);
    assert.equal((await state()).faults[0].applied, 1);
  });
});

describe("probability", () => {
  const run = async (seed, extra = []) => {
    await reset();
    await set({ seed });
    await fault([{ action: "answer", status: 500, probability: 0.3 }, ...extra]);
    let series = "";
    for (let index = 0; index < 60; index += 1) series += (await single(email())).status === 500 ? "x" : ".";
    return series;
  };
  test("the seed replays the run, another seed does not", async () => {
    const first = await run(7);
    assert.equal(await run(7), first);
    assert.equal(await run(7, [{ action: "delay", delayMs: 1, probability: 0.5 }]), first);
    assert.notEqual(await run(8), first);
    const hits = first.split("x").length - 1;
    assert.ok(hits > 8 && hits < 30, `${hits} of 60 at 0.3`);
  });
  test("0 is never, 1 is always", async () => {
    await fault({ action: "answer", status: 500, probability: 0 });
    assert.equal((await single(email())).status, 200);
    await fault({ action: "answer", status: 500, probability: 1 });
    assert.deepEqual([(await single(email())).status, (await single(email())).status], [500, 500]);
  });
});

test("a misspelled fault is refused, and none of its list is added", async () => {
  const good = { action: "drop" };
  for (const bad of [
    {}, null, "drop", { action: "explode" }, { action: "drop", tims: 2 }, { action: "drop", times: 0 }, { action: "answer" }, { action: "delay" },
    { action: "drop", match: { recipiant: "a" } }, { action: "drop", match: { endpoint: "/email" } }, { action: "drop", match: { nth: 0 } },
    { action: "drop", probability: 2 }, { action: "garbage", garbage: "noise" }, { action: "answer", status: 500, headers: { a: "b\r\nc" } },
  ]) {
    const answer = await fault([good, bad]);
    assert.equal(answer.status, 400, JSON.stringify(bad));
    assert.equal(typeof answer.json.error, "string");
  }
  assert.equal((await call("/_sandbox/faults", { body: "{" })).status, 400);
  assert.deepEqual((await call("/_sandbox/faults", { method: "GET" })).json, { faults: [] });
});

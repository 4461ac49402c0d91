// What the commands of operators say of a message, without a queue: for whom a report counts, what stopped a mail, what is masked.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fateOf, holdText, sentence } from "../../src/js/operate/fate.js";
import { masked, maskedText } from "../../src/js/operate/mask.js";
import { secondsFrom, timeFrom } from "../../src/js/operate/time-options.js";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const at = "2026-11-27T11:00:00Z";
/** @param {any[]} reports @param {any} [payload] */
const completed = (reports, payload = { to: "bob@example.com", cc: "ann@example.com" }) =>
  ({ type: "email", status: "completed", completed_at: at, payload, delivery: reports.length === 0 ? null : { state: reports[0].state, at, recipients: reports.map((report) => ({ at, ...report })) } });
const fate = (/** @type {any} */ row, more = {}) => fateOf(row, { now: NOW, ...more });

test("a report counts for the recipient whom it names", () => {
  const bobs = completed([{ address: "bob@example.com", state: "delivered" }]);
  assert.equal(fate(bobs, { address: "bob@example.com" }).text, "delivered 1 h ago");
  assert.equal(fate(bobs, { address: "ann@example.com" }).text, "accepted by the provider 1 h ago; no report since about this address");
  assert.equal(fate(bobs).text, "delivered: 1 of 2 recipients, 1 h ago");
  const both = completed([{ address: "bob@example.com", state: "delivered" }, { address: "ann@example.com", state: "bounced" }]);
  assert.match(fate(both, { address: "Ann@example.com" }).text, /^bounced/);
});

test("the one report of a mail to one, or of an erased one, is its report", () => {
  assert.equal(fate(completed([{ address: "ann@example.com", state: "delivered" }], { to: "ann@example.com" })).text, "delivered 1 h ago");
  assert.equal(fate({ ...completed([{ state: "delivered" }]), payload: null }, { address: "ann@example.com" }).text, "delivered 1 h ago");
});

test("a complaint is not lost among several recipients", () => {
  const row = completed([{ address: "bob@example.com", state: "delivered", complained_at: at }, { address: "ann@example.com", state: "delivered" }]);
  assert.deepEqual(fate(row), { state: "complained", text: "delivered: 2, marked as spam: 1 of 2 recipients, 1 h ago" });
});

test("a mail was stopped by an entry that was there, and concerns it", () => {
  const row = { type: "email", status: "failed", completed_at: at, topic: null, error: { reason: "suppressed" } };
  const entry = (/** @type {string} */ since, more = {}) => ({ reason: "manual", topic: null, since, ...more });
  const because = (/** @type {any[]} */ ...suppressed) => fate(row, { suppressed }).text;
  assert.match(because(entry("2026-11-27T10:00:00Z")), /on the suppression list \(manual\)/);
  for (const other of [entry("2026-11-27T11:30:00Z"), entry("2026-11-27T10:00:00Z", { topic: "news" }), entry("2026-11-27T10:00:00Z", { reason: "unsubscribe" })]) {
    assert.match(because(other), /each recipient was on the suppression list$/);
  }
});

test("what holds a mail up: the queue, its sender's domain, a provider that is silent", () => {
  const stats = { paused: null, cooldown: null, unknown_in_a_row: 0, paused_domains: [{ domain: "shop.example", since: at, reason: "dns" }] };
  const row = { payload: { from: "Shop <mail@Shop.example>" } };
  assert.equal(holdText(stats, row, NOW), "mail from shop.example is paused since 1 h: dns");
  assert.equal(holdText(stats, { payload: { from: "mail@other.example" } }, NOW), null);
  assert.match(holdText({ ...stats, paused: { since: at, reason: "all" } }, row, NOW) ?? "", /^the queue is paused/);
  assert.match(holdText({ ...stats, paused_domains: [], unknown_in_a_row: 3 }, row, NOW) ?? "", /did not answer the last 3 requests/);
});

test("an address is masked in quotes, too, and no member of an object is lost", () => {
  assert.equal(maskedText('"ann smith"@example.com, "Ann" <ann@example.com>'), '***@example.com, "Ann" <a***@example.com>');
  assert.equal(maskedText('\\"ann smith"@example.com "no"@'), '\\***@example.com ***@');
  assert.equal(maskedText("ann@example.com., 😀nn@example.com @home a@"), "a***@example.com., 😀***@example.com @home a@");
  assert.deepEqual(masked({ "ann@example.com": 1, "adam@example.com": 2 }), { "a***@example.com": 1, "a***@example.com (2)": 2 });
});

test("what is masked is read once: a mail may have ten million characters without a space", () => {
  const script = `import { maskedText } from ${JSON.stringify(new URL("../../src/js/operate/mask.js", import.meta.url).href)};
    for (const part of ["x", '\\\\"', '"@', "a@", "@"]) maskedText(part.repeat(1e6) + '"@');
    console.log("done");`;
  // One that reads each run from each of its characters takes hours.
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", timeout: 120_000 });
  assert.equal(stdout, "done\n");
});

test("the provider's words may end with a stop", () => {
  assert.equal(sentence({ state: "bounced", text: "bounced: the address is gone for good." }), "Bounced: the address is gone for good.");
  assert.equal(sentence({ state: "sent", text: "accepted" }), "Accepted.");
});

test("a time is one of the calendar, and a span is one that can be waited for", () => {
  assert.equal(timeFrom("since", "2026-01-31"), "2026-01-31T00:00:00.000Z");
  // As audit, runs and show print it: UTC, wherever this machine is.
  const { TZ } = process.env;
  process.env.TZ = "America/New_York";
  try {
    assert.equal(new Date(2026, 0).getTimezoneOffset(), 300);
    assert.equal(timeFrom("since", "2026-01-31 17:52:12"), "2026-01-31T17:52:12.000Z");
    assert.equal(timeFrom("since", "2026-01-31T17:52"), "2026-01-31T17:52:00.000Z");
    for (const zoned of ["2026-01-31 17:52:12+05:30", "2026-01-31T17:52:12 +0530", "2026-01-31t12:22:12z", "2026-01-31 12:22:12.0000+00"]) assert.equal(timeFrom("since", zoned), "2026-01-31T12:22:12.000Z", zoned);
  } finally {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  }
  for (const wrong of ["2026-02-31", "999999w", "yesterday", "2026-01-31 (noon)", "2026-01-31 12:00 EST", "2026-01-31 25:00"]) assert.throws(() => timeFrom("since", wrong), /--since must be a time/);
  assert.equal(secondsFrom("interval", "1h", 3600), 3600);
  for (const wrong of ["2h", "0s", "1x"]) assert.throws(() => secondsFrom("interval", wrong, 3600), /--interval must be a time of at most 1 h/);
});

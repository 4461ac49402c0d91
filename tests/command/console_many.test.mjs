// The console with ten thousand messages of every state: each page by key, each conclusion, and each action on what it may be done to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fillStates, SHARES } from "../../scripts/lib/bench/states.mjs";
import { lite, sql } from "./support/operator.mjs";
import { skip, startConsole, visit } from "./support/browsing.mjs";

const COUNT = 10_000;
const console_ = await startConsole();
const many = (/** @type {string} */ kind) => Number(SHARES[kind]) * COUNT / 100;
/** Some messages of a kind, the newest first; the numbers are those of the fill. @param {string} kind */
const addressOf = (kind) => `user-${COUNT - 100 + FIRST[kind]}@customer.example`;
/** @type {Record<string, number>} */
const FIRST = { pending: 0, scheduled: 2, retrying: 3, processing: 4, frozen: 5, rejected: 6, exhausted: 7, unknown_outcome: 8, not_accepted: 9, expired: 10, suppressed: 11, cancelled: 12,
  "email.bounced": 13, "email.complained": 14, "email.delivery_delayed": 15, "email.suppressed": 16, "email.failed": 17, "email.delivered": 18, accepted: 60 };
const idOf = async (/** @type {string} */ address) => (await lite.rpc("email_queue_search", { p_filter: { recipient: address } })).messages[0].id;

/** @param {string} [at] */
async function open(at = "/") {
  await fillStates(sql, COUNT);
  return await visit(console_.url, { at });
}

/** Presses a button, and the one of its dialog. @param {any} page @param {string} name @param {string} confirm */
async function act(page, name, confirm) {
  await page.getByRole("button", { name, exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: confirm, exact: true }).click();
}

test("the fill breaks no invariant", { skip }, async () => {
  await fillStates(sql, COUNT);
  // An open message is in exactly one place, an ended one in none.
  const [{ misplaced, kinds }] = await sql`
    select count(*) filter (where (m.status is null)::integer <> (r.id is not null)::integer + coalesce(d.n, 0))::integer as misplaced, count(distinct (m.status, m.reason, r.attempts > 0, d.frozen))::integer as kinds
    from email_queue_private.message as m left join email_queue_private.ready as r on r.id = m.id
    left join (select u.id, count(*)::integer as n, bool_or(o.frozen) as frozen from email_queue_private.dispatch as o cross join lateral unnest(o.message_ids) as u(id) where o.settled_at is null group by u.id) as d on d.id = m.id`;
  assert.deepEqual([misplaced, kinds], [0, 12]);
});

test("the overview counts each state, by priority too, and what came back", { skip }, async () => {
  const { page, close } = await open();
  for (const [name, count] of Object.entries({ pending: many("pending"), scheduled: many("scheduled"), retrying: many("retrying"), processing: many("processing") + many("frozen"), frozen: many("frozen"), failed: 600, cancelled: many("cancelled") })) {
    await page.getByRole("link", { name: new RegExp(`^${count}\\s*${name}`) }).waitFor();
  }
  const rows = page.getByRole("region", { name: "email by priority" }).getByRole("row");
  await rows.nth(4).waitFor();
  assert.deepEqual((await rows.nth(1).getByRole("cell").allInnerTexts()).slice(0, 5), ["0 (first)", "50", "25", "25", "50"]);
  const facts = page.getByRole("region", { name: "Requests and delivery" });
  await facts.getByText("1.1 %").first().waitFor();
  assert.equal(await facts.locator(".badge.bad").count() >= 1, true, "more is marked as spam than the provider likes");
  await facts.getByText(/0 in the last minute; the limit is \d/).waitFor();
  await page.getByRole("img", { name: /^Left waiting by the runs: at most 49; at the end waiting \d+$/ }).waitFor();
  await page.getByRole("img", { name: /^In ten minutes: at most [\d,]+; at the end enqueued [\d,]+, accepted [\d,]+, retried [\d,]+, failed [\d,]+$/ }).waitFor();
  await close();
});

test("each message says what happened, whatever that was", { skip }, async () => {
  const { page, go, close } = await open("/messages");
  const words = { pending: /^waits since/, scheduled: /^is to be sent in/, retrying: /^is tried again in .* after 1 of 15 attempts: The to field is invalid/, processing: /^is being sent$/, frozen: /^waits for its replay, next in .*; it may have been sent/,
    rejected: /^rejected .*: The to field is invalid/, exhausted: /^given up .* after 1 attempts/, unknown_outcome: /^may have been sent/, not_accepted: /^not sent .*: the provider does not have it/, expired: /^expired: its time was over/,
    suppressed: /^not sent .*: each recipient was on the suppression list/, cancelled: /^cancelled/, "email.bounced": /^bounced/, "email.complained": /^delivered, and marked as spam/, "email.delivery_delayed": /^delayed by the receiving server/,
    "email.suppressed": /^suppressed by the provider/, "email.failed": /^the provider could not send it/, "email.delivered": /^delivered/, accepted: /^accepted by the provider .*; no report since/ };
  assert.deepEqual(Object.keys(words).sort(), Object.keys(SHARES).sort());
  for (const [kind, conclusion] of Object.entries(words)) {
    await go(`/messages?recipient=${encodeURIComponent(addressOf(kind))}`);
    await page.getByRole("main").getByRole("listitem").getByText(addressOf(kind), { exact: true }).waitFor();
    await page.getByRole("listitem").locator(".why").getByText(conclusion).waitFor();
    assert.equal(await page.getByRole("main").getByRole("listitem").count(), 1, kind);
  }
  await close();
});

test("each filter and each page is read by key, and none twice", { skip }, async () => {
  const { page, go, close } = await open("/messages");
  const list = page.getByRole("main").getByRole("listitem");
  for (const [filter, count] of Object.entries({ "status=pending": many("pending") + many("scheduled"), "status=processing": many("processing") + many("frozen"), "status=failed&reason=expired": many("expired"), "delivery=bounced": many("email.bounced"), "delivery=delayed": many("email.delivery_delayed"), "status=cancelled": many("cancelled") })) {
    const seen = new Set();
    for (let before; ;) {
      // Of the page that was asked for, not of one that is still shown.
      const answered = page.waitForResponse((/** @type {any} */ answer) => /api\/search/.test(answer.url()) && answer.request().postDataJSON().before === before
        && JSON.stringify(answer.request().postDataJSON().filter) === JSON.stringify(Object.fromEntries(new URLSearchParams(filter))));
      await (before === undefined ? go(`/messages?${filter}`) : page.getByRole("link", { name: "Older" }).click());
      const { messages, next } = await (await answered).json();
      if (messages.length > 0) await list.nth(messages.length - 1).getByText(messages.at(-1).to, { exact: true }).waitFor();
      for (const text of await list.locator(".strong").allInnerTexts()) seen.add(text);
      if (next === null) break;
      before = next;
    }
    assert.equal(seen.size, count, filter);
  }
  await close();
});

test("more than a thousand are redriven and discarded step by step, unless somebody stops it", { skip }, async () => {
  await fillStates(sql, COUNT);
  await sql`update email_queue_private.message set reason = 'rejected', status = 'failed', errors = null where id in (select id from email_queue_private.message where status = 'completed' order by id limit 2400)`;
  const { page, close } = await visit(console_.url, { at: "/dead-letters?reason=rejected" });
  const dialog = page.getByRole("dialog");
  const ask = async (/** @type {string} */ name, /** @type {string} */ confirm) => {
    await page.getByRole("button", { name, exact: true }).click();
    await dialog.getByText("the first 1,000 messages").waitFor();
    await dialog.getByText("The others follow, a thousand at a time.").waitFor();
    await dialog.getByRole("button", { name: confirm, exact: true }).click();
  };
  // The second step waits until somebody has seen the first.
  let seen = () => {};
  let calls = 0;
  await page.route("**/api/discard", async (/** @type {any} */ route) => {
    if (calls++ === 2) await new Promise((resolve) => (seen = () => resolve(undefined)));
    await route.continue();
  });
  await ask("Discard all matching", "Discard");
  await dialog.getByText("1,000 messages are gone so far …").waitFor();
  await dialog.getByRole("button", { name: "Stop" }).click();
  await dialog.waitFor({ state: "detached" });
  await Promise.all([page.waitForResponse(/api\/discard/), seen()]);
  const left = async () => Number((await sql`select count(*)::integer as n from email_queue_private.message where reason = 'rejected'`)[0].n);
  const all = 2400 + many("rejected");
  assert.equal(await left(), all - 2000, "what was under way was done, and no more");
  await sql`update email_queue_private.message set reason = 'rejected', status = 'failed', errors = null where id in (select id from email_queue_private.message where status = 'completed' order by id limit 1000)`;
  await ask("Redrive all matching", "Redrive");
  await dialog.getByText(`${(all - 1000).toLocaleString("en")} messages will be sent again.`).waitFor();
  assert.equal(await left(), 0);
  await close();
});

test("a preview gets past more than a thousand that are refused", { skip }, async () => {
  await fillStates(sql, COUNT);
  await sql`update email_queue_private.message set reason = 'suppressed', status = 'failed', errors = null where id in (select id from email_queue_private.message where status = 'completed' order by id limit 1500)`;
  const [{ stays, goes }] = await sql`select count(*) filter (where reason = 'suppressed')::integer as stays, count(*) filter (where reason = 'rejected')::integer as goes from email_queue_private.message`;
  assert(stays >= 1500 && goes > 0);
  const { page, close } = await visit(console_.url, { at: "/dead-letters" });
  await page.getByRole("button", { name: "Redrive all matching" }).click();
  await page.getByRole("dialog").getByText(/^[1-9]\d* messages? would be sent again|^at least [1-9]/).waitFor();
  await close();
});

test("each action is offered where it can be done, and says why not elsewhere", { skip }, async () => {
  const { page, go, close } = await open();
  const can = { pending: ["Cancel"], scheduled: ["Cancel"], retrying: ["Cancel"], processing: [], frozen: [], rejected: ["Redrive", "Discard", "Erase"], exhausted: ["Redrive", "Discard", "Erase"], unknown_outcome: ["Redrive", "Discard", "Erase"], not_accepted: ["Redrive", "Discard", "Erase"],
    expired: ["Redrive", "Discard", "Erase"], suppressed: ["Redrive", "Discard", "Erase"], cancelled: ["Erase"], "email.bounced": ["Erase"], "email.delivered": ["Erase"], accepted: ["Erase"] };
  for (const [kind, names] of Object.entries(can)) {
    await go(`/message/${await idOf(addressOf(kind))}`);
    await page.getByText(`Order ${COUNT - 100 + FIRST[kind]}`, { exact: true }).first().waitFor();
    const enabled = [];
    for (const name of ["Cancel", "Redrive", "Discard", "Erase"]) if (await page.getByRole("button", { name, exact: true }).isEnabled()) enabled.push(name);
    assert.deepEqual(enabled, names, kind);
  }
  const done = { pending: ["Cancel", "Cancel the message", "cancelled"], retrying: ["Cancel", "Cancel the message", "cancelled"], expired: ["Redrive", "Redrive", "pending"], exhausted: ["Redrive", "Redrive", "pending"], unknown_outcome: ["Redrive", "Redrive", "pending"], rejected: ["Discard", "Discard", null] };
  for (const [kind, [name = "", confirm = "", status]] of Object.entries(done)) {
    const id = await idOf(addressOf(kind));
    await go(`/message/${id}`);
    await page.getByText(`Order ${COUNT - 100 + FIRST[kind]}`, { exact: true }).first().waitFor();
    await act(page, String(name), String(confirm));
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal((await lite.rpc("email_queue_get", { p_id: id }))?.status ?? null, status, kind);
  }
  await close();
});

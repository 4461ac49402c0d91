// Each action of the console in a browser: what it asks first, what it does, and what the audit says of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, enqueue, lite, loseAnswer, reject, sql } from "./support/operator.mjs";
import { examine, skip, startConsole, visit } from "./support/browsing.mjs";

const [acting, looking] = await Promise.all([startConsole(), startConsole({ "read-only": true })]);
const statusOf = async (/** @type {string} */ id) => (await lite.rpc("email_queue_get", { p_id: id }))?.status ?? null;
/** The last change. */
const noted = async () => {
  const [{ actor, action, messages }] = await lite.rpc("email_queue_audit", { p_limit: 1 });
  return [actor, action, messages];
};

/** Presses a button, and the one of its dialog. @param {any} page @param {string | RegExp} name @param {string} confirm @param {(dialog: any) => Promise<unknown>} [meanwhile] */
async function act(page, name, confirm, meanwhile) {
  await page.getByRole("button", { name, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  assert.deepEqual(await examine(page), []);
  await meanwhile?.(dialog);
  await dialog.getByRole("button", { name: confirm, exact: true }).click();
  return dialog;
}

test("a message that waits is cancelled, and then erased", { skip }, async () => {
  const id = await enqueue();
  const { page, close } = await visit(acting.url, { at: `/message/${id}` });
  await act(page, "Cancel", "Cancel the message");
  await page.getByText(/^Cancelled \d+ s ago\.$/).waitFor();
  assert.deepEqual([await statusOf(id), await noted()], ["cancelled", ["tester", "cancel", 1]]);
  assert.equal(await page.getByRole("button", { name: "Cancel", exact: true }).isDisabled(), true);
  await page.getByText("cancel: ", { exact: false }).first().waitFor();
  await act(page, "Erase", "Erase");
  await page.getByRole("heading", { name: "Payload" }).waitFor({ state: "detached" });
  assert.equal((await lite.rpc("email_queue_get", { p_id: id })).payload, null);
  assert.deepEqual(await noted(), ["tester", "erase", 1]);
  await close();
});

test("a dead letter is sent again, or is gone", { skip }, async () => {
  const [one, other] = [await enqueue(), await enqueue()];
  for (const _ of [one, other]) await reject();
  const { page, go, close } = await visit(acting.url, { at: `/message/${one}` });
  await act(page, "Redrive", "Redrive");
  await page.getByText(/^Waits since/).waitFor();
  assert.deepEqual([await statusOf(one), await noted()], ["pending", ["tester", "redrive", 1]]);
  await go(`/message/${other}`);
  await act(page, "Discard", "Discard");
  await page.getByText("There is no such message").waitFor();
  assert.deepEqual([await statusOf(other), await noted()], [null, ["tester", "discard", 1]]);
  await go("/message/abc");
  await page.getByText("This is not the id of a message").waitFor();
  await close();
});

test("a mail that may have been sent is sent again only by those who read that it may come twice", { skip }, async () => {
  const id = await enqueue();
  await loseAnswer("fail");
  await sql`update email_queue_private.message set reason = 'unknown_outcome' where id = ${id}`;
  const { page, close } = await visit(acting.url, { at: `/message/${id}` });
  await act(page, "Redrive", "Redrive", (dialog) => dialog.getByText("the recipient may get it twice").waitFor());
  await page.getByText(/^Waits since/).waitFor();
  await close();
});

test("dead letters are redriven: those selected, then all that match, after a count", { skip }, async () => {
  const ids = [];
  for (let n = 0; n < 4; n++) {
    ids.push(await enqueue(`user${n}@example.com`, { metadata: { order: n % 2 } }));
    await reject();
  }
  const { page, close } = await visit(acting.url, { at: "/dead-letters" });
  await page.getByText("user0@example.com").waitFor();
  assert.equal(await page.getByRole("button", { name: "Redrive selected (0)" }).isDisabled(), true);
  // One that another takes is no longer counted.
  const taken = await enqueue("taken@example.com");
  await reject();
  for (const who of ["taken@example.com", "user0@example.com"]) await page.getByRole("listitem").filter({ hasText: who }).getByRole("checkbox").check();
  await lite.rpc("email_queue_discard", { p_ids: [taken] });
  const first = await act(page, "Redrive selected (1)", "Redrive", (dialog) => dialog.getByText("1 message would be sent again").waitFor());
  await first.getByText("1 message will be sent again.").waitFor();
  await first.getByRole("button", { name: "Close" }).click();
  await page.getByText("user0@example.com").waitFor({ state: "detached" });
  assert.deepEqual(await Promise.all(ids.map(statusOf)), ["pending", "failed", "failed", "failed"]);
  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByLabel("Metadata").fill('{"order": 1}');
  await page.keyboard.press("Enter");
  await page.getByText("user2@example.com").waitFor({ state: "detached" });
  const all = await act(page, "Redrive all matching", "Redrive", (dialog) => dialog.getByText("2 messages would be sent again").waitFor());
  await all.getByText("2 messages will be sent again.").waitFor();
  assert.deepEqual(await Promise.all(ids.map(statusOf)), ["pending", "pending", "failed", "pending"]);
  await all.getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "Clear" }).click();
  await page.getByText("user2@example.com").waitFor();
  await page.getByRole("button", { name: "Select all shown" }).click();
  const gone = await act(page, "Discard selected (1)", "Discard", (dialog) => dialog.getByText("1 message would be gone").waitFor());
  await gone.getByText("1 message is gone.").waitFor();
  assert.equal(await statusOf(String(ids[2])), null);
  await close();
});

test("a filter with a fault changes nothing, and a page after the last does not deny the first", { skip }, async () => {
  await enqueue();
  await reject();
  const { page, go, close } = await visit(acting.url, { at: `/dead-letters?reason=rejected&metadata=${encodeURIComponent("{order:7}")}` });
  await page.getByText("Metadata is not JSON").waitFor();
  for (const name of ["Redrive all matching", "Discard all matching"]) assert.equal(await page.getByRole("button", { name }).isDisabled(), true, name);
  const id = await enqueue("ann@example.com");
  await lite.rpc("email_queue_suppress", { p_address: "ann@example.com" });
  await go(`/messages?recipient=ann@example.com&before=${id.replace(/^.{8}/, "00000000")}`);
  await page.getByText("No older message fits").waitFor();
  await page.getByText(/ann@example\.com is on the suppression list/).waitFor();
  await close();
});

test("what a dialog has counted is what it acts on, also where the page is soon about something else", { skip }, async () => {
  const ids = [];
  for (let n = 0; n < 3; n++) {
    ids.push(await enqueue(`user${n}@example.com`, { metadata: { group: n === 0 ? "a" : "b" } }));
    await reject();
  }
  const at = (/** @type {string} */ group) => `/dead-letters?metadata=${encodeURIComponent(JSON.stringify({ group }))}`;
  const { page, go, close } = await visit(acting.url, { at: at("a") });
  const dialog = page.getByRole("dialog");
  await page.getByText("user0@example.com").waitFor();
  await go(at("b"));
  await page.getByText("user2@example.com").waitFor();
  await page.getByRole("button", { name: "Discard all matching" }).click();
  await dialog.getByText("2 messages would be gone").waitFor();
  // The browser's way back is open beside a dialog.
  await page.goBack();
  await page.getByText("user0@example.com").waitFor();
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(await Promise.all(ids.map(statusOf)), ["failed", "failed", "failed"]);

  // A dialog that was closed before its answer came stays closed.
  let answer = () => {};
  const held = new Promise((resolve) => (answer = () => resolve(undefined)));
  await page.route("**/api/discard", async (/** @type {any} */ route) => (await held, await route.continue()));
  await page.getByRole("button", { name: "Discard all matching" }).click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await Promise.all([page.waitForResponse(/api\/discard/), answer()]);
  await page.evaluate(() => fetch("/icon.svg").then((icon) => icon.text()));
  assert.equal(await dialog.count(), 0);
  await close();
});

test("a dialog of one domain does not become another's", { skip }, async () => {
  for (const p_domain of ["a.example", "b.example"]) await lite.rpc("email_queue_pause", { p_reason: "its DNS", p_domain });
  const { page, close } = await visit(acting.url);
  const paused = (/** @type {string} */ domain) => page.getByText(`${domain} is paused: its DNS`, { exact: true });
  await page.getByRole("status").filter({ has: paused("b.example") }).getByRole("button", { name: "Resume" }).click();
  await page.getByRole("heading", { name: "Resume b.example?" }).waitFor();
  await lite.rpc("email_queue_resume", { p_domain: "a.example" });
  await paused("a.example").waitFor({ state: "detached" });
  await page.getByRole("dialog", { name: "Resume b.example?" }).getByRole("button", { name: "Resume" }).click();
  await paused("b.example").waitFor({ state: "detached" });
  await close();
});

test("the queue and a sender's domain are paused and resumed", { skip }, async () => {
  const { page, close } = await visit(acting.url);
  await act(page, "Pause the queue", "Pause the queue", (dialog) => dialog.getByLabel("Why").fill("moving house"));
  await page.getByText("The queue is paused: moving house", { exact: true }).waitFor();
  assert.equal((await lite.rpc("email_queue_stats")).paused.reason, "moving house");
  await act(page, "Resume", "Resume");
  await page.getByText("The queue is paused: moving house", { exact: true }).waitFor({ state: "detached" });
  assert.deepEqual([(await lite.rpc("email_queue_stats")).paused, (await noted())[1]], [null, "resume"]);
  await act(page, "Pause the queue", "Pause the queue", async (dialog) => {
    await dialog.getByLabel("Why").fill("its DNS");
    await dialog.getByLabel(/minutes/).fill("5");
    await dialog.getByLabel(/Only this sender domain/).fill("shop.example");
  });
  await page.getByText("shop.example is paused: its DNS", { exact: true }).waitFor();
  await act(page, "Resume", "Resume");
  await page.getByText("shop.example is paused: its DNS", { exact: true }).waitFor({ state: "detached" });
  await close();
});

test("an address is suppressed, and taken off the list", { skip }, async () => {
  const { page, close } = await visit(acting.url, { at: "/suppression" });
  await act(page, "Suppress an address", "Suppress", async (dialog) => {
    await dialog.getByLabel("Address").fill("ann@example.com");
    await dialog.getByLabel("Note").fill("asked by phone");
  });
  await page.getByText("asked by phone").waitFor();
  assert.equal((await lite.rpc("email_queue_suppressions", { p_filter: { address: "ann@example.com" } })).length, 1);
  await act(page, "Take off", "Take off");
  await page.getByText("No address is suppressed").waitFor();
  assert.deepEqual([await lite.rpc("email_queue_suppressions"), (await noted())[1]], [[], "unsuppress"]);
  await close();
});

test("a setting is changed, and one that cannot be is explained", { skip }, async () => {
  const { page, close } = await visit(acting.url, { at: "/settings" });
  const change = page.getByRole("listitem").filter({ hasText: "rate_limit" }).getByRole("button", { name: "Change" });
  await change.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Value").fill("-1");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("must be a number of requests a second").waitFor();
  await dialog.getByLabel("Value").fill("5");
  // What is typed stays while the page looks again.
  await page.waitForResponse((response) => /settings/.test(response.url()) || /settings/.test(response.request().postData() ?? ""));
  await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))));
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual([(await lite.rpc("email_queue_configure")).rate_limit, await noted()], [5, ["tester", "configure", null]]);
  await close(/422/);
});

test("a console that can only look has no button that acts", { skip }, async () => {
  const id = await enqueue();
  await reject();
  await lite.rpc("email_queue_suppress", { p_address: "bob@example.com" });
  const { page, go, close } = await visit(looking.url, { at: `/message/${id}` });
  const acts = /^(Cancel|Redrive.*|Discard.*|Erase|Pause the queue|Resume|Take off|Suppress an address|Change)$/;
  for (const [at, words] of [[`/message/${id}`, "What happened"], ["/", "The last six hours"], ["/dead-letters", "ann@example.com"], ["/suppression", "bob@example.com"], ["/settings", "rate_limit"]]) {
    await go(String(at));
    await page.getByText(String(words)).first().waitFor();
    await page.getByRole("button", { name: acts }).first().waitFor();
    const buttons = await page.getByRole("button", { name: acts }).all();
    for (const button of buttons) assert.equal(await button.isDisabled(), true, at);
  }
  await page.getByText("read only").waitFor();
  await close();
});

test("the id of a message leads to it", { skip }, async () => {
  const id = await enqueue();
  await accept();
  const { page, close } = await visit(acting.url);
  await page.getByLabel("Recipient, subject or id").fill(id.toUpperCase());
  await page.keyboard.press("Enter");
  await page.getByText(/^Accepted by the provider/).waitFor();
  assert.match(page.url(), new RegExp(`#/message/${id}$`));
  await page.getByRole("button", { name: "Copy the id" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), id);
  await close();
});

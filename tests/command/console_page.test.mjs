// The console's pages in a browser: what they show, on wide and narrow, light and dark screens, without a mouse, and what hostile mail does.
import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ROOT } from "../../scripts/lib/stack.mjs";
import { accept, claim, enqueue, lite, loseAnswer, reject, report, settle, sql } from "./support/operator.mjs";
import { examine, PHONE, skip, startConsole, visit, WIDE } from "./support/browsing.mjs";

const console_ = await startConsole();

/** A queue in which something of each kind has happened. */
async function fill() {
  const ids = /** @type {Record<string, string>} */ ({});
  ids.delivered = await enqueue("ann@example.com", {}, { subject: "Your invoice 1042", content: "<h1>Thank you</h1><p>Your invoice is attached.</p>", attachments: [{ filename: "invoice.txt", content: "QUJD" }] });
  await accept();
  await report(ids.delivered, "delivered");
  ids.bounced = await enqueue("bob@example.net", {}, { subject: "Welcome, Bob" });
  await accept();
  await report(ids.bounced, "bounced", { type: "Permanent", subtype: "NoEmail", text: "550 5.1.1 no such user" }, "bob@example.net");
  ids.rejected = await enqueue("carol@example.org", {}, { subject: "Reset your password" });
  await reject();
  ids.exhausted = await enqueue("dora@example.org", { max_attempts: 1 }, { subject: "Your order has left" });
  await settle(await claim(), { answer: "definite", rest: "retry", delay_ms: 1000, error: { class: "refused", status: 500, name: "internal_server_error", message: "try again" } });
  ids.frozen = await enqueue("emil@example.com", {}, { subject: "Your ticket" });
  await loseAnswer();
  ids.later = await enqueue("fay@example.com", { run_at: new Date(Date.now() + 3_600_000).toISOString(), metadata: { order: 7 } }, { subject: "A reminder" });
  ids.cancelled = await enqueue("gus@example.com", { delay_ms: 60_000 }, { subject: "A mistake" });
  await lite.rpc("email_queue_cancel", { p_id: ids.cancelled });
  ids.pending = await enqueue("hal@example.com", {}, { subject: "Your newsletter" });
  await sql`insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, counts)
    select gen_random_uuid(), case when n % 3 = 0 then 'wake' else 'schedule' end, now() - n * interval '5 minutes', now() - n * interval '5 minutes', now() - n * interval '5 minutes' + interval '2 seconds', 'empty',
      jsonb_build_object('claimed', 40 + n * 7 % 50, 'accepted', 40 + n * 7 % 50 - n % 4, 'retried', n % 3, 'failed', n % 2) from generate_series(1, 60) as n`;
  return ids;
}

test("the token leaves the address bar, stays in the tab, and is in no other", { skip }, async () => {
  const { page, close, context } = await visit(console_.url);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  assert.doesNotMatch(page.url(), /token/);
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByText("open the address that the command has printed").waitFor();
  await close(/401/);
});

test("what the opener opens is a page that knows the token", { skip }, async () => {
  const { opener } = await startConsole();
  const { page, close } = await visit(opener);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  assert.doesNotMatch(page.url(), /code|token/);
  await close();
});

test("did Ann get her mail? Three inputs answer", { skip }, async () => {
  await fill();
  const { page, close } = await visit(console_.url);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("ann@example.com");
  await page.keyboard.press("Enter");
  await page.getByText(/^delivered \d+ s ago$/).waitFor();
  assert.match(page.url(), /#\/messages\?recipient=ann%40example.com$/);
  await page.getByLabel("Recipient", { exact: true }).fill("bob@example.net");
  await page.keyboard.press("Enter");
  await page.getByText(/550 5\.1\.1 no such user/).first().waitFor();
  await page.getByText("bob@example.net is on the suppression list: bounce").waitFor();
  await page.getByLabel("Recipient", { exact: true }).fill("ann+x@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing was enqueued to ann+x@example.com").waitFor();
  await page.getByRole("link", { name: "ann@example.com" }).click();
  await page.getByText(/^delivered \d+ s ago$/).waitFor();
  await page.goBack();
  await page.getByText("Nothing was enqueued to ann+x@example.com").waitFor();
  await close();
});

const PAGES = { overview: ["/", "The last six hours"], messages: ["/messages", "Your invoice 1042"], "dead-letters": ["/dead-letters", "Redrive all matching"], runs: ["/runs", "schedule"],
  suppression: ["/suppression", "bob@example.net"], settings: ["/settings", "rate_limit"], audit: ["/audit", "cancel"] };
/** Those that the documents show. */
const SHOWN = ["overview wide light", "message wide dark", "messages phone light", "dead-letters phone dark"];

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  for (const [width, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
    test(`each page can be read, ${width} and ${scheme}`, { skip }, async () => {
      const ids = await fill();
      const { page, go, close } = await visit(console_.url, { viewport, scheme });
      const pages = { ...PAGES, message: [`/message/${ids.delivered}`, "Thank you"] };
      for (const [name, [at = "", words]] of Object.entries(pages)) {
        await go(at);
        await page.getByRole("heading", { level: 1, name: name.replace("-", " "), exact: false }).waitFor();
        if (name === "message") await page.frameLocator("iframe").getByText("Thank you").waitFor();
        else await page.getByText(words).first().waitFor();
        if (name === "overview") {
          await page.getByRole("heading", { name: "E-mails" }).waitFor();
          assert.deepEqual(await page.getByRole("heading", { level: 2 }).allInnerTexts(), ["E-mails", "Requests and delivery", "The last six hours", "Last runs", "The doctor's findings", "Checks from outside"]);
        }
        assert.deepEqual(await examine(page), [], name);
        if (!SHOWN.includes(`${name} ${width} ${scheme}`)) continue;
        const folder = process.env.UPDATE_PICTURES ? path.join(ROOT, "docs/console") : path.join(ROOT, "target/console");
        fs.mkdirSync(folder, { recursive: true });
        await page.evaluate(() => scrollTo(0, 0));
        // The port is another one each time.
        await page.evaluate(() => document.querySelector(".target")?.replaceChildren("127.0.0.1:54321"));
        await page.screenshot({ path: path.join(folder, `${name}.png`), clip: { x: 0, y: 0, width: viewport.width, height: width === "wide" ? 560 : 700 } });
      }
      await close();
    });
  }
}

test("hostile mail runs nothing and asks for nothing", { skip }, async () => {
  // A hint makes the browser open a connection, which no list of requests shows.
  let connected = 0;
  const near = net.createServer((socket) => (connected++, socket.destroy())).listen(0, "127.0.0.1");
  await once(near, "listening");
  const at = `http://127.0.0.1:${/** @type {net.AddressInfo} */ (near.address()).port}/`;
  const hints = ["preconnect", "dns-prefetch", "prefetch", "preload", "modulepreload", "prerender", "icon", "manifest", "stylesheet"].map((rel) => `<link rel="${rel}" as="image" href="${at}${rel}"><LINK/rel=${rel} href="${at}${rel}">`).join("");
  const evil = `<img src=x onerror="top.ran=1;parent.ran=1"><script>top.ran=1;parent.ran=1</script><svg onload="top.ran=1"></svg>`;
  const content = `${evil}${hints}<meta http-equiv="x-dns-prefetch-control" content="on"><meta http-equiv="refresh" content="0;url=${at}refresh"><iframe srcdoc="${hints.replaceAll("<", "&lt;").replaceAll('"', "&quot;")}"></iframe><p>the mail itself</p><img src="https://track.evil.example/pixel.png"><link rel="stylesheet" href="https://css.evil.example/a.css"><style>@import url(https://import.evil.example/b.css);p{background:url(https://bg.evil.example/c.png)}</style>
    <iframe src="https://frame.evil.example/"></iframe><object data="https://object.evil.example/"></object><meta http-equiv="refresh" content="0;url=https://refresh.evil.example/"><base href="https://base.evil.example/">
    <a href="https://link.evil.example/" id="link">a link</a><form action="https://form.evil.example/"><button id="send">send</button></form><video src="https://video.evil.example/v.mp4" autoplay></video>`;
  const id = await enqueue(`"${evil.replaceAll('"', "'")}" <ann@example.com>`, { metadata: { [evil]: evil } }, { subject: evil, content, text: evil, headers: { "X-Evil": evil.replaceAll("\n", "") }, attachments: [{ filename: "evil.svg", content: btoa(evil) }] })
    .catch(async () => await enqueue("ann@example.com", { metadata: { [evil]: evil } }, { subject: evil, content, text: evil, attachments: [{ filename: "evil.svg", content: btoa(evil) }] }));
  await reject(evil);
  const { page, go, outside, context, faults } = await visit(console_.url, { hostile: true, at: `/message/${id}` });
  const ran = () => page.evaluate(() => /** @type {any} */ (globalThis).ran);
  const frame = page.frameLocator("iframe[title=\"The mail's HTML\"]");
  await frame.getByText("the mail itself").waitFor();
  await frame.locator("#link").click();
  await frame.locator("#send").click();
  await frame.getByText("the mail itself").waitFor();
  for (const place of ["/messages", "/dead-letters", "/", "/audit"]) {
    await go(place);
    // Its subject is shown as a text, or nothing was to be seen.
    if (place.length > 1 && place !== "/audit") await page.getByText(evil).first().waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await ran(), undefined, place);
  }
  assert.deepEqual([outside, faults, connected], [[], [], 0]);
  await go(`/message/${id}`);
  await page.getByRole("button", { name: "Load remote pictures" }).click();
  await page.getByRole("button", { name: "Without remote pictures" }).waitFor();
  await frame.getByText("the mail itself").waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual([...new Set(outside.map((url) => new URL(url).hostname))].sort(), ["bg.evil.example", "track.evil.example"], "pictures, as asked, and nothing else");
  assert.equal(connected, 0);
  near.close();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /Save evil\.svg/ }).click()]);
  assert.equal(file.suggestedFilename(), "evil.svg");
  assert.equal(await ran(), undefined);
  await context.close();
});

test("no mark turns the direction of what is read", { skip }, async () => {
  await enqueue("x@b.example", {}, { to: { name: "\u202eevil\u202e name", email: "x@b.example" }, subject: "\u2067gnp.exe\u2069" });
  const { page, close } = await visit(console_.url, { at: "/messages" });
  await page.getByText("gnp.exe").waitFor();
  assert.match(await page.getByRole("main").innerText(), /evil name <x@b\.example>/);
  assert.doesNotMatch(await page.content(), /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  await close();
});

test("the function is called when somebody asks for it, and not again", { skip }, async () => {
  const { page, close } = await visit(console_.url);
  let calls = 0;
  page.on("request", (/** @type {any} */ request) => void (/api\/examine/.test(request.url()) && request.postDataJSON().call && calls++));
  const examined = () => page.waitForResponse(/api\/examine/);
  await Promise.all([examined(), page.getByRole("button", { name: "Call the function, too" }).click()]);
  await page.getByRole("button", { name: "Live: hold" }).click();
  await Promise.all([page.waitForResponse(/api\/overview/), page.getByRole("button", { name: "Paused: follow again" }).click()]);
  await page.getByRole("button", { name: "Pause the queue" }).click();
  await page.getByRole("dialog").getByLabel("Why").fill("a look");
  await page.getByRole("dialog").getByRole("button", { name: "Pause the queue" }).click();
  await page.getByText("The queue is paused: a look", { exact: true }).waitFor();
  assert.equal(calls, 1);
  await Promise.all([examined(), page.getByRole("button", { name: "Check from outside again" }).click()]);
  assert.equal(calls, 1);
  await close();
});

test("the page follows the queue, unless it is held or nobody looks", { skip }, async () => {
  const { page, close } = await visit(console_.url, { at: "/runs", clock: true });
  await page.getByText("There was no run yet").waitFor();
  // The answer is there, so that the next look is planned, or is not.
  const planned = () => page.evaluate(() => fetch("/icon.svg").then((answer) => answer.text()));
  const asked = async (/** @type {boolean} */ does) => {
    // A request of before counts no more.
    await planned();
    let count = 0;
    const note = (/** @type {any} */ request) => void (/api\/runs/.test(request.url()) && count++);
    page.on("request", note);
    await page.clock.fastForward(60_000);
    if (does) await page.waitForResponse(/api\/runs/);
    await planned();
    page.off("request", note);
    assert.equal(count > 0, does);
  };
  await asked(true);
  await page.getByRole("button", { name: "Live: hold" }).click();
  await asked(false);
  // It looks at once; what is asked for meanwhile is the same look.
  await Promise.all([page.waitForResponse(/api\/runs/), page.getByRole("button", { name: "Paused: follow again" }).click()]);
  await planned();
  await asked(true);
  const hide = (/** @type {boolean} */ hidden) => page.evaluate((/** @type {boolean} */ is) => {
    Object.defineProperty(document, "hidden", { value: is, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await hide(true);
  await asked(false);
  await Promise.all([page.waitForResponse(/api\/runs/), hide(false)]);
  await close();
});

test("who is quicker than the page loses nothing", { skip }, async () => {
  const { page, go, release, close } = await visit(console_.url, { late: true });
  await go("/runs");
  await page.getByRole("heading", { name: "Runs" }).waitFor();
  await release();
  await page.keyboard.press("/");
  await page.keyboard.type("ann@example.com");
  assert.equal(await page.getByLabel("Recipient, subject or id").inputValue(), "ann@example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Messages" }).waitFor();
  await go("/settings");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await release();
  await page.getByRole("listitem").filter({ hasText: "rate_limit" }).getByRole("button", { name: "Change" }).click();
  const value = page.getByRole("dialog").getByLabel("Value");
  await value.fill("7");
  await release();
  // What was released runs after what is asked for here.
  await page.evaluate(() => new Promise((done) => void setTimeout(done, 0)));
  assert.equal(await value.inputValue(), "7");
  await close();
});

test("a console that has ended says so, and how to start it again", { skip }, async () => {
  const { page, context } = await visit(console_.url, { hostile: true });
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await context.route("**/api/**", (/** @type {any} */ route) => route.abort());
  await page.getByText("the console does not answer").first().waitFor();
  await page.getByText("Start it again: email-queue console").first().waitFor();
  await context.close();
});

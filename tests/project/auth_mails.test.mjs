// The built-in mails of Supabase Auth in a browser, as a phone shows them, light and dark. The screenshots are in target/auth-mails.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { ROOT, migrate, stopAll, tempFolder } from "../../scripts/lib/stack.mjs";
import { TYPES, authEvent, callHook } from "./support/auth_events.mjs";
import { skip, startBrowser } from "./support/browser.mjs";
import { over } from "./support/calls.mjs";
import { inSession, startProject } from "./support/world.mjs";

const PHONE = { width: 320, height: 640 };
/** As long as they come. */
const ADDRESS = `${"abcdefghij".repeat(6)}abcd@${"customer".repeat(7)}.example`;
const CODE = "1234567890";
/** WCAG 2, level AA, for text of any size. */
const CONTRAST = 4.5;

const folder = tempFolder("browser");
/** @type {any} */
let browser;
/** @type {Map<string, {subject: string, content: string}>} */
const mails = new Map();

before(async () => {
  if (skip) return;
  const postgres = await startProject(15);
  await migrate(postgres.url);
  await inSession(postgres.url, async (sql) => {
    await over(sql)("email_queue_configure", { p_settings: { default_sender: "Shop <shop@a.example>" } });
    for (const type of [...Object.keys(TYPES), "email"]) {
      const tokens = TYPES[type]?.code === false ? {} : { token: CODE };
      const user = { email: ADDRESS, new_email: ADDRESS };
      await sql.begin(async (/** @type {any} */ sign) => assert.deepEqual(await callHook(sign, authEvent(type, tokens, user)), {}));
      const [{ payload }] = await sql`select b.payload from email_queue_private.message as m join email_queue_private.body as b on b.id = m.id where m.metadata ->> 'auth' = ${type}`;
      mails.set(type, payload);
    }
  });
  browser = await startBrowser(folder.path);
});
after(async () => {
  await browser?.close();
  await stopAll();
  folder.remove();
});

/** In the page: what is wider than it, and what cannot be read. */
const look = (/** @type {number} */ wanted) => {
  const parse = (/** @type {string} */ color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = (/** @type {string} */ color) => {
    const [r = 0, g = 0, b = 0] = parse(color).slice(0, 3).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (/** @type {any} */ element) => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (parse(backgroundColor)[3] !== 0) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const faults = [];
  let texts = 0;
  for (const element of document.querySelectorAll("body *")) {
    const { left, right } = element.getBoundingClientRect();
    if (left < 0 || right > innerWidth) faults.push(`${element.tagName} is from ${left} to ${right}`);
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())) continue;
    texts += 1;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    const contrast = (/** @type {number} */ (one) + 0.05) / (/** @type {number} */ (other) + 0.05);
    if (contrast < wanted) faults.push(`${element.className}: contrast ${contrast.toFixed(2)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} wide`);
  return { faults, texts, page: light(behind(document.body)) };
};

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`each mail can be read on a ${scheme} phone, and asks the network for nothing`, { skip }, async () => {
    const pictures = path.join(ROOT, "target/auth-mails");
    fs.mkdirSync(pictures, { recursive: true });
    const context = await browser.newContext({ viewport: PHONE, colorScheme: scheme });
    /** @type {string[]} */
    const asked = [];
    await context.route("**", (/** @type {any} */ route) => (asked.push(route.request().url()), route.abort()));
    for (const [type, { subject, content }] of mails) {
      const page = await context.newPage();
      await page.setContent(content);
      assert.equal(await page.title(), subject, type);
      const seen = await page.evaluate(look, CONTRAST);
      assert.deepEqual(seen.faults, [], type);
      assert.ok(seen.texts >= 3, type);
      assert.equal(seen.page > 0.5, scheme === "light", `${type}: the page is ${scheme}`);
      const { code, link } = TYPES[type] ?? { code: true, link: true };
      assert.equal(await page.locator(".code").isVisible(), code, `${type}: the code`);
      if (code) assert.equal(await page.locator(".code").innerText(), CODE, type);
      assert.equal(await page.locator("a.button").isVisible(), link, `${type}: the button`);
      await page.screenshot({ path: path.join(pictures, `${type}-${scheme}.png`), fullPage: true });
      await page.close();
    }
    assert.deepEqual(asked, []);
    await context.close();
  });
}

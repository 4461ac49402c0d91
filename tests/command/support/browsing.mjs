// The console in a browser, on the queue of operator.mjs. What its page asks for, and what fails in it, is noted.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { packageFolder, waitFor } from "../../../scripts/lib/stack.mjs";
// Of the package, which has the SQL that the doctor compares with.
import { run } from "../../../pkg/console/console.js";
import { stopAll } from "../../../pkg/local/processes.js";
import { skip, startBrowser } from "../../project/support/browser.mjs";
import { ENV, folder, lite } from "./operator.mjs";

export { skip };
export const WIDE = { width: 1100, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** @type {any} */
let browser;
before(async () => {
  if (!skip) browser = await startBrowser(folder.path);
});
after(async () => {
  await browser?.close();
  await stopAll();
});

/** As the command starts it. @param {Record<string, any>} [values] @returns {Promise<{url: string, opener: string}>} */
export async function startConsole(values = {}) {
  let url = "";
  const terminal = /** @type {any} */ ({ json: true, say: () => {}, print: (/** @type {string} */ text) => (url = JSON.parse(text).url) });
  return await new Promise((resolve, reject) => void run({ values: { as: "tester", ...values }, positionals: [], terminal, cwd: folder.path, env: ENV }, (opener) => resolve({ url, opener })).catch(reject));
}

/**
 * A tab that nobody else's storage reaches.
 * @param {string} url @param {{viewport?: object, scheme?: "light" | "dark", at?: string, hostile?: boolean, clock?: boolean, late?: boolean}} [how] at: the page; hostile: what a mail's policy blocks is no fault;
 *   clock: the test moves it; late: what the page does after it is painted waits until the test releases it
 */
export async function visit(url, { viewport = WIDE, scheme = "light", at = "/", hostile = false, clock = false, late = false } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: scheme, permissions: ["clipboard-read", "clipboard-write"] });
  /** @type {string[][]} */
  const [outside = [], faults = [], answers = []] = [[], [], []];
  const open = new Set();
  await context.route("**", (/** @type {any} */ route) => {
    const asked = route.request().url();
    if (new URL(asked).hostname === "127.0.0.1" || /^(data|blob):/.test(asked)) return void route.continue();
    outside.push(asked);
    return void route.abort();
  });
  if (clock) await context.clock.install();
  if (late) await context.addInitScript(holdAfterPaint);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("request", (/** @type {any} */ request) => open.add(request));
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (/** @type {any} */ request) => open.delete(request));
  page.on("pageerror", (/** @type {Error} */ error) => faults.push(error.message));
  page.on("dialog", (/** @type {any} */ dialog) => (faults.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("console", (/** @type {any} */ message) => message.type() === "error" && !hostile && faults.push(message.text()));
  page.on("response", async (/** @type {any} */ response) => answers.push(JSON.stringify(response.headers()) + await response.text().catch(() => "")));
  await page.goto(`${url}&to=${encodeURIComponent(at)}`);
  return {
    page, outside, faults, context,
    release: () => page.evaluate(() => /** @type {any} */ (globalThis).release()),
    /** @param {string} to */
    go: async (to) => {
      await page.evaluate((/** @type {string} */ place) => (location.hash = place), to);
    },
    /** Nothing failed, nothing left this machine, and the key came to nobody. @param {RegExp} [expected] faults */
    close: async (expected) => {
      // The next test empties the tables, which waits for no query.
      await page.evaluate(() => {
        Object.defineProperty(document, "hidden", { value: true });
        document.dispatchEvent(new Event("visibilitychange"));
      });
      await waitFor(async () => open.size === 0);
      assert.deepEqual(faults.filter((fault) => !expected?.test(fault)), []);
      assert.deepEqual(outside, []);
      assert(!answers.join("\n").includes(lite.secretKey), "the key was sent to the page");
      assert.deepEqual(await context.cookies(), []);
      await context.close();
    },
  };
}

/** In the page: Preact does what comes after a paint with the next frame, or after 100 ms. */
function holdAfterPaint() {
  const { setTimeout } = globalThis;
  /** @type {(() => void)[]} */
  const held = [];
  const hold = (/** @type {any} */ work) => held.push(work);
  Object.assign(globalThis, {
    requestAnimationFrame: hold,
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ ms, /** @type {any[]} */ ...rest) => ms === 100 ? hold(work) : setTimeout(work, ms, ...rest),
    release: () => {
      for (const work of held.splice(0)) work();
    },
  });
}

const axe = skip ? "" : fs.readFileSync(path.join(await packageFolder("console", "axe-core"), "axe.min.js"), "utf8");

/** What axe-core finds that is serious, and what is wider than the page. @param {any} page */
export async function examine(page) {
  // The page's policy lets nothing else run: the browser's own door does.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ["violations"], iframes: false }));
  const found = violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ { html }) => html.slice(0, 200)).join(" | ")}`);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} wide`] : []);
  return [...found, ...wider];
}

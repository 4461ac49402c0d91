// The console without a mouse, and for those who are quick.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enqueue, lite } from "./support/operator.mjs";
import { skip, startConsole, visit } from "./support/browsing.mjs";

const acting = await startConsole();
const statusOf = async (/** @type {string} */ id) => (await lite.rpc("email_queue_get", { p_id: id }))?.status ?? null;

test("all of it goes without a mouse", { skip }, async () => {
  const id = await enqueue();
  const { page, close } = await visit(acting.url);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  /** By the tabulator, as far as it takes. @param {string} name */
  const reach = async (name) => {
    for (let steps = 0; steps < 80; steps++) {
      await page.keyboard.press("Tab");
      const here = await page.evaluate(() => {
        const element = /** @type {HTMLElement} */ (document.activeElement);
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return { text: element === document.body ? "" : element.getAttribute("aria-label") ?? element.innerText, seen: outlineStyle !== "none" && outlineWidth !== "0px" };
      });
      if (!here.text?.includes(name)) continue;
      assert(here.seen, `the focus is not seen on ${name}`);
      return;
    }
    assert.fail(`${name} cannot be reached`);
  };
  await reach("Messages");
  await page.keyboard.press("Enter");
  await page.getByText("ann@example.com").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main", "a new page begins at its beginning");
  await reach("ann@example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await reach("Cancel");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await statusOf(id), "pending");
  // The focus comes back to the button.
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await reach("Cancel the message");
  await page.keyboard.press("Enter");
  await page.getByText(/^Cancelled \d+ s ago\.$/).waitFor();
  assert.equal(await statusOf(id), "cancelled");
  await close();
});

test("a dialog opens again at once, whichever way it was closed", { skip }, async () => {
  const id = await enqueue();
  const { page, close } = await visit(acting.url, { at: `/message/${id}` });
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  for (const way of ["by the Escape key", "by its button"]) {
    await dialog.waitFor();
    // In one go: the browser's own word that a dialog was closed comes later.
    const open = await page.evaluate(async (/** @type {string} */ closing) => {
      const shown = /** @type {any} */ (document.querySelector("dialog"));
      if (closing === "by its button") shown.querySelector("button").click();
      else shown.close();
      /** @type {any} */ ([...document.querySelectorAll("[aria-label=Actions] button")].find((button) => /** @type {any} */ (button).innerText === "Cancel")).click();
      // Such a word is there after two frames.
      for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
      return document.querySelectorAll("dialog[open]").length;
    }, way);
    assert.equal(open, 1, way);
  }
  await dialog.getByRole("button", { name: "Cancel the message" }).click();
  await page.getByText(/^Cancelled \d+ s ago\.$/).waitFor();
  assert.equal(await dialog.count(), 0);
  await close();
});

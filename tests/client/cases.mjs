// The shared cases of `cases/`, run over any QueueProvider of the package. `main.rs` runs the same.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { difference, filled } from "./pattern.mjs";

/** How long a step with `until` may take. */
const LIMIT_MS = 60_000;

const FOLDER = new URL("cases/", import.meta.url);

export const cases = readdirSync(FOLDER)
  .sort()
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")));

/** @param {import("../../pkg/index.js").QueueProvider} queue */
export async function runCase(queue, { steps }, { QueueError, type }) {
  const names = { type };
  for (const [number, step] of steps.entries()) {
    try {
      await take(queue, step, names, QueueError);
    } catch (error) {
      throw new Error(`step ${number}, ${step.call}: ${error.message}`, { cause: error });
    }
  }
}

async function take(queue, { call, with: given, as, gives, until, fails, sweeping }, names, QueueError) {
  const values = filled(given, names);
  if (fails) {
    await assert.rejects(async () => await queue[call](...values), (/** @type {any} */ error) => {
      assert(error instanceof QueueError, String(error));
      assert.deepEqual([error.code, error.field, error.retryable], ["invalid_input", fails, false]);
      return true;
    });
    return;
  }
  const expected = until ?? gives;
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    if (sweeping) await queue.dequeue({ types: [filled(sweeping, names)] });
    const answer = asJson(await queue[call](...values));
    if (as) names[as] = answer;
    const found = expected === undefined ? undefined : difference(expected, answer, names);
    if (!found) return;
    if (!until || Date.now() > end) throw new Error(`${found} in ${JSON.stringify(answer)}`);
    await sleep(20);
  }
}

/** With its Dates as the cases write times; what gives nothing gives null. */
const asJson = (answer) =>
  JSON.parse(JSON.stringify(answer ?? null, function (key, value) {
    return this[key] instanceof Date ? value.replace("Z", "+00:00") : value;
  }));

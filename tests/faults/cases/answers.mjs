// Each answer of the table of outcomes, to a first request and to a replay. What must come of it is in the fixture,
// which is written by hand from the documents.
import fs from "node:fs";
import assert from "node:assert/strict";
import { checkEnd, sent } from "../check.mjs";
import { PHASES, prepare, SHAPES } from "../scenario.mjs";

/** @type {{rows: Row[]}} */
const { rows } = JSON.parse(fs.readFileSync(new URL("../../fixtures/outcomes.json", import.meta.url), "utf8"));

/**
 * @typedef {object} Row
 * @property {number} status @property {string | null} [name] @property {string} [message] @property {string} [text] @property {boolean} [templated]
 * @property {number} [retry_after]
 * @property {Record<"single" | "batch", string>} first @property {Record<"single" | "batch", string>} replay
 */

/** @returns {import("../main.mjs").Case[]} */
export function answers() {
  const cases = [];
  // Nothing outside this range can come over HTTP as an answer.
  for (const row of rows.filter(({ status }) => status >= 200 && status < 600)) {
    for (const shape of /** @type {const} */ (["single", "batch"])) {
      for (const phase of Object.keys(PHASES)) {
        const outcome = row[phase === "first attempt" ? "first" : "replay"][shape];
        // Refused for its body although the same body was accepted: that provider does not exist.
        if (phase === "replay after acceptance" && /^(rejected|isolate)/.test(outcome)) continue;
        cases.push({
          group: `answers to a ${shape}, ${phase}`,
          name: `${row.status} ${row.name ?? "without a name"}${row.templated ? " (template)" : ""}${row.message ? " (test mode)" : ""}: ${outcome}`,
          seconds: 0.2,
          run: (/** @type {import("../support/place.mjs").Place} */ place) => answer(place, row, shape, phase, outcome),
        });
      }
    }
  }
  return cases;
}

/** @param {import("../support/place.mjs").Place} place @param {Row} row @param {"single" | "batch"} shape @param {string} phase @param {string} outcome */
async function answer(place, row, shape, phase, outcome) {
  const ids = await prepare(place, row.templated ? SHAPES[shape].map(withTemplate) : SHAPES[shape], phase);
  const worker = await place.worker();
  worker.provider.record(async (call) => (call.index === 0 ? reply(row) : await call.forward()));
  const run = await worker.run();
  const before = phase === "first attempt" ? 0 : 1;
  const accepted = phase === "replay after acceptance" ? 1 : 0;
  await checkPaused(place, run, outcome);
  if (outcome.startsWith("frozen")) {
    const open = await place.db.openDispatches();
    assert.deepEqual(open.map(({ frozen, message_ids }) => ({ frozen, members: message_ids.length })), [{ frozen: true, members: ids.length }]);
  }
  await place.recover();
  if (outcome.startsWith("frozen")) assert.equal(new Set(sent(place).map(({ key }) => key)).size, 1, "it keeps its key");

  const free = /free|misconfigured|throttled|isolate/.test(outcome);
  const end = outcome === "possibly sent"
    ? { status: "failed", reason: "unknown_outcome", accepted }
    : outcome === "rejected"
    ? { status: "failed", reason: "rejected", accepted: 0, attempts: before + 1 }
    : { attempts: before + (free ? 0 : 1) + 1 };
  await checkEnd(place, ids, { end, oneKey: /frozen|sent|rejected/.test(outcome), counted: !free });
}

/** The queue, or the sender's domain, pauses or cools down where the answer says so, and nothing else does. */
async function checkPaused(/** @type {import("../support/place.mjs").Place} */ place, /** @type {any} */ run, /** @type {string} */ outcome) {
  const [budget] = await place.db.sql`select paused_at is not null as paused, cooldown_until > clock_timestamp() as cooling from email_queue_private.budget`;
  const domains = await place.db.sql`select domain from email_queue_private.paused_domain`;
  assert.equal(budget.paused, /misconfigured queue|pause$/.test(outcome), `the queue is paused (stopped: ${run.stopped})`);
  assert.deepEqual(domains.map(({ domain }) => domain), /sender_domain/.test(outcome) ? ["shop.example"] : []);
  // A cooldown of one second may be over by now.
  if (/(30|43200)s$/.test(outcome)) assert.equal(budget.cooling, true, "nobody begins before the time that the provider named");
}

/** @param {Row} row */
function reply({ status, name, message = "The sandbox says no", text, retry_after: after }) {
  const headers = after === undefined ? {} : { "retry-after": String(after) };
  if (name === undefined) return { status, headers: { ...headers, "content-type": "text/html" }, body: text ?? "<h1>No</h1>" };
  const body = { statusCode: status, message, ...(name === null ? {} : { name }) };
  return { status, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

const withTemplate = (/** @type {any} */ { payload: { content: _, ...payload } }) => ({ payload: { ...payload, template: { id: "welcome" } } });

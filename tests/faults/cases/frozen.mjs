// A batch of a hundred whose answer was lost, and everything that happens in a company before it is replayed.
import assert from "node:assert/strict";
import { checkEnd, sent } from "../check.mjs";
import { prepare } from "../scenario.mjs";

const COUNT = 100;
const SEND_BEFORE_MS = 60_000;

/** @returns {import("../main.mjs").Case[]} */
export const frozen = () =>
  ["the provider had accepted it", "it had never arrived"].map((name) => ({
    group: "a frozen batch of a hundred",
    name: `${name}: cancel, redrive and erase refused, send_before past, another sender, a new process: replayed as it was`,
    seconds: 2,
    runs: "long",
    run: (place) => replayedAsItWas(place, name === "the provider had accepted it" ? "replay after acceptance" : "replay after loss"),
  }));

/** @param {import("../support/place.mjs").Place} place @param {string} phase */
async function replayedAsItWas(place, phase) {
  const messages = Array.from({ length: COUNT }, (_, n) => ({
    payload: { to: `user-${n}@customer.example`, subject: `Letter ${n}`, content: `<p>${n}</p>` },
    send_before: new Date(Date.now() + SEND_BEFORE_MS).toISOString(),
  }));
  const ids = await prepare(place, messages, phase);
  const [dispatch] = await place.db.openDispatches();
  const before = sent(place);
  assert.deepEqual(before.map(({ members }) => members), [ids], "one request with all hundred");
  assert.equal(dispatch.message_ids.length, COUNT);

  for (const id of [ids[0], ids[41], ids[99]]) {
    const reason = "it may have been sent: it waits for its replay";
    assert.deepEqual(await place.db.call("cancel", id), { id, result: "processing", reason });
    assert.deepEqual(await place.db.call("erase", id), { id, result: "processing", reason });
  }
  const { redriven, refused } = await place.db.call("redrive", ids.slice(0, 3));
  assert.deepEqual(redriven, []);
  assert.deepEqual(refused.map(({ reason }) => reason), Array(3).fill("it is processing, not failed"));
  const { discarded } = await place.db.call("discard", ids);
  assert.deepEqual(discarded, []);

  const [{ past }] = await place.db.sql`select bool_and(send_before < clock_timestamp()) as past from email_queue_private.message`;
  assert.equal(past, true, "their send_before has passed");
  await place.db.configure({ default_sender: "Another <another@other.example>", max_payload_bytes: 2048 });
  const worker = await place.worker();
  await worker.kill();
  await worker.start();
  // Others come meanwhile, of the same lane: they must not slip in.
  const [later] = await place.db.enqueue([{ payload: { from: "shop@shop.example", to: "late@customer.example", subject: "Late", text: "Late" }, priority: 0 }]);

  await place.db.resume();
  await worker.run();
  const replay = sent(place).filter(({ members }) => !members.includes(later)).slice(1);
  assert.deepEqual(replay, before, "the same path, bytes and key");
  const [row] = await place.db.sql`select count(*)::int as n from public.email_queue where status = 'completed' and attempts = 2`;
  assert.equal(row.n, COUNT);
  await checkEnd(place, [...ids, later]);
}

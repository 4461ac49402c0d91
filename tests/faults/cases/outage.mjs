// The provider answers nothing for an hour, with ten thousand messages in the queue and more coming.
import assert from "node:assert/strict";
import { checkEnd, sent } from "../check.mjs";

const BULK = 10_000;
const URGENT = 20;
const MINUTES = 60;
/** The requests that one run has open when the outage begins, and probes after waits of 1, 2, 4 … 256 s, then of five minutes. */
const HANDFUL = 4 + 9 + 11;

const down = {
  "503": async () => ({ status: 503, headers: { "content-type": "application/json" }, body: '{"statusCode":503,"name":"service_unavailable","message":"Try later"}' }),
  "no connection": async () => /** @type {const} */ ("close"),
};

/** @returns {import("../main.mjs").Case[]} */
export const outage = () =>
  Object.keys(down).map((how) => ({
    group: "an hour without the provider",
    name: `${BULK} messages, ${how}: at most ${HANDFUL} dispatches freeze, afterwards each is accepted once, sign-in mail first`,
    seconds: 30,
    run: (place) => hour(place, down[how]),
  }));

/** @param {import("../support/place.mjs").Place} place @param {import("../support/wire.mjs").Behaviour} behaviour */
async function hour(place, behaviour) {
  await place.reset();
  // As a project has it without any setting.
  await place.db.configure({ retry_base_ms: 30_000, retry_cap_ms: 3_600_000 });
  const bulk = await place.db.enqueue(Array.from({ length: BULK }, (_, n) => mail(`Newsletter ${n}`, 2)));
  const worker = await place.worker();
  worker.provider.record(behaviour);
  let most = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    await worker.run();
    const open = await place.db.openDispatches();
    most = Math.max(most, open.filter(({ frozen }) => frozen).length);
    await place.db.passTime("1 minute", false);
  }
  assert(most <= HANDFUL, `${most} dispatches were frozen`);
  const requests = sent(place).length;
  // Each is replayed seven times at most, by its backoff.
  assert(requests <= HANDFUL * 8, `${requests} requests within the hour`);
  assert.deepEqual(await place.db.lost(), []);
  const frozen = new Set((await place.db.openDispatches()).flatMap(({ message_ids }) => message_ids));

  // Somebody signs in just before the provider is back.
  const urgent = await place.db.enqueue(Array.from({ length: URGENT }, (_, n) => mail(`Your code ${n}`, 0)));
  worker.provider.mend();
  for (let run = 1; !(await place.db.isDrained()); run++) {
    // What froze early waits out its backoff: an hour, and a fifth of it more, at most.
    assert(run <= 90, "it does not drain");
    await worker.run();
    await place.db.passTime("1 minute", false);
  }
  const order = sent(place).flatMap(({ members }) => members).filter((id) => !frozen.has(id));
  // Every second dispatch comes from elsewhere until a few have been answered.
  const first = new Set(order.slice(0, URGENT + 30));
  assert(urgent.every((id) => first.has(id)), "sign-in mail goes before nearly all that had not begun");
  await checkEnd(place, [...bulk, ...urgent]);
}

const mail = (/** @type {string} */ subject, /** @type {number} */ priority) => ({
  payload: { to: "user@customer.example", subject, text: "Hello" },
  priority,
});

// All that a seed decides: who writes what, to whom, who is killed when, when the database crashes, when others use the rate.
import { Random } from "./random.mjs";

const DOMAINS = Array.from({ length: 12 }, (_, n) => `d${n}.example`);
const attachments = [{ filename: "bill.txt", content: "aGVsbG8=" }];

/**
 * @typedef {object} Plan
 * @property {object[][]} waves messages that are enqueued together
 * @property {{at: number, victim: number}[]} kills once so many are accepted, this process is killed
 * @property {number[]} doorKills once so many are accepted, the function that takes the provider's reports is killed
 * @property {number} crash once so many are accepted, PostgreSQL is stopped at once and started again
 * @property {number[]} crowds once so many are accepted, somebody else of the team uses the whole rate window
 * @property {number} faultSeed
 */

/** @param {number} seed @param {number} count @param {number} processes @returns {Plan} */
export function plan(seed, count, processes) {
  const random = new Random(seed);
  const waves = [];
  for (let made = 0; made < count;) {
    const wave = nextWave(random, count - made, made);
    waves.push(wave);
    made += wave.length;
  }
  const moments = (/** @type {number} */ number) => Array.from({ length: number }, () => random.whole(count * 0.03, count * 0.95)).sort((a, b) => a - b);
  return {
    waves,
    kills: moments(Math.round(8 + count / 600)).map((at) => ({ at, victim: random.whole(0, processes - 1) })),
    crash: random.whole(count * 0.4, count * 0.6),
    crowds: moments(Math.round(4 + count / 2000)),
    doorKills: moments(Math.round(3 + count / 2000)),
    faultSeed: random.whole(1, 2 ** 31),
  };
}

/** Of two hundred, so many go to the provider's test addresses, each to one of its own: nothing else is suppressed. */
const TESTS = { bounced: 2, complained: 1 };

function nextRecipient(/** @type {Random} */ random, /** @type {number} */ number) {
  const drawn = random.whole(1, 200);
  const test = drawn <= TESTS.bounced ? "bounced" : drawn <= TESTS.bounced + TESTS.complained ? "complained" : null;
  return test ? `${test}+${number}@resend.dev` : `user-${number}@customer.example`;
}

/** From 1 to 100 messages of one sender; about a sixth of all messages has an attachment and travels alone. */
function nextWave(/** @type {Random} */ random, /** @type {number} */ left, /** @type {number} */ number) {
  const alone = random.chance(0.6);
  const size = Math.min(left, alone ? random.whole(1, 8) : random.chance(0.25) ? random.whole(50, 100) : random.whole(1, 30));
  const from = `Chaos <post@${random.of(DOMAINS)}>`;
  const priority = random.of([0, 1, 2, 2, 2, 3]);
  const delay = random.chance(0.1) ? random.whole(1, 3000) : 0;
  return Array.from({ length: size }, (_, index) => ({
    payload: {
      from,
      to: nextRecipient(random, number + index),
      subject: `Letter ${number + index}`,
      content: `<p>${"text ".repeat(random.whole(1, 200))}</p>`,
      ...(alone ? { attachments } : {}),
    },
    priority,
    ...(delay > 0 ? { delay_ms: delay } : {}),
    // Enqueued again after a lost answer, it is the same message.
    dedup_key: `chaos-${number + index}`,
  }));
}

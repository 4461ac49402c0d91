// What `email-queue reconcile` does, one step after the other: the events, then the unknown outcomes.
import { PROVIDER } from "../provider.js";
import { rpc } from "./deployed.js";
import { LimitReached } from "./reading.js";
import { readEvents } from "./reconcile-events.js";
import { addressesOf, idOf, Search, tagOf, TOLERANCE } from "./reconcile-mails.js";

/** Requests to the provider, if nothing else is said. */
export const REQUESTS = 2000;
/** Dead letters of a page, whose payloads come along; ids of a call. */
const PAGE = 100;
const MOST = 1000;
/** As long as a key is good. */
const DAY = 86_400_000;

/** Without a door it only says what it would do. @param {import("./reconcile-events.js").Work} work */
export async function reconcile(work) {
  const { reading, door, say } = work;
  const done = { dry_run: !door, complete: true, events: { missing: 0, recorded: 0 }, unknown: 0, accepted: 0, not_accepted: 0, left: 0, requests: 0, since: /** @type {string | null} */ (null) };
  try {
    const { next, missing, recorded, since } = await readEvents(work);
    done.events = { missing, recorded };
    done.since = since;
    if (next) throw new LimitReached();
    const lost = await lostMessages(work);
    done.unknown = done.left = lost.length;
    say(`unknown outcomes: ${lost.length}`);
    if (lost.length === 0) return done;
    const search = new Search(lost, reading, door);
    try {
      await search.readBatches();
      await search.readList();
      await search.readSingles();
    } finally {
      done.accepted = lost.filter(({ accepted }) => accepted).length;
      done.left = done.unknown - done.accepted;
      say(`unknown outcomes: ${PROVIDER.name} has ${done.accepted} of them`);
    }
    const absent = lost.filter((message) => search.isMissing(message));
    if (await isAccount(work, absent)) await endMissing(work, absent, done);
    if (done.left > 0) say(`unknown outcomes: ${done.left} are left`);
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    done.complete = false;
  } finally {
    done.requests = reading.asked;
  }
  return done;
}

/** The dead letters, oldest last. @param {import("./reconcile-events.js").Work} work @returns {Promise<import("./reconcile-mails.js").Lost[]>} */
async function lostMessages({ project }) {
  const lost = [];
  for (let before = null; ;) {
    const page = await rpc(project, "email_queue_dead_letters", { p_filter: { type: "email", reason: "unknown_outcome" }, p_limit: PAGE, p_before: before });
    // It was not begun before it was there, and before its time; a request that was under way is taken for at most another day.
    for (const { id, created_at, completed_at, run_at, payload, recipients } of page) {
      const from = Math.max(Date.parse(created_at), Date.parse(run_at)) - TOLERANCE;
      // Of a secret message the payload is not shown.
      const addresses = addressesOf([recipients, payload?.to, payload?.recipient, payload?.recipients]);
      lost.push({ id, from, until: Date.parse(completed_at) + DAY + TOLERANCE, addresses, accepted: false, doubt: false });
    }
    if (page.length < PAGE) return lost;
    before = page.at(-1).id;
  }
}

/**
 * Whether the key is of the account that sends: a list of another account has none of the e-mails. Around the oldest and the newest, it has
 * what was completed.
 * @param {import("./reconcile-events.js").Work} work @param {import("./reconcile-mails.js").Lost[]} missing newest first
 */
async function isAccount({ project, reading, say }, missing) {
  if (missing.length === 0) return false;
  const completed = async (/** @type {Record<string, string>} */ filter) => (await rpc(project, "email_queue_list", { p_status: "completed", p_type: "email", p_limit: 1, ...filter }))[0];
  const known = new Set();
  for (const { until } of [missing[0], missing[missing.length - 1]]) {
    const one = await completed({ p_until: new Date(until).toISOString() }) ?? await completed({});
    if (!one) return say(`unknown outcomes: no e-mail of this queue is completed, so nothing shows that the key is of the account that sends`), false;
    // Its tag has to be there, too: by the tags the others are known.
    if (known.has(one.id) || idOf(tagOf((await reading.find(`/emails/${encodeURIComponent(one.provider_message_id)}`))?.tags)) === one.id) {
      known.add(one.id);
      continue;
    }
    return say(`unknown outcomes: ${PROVIDER.name} does not have the e-mail of the completed message ${one.id}: the key is of another account than the one that sent, or it keeps e-mails no longer. None is taken for not accepted`), false;
  }
  return true;
}

/**
 * @param {import("./reconcile-events.js").Work} work @param {import("./reconcile-mails.js").Lost[]} missing in the provider's list
 * @param {{not_accepted: number, accepted: number, left: number}} done
 */
async function endMissing({ project, door, say }, missing, done) {
  /** @type {Map<string, number>} */
  const refused = new Map();
  for (let at = 0; at < missing.length; at += MOST) {
    const answer = await rpc(project, "email_queue_not_accepted", { p_ids: missing.slice(at, at + MOST).map(({ id }) => id), p_dry_run: !door });
    done.not_accepted += answer.not_accepted.length;
    for (const { reason } of answer.refused) refused.set(reason, (refused.get(reason) ?? 0) + 1);
  }
  done.left -= done.not_accepted;
  say(`unknown outcomes: ${PROVIDER.name} has not accepted ${done.not_accepted} of them`);
  for (const [reason, count] of [...refused].slice(0, 3)) say(`unknown outcomes: ${count} not yet: ${reason}`);
}

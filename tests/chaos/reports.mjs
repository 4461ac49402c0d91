// What the provider reports of mails: lost, doubled, early, late, in no order, some of it about mails of another installation.
import { reportForeign } from "../faults/support/reports.mjs";

/** An event is reported up to so much later than it happened: some before a replay of its request, some after it. */
const LATE_MS = 5000;

/** The sandbox's settings. @param {number} count of messages */
export const reporting = (count) => ({
  eventDrops: 0.05,
  eventDuplicates: 0.1,
  eventShuffleMs: LATE_MS,
  deliveryMs: 300,
  // 25 ms, 1.5 s, 9 s, 36 s, ...
  retryScale: 0.005,
  disableAfter: 0,
  // Svix is not slower where an endpoint is.
  eventsInFlight: 64,
  keepEvents: 4 * count + 1000,
});

/**
 * Another installation's mails are delivered and bounce, while this one's, of the same ids, are on their way.
 * @param {import("../faults/support/database.mjs").Database} db
 * @param {{url: string}} sandbox
 * @returns {Promise<number>} how many events
 */
export async function reportOthers(db, sandbox) {
  const [open] = await db.sql`
    select m.id, b.payload ->> 'to' as to from email_queue_private.message as m join email_queue_private.body as b using (id)
    where m.status is null order by exists (
      select from email_queue_private.dispatch as d where d.settled_at is null and d.frozen and m.id = any (d.message_ids)) desc limit 1`;
  return open ? await reportForeign(sandbox, open.id, open.to) : 0;
}

/**
 * What must hold of the reports once everything has come to rest.
 * @param {{db: import("../faults/support/database.mjs").Database, sandbox: {url: string}, state: any, others: number}} world
 *   state: the sandbox's, with ids; others: events of another installation
 * @param {(text: string, holds: boolean) => void} rule
 */
export async function checkReports({ db, sandbox, state, others }, rule) {
  const { events, total } = await (await fetch(`${sandbox.url}/_sandbox/events?limit=100000000`)).json();
  rule(`${total} events happened, of which ${state.events.happened - total} are forgotten`, state.events.happened === total);
  const came = events.filter(({ deliveries: [delivery] }) => delivery.status === "success");
  const own = came.filter(({ email_id: id }) => id !== null);
  const missing = events.length - came.length;
  const dropped = events.filter(({ deliveries: [{ status, attempts }] }) => status === "failed" && attempts.length === 0).length;
  const attempts = came.flatMap(({ deliveries: [delivery] }) => delivery.attempts);
  const repeated = attempts.filter(({ http_status_code: code }) => code !== 200).length;
  const doubled = came.filter(({ deliveries: [delivery] }) => delivery.attempts.filter(({ http_status_code: code }) => code === 200).length > 1).length;
  const rows = await db.sql`
    select count(*)::int as rows, count(distinct svix_id)::int as ids, count(distinct (provider_message_id, type, recipient))::int as events
    from email_queue_private.event where type like 'email.%'`;
  rule(`${own.length} events of own e-mails were taken, and ${rows[0].rows} are recorded, each once`, ["rows", "ids", "events"].every((name) => rows[0][name] === own.length));
  rule(`${missing} events did not come: the ${dropped} that were lost`, missing === dropped);

  /** @type {Map<string, Set<string>>} the types that came of each message */
  const types = new Map();
  for (const { email_id: id, type } of own) {
    const { messageId } = state.emailIds[id];
    types.set(messageId, (types.get(messageId) ?? new Set()).add(type));
  }
  const shown = await db.sql`select id, delivery ->> 'state' as state, delivery #>> '{recipients,0,complained_at}' is not null as complained from public.email_queue`;
  const wrong = shown.filter(({ id, state, complained }) => state !== furthest(types.get(id)) || complained !== (types.get(id)?.has("email.complained") ?? false));
  const of = (/** @type {string | null} */ which) => shown.filter(({ state }) => state === which).length;
  rule(`${of("delivered")} messages are delivered, ${of("bounced")} bounced, ${of("sent")} sent, of ${of(null)} nothing is known; ${wrong.length} are not as it was reported`, wrong.length === 0);

  const suppressed = (await db.sql`select address, reason from email_queue_private.suppression where removed_at is null`).map(({ address, reason }) => `${address}: ${reason}`);
  const because = (/** @type {string} */ type, /** @type {string} */ reason) => own.filter((event) => event.type === type).map(({ payload }) => `${payload.data.to}: ${reason}`);
  const ended = [...because("email.bounced", "bounce"), ...because("email.complained", "complaint")];
  // The provider's own entry counts only if its e-mail is known by then.
  const listed = came.filter(({ type }) => type === "suppression.added").map(({ payload: { data } }) => `${data.email}: ${data.origin}`);
  const may = new Set([...ended, ...listed]);
  rule(`${suppressed.length} addresses are suppressed, ${ended.length} by their e-mails' events, others by the provider's list`,
    suppressed.length > 0 && ended.every((entry) => suppressed.includes(entry)) && suppressed.every((entry) => may.has(entry)));

  const [{ early, late }] = await db.sql`
    select count(*) filter (where e.received_at < m.completed_at)::int as early, count(*) filter (where e.received_at > m.completed_at)::int as late
    from email_queue_private.event as e join email_queue_private.message as m on m.id = e.message_id`;
  rule(`of the events ${early} came before the end of their message, ${late} after it, ${dropped} never, ${doubled} twice; ${repeated} deliveries failed`,
    [early, late, dropped, doubled, repeated].every((n) => n > 0));
  rule(`${others} events were of another installation`, others > 0);
}

/** @param {Set<string> | undefined} types */
const furthest = (types = new Set()) =>
  types.has("email.bounced") ? "bounced"
    : types.has("email.delivered") || types.has("email.complained") ? "delivered"
    : types.has("email.sent") ? "sent" : null;

/**
 * Of the requests that were accepted without an answer that arrived: how many ended without another request, by a report; and by a replay.
 * @param {any[]} ended messages @param {any} state of the sandbox, with ids
 */
export function lostAnswers(ended, state) {
  /** @type {Map<string, {answered: number, unanswered: number, open: boolean}>} */
  const dispatches = new Map();
  const emails = new Map(Object.values(state.emailIds).map((email) => [email.messageId, email]));
  for (const { id, dispatch_id: dispatch, status } of ended) {
    const { answered, unanswered } = emails.get(id) ?? { answered: 0, unanswered: 0 };
    dispatches.set(dispatch, { answered, unanswered, open: status !== "completed" });
  }
  const lost = [...dispatches.values()].filter(({ unanswered }) => unanswered > 0);
  const unknown = lost.filter(({ open }) => open).length;
  const byEvidence = lost.filter(({ answered, open }) => answered === 0 && !open).length;
  return { lost: lost.length, byEvidence, byReplay: lost.length - byEvidence - unknown, unknown };
}

// What must hold once everything has come to rest.
import { checkReports, lostAnswers } from "./reports.mjs";

/**
 * Prints `ok: …` or `error: …` for each rule.
 * @param {object} world
 * @param {import("../faults/support/database.mjs").Database} world.db
 * @param {Awaited<ReturnType<typeof import("../../src/js/sandbox/server.mjs").startSandbox>>} world.sandbox
 * @param {number} world.count
 * @param {{kills: number, doorKills: number, crashes: number, crowds: number, others: number, violations: object[], misplacedChecks: number}} world.done
 * @param {import("./plan.mjs").Plan} world.plan
 */
export async function check({ db, sandbox, count, done, plan: { kills, doorKills, crowds } }) {
  let passed = true;
  const rule = (/** @type {string} */ text, /** @type {boolean} */ holds) => {
    passed &&= holds;
    console.log(`${holds ? "ok" : "error"}: ${text}`);
  };
  /** @type {any} */
  const state = sandbox.state({ ids: true });
  const { sql } = db;
  const ended = await sql`select m.id, m.status, m.provider_message_id, m.dispatch_id from email_queue_private.message as m`;
  const by = (/** @type {string} */ status) => ended.filter((/** @type {any} */ row) => row.status === status).length;
  const sizes = await sql`
    select count(*)::int as dispatches, min(n)::int as least, max(n)::int as most
    from (select count(*) as n from email_queue_private.message group by dispatch_id) as d`;
  const [{ open, ready }] = await sql`
    select (select count(*)::int from email_queue_private.dispatch where settled_at is null) as open,
      (select count(*)::int from email_queue_private.ready) as ready`;
  const accepted = Object.values(state.acceptedByMessage);
  const { requests, throttled } = sent(state);

  rule(`${ended.length} messages are in the database: ${count}`, ended.length === count);
  rule(`${state.accepted} e-mails were accepted: ${count}`, state.accepted === count);
  rule(`${accepted.length} messages were accepted, ${accepted.filter((times) => times !== 1).length} of them more than once`, accepted.length === count && accepted.every((times) => times === 1));
  rule(`${by("completed")} are completed, ${by("failed")} failed`, by("completed") === count);
  const strange = ended.filter((/** @type {any} */ row) => state.emailIds[row.provider_message_id ?? ""]?.messageId !== row.id);
  rule(`${strange.length} have another e-mail's id`, strange.length === 0);
  rule(`${state.keysWithChangedBytes} keys were used for two bodies, ${state.duplicates} duplicates`, state.keysWithChangedBytes === 0 && state.duplicates === 0);
  rule(`${open} dispatches are open, ${ready} messages wait`, open === 0 && ready === 0);
  rule(`${done.violations.length} misplaced messages in ${done.misplacedChecks} looks in between`, done.violations.length === 0);
  rule(`${(await db.lost()).length} misplaced messages at the end`, (await db.lost()).length === 0);

  await checkReports({ db, sandbox, state, others: done.others }, rule);

  // It was chaos.
  rule(`${done.kills} processes were killed: ${kills.length}`, done.kills === kills.length);
  rule(`the function of the reports was killed ${done.doorKills} times: ${doorKills.length}`, done.doorKills === doorKills.length);
  rule(`PostgreSQL crashed ${done.crashes} time`, done.crashes === 1);
  rule(`${requests} requests: at least ${count / 10}`, requests >= count / 10);
  rule(`${sizes[0].dispatches} dispatches of ${sizes[0].least} to ${sizes[0].most} messages`, sizes[0].least === 1 && sizes[0].most >= 50);
  const { lost, byEvidence, byReplay, unknown } = lostAnswers(ended, state);
  const share = (/** @type {number} */ n) => `${n} (${Math.round(n * 100 / lost)} %)`;
  rule(`${lost} of ${sizes[0].dispatches} dispatches were accepted without an answer that arrived: ${share(byEvidence)} ended by what was reported, ` +
    `${share(byReplay)} by a replay, ${unknown} are unknown`, byEvidence > 0 && unknown === 0);
  rule(`${state.lost} answers lost, ${state.replays} of the replays told the first answer again`, state.lost > 0 && state.replays > 0);
  rule(`${(state.statuses[500] ?? 0) + (state.statuses[503] ?? 0)} answers of 5xx`, state.statuses[500] + state.statuses[503] > 0);
  rule(`${throttled} requests were refused by the rate window, which others had used up ${done.crowds} times`, done.crowds === crowds.length && throttled > 0);
  return passed;
}

/** The queue's own requests; others of the team do not send. @param {any} state of the sandbox */
export function sent({ requestsByEndpoint, keys }) {
  return {
    requests: (requestsByEndpoint["POST /emails"] ?? 0) + (requestsByEndpoint["POST /emails/batch"] ?? 0),
    throttled: Object.values(keys).reduce((sum, { statuses }) => sum + (statuses[429] ?? 0), 0),
  };
}

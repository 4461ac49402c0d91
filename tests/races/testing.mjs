// What the race tests share: sessions whose transactions stay open while another one runs into them.
//
// DATABASE_URL is a database with the migrations, of its own for these tests, which log in as PostgREST does. They empty the
// queue, and a file waits until the one before has closed it. Whether a session waits for another is asked of PostgreSQL (pg_blocking_pids); nothing depends on a sleep.
import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, urlAs } from "../../scripts/lib/postgres.mjs";

/** A session that has not come to a wait, or to an end, within this is not going to. */
const PATIENCE_MS = 60_000;

/**
 * Connects, and empties the queue.
 * @param {number} [connections] besides the one that watches
 */
export async function open(connections = 4) {
  const url = process.env.DATABASE_URL;
  assert.ok(url, "DATABASE_URL is missing: a database with the migrations, for these tests alone");
  const watch = await connect(url, { max: 1 });
  const sql = await connect(urlAs(url, "authenticator"), { max: connections, connection: { role: "service_role" } });
  await watch`select pg_advisory_lock(hashtextextended('email-queue races', 0))`;
  /** @type {Session[]} */
  const sessions = [];
  const empty = async () => {
    // What a failed test left open would keep all later ones waiting.
    await Promise.all(sessions.map((session) => session.rollback()));
    await watch`truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready,
      email_queue_private.dispatch, email_queue_private.event, email_queue_private.evidence, email_queue_private.paused_domain, email_queue_private.breaker,
      email_queue_private.suppression, email_queue_private.suppression_filter, email_queue_private.suppression_recent, email_queue_private.template,
      email_queue_private.audit, email_queue_private.further_addressee`;
    await watch`insert into email_queue_private.budget default values on conflict do nothing`;
    await watch`insert into email_queue_private.setting default values on conflict do nothing`;
    await watch`insert into email_queue_private.wiring (cron_line) values ('* * * * *') on conflict (singleton) do update set cron_line = excluded.cron_line`;
    await watch`update email_queue_private.budget set answered = true, learned_limit = null, cooldown_until = null,
      paused_at = null`;
    await watch`select setval('email_queue_private.next_slot', 0)`;
    await watch`update email_queue_private.setting set default_sender = 'Shop <shop@a.example>', rate_limit = 1000`;
  };
  await empty();
  // The first claim of a database makes it, and others wait for that.
  await watch`select email_queue_private.mint_mark(true) where email_queue_private.current_mark() is null`;
  return {
    sql,
    watch,
    empty,
    close: async () => void await Promise.all([sql.end({ timeout: 1 }), watch.end({ timeout: 1 })]),
    session: async () => {
      const session = await Session.start(sql, watch);
      sessions.push(session);
      return session;
    },
    misplaced: async () => await misplaced(watch),
  };
}

/** One connection, in a transaction from `begin` to `commit` or `rollback`. */
class Session {
  /** @param {any} sql @param {any} watch @param {number} pid */
  constructor(sql, watch, pid) {
    this.sql = sql;
    this.watch = watch;
    this.pid = pid;
  }

  /** @param {any} pool @param {any} watch */
  static async start(pool, watch) {
    const sql = await pool.reserve();
    const [{ pid }] = await sql`select pg_backend_pid() as pid`;
    return new Session(sql, watch, pid);
  }

  begin = async () => void await this.sql`begin`;
  commit = async () => void await this.sql`commit`;
  rollback = async () => void await this.sql`rollback`;
  release = () => this.sql.release();

  /** @param {object} request */
  work = async (request) => (await this.sql`select public.email_queue_worker_work(${this.sql.json(request)}) as r`)[0].r;

  /** @param {string} token @param {object} [claim] */
  claim = async (token, claim = {}) => {
    const reply = await this.work({ claim: { type: "email", tokens: [token], lease_ms: 60_000, ...claim } });
    assert.equal(reply.claim_error, null, "the claim did not fail");
    return reply.claims[0] ?? null;
  };

  /** @param {any} dispatch @param {object} [begin] */
  start = async ({ dispatch_id, token }, begin = {}) =>
    (await this.work({
      begins: [{ dispatch_id, token, endpoint: "batch", wire_version: 1, key_window_ms: 82_800_000, timeout_ms: 30_000, margin_ms: 5_000, max_wait_ms: 2_000, ...begin }],
    })).begins[0];

  /** @param {any} dispatch @param {object} settle */
  settle = async ({ dispatch_id, token }, settle) =>
    (await this.work({ settles: [{ dispatch_id, token, members: [], counted: true, ...settle }] })).settles[0].result;

  /** @param {object} [options] */
  enqueue = async (options = {}) =>
    (await this.sql`select public.email_queue_enqueue_many(${this.sql.json([mail(options)])}) as r`)[0].r[0];

  /**
   * Waits until `promise`, which this session is busy with, waits for `other` to end its transaction.
   * @param {Promise<unknown>} promise @param {Session} other
   */
  waitsFor = async (promise, other) => {
    let ended = false;
    promise.then(() => (ended = true), () => (ended = true));
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(5)) {
      assert.ok(!ended, "it did not wait");
      const [{ blocked }] = await this.watch`select ${other.pid} = any (pg_blocking_pids(${this.pid})) as blocked`;
      if (blocked) return;
    }
    assert.fail("it does not wait for the other session");
  };

  /**
   * The result of `promise`, which this session is busy with, and which must not wait for any lock.
   * @template T @param {Promise<T>} promise @returns {Promise<T>}
   */
  free = async (promise) => {
    let ended = false;
    promise.then(() => (ended = true), () => (ended = true));
    while (!ended) {
      const [{ by }] = await this.watch`select pg_blocking_pids(${this.pid}) as by`;
      if (by.length > 0 && !ended) assert.fail(`it waits for session ${by}`);
      await sleep(2);
    }
    return await promise;
  };
}

/** @param {object} options of enqueue; `payload` is added to a good one */
export const mail = ({ payload = {}, ...options } = /** @type {any} */ ({})) => ({
  payload: { to: "user@b.example", subject: "Hello", text: "Hi", ...payload },
  ...options,
});

/** @param {number} n */
export const token = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** @param {any} dispatch */
export const members = (dispatch) => dispatch.messages.map((/** @type {any} */ m) => m.id);

/** Waits until the database's clock has passed the lease. @param {any} watch @param {any} dispatch */
export async function untilExpired(watch, { dispatch_id }) {
  await watch`select pg_sleep_until(visible_at + interval '1 millisecond') from email_queue_private.dispatch where id = ${dispatch_id}`;
}

/** Makes the lease run out. @param {any} watch @param {any} dispatch */
export async function expire(watch, { dispatch_id }) {
  await watch`update email_queue_private.dispatch set visible_at = clock_timestamp() - interval '1 second' where id = ${dispatch_id}`;
}

/** Promise 1 as one query: how many messages are in no place, or in two. @param {any} watch */
async function misplaced(watch) {
  const [{ n }] = await watch`
    select count(*)::integer as n
    from (select id from email_queue_private.message where status is null) as open
    full join (
      select id, count(*) as places from (
        select id from email_queue_private.ready
        union all
        select unnest(message_ids) from email_queue_private.dispatch where settled_at is null) as place(id)
      group by id) as placed using (id)
    where open.id is null or placed.places is distinct from 1`;
  return n;
}

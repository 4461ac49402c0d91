// The database of one place as its owner sees it: messages in, promises checked, time that passes on command.
// A call of a worker that was killed may still be under way when the tables are changed from outside.
import { despiteDeadlocks } from "../../../scripts/lib/stack.mjs";

/** No rate of ours; and no retry within the run, so that a scenario has the same steps each time. */
const SETTINGS = { default_sender: "Shop <shop@shop.example>", rate_limit: 1000, retry_base_ms: 60_000, retry_cap_ms: 120_000 };

export class Database {
  /** @param {any} sql a connection of the `postgres` package */
  constructor(sql) {
    this.sql = sql;
  }

  /** Empty, as after the migrations; the provider has answered before, so that requests go at the ceiling. */
  async reset() {
    await despiteDeadlocks(() => this.sql.unsafe(`
      delete from email_queue_private.message; delete from email_queue_private.body; delete from email_queue_private.ready;
      delete from email_queue_private.dispatch; delete from email_queue_private.paused_domain; delete from email_queue_private.breaker;
      delete from email_queue_private.event; delete from email_queue_private.evidence;
      delete from email_queue_private.budget; insert into email_queue_private.budget (answered) values (true);
      select setval('email_queue_private.next_slot', 0);
      delete from email_queue_private.setting; insert into email_queue_private.setting default values;`));
    await this.configure(SETTINGS);
  }

  /** @param {object} settings */
  configure = async (settings) => void await this.sql`select public.email_queue_configure(${this.sql.json(settings)})`;

  /** @param {object[]} messages @returns {Promise<string[]>} ids, in that order */
  async enqueue(messages) {
    const ids = [];
    for (let start = 0; start < messages.length; start += 1000) {
      const part = this.sql.json(messages.slice(start, start + 1000));
      const [{ answer }] = await this.sql`select public.email_queue_enqueue_many(${part}) as answer`;
      ids.push(...answer.map((/** @type {{id: string}} */ { id }) => id));
    }
    return ids;
  }

  /** Calls a function of the queue with one argument or none. @param {string} name @param {unknown[]} args */
  call = async (name, ...args) =>
    (await this.sql.unsafe(`select public.email_queue_${name}(${args.map((_, index) => `$${index + 1}`).join(", ")}) as answer`, args))[0].answer;

  /**
   * So much time goes by: every stored time moves into the past, leases and pauses run out.
   * @param {string} [interval] @param {boolean} [whole] false: the times of messages stay, which are many
   */
  async passTime(interval = "10 minutes", whole = true) {
    await despiteDeadlocks(() => this.sql.begin(async (/** @type {any} */ sql) => {
      for (const [table, columns] of Object.entries(TIMES)) {
        if (!whole && ["message", "ready"].includes(table)) continue;
        const changes = columns.map((column) => `${column} = ${column} - interval '${interval}'`);
        await sql.unsafe(`update email_queue_private.${table} set ${changes.join(", ")}`);
      }
      await sql`select setval('email_queue_private.next_slot', 0)`;
    }));
  }

  /** What an operator does after reading the reason, and then everything that waits is due. */
  async resume() {
    await this.sql.unsafe(`
      select public.email_queue_resume();
      select public.email_queue_resume(p.domain) from email_queue_private.paused_domain as p;`);
    await despiteDeadlocks(() => this.sql.unsafe(`
      update email_queue_private.ready set run_at = least(run_at, clock_timestamp());
      update email_queue_private.dispatch set visible_at = least(visible_at, clock_timestamp()) where settled_at is null;`));
  }

  rows = async () => [...await this.sql`select * from public.email_queue order by id`];

  /** How far each has come by what was reported; null: nothing was. @param {string[]} ids */
  async deliveries(ids) {
    const rows = await this.sql`select id, delivery ->> 'state' as state from public.email_queue`;
    return ids.map((id) => rows.find((/** @type {any} */ row) => row.id === id)?.state);
  }

  countEvents = async () => (await this.sql`select count(*)::int as n from email_queue_private.event`)[0].n;

  isDrained = async () => !(await this.sql`select exists (select from email_queue_private.message where status is null) as open`)[0].open;

  openDispatches = async () => [...await this.sql`select * from email_queue_private.dispatch where settled_at is null order by id`];

  /** All that a worker may change for its messages, as one value. */
  async snapshot() {
    const [{ all }] = await this.sql`
      select jsonb_build_object(
        'message', (select jsonb_agg(to_jsonb(m) order by m.id) from email_queue_private.message as m),
        'ready', (select jsonb_agg(to_jsonb(r) order by r.id) from email_queue_private.ready as r),
        'dispatch', (select jsonb_agg(to_jsonb(d) order by d.id) from email_queue_private.dispatch as d)) as all`;
    return all;
  }

  /** Promise 1: what is in no legal state. */
  lost = async () =>
    [...await this.sql`
      with place as (
        select id from email_queue_private.ready
        union all
        select u.id from email_queue_private.dispatch as d cross join unnest(d.message_ids) as u(id) where d.settled_at is null
      ), counted as (
        select id, count(*)::int as places from place group by id
      )
      select coalesce(m.id, c.id) as id, coalesce(c.places, 0) as places, m.status
      from email_queue_private.message as m full join counted as c on c.id = m.id left join email_queue_private.body as b on b.id = m.id
      where m.id is null or b.id is null or coalesce(c.places, 0) <> (m.status is null)::int`];
}

/** The times that the queue waits for or counts from. */
const TIMES = {
  message: ["created_at", "run_at", "send_before", "completed_at"],
  ready: ["run_at", "entered_at", "send_before"],
  dispatch: ["created_at", "updated_at", "visible_at", "slot_at", "first_begun_at", "horizon_at", "send_before", "settled_at"],
  budget: ["cooldown_until", "paused_at", "paused_until"],
  breaker: ["next_at", "noted_at"],
  paused_domain: ["paused_at", "paused_until"],
};

// The database as its owner sees it: what the queue's promises are checked with, and time that passes on command.
// A call of a function that was killed may still be under way when the tables are changed from outside.
import type { EmailPayload } from "../../../pkg/index.js";
import { despiteDeadlocks } from "../../../scripts/lib/stack.mjs";

/** The tagged template of the `postgres` package. */
// deno-lint-ignore no-explicit-any
export type Sql = any;

/** A row of public.email_queue. */
export interface Row {
  id: string;
  status: "pending" | "processing" | "retrying" | "completed" | "failed" | "cancelled";
  attempts: number;
  priority: number;
  // deno-lint-ignore no-explicit-any
  payload: any;
  // deno-lint-ignore no-explicit-any
  error: any;
  dispatch_id: string | null;
  provider_message_id: string | null;
  completed_at: Date | null;
}

export interface NewMessage {
  payload: object;
  type?: string;
  priority?: number;
  max_attempts?: number;
  delay_ms?: number;
  run_at?: string;
  send_before?: string;
  dedup_key?: string;
}

/** What no log may hold: it is in every e-mail that `mails` makes. */
export const MARKS = { address: "recipient-mark", subject: "subject-mark", body: "body-mark" };

/** E-mails that differ. */
export const mails = (count: number, more: Partial<EmailPayload> = {}): { payload: EmailPayload }[] =>
  Array.from({ length: count }, (_, index) => ({
    payload: {
      to: `${MARKS.address}-${index}@customer.example`,
      subject: `${MARKS.subject} ${index}`,
      content: `<p>${MARKS.body} ${index}</p>`,
      ...more,
    },
  }));

export class Database {
  constructor(readonly sql: Sql) {}

  /** As it was after the migrations, which write no row; the provider has answered before, so that requests go at the ceiling. */
  async reset(): Promise<void> {
    const names = (await this.#tables()).map((table) => `email_queue_private.${table}`).join(", ");
    await despiteDeadlocks(() => this.sql.unsafe(`truncate ${names}; insert into email_queue_private.budget (answered) values (true);`));
  }

  /** Puts messages into the queue from SQL, and gives their ids in that order. */
  async enqueue(messages: NewMessage[]): Promise<string[]> {
    const ids: string[] = [];
    for (let start = 0; start < messages.length; start += 1000) {
      const part = messages.slice(start, start + 1000);
      const [{ answer }] = await this.sql`select public.email_queue_enqueue_many(${this.sql.json(part)}) as answer`;
      ids.push(...answer.map(({ id }: { id: string }) => id));
    }
    return ids;
  }

  rows = async (): Promise<Row[]> => [...await this.sql`select * from public.email_queue order by id`];

  row = async (id: string): Promise<Row> => (await this.sql`select * from public.email_queue where id = ${id}`)[0];

  /** How many messages are in each status. */
  async statuses(): Promise<Record<string, number>> {
    const rows = await this.sql`select status, count(*)::int as count from public.email_queue group by status order by status`;
    return Object.fromEntries(rows.map(({ status, count }: { status: string; count: number }) => [status, count]));
  }

  /** The different numbers of attempts that messages have. */
  attempts = async (): Promise<number[]> => [...new Set((await this.rows()).map((row) => row.attempts))].sort();

  isDrained = async (): Promise<boolean> => !(await this.sql`select exists (select from email_queue_private.message where status is null) as open`)[0].open;

  /** Dispatches that have not ended. */
  openDispatches = async (): Promise<{ id: string; begun: boolean; frozen: boolean; leased: boolean; attempt: number; size: number }[]> =>
    [...await this.sql`
      select id, begun, frozen, token is not null as leased, attempt, cardinality(message_ids) as size
      from email_queue_private.dispatch where settled_at is null order by id`];

  /** Moves every time that the queue has stored into the past, as if so much of it had gone by. */
  async passTime(interval: string): Promise<void> {
    const columns = await this.sql`
      select c.table_name as table, string_agg(format('%1$I = %1$I - interval %2$L', c.column_name, ${interval}::text), ', ') as changes
      from information_schema.columns as c join information_schema.tables as t using (table_schema, table_name)
      where c.table_schema = 'email_queue_private' and t.table_type = 'BASE TABLE' and c.data_type = 'timestamp with time zone'
      group by c.table_name`;
    for (const { table, changes } of columns) await despiteDeadlocks(() => this.sql.unsafe(`update email_queue_private.${table} set ${changes}`));
  }

  /**
   * Promise 1: what is in no legal state. An open message is in exactly one of ready and a dispatch, an ended one in
   * neither, nothing is anywhere without its message, and each has its body.
   */
  lost = async (): Promise<{ id: string; places: number; status: string | null }[]> =>
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

  /** The tables with data of their own. */
  #tables = async (): Promise<string[]> =>
    (await this.sql`select tablename from pg_tables where schemaname = 'email_queue_private' order by tablename`)
      .map(({ tablename }: { tablename: string }) => tablename);
}

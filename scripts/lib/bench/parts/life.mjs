// What one e-mail costs the database from its enqueue to its deletion: processor time, WAL, and what it occupies meanwhile.
import { measured } from "../enqueue-cost.mjs";
import { ours } from "../queues/index.mjs";
import { startCluster } from "../cluster.mjs";
import { figure } from "../stats.mjs";
import { mail } from "./enqueue.mjs";

/** Each statement is one step for all messages; the events are those that the provider sends for an e-mail that arrives. */
const STEPS = /** @type {const} */ ([
  ["enqueue, a transaction each", "call bench.enqueue_all()"],
  ["claim, begin and settle, 100 a call", "call bench.send_all()"],
  ["the event sent, 100 a call", "call bench.report_all('sent')"],
  ["the event delivered, 100 a call", "call bench.report_all('delivered')"],
  ["deletion after the retention", "select email_queue_private.retain()"],
]);

/** @param {string} payload of message n @param {number} count */
const proceduresSql = (payload, count) => `
  create or replace procedure bench.enqueue_all() language plpgsql as $$
  begin
    for n in 1..${count} loop
      perform public.email_queue_enqueue(${payload});
      commit;
    end loop;
  end $$;
  create or replace procedure bench.send_all() language plpgsql as $$
  declare
    v_begin text := ' ';
    v_settle text := ' ';
    v_claimed text := ' ';
  begin
    for n in 1..${count / 100 + 2} loop
      select s.next_begin, s.next_settle, s.claimed into v_begin, v_settle, v_claimed from bench.step(v_begin, v_settle, v_claimed, 100) as s;
      commit;
    end loop;
  end $$;
  create or replace procedure bench.report_all(p_type text) language plpgsql as $$
  begin
    for n in 0..${count / 100 - 1} loop
      perform public.email_queue_record_events((
        select jsonb_agg(jsonb_build_object('id', 'msg_' || m.id || p_type, 'type', 'email.' || p_type, 'message_id', m.id, 'provider_message_id', m.provider_message_id,
          'occurred_at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'recipients', jsonb_build_array('user-' || n * 100 + m.place || '@customer.example')))
        from (select id, provider_message_id, row_number() over (order by id) as place from email_queue_private.message order by id limit 100 offset n * 100) as m));
      commit;
    end loop;
  end $$;`;

/** As if it had ended long ago: an id is made of its time. */
const AGE = `
  create temp table old as select id, (left(email_queue_private.first_id(clock_timestamp() - interval '40 days')::text, 24) || to_char(row_number() over (order by id), 'FM000000000000'))::uuid as aged
    from email_queue_private.message;
  update email_queue_private.message as m set id = o.aged, completed_at = completed_at - interval '40 days' from old as o where m.id = o.id;
  update email_queue_private.body as b set id = o.aged from old as o where b.id = o.id;
  update email_queue_private.event as e set message_id = o.aged from old as o where e.message_id = o.id;
  drop table old`;

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function life({ log, quick }) {
  const cluster = await startCluster();
  try {
    const sql = await cluster.database(ours);
    const kinds = [
      { name: "470 bytes", payload: mail("n", 470), count: quick ? 2_000 : 40_000 },
      { name: "50 kB", payload: mail("n", 50_000), count: quick ? 500 : 4_000 },
    ];
    const tables = [];
    const raw = [];
    for (const { name, payload, count } of kinds) {
      await ours.clear(sql);
      await sql.unsafe("truncate email_queue_private.event");
      await sql.unsafe(proceduresSql(payload, count));
      const rows = [];
      for (const [step, statement] of STEPS) {
        if (step === STEPS[4][0]) {
          await sql.unsafe("vacuum analyze");
          tables.push(await sizes(sql, name, count));
          await sql.unsafe(AGE);
          await sql.unsafe("vacuum full");
        }
        const cost = await measured(sql, statement, count);
        log(`${name}, ${step}: ${figure(cost.cpu)} µs, ${figure(cost.wal)} bytes of WAL`);
        rows.push([step, figure(cost.cpu), figure(cost.wal)]);
        raw.push({ name, step, ...cost });
      }
      tables.push({ title: `${name}: what each step costs a message`, columns: ["", "CPU µs of the backend", "WAL bytes"], rows });
    }
    return { tables, goals: [], plots: [], raw };
  } finally {
    await cluster.stop();
  }
}

/** @param {any} sql @param {string} name @param {number} count */
async function sizes(sql, name, count) {
  const found = await sql`
    select c.relname as name, pg_table_size(c.oid) / ${count}::float8 as table, pg_indexes_size(c.oid) / ${count}::float8 as indexes
    from pg_class as c where c.relnamespace = 'email_queue_private'::regnamespace and c.relkind = 'r' and c.relname in ('message', 'body', 'event', 'dispatch') order by 1`;
  return { title: `${name}: what a message occupies, bytes`, columns: ["", "table", "indexes"], rows: found.map((/** @type {any} */ one) => [one.name, figure(one.table), figure(one.indexes)]) };
}

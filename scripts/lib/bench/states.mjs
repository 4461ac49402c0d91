// Messages of every state, put straight into the tables: a page of the console is measured and tested with as many as a year makes. The invariants
// of ARCHITECTURE.md hold for them; no run, no provider and no enqueue was needed.

/** What a message has become, by its number modulo 100. @type {[from: number, to: number, kind: string][]} */
const KINDS = [
  [0, 1, "pending"], [2, 2, "scheduled"], [3, 3, "retrying"], [4, 4, "processing"], [5, 5, "frozen"], [6, 6, "rejected"], [7, 7, "exhausted"], [8, 8, "unknown_outcome"],
  [9, 9, "not_accepted"], [10, 10, "expired"], [11, 11, "suppressed"], [12, 12, "cancelled"], [13, 13, "email.bounced"], [14, 14, "email.complained"], [15, 15, "email.delivery_delayed"],
  [16, 16, "email.suppressed"], [17, 17, "email.failed"], [18, 59, "email.delivered"], [60, 99, "accepted"],
];
/** How many of a hundred messages each kind has. */
export const SHARES = Object.fromEntries(KINDS.map(([from, to, kind]) => [kind, to - from + 1]));

const ERROR = "jsonb_build_array(jsonb_build_object('class', 'refused', 'status', 422, 'name', 'validation_error', 'message', 'The to field is invalid', 'at', at, 'attempt', 1))";

/**
 * So many messages of all kinds, enqueued evenly over some days, each to an address of its own, and the runs of the last day.
 * @param {any} sql @param {number} count @param {{days?: number, open?: number, body?: string}} [how] open: among so many of the newest some are open, before them none is; body: the HTML of each
 */
export async function fillStates(sql, count, { days = 7, open = count, body = "<p>Thank you.</p>" } = {}) {
  for (let done = 0; done < count; done += 100_000) await sql.unsafe(part(done + 1, Math.min(count, done + 100_000), { count, days, open, body }));
  await sql.unsafe(`insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, counts)
    select gen_random_uuid(), 'schedule', at, at, at + interval '2 seconds', 'empty', jsonb_build_object('claimed', 40, 'accepted', 38, 'retried', 1, 'failed', 1, 'remaining', n % 50)
    from (select n, now() - n * interval '10 seconds' as at from generate_series(1, ${Math.min(8600, count)}) as n) as r`);
}

/** @param {number} first @param {number} last @param {{count: number, days: number, open: number, body: string}} how */
const part = (first, last, { count, days, open, body }) => `
  create temporary table item  as
  select (substr(replace(email_queue_private.first_id(at)::text, '-', ''), 1, 12) || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid as id, n, at, kind,
    n / 100 % 4 as priority, kind in ('rejected', 'exhausted', 'unknown_outcome', 'not_accepted', 'expired', 'suppressed') as dead,
    kind in ('pending', 'scheduled', 'retrying', 'processing', 'frozen') as open, 'user-' || n || '@customer.example' as address
  from (select n, now() - (${count} - n + 1) * (interval '${days} days' / ${count}) as at,
      case when n % 100 <= 5 and n <= ${count - open} then 'accepted' ${KINDS.map(([from, to, kind]) => `when n % 100 between ${from} and ${to} then '${kind}'`).join(" ")} end as kind
    from generate_series(${first}, ${last}) as n) as g;
  insert into email_queue_private.body (id, payload)
  select id, jsonb_build_object('from', 'Shop <shop@shop.example>', 'to', address, 'subject', 'Order ' || n, 'content', '${body}') from item;
  insert into email_queue_private.message (id, created_at, run_at, send_before, priority, max_attempts, bytes, type, status, reason, completed_at, attempts, errors, dispatch_id, provider_message_id, metadata, addressee)
  select id, at, at, case when kind = 'expired' then at end, priority, 15, 200, 'email', case when dead then 'failed' when kind = 'cancelled' then kind when not open then 'completed' end,
    case when dead or kind = 'cancelled' then kind end, case when not open then at + interval '5 seconds' end, case when open then null when kind in ('expired', 'suppressed', 'cancelled') then 0 else 1 end,
    case when kind in ('rejected', 'exhausted', 'not_accepted') then ${ERROR} end, case when not open and kind not in ('expired', 'suppressed', 'cancelled') then id end,
    case when not open and not dead and kind <> 'cancelled' then 're_' || id end, case when n % 10 = 0 then jsonb_build_object('order', n) end,
    email_queue_private.address_hash(address, email_queue_private.hash_key())
  from item;
  insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id)
  select 'msg_' || id, 0, kind, 're_' || id, address, at, at, id from item where kind like 'email.%';
  insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, attempts, max_attempts, type, lane, errors)
  select id, case when kind = 'scheduled' then now() + interval '1 day' when kind = 'retrying' then now() + interval '1 hour' else at end, at, 200, priority, case when kind = 'retrying' then 1 else 0 end, 15, 'email',
    'batch:shop.example', case when kind = 'retrying' then ${ERROR} end
  from item where kind in ('pending', 'scheduled', 'retrying');
  insert into email_queue_private.dispatch (id, token, created_at, updated_at, visible_at, first_begun_at, horizon_at, bytes, priority, attempt, attempts_allowed, wire_version, begun, frozen, endpoint, type, lane, message_ids, member_attempts)
  select gen_random_uuid(), case when kind = 'processing' then gen_random_uuid() end, now(), now(), now() + interval '1 hour', now(), now() + interval '23 hours', 20000, 0, 1, 15, 1, kind = 'processing', kind = 'frozen', 'batch', 'email',
    'batch:shop.example', array_agg(id order by id), array_agg(0::smallint)
  from item where kind in ('processing', 'frozen') group by kind, n / 5000;
  drop table item`;

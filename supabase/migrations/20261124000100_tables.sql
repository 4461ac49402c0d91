set standard_conforming_strings = on;

-- What the queue stores. One row is written per e-mail at enqueue (message, body, ready), one row per provider
-- request while it runs (dispatch), and the message is changed once more, at its end. Everything here is private;
-- users read public.email_queue and call the email_queue_* functions.

-- UUIDv7 form: 48 bits of milliseconds, then 12 bits of the fraction of that millisecond, so that new rows land on
-- the last, hot index page and messages of one transaction keep their order.
create function email_queue_private.new_id() returns uuid
language plpgsql volatile parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  v_micros bigint := extract(epoch from clock_timestamp()) * 1000000;
  v_random bytea := uuid_send(gen_random_uuid());
begin
  return (lpad(to_hex(v_micros / 1000), 12, '0')
    || '7' || lpad(to_hex((v_micros % 1000) * 4096 / 1000), 3, '0')
    || substr('89ab', 1 + (get_byte(v_random, 0) & 3), 1) || substr(encode(v_random, 'hex'), 3, 15))::uuid;
end
$$;
comment on function email_queue_private.new_id() is 'A new id ordered by time (UUIDv7 form).';

create table email_queue_private.setting (
  singleton boolean constraint setting_is_one_row primary key default true,
  default_sender text,
  rate_limit numeric not null default 10,
  horizon interval not null default '23 hours',
  default_max_attempts smallint not null default 15,
  max_payload_bytes integer not null default 10485760,
  retry_base_ms integer not null default 30000,
  retry_cap_ms integer not null default 3600000,
  completed_retention interval not null default '30 days',
  failed_retention interval not null default '90 days',
  payload_retention interval,
  constraint setting_singleton_is_true check (singleton),
  constraint setting_rate_limit_is_positive check (rate_limit > 0 and rate_limit <= 1000),
  constraint setting_horizon_fits_the_key_window check (horizon > '0' and horizon <= '23 hours'),
  constraint setting_default_max_attempts_in_range check (default_max_attempts between 1 and 100),
  constraint setting_max_payload_bytes_in_range check (max_payload_bytes between 1024 and 41943040),
  constraint setting_retry_base_in_range check (retry_base_ms between 1 and 86400000),
  constraint setting_retry_cap_in_range check (retry_cap_ms between retry_base_ms and 86400000),
  constraint setting_completed_retention_is_positive check (completed_retention > '0'),
  constraint setting_failed_retention_is_positive check (failed_retention > '0'),
  constraint setting_payload_retention_is_positive check (payload_retention > '0')
);
comment on table email_queue_private.setting is 'What operators set, with email_queue_configure. One row; while it is missing, the defaults count.';
comment on column email_queue_private.setting.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.setting.default_sender is 'Written into a payload without "from" at enqueue. Changing it changes no stored message.';
comment on column email_queue_private.setting.rate_limit is 'Ceiling of provider requests a second over all runs. A lower limit learned from the provider wins.';
comment on column email_queue_private.setting.horizon is 'How long after its first begin a frozen dispatch may be replayed. Resend keeps keys 24 hours.';
comment on column email_queue_private.setting.default_max_attempts is 'max_attempts of a message that names none.';
comment on column email_queue_private.setting.max_payload_bytes is 'Largest payload taken at enqueue, in bytes of its JSON text.';
comment on column email_queue_private.setting.retry_base_ms is 'Backoff after the first attempt, in milliseconds.';
comment on column email_queue_private.setting.retry_cap_ms is 'Longest backoff, in milliseconds.';
comment on column email_queue_private.setting.completed_retention is 'How long completed messages are kept.';
comment on column email_queue_private.setting.failed_retention is 'How long failed and cancelled messages are kept.';
comment on column email_queue_private.setting.payload_retention is 'How long payloads of completed messages are kept; null: as long as the message. Dead letters keep theirs, for a redrive.';

-- A row is up to twice as long once it is completed. With half of each page left for that, half of a batch's completions went
-- to another page, and so into every index; with two thirds, none: a fifth less WAL to claim and complete, and in the end a
-- smaller table.
create table email_queue_private.message (
  id uuid constraint message_pkey primary key,
  created_at timestamptz not null,
  run_at timestamptz not null,
  send_before timestamptz,
  completed_at timestamptz,
  dispatch_id uuid,
  priority smallint not null,
  max_attempts smallint not null,
  attempts smallint,
  bytes integer not null,
  type text not null,
  status text,
  reason text,
  provider_message_id text,
  dedup_key text,
  metadata jsonb,
  errors jsonb,
  constraint message_status_is_an_end check (status in ('completed', 'failed', 'cancelled')),
  constraint message_reason_is_known check (reason in ('rejected', 'exhausted', 'unknown_outcome', 'expired', 'cancelled')),
  constraint message_unsent_has_a_reason check ((coalesce(status, 'completed') = 'completed') = (reason is null)),
  constraint message_cancelled_is_a_reason check ((status is not distinct from 'cancelled') = (reason is not distinct from 'cancelled')),
  constraint message_end_has_a_time check ((status is null) = (completed_at is null)),
  constraint message_priority_in_range check (priority between 0 and 3),
  constraint message_max_attempts_in_range check (max_attempts between 1 and 100)
) with (fillfactor = 33, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
-- collate "C": the order of another collation changes with the libraries of the server, and what an index has in the old order is lost.
-- The columns keep the database's, which the view shows.
create unique index message_dedup_key on email_queue_private.message (type collate "C", dedup_key collate "C") where dedup_key is not null;
create index message_dead_letters on email_queue_private.message (id) where reason is not null;
-- What is new is put into its order by the megabyte: at once, message by message, an enqueue took 1.4 times as long and wrote
-- three times the WAL; a search reads what waits for it (128 pages at most).
create index message_metadata on email_queue_private.message using gin (metadata jsonb_path_ops) with (gin_pending_list_limit = 1024)
  where metadata is not null;
comment on table email_queue_private.message is 'One row an e-mail: inserted at enqueue and changed once, at its end. The fillfactor leaves room for that change on the same page.';
comment on column email_queue_private.message.id is 'The message''s id, ordered by time.';
comment on column email_queue_private.message.created_at is 'When it was enqueued.';
comment on column email_queue_private.message.run_at is 'Not to be sent before this time.';
comment on column email_queue_private.message.send_before is 'Not worth sending after this time: fails as expired if it has not begun by then.';
comment on column email_queue_private.message.completed_at is 'When it ended; null while open.';
comment on column email_queue_private.message.dispatch_id is 'The dispatch in which it ended.';
comment on column email_queue_private.message.priority is '0 (first) to 3.';
comment on column email_queue_private.message.max_attempts is 'How many begins it may use.';
comment on column email_queue_private.message.attempts is 'Begins used when it ended; null while open (then they are counted in ready and dispatch).';
comment on column email_queue_private.message.bytes is 'Size of the payload''s JSON text: it is known without reading the body.';
comment on column email_queue_private.message.type is 'email, or the name of a custom consumer''s type.';
comment on column email_queue_private.message.status is 'How it ended: completed, failed or cancelled; null while open. The open states are derived, so that a state change writes no message row.';
comment on column email_queue_private.message.reason is 'Why it was not completed: rejected, exhausted, unknown_outcome, expired or cancelled.';
comment on column email_queue_private.message.provider_message_id is 'The provider''s id of the accepted e-mail.';
comment on column email_queue_private.message.dedup_key is 'Unique per type while the row exists.';
comment on column email_queue_private.message.metadata is 'The caller''s own data: an object, searched with @>.';
comment on column email_queue_private.message.errors is 'The last ten errors, oldest first.';
comment on index email_queue_private.message_dedup_key is 'One message per type and dedup key.';
comment on index email_queue_private.message_dead_letters is 'Lists failed and cancelled messages, newest last. Completing changes no column of any index, so it writes none (a HOT update); an index on status would make each completion write to all.';
comment on index email_queue_private.message_metadata is 'Searches by metadata (@>). A message without metadata is not in it, and completing one changes no metadata, so neither writes to it.';

create table email_queue_private.body (
  id uuid constraint body_pkey primary key,
  payload jsonb not null
);
comment on table email_queue_private.body is 'The payload: inserted once, never updated, read at claim. No foreign key: its check would write to every message row.';
comment on column email_queue_private.body.id is 'The message.';
comment on column email_queue_private.body.payload is 'What to send, with the sender written in.';

create table email_queue_private.ready (
  id uuid constraint ready_pkey primary key,
  run_at timestamptz not null,
  entered_at timestamptz not null,
  send_before timestamptz,
  bytes integer not null,
  priority smallint not null,
  attempts smallint not null default 0,
  max_attempts smallint not null,
  type text collate "C" not null,
  lane text collate "C" not null,
  errors jsonb
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create index ready_claim_order on email_queue_private.ready (type, lane, priority, run_at, id);
create index ready_send_before on email_queue_private.ready (send_before) where send_before is not null;
comment on table email_queue_private.ready is 'A row while a message waits. A claim deletes from it, a retry inserts into it; it is never updated.';
comment on column email_queue_private.ready.id is 'The message.';
comment on column email_queue_private.ready.run_at is 'Claimable from this time on.';
comment on column email_queue_private.ready.entered_at is 'When the row was written.';
comment on column email_queue_private.ready.send_before is 'Copy of the message''s.';
comment on column email_queue_private.ready.bytes is 'Copy of the message''s: bounds a dispatch without reading more.';
comment on column email_queue_private.ready.priority is 'Copy of the message''s.';
comment on column email_queue_private.ready.attempts is 'Begins used so far.';
comment on column email_queue_private.ready.max_attempts is 'Copy of the message''s.';
comment on column email_queue_private.ready.type is 'Copy of the message''s.';
comment on column email_queue_private.ready.lane is 'What may share a dispatch: batch:<sender domain>, or single:<sender domain> for what must travel alone.';
comment on column email_queue_private.ready.errors is 'Errors so far, oldest first; null when there are none.';
-- Lanes lead, so that a paused domain is a lane that is not probed, and filling a dispatch reads no row of another lane.
-- Within a lane the few priorities are probed one by one, so that rows of the future are never walked.
comment on index email_queue_private.ready_send_before is 'Finds messages that are no longer worth sending.';
comment on index email_queue_private.ready_claim_order is 'The order of claims within a lane.';

create table email_queue_private.dispatch (
  id uuid constraint dispatch_pkey primary key,
  token uuid,
  last_token uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  visible_at timestamptz,
  slot_at timestamptz,
  first_begun_at timestamptz,
  horizon_at timestamptz,
  send_before timestamptz,
  settled_at timestamptz,
  bytes integer not null,
  priority smallint not null,
  attempt smallint not null default 0,
  attempts_allowed smallint not null,
  expired_unbegun smallint not null default 0,
  wire_version smallint,
  begun boolean not null default false,
  frozen boolean not null default false,
  endpoint text collate "C",
  type text collate "C" not null,
  lane text collate "C" not null,
  message_ids uuid[] not null,
  member_attempts smallint[] not null,
  member_errors jsonb,
  errors jsonb,
  constraint dispatch_has_members check (settled_at is not null or cardinality(message_ids) between 1 and 100),
  constraint dispatch_members_have_attempts check (cardinality(message_ids) = cardinality(member_attempts)),
  constraint dispatch_open_has_a_time check ((settled_at is null) = (visible_at is not null)),
  constraint dispatch_begun_is_leased check (not begun or token is not null),
  constraint dispatch_frozen_has_a_horizon check (not frozen or horizon_at is not null),
  constraint dispatch_endpoint_is_known check (endpoint in ('single', 'batch'))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create unique index dispatch_token on email_queue_private.dispatch (token) where token is not null;
create index dispatch_due on email_queue_private.dispatch (type, priority, visible_at, id) where settled_at is null and token is null;
create index dispatch_leased on email_queue_private.dispatch (visible_at) where token is not null;
create index dispatch_horizon on email_queue_private.dispatch (horizon_at) where frozen;
create index dispatch_turns on email_queue_private.dispatch (type, lane, created_at);
create index dispatch_settled on email_queue_private.dispatch (settled_at) where settled_at is not null;
comment on table email_queue_private.dispatch is 'One row a request to the provider: members in a frozen order, lease, attempt. Settled rows stay a day, without members, so that a repeated settle is told "already".';
comment on column email_queue_private.dispatch.id is 'The request''s Idempotency-Key is email-queue/<id>.';
comment on column email_queue_private.dispatch.token is 'Whose lease it is; null when it waits or is settled.';
comment on column email_queue_private.dispatch.last_token is 'The token that was settled last.';
comment on column email_queue_private.dispatch.created_at is 'When it was formed.';
comment on column email_queue_private.dispatch.updated_at is 'When it changed last.';
comment on column email_queue_private.dispatch.visible_at is 'Leased: when the lease ends. Waiting: when it may be claimed. Null once settled.';
comment on column email_queue_private.dispatch.slot_at is 'The slot of the rate budget that its begin took.';
comment on column email_queue_private.dispatch.first_begun_at is 'The first begin; the horizon counts from here.';
comment on column email_queue_private.dispatch.horizon_at is 'After this time it is not replayed any more.';
comment on column email_queue_private.dispatch.send_before is 'The earliest send_before of its members.';
comment on column email_queue_private.dispatch.settled_at is 'When it ended; null while open.';
comment on column email_queue_private.dispatch.bytes is 'Sum of its members'' payload sizes.';
comment on column email_queue_private.dispatch.priority is 'The best of its members''.';
comment on column email_queue_private.dispatch.attempt is 'Begins that counted.';
comment on column email_queue_private.dispatch.attempts_allowed is 'Begins left to its most patient member when it was formed.';
comment on column email_queue_private.dispatch.expired_unbegun is 'How often its lease ran out before begin.';
comment on column email_queue_private.dispatch.wire_version is 'The version of the body''s encoding at its first begin.';
comment on column email_queue_private.dispatch.begun is 'Begun under the present lease.';
comment on column email_queue_private.dispatch.frozen is 'It may have been sent: replayed whole, same members, order, key and bytes.';
comment on column email_queue_private.dispatch.endpoint is 'single (/emails) or batch (/emails/batch), as first begun.';
comment on column email_queue_private.dispatch.type is 'Its members'' type.';
comment on column email_queue_private.dispatch.lane is 'Its members'' lane.';
comment on column email_queue_private.dispatch.message_ids is 'Its members, in the order of the request.';
comment on column email_queue_private.dispatch.member_attempts is 'Begins that each member had used before.';
comment on column email_queue_private.dispatch.member_errors is 'Earlier errors of members: {message id: [error]}; null when there are none.';
comment on column email_queue_private.dispatch.errors is 'Errors of this dispatch''s own attempts, oldest first.';
comment on index email_queue_private.dispatch_token is 'A claim repeated with its token finds its dispatch.';
comment on index email_queue_private.dispatch_due is 'Waiting dispatches in the order of claims.';
comment on index email_queue_private.dispatch_leased is 'Finds leases that ran out.';
comment on index email_queue_private.dispatch_horizon is 'Finds frozen dispatches past their horizon.';
comment on index email_queue_private.dispatch_turns is 'Finds a lane''s last dispatch: lanes take turns.';
comment on index email_queue_private.dispatch_settled is 'Finds settled dispatches to prune.';

create table email_queue_private.budget (
  singleton boolean constraint budget_is_one_row primary key default true,
  answered boolean not null default false,
  learned_limit numeric,
  cooldown_until timestamptz,
  cooldown_reason text,
  paused_at timestamptz,
  paused_until timestamptz,
  pause_reason text,
  constraint budget_singleton_is_true check (singleton),
  constraint budget_learned_limit_is_positive check (learned_limit > 0)
) with (fillfactor = 10);
comment on table email_queue_private.budget is 'What all runs share towards the provider: learned rate, cooldown, pause. One row; while it is missing, nothing is known.';
comment on column email_queue_private.budget.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.budget.answered is 'The provider has answered once, so that its limit is known where it tells it.';
comment on column email_queue_private.budget.learned_limit is 'Requests a second, as the provider''s headers said last.';
comment on column email_queue_private.budget.cooldown_until is 'No request leaves before this time.';
comment on column email_queue_private.budget.cooldown_reason is 'The provider''s error that caused the cooldown.';
comment on column email_queue_private.budget.paused_at is 'When the queue was paused; null when it is not.';
comment on column email_queue_private.budget.paused_until is 'When it resumes by itself; null: when an operator says so.';
comment on column email_queue_private.budget.pause_reason is 'Why it is paused.';

-- A sequence, because its value is seen by all sessions at once. A row would be locked until the begin commits, and all
-- begins of all runs would wait for one another's commits.
create sequence email_queue_private.next_slot minvalue 0 start 0;
select setval('email_queue_private.next_slot', 0);
comment on sequence email_queue_private.next_slot is 'When the next request may leave, in microseconds since 1970.';

create table email_queue_private.paused_domain (
  domain text collate "C" constraint paused_domain_pkey primary key,
  paused_at timestamptz not null,
  paused_until timestamptz,
  refusals integer not null default 0,
  first_refused_at timestamptz,
  reason text not null,
  constraint paused_domain_refusals_have_a_beginning check ((refusals > 0) = (first_refused_at is not null))
);
comment on table email_queue_private.paused_domain is 'Sender domains whose messages wait. The row of a refused domain stays after its time, until an e-mail of it is accepted.';
comment on column email_queue_private.paused_domain.domain is 'The sender''s domain, lower case.';
comment on column email_queue_private.paused_domain.paused_at is 'When it was paused.';
comment on column email_queue_private.paused_domain.paused_until is 'When it resumes by itself; null: when an operator says so.';
comment on column email_queue_private.paused_domain.refusals is 'How often the provider has refused it in a row, once a pause; 0 for an operator''s own pause.';
comment on column email_queue_private.paused_domain.first_refused_at is 'When that began.';
comment on column email_queue_private.paused_domain.reason is 'Why it is paused.';

-- Only sessions of email-queue lock these empty tables: what an advisory lock with a public number would be, any login could
-- hold for ever. A lock of a table takes no transaction id and writes nothing.
create table email_queue_private.slot_lock ();
create table email_queue_private.budget_lock ();
comment on table email_queue_private.slot_lock is 'Empty. Locked while a session takes a slot of the rate.';
comment on table email_queue_private.budget_lock is 'Empty. Begins share its lock; what changes the budget has it alone.';

-- Row security is for callers that have rights by mistake. service_role gets a policy from apply_grants.
alter table email_queue_private.setting enable row level security;
alter table email_queue_private.message enable row level security;
alter table email_queue_private.body enable row level security;
alter table email_queue_private.ready enable row level security;
alter table email_queue_private.dispatch enable row level security;
alter table email_queue_private.budget enable row level security;
alter table email_queue_private.paused_domain enable row level security;

call email_queue_private.apply_grants();

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
  mark text collate "C",
  type text collate "C" not null,
  lane text collate "C" not null,
  message_ids uuid[] not null,
  member_attempts smallint[] not null,
  member_errors jsonb,
  errors jsonb,
  turn boolean not null default false,
  constraint dispatch_has_members check (settled_at is not null or cardinality(message_ids) between 1 and {{MAX_DISPATCH}}),
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
create index dispatch_turns on email_queue_private.dispatch (type, lane, priority, created_at);
create index dispatch_rounds on email_queue_private.dispatch (type, priority, id) where turn;
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
comment on column email_queue_private.dispatch.horizon_at is 'Until when it may be replayed, from its first begin on; null if the provider has no keys: then it is never sent twice.';
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
comment on column email_queue_private.dispatch.mark is 'The mark that its e-mails carry, since its first begin; null under wire version 1, which has none.';
comment on column email_queue_private.dispatch.type is 'Its members'' type.';
comment on column email_queue_private.dispatch.lane is 'Its members'' lane.';
comment on column email_queue_private.dispatch.message_ids is 'Its members, in the order of the request.';
comment on column email_queue_private.dispatch.member_attempts is 'Begins that each member had used before.';
comment on column email_queue_private.dispatch.member_errors is 'Earlier errors of members: {message id: [error]}; null when there are none.';
comment on column email_queue_private.dispatch.errors is 'Errors of this dispatch''s own attempts, oldest first.';
comment on column email_queue_private.dispatch.turn is 'It was its lane''s turn in the round of its priority.';
comment on index email_queue_private.dispatch_token is 'A claim repeated with its token finds its dispatch.';
comment on index email_queue_private.dispatch_due is 'Waiting dispatches in the order of claims.';
comment on index email_queue_private.dispatch_leased is 'Finds leases that ran out.';
comment on index email_queue_private.dispatch_horizon is 'Finds frozen dispatches past their horizon.';
comment on index email_queue_private.dispatch_turns is 'Finds a lane''s last dispatch of a priority: lanes take turns.';
comment on index email_queue_private.dispatch_rounds is 'Finds the lane whose turn was last, of a priority.';
comment on index email_queue_private.dispatch_settled is 'Finds settled dispatches to prune.';

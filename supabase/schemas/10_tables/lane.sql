create table email_queue_private.lane (
  id bigint generated always as identity constraint lane_pkey primary key,
  type text collate "C" not null,
  lane text collate "C" not null,
  priority smallint not null,
  state text collate "C" not null,
  refused boolean not null default false,
  due_at timestamptz not null,
  turn timestamptz,
  look_at timestamptz,
  xid xid8,
  constraint lane_state_is_known check (state in ('open', 'later', 'paused', 'going', 'gone')),
  constraint lane_open_is_not_looked_for check ((state = 'open') = (look_at is null)),
  constraint lane_going_knows_who check ((state in ('going', 'gone')) = (xid is not null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create index lane_walk on email_queue_private.lane (type, priority, refused, turn nulls first, due_at, lane) where state = 'open';
create index lane_name on email_queue_private.lane (type, lane, priority);
create index lane_later on email_queue_private.lane (look_at) where state = 'later';
create index lane_look on email_queue_private.lane (look_at) where state in ('paused', 'going', 'gone');
comment on table email_queue_private.lane is 'Hints: where mail of a lane and a priority may wait, so that a claim need not look at each lane. Each row of ready is covered by a hint that is open or paused, or later and not after it. Enqueues insert hints and lock none, so there may be several of a kind.';
comment on column email_queue_private.lane.id is 'Its number.';
comment on column email_queue_private.lane.type is 'As in ready.';
comment on column email_queue_private.lane.lane is 'As in ready.';
comment on column email_queue_private.lane.priority is 'As in ready.';
comment on column email_queue_private.lane.state is 'open: claims look there. later: nothing is due before due_at. paused: its domain is. going, gone: no enqueue relies on it any more but those that saw it before.';
comment on column email_queue_private.lane.refused is 'Whether the provider refused its domain when it was asked last.';
comment on column email_queue_private.lane.due_at is 'When the mail is due that it was made for; of one that goes, since when it does.';
comment on column email_queue_private.lane.turn is 'When the lane''s last dispatch was formed, or before that.';
comment on column email_queue_private.lane.look_at is 'When a sweep looks at it; null while it is open.';
comment on column email_queue_private.lane.xid is 'going: the transaction that took it out. gone: a transaction that is younger than all that rely on it.';
comment on index email_queue_private.lane_walk is 'The order in which claims look at lanes.';
comment on index email_queue_private.lane_name is 'Finds a lane''s hints: enqueues look whether there is one.';
comment on index email_queue_private.lane_later is 'Scheduled mail, in the order of its times.';
comment on index email_queue_private.lane_look is 'Finds what else a sweep has to look at.';

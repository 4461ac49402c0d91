create table email_queue_private.event_stream (
  singleton boolean constraint event_stream_is_one_row primary key default true,
  last_event_at timestamptz,
  refused bigint not null default 0,
  refused_at timestamptz,
  constraint event_stream_singleton_is_true check (singleton)
) with (fillfactor = 10);
comment on table email_queue_private.event_stream is 'Whether events arrive, for the doctor. One row, which the first call writes.';
comment on column email_queue_private.event_stream.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.event_stream.last_event_at is 'When an event arrived last, to a minute; also one of another installation.';
comment on column email_queue_private.event_stream.refused is 'Requests with a wrong signature since the last event.';
comment on column email_queue_private.event_stream.refused_at is 'When one came last.';

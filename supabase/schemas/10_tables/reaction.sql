create table email_queue_private.reaction (
  singleton boolean constraint reaction_is_one_row primary key default true,
  function text,
  failures bigint not null default 0,
  failed_at timestamptz,
  error text,
  constraint reaction_singleton_is_true check (singleton)
) with (fillfactor = 10);
comment on table email_queue_private.reaction is 'Which function of the user''s is called with each event. One row; while it is missing, none is.';
comment on column email_queue_private.reaction.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.reaction.function is 'Its schema and name; null: none is called.';
comment on column email_queue_private.reaction.failures is 'How often it has failed since it was named.';
comment on column email_queue_private.reaction.failed_at is 'When it failed last.';
comment on column email_queue_private.reaction.error is 'What its last error said.';

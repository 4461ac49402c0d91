create table email_queue_private.prune_cursor (
  singleton boolean constraint prune_cursor_is_one_row primary key default true,
  after uuid not null default '00000000-0000-0000-0000-000000000000',
  constraint prune_cursor_singleton_is_true check (singleton)
);
comment on table email_queue_private.prune_cursor is 'Where the next prune goes on: one row, which the first prune writes. Completed messages are in no index but that of the id, which is ordered by time.';
comment on column email_queue_private.prune_cursor.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.prune_cursor.after is 'The last message that was looked at.';

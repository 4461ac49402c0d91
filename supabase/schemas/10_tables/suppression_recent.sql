create table email_queue_private.suppression_recent (
  generation bigint constraint suppression_recent_pkey primary key,
  filter bigint not null,
  hashes uuid[] not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
comment on table email_queue_private.suppression_recent is 'Hashes of suppression that suppression_filter does not have yet.';
comment on column email_queue_private.suppression_recent.generation is 'The highest one counts.';
comment on column email_queue_private.suppression_recent.filter is 'The generation of suppression_filter that belongs to it.';
comment on column email_queue_private.suppression_recent.hashes is 'At most a hundred.';

-- A Bloom filter over the hashes of suppression. A search for each of a hundred recipients would read a sixth of what the rest of a
-- claim reads. The filter is read once, in twenty pages, and leaves one search in a hundred. Up to a hundred new hashes are in
-- suppression_recent. A change of either writes a new generation and deletes the old one: a row that is updated again and again would leave
-- its old versions for every claim to read.
create table email_queue_private.suppression_filter (
  generation bigint not null,
  part smallint not null,
  bits bytea not null,
  constraint suppression_filter_pkey primary key (generation, part)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
comment on table email_queue_private.suppression_filter is 'Which hashes may be in suppression: of five bits a hash, all are set.';
comment on column email_queue_private.suppression_filter.generation is 'The one that suppression_recent names counts.';
comment on column email_queue_private.suppression_filter.part is 'The place of these bits, from 0 on.';
comment on column email_queue_private.suppression_filter.bits is '1,920 bytes: four rows fill a page.';

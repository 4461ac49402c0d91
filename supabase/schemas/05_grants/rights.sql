-- The functions in public run with the rights of their caller. So a function that became executable by mistake does nothing for
-- anon. These are the rights that service_role needs for them: no TRUNCATE, no UPDATE of a payload. Tables that only
-- functions with the owner's rights write are read only.
create function email_queue_private.rights() returns table (relation text, rights text)
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  values ('public.email_queue', 'select'),
    ('email_queue_private.setting', 'select, insert, update'),
    ('email_queue_private.message', 'select, insert, update, delete'),
    ('email_queue_private.body', 'select, insert, delete'),
    ('email_queue_private.further_addressee', 'select, insert, delete'),
    ('email_queue_private.ready', 'select, insert, update, delete'), -- update: rows are locked for a claim
    ('email_queue_private.dispatch', 'select, insert, update, delete'),
    ('email_queue_private.budget', 'select, insert, update'),
    ('email_queue_private.paused_domain', 'select, insert, update, delete'),
    ('email_queue_private.breaker', 'select, insert, update, delete'),
    ('email_queue_private.prune_cursor', 'select, insert, update'),
    ('email_queue_private.identity', 'select, insert, update, delete'),
    ('email_queue_private.suppression', 'select, insert, update, delete'),
    ('email_queue_private.suppression_filter', 'select, insert, delete'),
    ('email_queue_private.suppression_recent', 'select, insert, delete'),
    ('email_queue_private.suppression_key', 'select'),
    ('email_queue_private.event', 'select, insert, update, delete'), -- update: an erasure
    ('email_queue_private.evidence', 'select, insert, update, delete'), -- update: rows are locked for a sweep
    ('email_queue_private.event_stream', 'select, insert, update'),
    ('email_queue_private.template', 'select, insert, update, delete'),
    ('email_queue_private.reaction', 'select, insert, update'),
    ('email_queue_private.mark', 'select, insert, update'), -- update: it is locked while one is minted
    ('email_queue_private.enqueued_here', 'usage, select'),
    ('email_queue_private.recorded_here', 'usage, select, update'),
    ('email_queue_private.wiring', 'select'),
    ('email_queue_private.call', 'select'),
    ('email_queue_private.audit', 'select, insert, update, delete'), -- update: rows are locked for a prune
    ('email_queue_private.run', 'select, insert, update, delete'),
    ('email_queue_private.slot_lock', 'select, update'),
    ('email_queue_private.budget_lock', 'select, update'),
    ('email_queue_private.next_slot', 'usage, select, update'),
    ('email_queue_private.next_wake', 'usage, select, update'),
    ('email_queue_private.waking', 'insert')
$$;
comment on function email_queue_private.rights() is 'What service_role may do with the tables, the view and the sequences.';

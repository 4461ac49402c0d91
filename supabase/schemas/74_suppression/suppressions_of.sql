create function email_queue_private.suppressions_of(p_hashes uuid[]) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(email_queue_private.describe_suppression(s) order by s.id), '[]')
  from email_queue_private.suppression as s where s.hash = any (p_hashes) and s.removed_at is null
$$;
comment on function email_queue_private.suppressions_of(uuid[]) is 'The entries in force of some addresses.';

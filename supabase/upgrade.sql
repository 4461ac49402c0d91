-- The head of each upgrade: nothing is changed before the version is the right one and the tables are locked. A session that waits for a
-- lock holds up every later one, enqueues too: so it waits for two seconds at a time, and lets the others pass in between.
create or replace function pg_temp.email_queue_begin_upgrade(p_from text, p_to text, p_tables text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_version text;
  v_table record;
  v_locked boolean := false;
  v_holders text;
begin
  perform set_config('lock_timeout', '2s', true); -- Until the transaction ends.
  for v_try in 1..8 loop
    begin
      -- Longer than an autovacuum needs to make way. The weaker lock is for the comments, and lets everybody read and write.
      for v_table in select c.oid::regclass as name, c.relname = any(p_tables) as alone from pg_class as c
        where c.relnamespace = to_regnamespace('email_queue_private') and c.relkind = 'r' order by c.relname
      loop
        execute format('lock table %s in %s mode', v_table.name, case when v_table.alone then 'access exclusive' else 'share update exclusive' end);
      end loop;
      -- Changes nothing. To lock a view would lock the tables below it.
      if to_regclass('public.email_queue') is not null then
        alter view public.email_queue set (security_invoker = true);
      end if;
      v_locked := true;
    exception when lock_not_available or deadlock_detected then
      select string_agg(distinct format('process %s (%s)', a.pid, concat_ws(', ', a.usename, nullif(a.application_name, ''), a.state, 'since ' || a.xact_start)), ', ')
      into v_holders
      from pg_locks as l join pg_stat_activity as a on a.pid = l.pid left join pg_class as c on c.oid = l.relation
      where l.granted and l.pid <> pg_backend_pid() and (c.relnamespace = to_regnamespace('email_queue_private') or c.oid = to_regclass('public.email_queue'));
      perform pg_sleep(0.5);
    end;
    exit when v_locked;
  end loop;
  if not v_locked then
    raise exception using errcode = '55P03', message = format('email_queue: the upgrade from %s to %s waited for a lock, and gave up so that no enqueue waits for it. Nothing was changed. '
      'Apply this migration again, when what uses the queue has ended: %s.', p_from, p_to, coalesce(v_holders, 'it has ended since'));
  end if;

  v_version := (select substring(p.prosrc, 'return ''([^'']+)') from pg_proc as p where p.oid = to_regprocedure('public.email_queue_version()'));
  if v_version is distinct from p_from then
    raise exception using errcode = '55000', message = format('email_queue: this migration upgrades from %s to %s, and ', p_from, p_to) || case
      when v_version is null then 'the queue is not installed in this database. Nothing was changed. The migration that installs it comes before this one: email-queue init writes it.'
      when v_version = p_to then format('this database has %s already. Nothing was changed. Where two branches have both run email-queue upgrade: delete the second file. '
        'Where it was upgraded directly: supabase migration repair --status applied, with the number of this file.', p_to)
      else format('this database has %s. Nothing was changed. Run email-queue upgrade with the newest package, in the branch that has all its migrations.', v_version) end;
  end if;

  -- What was changed by hand stays to be found: record_schema takes it at the end. The Supabase CLI prints no warnings.
  perform set_config('email_queue.drift', (select jsonb_agg(jsonb_build_array(coalesce(o.name, n.name), o.digest, n.digest))
    from jsonb_each_text(email_queue_private.recorded_objects()) as o(name, digest) full join email_queue_private.schema_objects() as n on n.name = o.name
    where n.digest is distinct from o.digest and (o.name is null or o.name not like 'function %'))::text, true); -- Functions are replaced.
end
$$;

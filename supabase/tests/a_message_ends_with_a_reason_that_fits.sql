begin;
\ir helpers.psql
select plan(3);

-- One check stands for four, because each costs an enqueue some microseconds. These are the four.
create temp table ends as
select status, reason, coalesce(status in ('completed', 'failed', 'cancelled'), true)
    and coalesce(reason in ('rejected', 'exhausted', 'unknown_outcome', 'not_accepted', 'expired', 'suppressed', 'cancelled'), true)
    and (coalesce(status, 'completed') = 'completed') = (reason is null)
    and (status is not distinct from 'cancelled') = (reason is not distinct from 'cancelled') as fits, null::boolean as taken
from unnest(array[null, '', '/', 'completed', 'failed', 'cancelled', 'pending', 'failed/rejected', 'completed-', 'open', '-', '-/']) as status
cross join unnest(array[null, '', '/', 'rejected', 'exhausted', 'unknown_outcome', 'not_accepted', 'expired', 'suppressed', 'cancelled', 'completed', 'failed', 'rejected|expired', E'rejected\n', '/rejected', 'open', '-', '-cancelled']) as reason;
select pg_temp.mail();
do $$
declare
  v_end record;
begin
  for v_end in select * from ends loop
    begin
      update email_queue_private.message set status = v_end.status, reason = v_end.reason,
        completed_at = case when v_end.status is not null then now() end where true;
      update ends set taken = true where status is not distinct from v_end.status and reason is not distinct from v_end.reason;
    exception when check_violation then
      update ends set taken = false where status is not distinct from v_end.status and reason is not distinct from v_end.reason;
    end;
  end loop;
end $$;
select is((select count(*) from ends where fits), 9::bigint, 'open, completed, cancelled, and six reasons to fail');
select is((select jsonb_agg(to_jsonb(e)) from ends as e where taken is distinct from fits), null, 'these are taken, and no others');
select throws_ok('update email_queue_private.message set status = ''completed'' where true', '23514', null, 'what has ended has a time');

select * from finish();
rollback;

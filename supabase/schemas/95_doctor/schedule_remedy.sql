-- The call that schedules at the present line, else at the last one, else at the default.
create function email_queue_private.schedule_remedy(p_line text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_line text;
begin
  foreach v_line in array array_remove(array[p_line, (email_queue_private.wiring_now()).cron_line], null) loop
    begin
      return format('select email_queue_schedule(%L);', email_queue_private.cron_line(v_line));
    exception when invalid_parameter_value then
      continue; -- pg_cron takes more than we do.
    end;
  end loop;
  -- pg_cron before 1.5 knows no seconds.
  return format('select email_queue_schedule(%L);', case when exists (
    select from pg_catalog.pg_extension as e where e.extname = 'pg_cron' and e.extversion ~ '^(0|1[.][0-4])([^0-9]|$)') then '1 minute' else '10 seconds' end);
end
$$;
comment on function email_queue_private.schedule_remedy(text) is 'The call that schedules by a line, if it is given, else by the last one.';

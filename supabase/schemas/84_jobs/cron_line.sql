-- An interval as pg_cron writes it. A line of five fields is pg_cron's to check.
create function email_queue_private.cron_line(p_every text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_seconds numeric;
  v_line text;
begin
  if p_every ~ '^[[:space:]]*[0-9*/,A-Za-z-]+([[:space:]]+[0-9*/,A-Za-z$-]+){4}[[:space:]]*$' then
    return btrim(p_every);
  end if;
  begin
    v_seconds := extract(epoch from p_every::interval);
    v_line := case
      when v_seconds < 1 then null
      when v_seconds < 60 and v_seconds % 1 = 0 then v_seconds::integer || ' seconds'
      when v_seconds = 60 then '* * * * *'
      when v_seconds < 3600 and v_seconds % 60 = 0 and 3600 % v_seconds = 0 then format('*/%s * * * *', (v_seconds / 60)::integer)
      when v_seconds = 3600 then '0 * * * *'
      when v_seconds < 86400 and v_seconds % 3600 = 0 and 86400 % v_seconds = 0 then format('0 */%s * * *', (v_seconds / 3600)::integer)
      when v_seconds = 86400 then '0 0 * * *'
    end;
  exception when data_exception then
    null;
  end;
  if v_line is null then
    perform email_queue_private.refuse('every',
      'must be 1 to 59 seconds, minutes that divide an hour, hours that divide a day, or a cron line of five fields');
  end if;
  return v_line;
end
$$;
comment on function email_queue_private.cron_line(text) is 'An interval, or a cron line, as pg_cron takes it; or an error that names the field.';

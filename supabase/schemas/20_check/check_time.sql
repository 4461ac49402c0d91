-- A time, or an error that names the field. datestyle: a text is the same time in each session, or none.
create function email_queue_private.check_time(p_field text, p_value text) returns timestamptz
language plpgsql set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
as $$
declare
  v_time timestamptz;
begin
  -- Only where there is something to read: each block with an exception clause is a subtransaction.
  if p_value is not null then
    begin
      v_time := p_value::timestamptz;
    exception when data_exception then
      perform email_queue_private.refuse(p_field, 'must be a time');
    end;
    if not isfinite(v_time) or v_time not between to_timestamp({{EARLIEST_TIME}}) and to_timestamp({{LATEST_TIME}}) then
      perform email_queue_private.refuse(p_field, 'must be a time between the years 2000 and 3000');
    end if;
  end if;
  return v_time;
end
$$;
comment on function email_queue_private.check_time(text, text) is 'Reads a time of an enqueue call.';

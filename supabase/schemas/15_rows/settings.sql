-- The single rows, or their defaults while one is missing: after a dump of the schema alone, squashed migrations, a truncated table.
-- Reading never writes the row, so an application's transaction never takes a lock for it.
create function email_queue_private.settings() returns email_queue_private.setting
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting;
begin
  select * into v_setting from email_queue_private.setting as s;
  if not found then
    -- The table's defaults, written as a row.
    v_setting := row(true, null, {{DEFAULT_RATE}}, null, {{DEFAULT_MAX_ATTEMPTS}}, {{DEFAULT_PAYLOAD_BYTES}}, {{DEFAULT_RETRY_BASE_MS}}, {{DEFAULT_RETRY_CAP_MS}}, interval '30 days', interval '90 days', null, false, {{DEFAULT_SOFT_BOUNCES}},
      null, null, null, null, null, interval '1 hour', interval '1 year');
  end if;
  return v_setting;
end
$$;
comment on function email_queue_private.settings() is 'The settings; the defaults if none are stored.';

-- PostgREST gives the headers of a request as a setting. What cannot be read is left out: no action fails for its record.
create function email_queue_private.actor() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_header text;
begin
  begin
    v_header := nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-email-queue-actor';
  exception when data_exception then
    v_header := null;
  end;
  return coalesce(email_queue_private.shown_name(v_header), email_queue_private.shown_name(current_setting('email_queue.actor', true)), session_user);
end
$$;
comment on function email_queue_private.actor() is 'Who calls: the header x-email-queue-actor, the setting email_queue.actor, or the login role.';

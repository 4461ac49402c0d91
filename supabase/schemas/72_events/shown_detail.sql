-- What is kept of an event's detail. Of an erased message nothing; of an opening or a click nothing, unless the setting says so; of a secret
-- message no text of the provider's, and no link, since it has the token.
create function email_queue_private.shown_detail(p_event jsonb, p_message email_queue_private.message, p_clients boolean) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_message.bytes = 0 or p_event ->> 'type' in ('email.opened', 'email.clicked') and not p_clients or coalesce(jsonb_typeof(p_event -> 'detail'), 'null') = 'null' then null
    when p_message.secret then jsonb_strip_nulls(jsonb_build_object('type', p_event #> '{detail,type}', 'subtype', p_event #> '{detail,subtype}'))
    else p_event -> 'detail' end;
end
$$;
comment on function email_queue_private.shown_detail(jsonb, email_queue_private.message, boolean) is 'What is kept of an event''s detail; null is nothing.';

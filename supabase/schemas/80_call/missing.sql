create function email_queue_private.missing(p_what text, p_remedy text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = '55000', message = format('email_queue: %s is missing', p_what), hint = p_remedy;
end
$$;
comment on function email_queue_private.missing(text, text) is 'Raises 55000 with what is missing, and the remedy as the hint.';

-- A settle of a secret dispatch, without the provider's texts about it. p_own: no request has left, so that the texts are the worker's own. What concerns the queue or the sender domain stays, since it says why
-- mail is held up, but for what it may quote of the message.
create function email_queue_private.hide_texts(p_settle jsonb, p_own boolean) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_settle || jsonb_strip_nulls(jsonb_build_object(
    'members', (select jsonb_agg(case when e ? 'error' then e || jsonb_build_object('error', email_queue_private.hide_text(e -> 'error', p_own)) else e end order by n)
      from jsonb_array_elements(p_settle -> 'members') with ordinality as m(e, n)),
    'signals', (p_settle -> 'signals') || jsonb_strip_nulls(jsonb_build_object(
      'cooldown_reason', email_queue_private.hide_credentials(p_settle #>> '{signals,cooldown_reason}'),
      'pause', (p_settle #> '{signals,pause}') || jsonb_build_object('reason', email_queue_private.hide_credentials(p_settle #>> '{signals,pause,reason}')))))) || case when p_settle ? 'error'
    then jsonb_build_object('error', email_queue_private.hide_text(p_settle -> 'error', p_own)) else '{}' end
$$;
comment on function email_queue_private.hide_texts(jsonb, boolean) is 'A settle without what its texts could quote of a message.';

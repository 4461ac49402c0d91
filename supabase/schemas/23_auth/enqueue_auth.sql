-- The mails of one event. p_awaited: the user waits for them, and they have a token.
create function email_queue_private.enqueue_auth(p_event jsonb, p_type text, p_awaited boolean) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_setting email_queue_private.setting := email_queue_private.settings();
  v_mail record;
  v_fault text;
  v_rendered jsonb;
begin
  for v_mail in select r.* from email_queue_private.auth_recipients(p_type, p_event -> 'user', p_event -> 'email_data') as r loop
    v_mail.address := btrim(v_mail.address);
    v_fault := email_queue_private.bare_address_fault(v_mail.address);
    if v_fault is not null then
      perform email_queue_private.refuse('address', v_fault);
    elsif p_awaited and v_mail.token = '' and v_mail.token_hash = '' then
      perform email_queue_private.refuse('email_data', 'has no token');
    elsif char_length(v_mail.token) > {{MAX_TOKEN}} or char_length(v_mail.token_hash) > {{MAX_TOKEN_HASH}} then
      perform email_queue_private.refuse('email_data', 'has a token that is too long');
    elsif email_queue_private.is_suppressed(array[email_queue_private.address_hash(
      email_queue_private.bare_address(v_mail.address), email_queue_private.hash_key())], null)
    then
      perform email_queue_private.refuse('address', 'gets no mail: it bounced, was complained about, or was put on the list of suppressed addresses');
    end if;
    v_rendered := email_queue_private.render_auth(p_type, email_queue_private.auth_language(p_event -> 'user', v_setting.auth_language),
      email_queue_private.auth_variables(p_event, p_type, v_mail.address, v_mail.token, v_mail.token_hash, v_setting));
    perform email_queue_private.enqueue_one(jsonb_build_object('priority', 0, 'secret', true,
        'send_before', case when v_mail.token <> '' or v_mail.token_hash <> '' then clock_timestamp() + v_setting.auth_link_lifetime end,
        'metadata', jsonb_build_object('auth', p_type, 'user_id', left(p_event #>> '{user,id}', 100)),
        -- Hashed once more, with the key, before it is stored. Two notices without a token or an id are two.
        'dedup_key', case when v_mail.token <> '' or v_mail.token_hash <> '' or p_event #>> '{metadata,uuid}' <> '' then encode(sha256(convert_to(concat_ws(' ', p_type, p_event #>> '{user,id}', v_mail.address, v_mail.token, v_mail.token_hash,
          p_event #>> '{metadata,uuid}'), 'UTF8')), 'hex') end),
      v_rendered - 'template' || jsonb_build_object('to', v_mail.address)
        || case when v_setting.auth_sender is not null then jsonb_build_object('from', v_setting.auth_sender) else '{}' end,
      v_rendered -> 'template');
  end loop;
end
$$;
comment on function email_queue_private.enqueue_auth(jsonb, text, boolean) is 'Enqueues the mails of an event of Supabase Auth; an error says why one cannot be sent.';

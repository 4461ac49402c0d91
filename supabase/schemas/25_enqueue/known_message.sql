-- The answer for a message whose dedup key was known: {id, created: false, payload_differs}. A payload that was erased is not compared.
create function email_queue_private.known_message(p_type text, p_dedup_key text, p_payload jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_known jsonb;
begin
  select jsonb_build_object('id', m.id, 'created', false, 'payload_differs', coalesce(b.payload <> p_payload, false)) into v_known
  from email_queue_private.message as m left join email_queue_private.body as b on b.id = m.id
  where m.type collate "C" = p_type and m.dedup_key collate "C" = p_dedup_key;
  if not found then
    raise exception using errcode = '40001', message = 'email_queue: the message with this dedup key was deleted meanwhile: enqueue again';
  end if;
  return v_known;
end
$$;
comment on function email_queue_private.known_message(text, text, jsonb) is 'The message that has a dedup key, as enqueue answers it.';

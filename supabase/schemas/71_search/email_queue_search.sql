-- Bounded in messages, bytes and time: a search of what is rare and has no index goes on from call to call.
create function public.email_queue_search(p_filter jsonb default '{}', p_limit integer default 100, p_before uuid default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set plan_cache_mode = force_custom_plan set datestyle = 'ISO, YMD'
as $$
declare
  v_filter jsonb := email_queue_private.check_search(p_filter);
  v_limit integer := least(greatest(coalesce(p_limit, 100), 1), {{MAX_PAGE}});
  v_until timestamptz := clock_timestamp() + interval '2 seconds';
  v_from uuid := email_queue_private.first_id((v_filter ->> 'since')::timestamptz);
  v_before uuid := least(p_before, email_queue_private.first_id((v_filter ->> 'until')::timestamptz));
  v_address uuid := case when v_filter ? 'recipient'
    then email_queue_private.address_hash(v_filter ->> 'recipient', email_queue_private.hash_key()) end;
  v_rare uuid[];
  v_page uuid[];
  v_step integer := least(2 * v_limit, 500);
  v_size integer;
  v_fitting uuid[];
  v_taken uuid[];
  v_found uuid[] := array[]::uuid[];
  v_looked integer := 0;
  v_left bigint := 67108864;
  v_bytes bigint;
  v_next uuid;
begin
  v_filter := v_filter || jsonb_build_object('address', v_address);
  v_rare := email_queue_private.rare(v_filter);
  loop
    v_page := array(select i from email_queue_private.candidates(v_filter, v_rare, v_from, v_before, v_step) as i);
    v_size := cardinality(v_page);
    exit when v_size = 0;
    -- To compare a subject is to read the payload.
    if v_filter ? 'subject' then
      select w.ids, w.bytes into v_page, v_bytes from email_queue_private.within_bytes(v_page, v_left) as w;
      v_left := v_left - v_bytes;
    end if;
    v_fitting := array(select i from email_queue_private.fitting(v_page, v_filter) as i);
    v_taken := v_fitting[1:v_limit - cardinality(v_found)];
    if not v_filter ? 'subject' then
      select w.ids, w.bytes into v_taken, v_bytes from email_queue_private.within_bytes(v_taken, v_left) as w;
      v_left := v_left - v_bytes;
    end if;
    v_found := v_found || v_taken;
    if cardinality(v_found) = v_limit or cardinality(v_taken) < cardinality(v_fitting) then
      v_next := v_found[cardinality(v_found)];
      v_looked := v_looked + array_position(v_page, v_next);
      exit;
    end if;
    v_looked := v_looked + cardinality(v_page);
    exit when v_size = cardinality(v_page) and v_size < v_step;
    v_before := v_page[cardinality(v_page)];
    v_step := least(500, 10000 - v_looked);
    if v_looked >= 10000 or v_left <= 0 or clock_timestamp() > v_until then
      v_next := v_before;
      exit;
    end if;
  end loop;
  return jsonb_build_object(
    'messages', (select coalesce(jsonb_agg(to_jsonb(q) order by q.id desc), '[]') from public.email_queue as q where q.id = any (v_found)),
    'next', v_next, 'looked', v_looked,
    'similar', case when v_address is not null and v_found = '{}' and v_next is null and p_before is null
      then email_queue_private.similar_addresses(v_filter ->> 'recipient', v_until) else '[]' end);
end
$$;
comment on function public.email_queue_search(jsonb, integer, uuid) is
  'Messages that fit p_filter, newest first, at most {{MAX_PAGE}}: {messages, next, looked, similar}. p_filter: {recipient, subject (how it begins), status, reason, delivery, type, template, since, until (times of enqueue), metadata}. A call looks at no more than about 10000 messages, 64 MB of payloads, or two seconds: next is the p_before to go on with, also after an empty page; null: there is nothing more. similar lists other addresses that may be the same person''s, if nothing was found for a recipient: [{address, messages, last}].';

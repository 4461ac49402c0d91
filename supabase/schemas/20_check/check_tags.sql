-- Tags, [{name, value}] or {name: value}, by the rules of src/email/headers.rs, so that tags that pass here can be sent.
create function email_queue_private.check_tags(p_tags jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_list boolean := jsonb_typeof(p_tags) = 'array';
  v_at text;
  v_tag jsonb;
  v_key text;
  v_names text[] := array[]::text[];
begin
  if jsonb_typeof(p_tags) not in ('array', 'object') then
    perform email_queue_private.refuse('tags', 'must be a list of {name, value} or an object');
  end if;
  -- A name is shown only if it can be none of what a log must not have.
  for v_at, v_tag in
    select format('tags[%s]', t.n - 1), t.e
    from jsonb_array_elements(case when v_list then p_tags else '[]' end) with ordinality as t(e, n)
    union all
    select 'tags.' || case when t.k ~ '^[A-Za-z0-9_-]{1,{{MAX_SHOWN}}}$' then t.k else '?' end, jsonb_build_object('name', t.k, 'value', t.v)
    from jsonb_each(case when v_list then '{}' else p_tags end) as t(k, v)
  loop
    if jsonb_typeof(v_tag) <> 'object' then
      perform email_queue_private.refuse(v_at, 'must be an object');
    end if;
    select k into v_key from jsonb_object_keys(v_tag) as k where k not in ('name', 'value') limit 1;
    if v_key is not null then
      perform email_queue_private.refuse(v_at || '.' || case when v_key ~ '^[A-Za-z0-9_-]{1,{{MAX_SHOWN}}}$' then v_key else '?' end, 'unknown field');
    end if;
    foreach v_key in array array['name', 'value'] loop
      if coalesce(jsonb_typeof(v_tag -> v_key), 'null') <> 'string' or v_tag ->> v_key !~ '^[A-Za-z0-9_-]+$' or char_length(v_tag ->> v_key) > {{MAX_TAG}} then
        perform email_queue_private.refuse(v_at || case when v_list then '.' || v_key else '' end, 'must be 1 to {{MAX_TAG}} of A-Z a-z 0-9 _ -');
      end if;
    end loop;
    if v_tag ->> 'name' = 'message_id' then
      perform email_queue_private.refuse(v_at || case when v_list then '.name' else '' end, 'message_id is reserved: the queue adds it');
    end if;
    if v_tag ->> 'name' = any (v_names) then
      perform email_queue_private.refuse(v_at || case when v_list then '.name' else '' end, 'this tag is given twice');
    end if;
    v_names := v_names || (v_tag ->> 'name');
    if cardinality(v_names) > {{MAX_TAGS}} then
      perform email_queue_private.refuse('tags', 'more than {{MAX_TAGS}} tags');
    end if;
  end loop;
end
$$;
comment on function email_queue_private.check_tags(jsonb) is 'Checks the option tags.';

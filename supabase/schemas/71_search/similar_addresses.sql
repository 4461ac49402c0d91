-- Somebody asks for ann@example.com, and her mail went to ann+shop@example.com, to a.nn@example.com, or to ann@another.example. Only the newest
-- messages are looked through: addresses are in their payloads, and an index over their parts would cost every enqueue.
create function email_queue_private.similar_addresses(p_address text, p_until timestamptz) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text collate "C" := split_part(split_part(p_address, '@', 1), '+', 1);
  v_domain text collate "C" := split_part(p_address, '@', 2);
  -- As JSON has it, without dots: what does not have this before + or @ in its fields is no match, and is not taken apart.
  v_json text collate "C" := to_jsonb(replace(v_name, '.', ''))::text;
  v_part text collate "C" := substr(v_json, 2, length(v_json) - 2);
  v_ids uuid[];
  v_looked integer := 0;
  v_left bigint := 67108864;
  v_bytes bigint;
  v_found jsonb := '[]'::jsonb;
begin
  loop
    v_ids := array(select i from email_queue_private.candidates('{}', null, null, v_ids[cardinality(v_ids)], 2000) as i);
    v_looked := v_looked + cardinality(v_ids);
    exit when v_ids = '{}';
    select w.ids, w.bytes into v_ids, v_bytes from email_queue_private.within_bytes(v_ids, v_left) as w;
    v_left := v_left - v_bytes;
    v_found := v_found || (
      select coalesce(jsonb_agg(jsonb_build_object('address', a.address, 'at', m.created_at)), '[]')
      from email_queue_private.message as m left join email_queue_private.body as b on b.id = m.id
      cross join lateral (select coalesce(b.payload, jsonb_build_object('to', m.recipients)) as payload) as p
      cross join lateral (select replace(lower(concat(p.payload -> 'to', p.payload -> 'cc', p.payload -> 'bcc') collate "C"), '.', '') as fields) as f
      cross join lateral (select distinct l as address from email_queue_private.addresses(p.payload) as l) as a
      where m.id = any (v_ids) and m.type = 'email' and (strpos(f.fields, v_part || '@') > 0 or strpos(f.fields, v_part || '+') > 0) and a.address <> p_address
        and (split_part(split_part(a.address, '@', 1), '+', 1) = v_name or split_part(a.address, '@', 2) = v_domain
          and replace(split_part(split_part(a.address, '@', 1), '+', 1), '.', '') = replace(v_name, '.', '')));
    exit when v_looked >= 10000 or v_left <= 0 or clock_timestamp() > p_until;
  end loop;
  return coalesce((
    select jsonb_agg(to_jsonb(s) order by s.last desc, s.address collate "C") from (
      select f.address, count(*) as messages, max(f.at) as last from jsonb_to_recordset(v_found) as f(address text, at timestamptz)
      group by f.address order by max(f.at) desc, f.address collate "C" limit 5) as s), '[]');
end
$$;
comment on function email_queue_private.similar_addresses(text, timestamptz) is 'Up to five addresses of the newest messages that may be the same person''s.';

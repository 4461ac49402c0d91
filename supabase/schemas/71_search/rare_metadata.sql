-- Rare metadata is found by its index; common metadata by a walk, which soon meets it. Only a bitmap is made of that index: it is read as a
-- whole, and of the table no more rows than the limit. What names no value ({}, {"order": {}}) would read the whole index for nothing.
create function email_queue_private.rare_metadata(p_metadata jsonb) returns uuid[]
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off
as $$
declare
  v_ids uuid[];
begin
  if jsonb_path_exists(p_metadata, '$.** ? (@.type() != "object" && @.type() != "array")') then
    v_ids := array(select m.id from email_queue_private.message as m where m.metadata @> p_metadata limit 10001);
  end if;
  return case when cardinality(v_ids) <= 10000 then v_ids end;
end
$$;
comment on function email_queue_private.rare_metadata(jsonb) is 'All messages with some metadata, if they are few; else null.';

-- A rare recipient and rare metadata are found by their indexes; what is common is found by a walk, which soon meets it. Only a bitmap is made
-- of these indexes: of the table no more rows are read than the limit, and they have no order. Metadata that names no value ({}, {"order": {}})
-- would read its whole index for nothing.
create function email_queue_private.rare(p_filter jsonb) returns uuid[]
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off set jit = off
as $$
declare
  v_address uuid := (p_filter ->> 'address')::uuid;
  v_metadata jsonb := p_filter -> 'metadata';
  v_ids uuid[];
begin
  if v_address is not null then
    v_ids := array(
      (select m.id from email_queue_private.message as m where m.addressee = v_address limit 10001)
      union
      (select f.id from email_queue_private.further_addressee as f where f.hash = v_address limit 10001));
  elsif jsonb_path_exists(v_metadata, '$.** ? (@.type() != "object" && @.type() != "array")') then
    v_ids := array(select m.id from email_queue_private.message as m where m.metadata @> v_metadata limit 10001);
  end if;
  return case when cardinality(v_ids) <= 10000 then v_ids end;
end
$$;
comment on function email_queue_private.rare(jsonb) is 'All messages to a recipient, or with some metadata, if they are few; else null.';

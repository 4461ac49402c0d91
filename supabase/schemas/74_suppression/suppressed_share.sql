-- 0: nobody; 1: some recipients of a message that is about to be sent; 2: all. Most recipients are not in the filter: no entry is read.
create function email_queue_private.suppressed_share(p_id uuid, p_recipients uuid[], p_topic text, p_bits bytea, p_fresh uuid[]) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_recipients uuid[] := coalesce(p_recipients, (
    select email_queue_private.recipients(b.payload, email_queue_private.hash_key()) from email_queue_private.body as b where b.id = p_id));
  v_hash uuid;
  v_places integer[];
  v_count integer;
begin
  foreach v_hash in array v_recipients loop
    v_places := email_queue_private.filter_places(v_hash);
    if coalesce(get_bit(p_bits, v_places[1]) = 1 and get_bit(p_bits, v_places[2]) = 1 and get_bit(p_bits, v_places[3]) = 1
        and get_bit(p_bits, v_places[4]) = 1 and get_bit(p_bits, v_places[5]) = 1, false)
      or v_hash = any (p_fresh)
    then
      v_count := email_queue_private.suppressed_recipients(v_recipients, p_topic);
      return (v_count > 0)::integer + (v_count > 0 and v_count = cardinality(v_recipients))::integer;
    end if;
  end loop;
  return 0;
end
$$;
comment on function email_queue_private.suppressed_share(uuid, uuid[], text, bytea, uuid[]) is 'Whether a message''s recipients are suppressed: none, some or all.';

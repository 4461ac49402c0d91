create function email_queue_private.fold_suppression(p_hashes uuid[]) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_recent email_queue_private.suppression_recent;
  v_hashes uuid[];
  v_parts bytea[];
  v_place integer;
begin
  with taken as materialized (
    select s.id, s.hash from email_queue_private.suppression as s where not s.folded order by s.id limit 1000 for update skip locked
  ), done as (
    update email_queue_private.suppression as s set folded = true from taken as t where s.id = t.id
  )
  select array_agg(t.hash) into v_hashes from taken as t;
  select * into v_recent from email_queue_private.suppression_recent as r order by r.generation desc limit 1;
  v_recent := row(coalesce(v_recent.generation, 0), coalesce(v_recent.filter, 0), v_recent.hashes);
  v_hashes := v_recent.hashes || coalesce(v_hashes, '{}') || p_hashes;
  if cardinality(v_hashes) > 100 then
    v_parts := coalesce((select array_agg(f.bits order by f.part) from email_queue_private.suppression_filter as f where f.generation = v_recent.filter),
      array_fill(decode(repeat('00', 1920), 'hex'), array[64]));
    for v_place in select p from unnest(v_hashes) as h cross join unnest(email_queue_private.filter_places(h)) as p loop
      v_parts[1 + v_place / 15360] := set_bit(v_parts[1 + v_place / 15360], v_place % 15360, 1);
    end loop;
    insert into email_queue_private.suppression_filter (generation, part, bits)
    select v_recent.filter + 1, p.n - 1, p.bits from unnest(v_parts) with ordinality as p(bits, n) order by p.n;
    delete from email_queue_private.suppression_filter as f where f.generation = v_recent.filter;
    v_recent.filter := v_recent.filter + 1;
    v_hashes := '{}';
  end if;
  insert into email_queue_private.suppression_recent (generation, filter, hashes) values (v_recent.generation + 1, v_recent.filter, v_hashes);
  delete from email_queue_private.suppression_recent as r where r.generation = v_recent.generation;
end
$$;
comment on function email_queue_private.fold_suppression(uuid[]) is 'Puts hashes, and those that others had to leave, where a claim finds them at little cost. After may_fold.';

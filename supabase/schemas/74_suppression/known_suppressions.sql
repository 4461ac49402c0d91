-- What a claim reads of the suppression list: the filter, and the hashes that it does not have yet, in one statement, since a hash may
-- go from the one to the other. Without entries nothing is read. p_bits is null if there is no filter, p_fresh if there is no list.
create function email_queue_private.known_suppressions(out p_bits bytea, out p_fresh uuid[])
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if pg_relation_size('email_queue_private.suppression') > 0 then
    select (select string_agg(f.bits, ''::bytea order by f.part) from email_queue_private.suppression_filter as f where f.generation = r.filter),
      r.hashes || array(select s.hash from email_queue_private.suppression as s where not s.folded order by s.id)
    into p_bits, p_fresh
    from (values (true)) as one left join (
      select * from email_queue_private.suppression_recent as l order by l.generation desc limit 1) as r on true;
  end if;
end
$$;
comment on function email_queue_private.known_suppressions() is 'Which hashes may be suppressed.';

begin;
\ir helpers.psql
select plan(3);

create temp table i (n integer, id uuid);
do $$ begin for n in 1..1000 loop insert into i values (n, email_queue_private.new_id()); end loop; end $$;
select is((select array_agg(n order by id) from i), array(select generate_series(1, 1000)), 'later ids are greater');
select is((select count(*)::integer from i where id::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'), 1000, 'in the form of UUID version 7');
select ok((select bool_and(abs(('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint - extract(epoch from now()) * 1000) < 60000) from i), 'of this minute');

select * from finish();
rollback;

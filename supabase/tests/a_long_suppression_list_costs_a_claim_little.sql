begin;
\ir helpers.psql
\ir buffers.psql
select plan(6);

create function pg_temp.cost() returns integer language sql as $$
  select pg_temp.buffers($q$select public.email_queue_worker_work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000001"], "lease_ms": 60000}}')$q$)
$$;
-- Each to somebody else, as in a newsletter.
select public.email_queue_enqueue_many((select jsonb_agg(jsonb_build_object('payload', jsonb_build_object('to', format('user%s@b.example', n), 'subject', 'Hello', 'text', 'Hi')))
  from generate_series(k * 1000, k * 1000 + 999) as n)) from generate_series(0, 4) as k;
create temp table without as select pg_temp.cost() as n;
create function pg_temp.dearer(p_name text) returns text language plpgsql as $$
declare
  v_with integer := pg_temp.cost();
  v_without integer := (select n from without);
begin
  return cmp_ok(v_with, '<=', v_without * 105 / 100, format('%s: %s buffers instead of %s', p_name, v_with, v_without));
end $$;

select public.email_queue_suppress(format('gone%s@b.example', n)) from generate_series(1, 90) as n;
select pg_temp.dearer('90 entries');
select public.email_queue_suppress(format('gone%s@b.example', n)) from generate_series(91, 1000) as n;
select pg_temp.dearer('1,000, each by a call of its own');
-- A hundred thousand such calls would take a minute.
with new as (
  insert into email_queue_private.suppression (id, hash, reason, address, since, folded)
  select email_queue_private.new_id(), email_queue_private.address_hash(a, email_queue_private.hash_key()), 'bounce', a, now(), true
  from generate_series(1001, 100000) as n cross join lateral (select format('gone%s@b.example', n) as a) as a
  returning hash
)
select email_queue_private.fold_suppression(array_agg(hash)) from new;
select pg_temp.dearer('100,000');
select is((select count(*) from email_queue_private.suppression as s cross join email_queue_private.known_suppressions() as k
    where not (s.hash = any (k.p_fresh) or (select bool_and(get_bit(k.p_bits, p) = 1) from unnest(email_queue_private.filter_places(s.hash)) as p))),
  0::bigint, 'the filter has every entry');
select cmp_ok((select count(*) from generate_series(1, 10000) as n cross join email_queue_private.known_suppressions() as k
    cross join lateral email_queue_private.filter_places(gen_random_uuid()) as p
    where get_bit(k.p_bits, p[1]) = 1 and get_bit(k.p_bits, p[2]) = 1 and get_bit(k.p_bits, p[3]) = 1 and get_bit(k.p_bits, p[4]) = 1 and get_bit(k.p_bits, p[5]) = 1),
  '<', 200::bigint, 'and few others');
select pg_temp.mail(p_payload => '{"to": "gone77777@b.example"}', p_options => '{"priority": 0}') as gone \gset
select pg_temp.claim(1) is null;
select is(pg_temp.status(:'gone'), 'failed:suppressed', 'one of them is found');

select * from finish();
rollback;

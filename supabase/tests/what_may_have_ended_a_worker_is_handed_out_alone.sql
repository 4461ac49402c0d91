begin;
\ir helpers.psql
select plan(8);

create function pg_temp.claims(p_first integer) returns jsonb[] language sql as $$
  select array(select d from jsonb_array_elements(pg_temp.work(jsonb_build_object('claim', jsonb_build_object('lease_ms', 60000, 'tokens',
    (select jsonb_agg(pg_temp.token(p_first + n)) from generate_series(0, 3) as n)))) -> 'claims') as d)
$$;

-- A batch, and a message of another lane.
create temp table m as select pg_temp.mails(3) as ids;
create temp table o as select pg_temp.mail('{"priority": 3}', '{"from": "x@other.example"}') as id;
create temp table d as select pg_temp.claims(10) as ds;
select is(cardinality(ds), 2, 'both are claimed by one call') from d;
select pg_temp.expire(e) from d, unnest(ds) as e;

create temp table r as select pg_temp.claims(20) as ds;
select is(cardinality(ds), 1, 'after their lease ran out, the next call gets only one') from r;
select is(pg_temp.members(ds[1]), ids, 'whole') from r, m;
create temp table s as select pg_temp.claims(30) as ds;
select is(pg_temp.members(ds[1]), array[id], 'and the one after it the other') from s, o;
select pg_temp.begin(ds[1], '{"endpoint": "single"}'), pg_temp.complete(ds[1]) from s;

-- Dissolved, its members are suspects one by one.
select pg_temp.expire(ds[1]) from r;
create temp table t as select pg_temp.claims(40) as ds;
select is(cardinality(ds), 1, 'a member of a dissolved batch is claimed alone') from t;
select is(ds[1] -> 'messages' -> 0 -> 'attempts', '0', 'and has used no attempt') from t;
select is(pg_temp.begin(ds[1], '{"endpoint": "single"}') ->> 'state', 'begun', 'it begins') from t;
select is(pg_temp.members((pg_temp.claims(50))[1]), array[ids[2]], 'and the next call gets the next one') from m;

select * from finish();
rollback;

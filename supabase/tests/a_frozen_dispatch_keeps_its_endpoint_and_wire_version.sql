begin;
\ir helpers.psql
select plan(6);

select pg_temp.mail();
create temp table d as select pg_temp.claim(1) as d;
select pg_temp.begin(d, '{"endpoint": "single", "wire_version": 1}') from d;
select pg_temp.freeze(d) from d;
create temp table r as select pg_temp.claim(2) as d;
select is(d ->> 'endpoint' || (d ->> 'wire_version'), 'single1', 'the claim says how it was sent') from r;
select is(pg_temp.begin(d, '{"endpoint": "batch", "wire_version": 1}') ->> 'state', 'invalid', 'another endpoint is refused') from r;
select is(pg_temp.begin(d, '{"endpoint": "single", "wire_version": 2}') ->> 'state', 'invalid', 'so is another version') from r;
select is(pg_temp.begin(d, '{"endpoint": "single", "wire_version": 1}') ->> 'state', 'begun', 'the same begins') from r;

-- One that was given back without having been sent may change.
select pg_temp.mail();
create temp table e as select pg_temp.claim(3) as d;
select pg_temp.begin(d, '{"endpoint": "single"}') from e;
select pg_temp.settle(d, '{"answer": "none", "rest": "release", "counted": false}') from e;
create temp table f as select pg_temp.claim(4) as d;
select isnt(f.d -> 'dispatch_id', e.d -> 'dispatch_id', 'one that was not sent comes back under a new id') from e, f;
select is(pg_temp.begin(d, '{"endpoint": "batch", "wire_version": 2}') ->> 'state', 'begun', 'and may go another way') from f;

select * from finish();
rollback;

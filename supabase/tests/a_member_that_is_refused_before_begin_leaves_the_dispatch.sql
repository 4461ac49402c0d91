begin;
\ir helpers.psql
select plan(10);

create temp table m as select pg_temp.mails(3) as ids;
create temp table d as select pg_temp.claim(1) as d;
create function pg_temp.refuse_members(p_dispatch jsonb, p_ids uuid[], p_rest jsonb) returns text language sql as $$
  select pg_temp.settle(p_dispatch, p_rest || jsonb_build_object('answer', 'none', 'members', (
    select jsonb_agg(jsonb_build_object('id', id, 'outcome', 'failed', 'reason', 'rejected', 'error', '{"class": "rejected", "name": "subject"}'::jsonb)) from unnest(p_ids) as id))) ->> 'result'
$$;
select is(pg_temp.refuse_members(d, ids[2:2], '{"rest": "keep"}'), 'applied', 'what fails the full check leaves the dispatch') from d, m;
select is(pg_temp.status(ids[2]) || pg_temp.attempts(ids[2]), 'failed:rejected0', 'and ends as rejected, no attempt used') from m;
select is(pg_temp.members(pg_temp.claim(1)), array[ids[1], ids[3]], 'the others stay, under the same lease') from m;
select is((select bytes from email_queue_private.dispatch), (select sum(b.bytes)::integer from email_queue_private.message as b where status is null), 'with their bytes');
select is(pg_temp.begin(d) ->> 'state', 'begun', 'and begin') from d;
select is(pg_temp.refuse_members(d, ids[1:1], '{"rest": "keep"}'), 'invalid', 'after begin nothing leaves it') from d, m;
select is(pg_temp.complete(pg_temp.claim(1)), 'applied', 'they are sent');

select pg_temp.mails(2);
create temp table e as select pg_temp.claim(2) as d;
select is(pg_temp.refuse_members(d, pg_temp.members(d), '{"rest": null}'), 'applied', 'all can leave') from e;
select is(pg_temp.begin(d) ->> 'state', 'lost', 'then the dispatch is over') from e;
select is(pg_temp.misplaced(), 0::bigint, 'every message is in one place');

select * from finish();
rollback;

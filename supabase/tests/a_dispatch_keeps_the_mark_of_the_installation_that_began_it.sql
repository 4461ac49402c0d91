begin;
\ir helpers.psql
\ir identity.psql
select plan(21);
delete from email_queue_private.mark;
create function pg_temp.mark() returns text language sql as $$
  select mark from email_queue_private.mark order by minted_at desc limit 1
$$;
create function pg_temp.marked(p_dispatch jsonb) returns jsonb language sql as $$
  select jsonb_build_object('wire_version', 2, 'mark', p_dispatch -> 'mark')
$$;

-- Enqueue mints none; the first claim does.
select pg_temp.mails(4, '{}', '{"attachments": [{"path": "https://a.example/a.pdf"}]}');
select is((select count(*)::integer from email_queue_private.mark), 0, 'an enqueue writes no mark');
create temp table a as select pg_temp.claim(1) as d;
select matches((select d ->> 'mark' from a), '^[0-9a-f]{12}$', 'the first claim gives one');
select is((select d ->> 'mark' from a), pg_temp.mark(), 'which is kept');
create temp table b as select pg_temp.claim(2) as d;
select is((select d ->> 'mark' from b), pg_temp.mark(), 'and given by the next claim too');
select is((select count(*)::integer from email_queue_private.mark), 1, 'which mints none');

-- Begun with it.
select is(pg_temp.begin(d, pg_temp.marked(d)) ->> 'state', 'begun', 'a dispatch begins with it') from a;
select is((select mark from email_queue_private.dispatch where id = (select (d ->> 'dispatch_id')::uuid from a)), pg_temp.mark(), 'and keeps it');
select is(pg_temp.begin(d, '{"wire_version": 2, "mark": "ffffffffffff"}') ->> 'state', 'changed', 'not with another') from b;
select is(pg_temp.claim(2) ->> 'mark', pg_temp.mark(), 'the same claim again says with which');

-- This database is another installation from now on.
create temp table old as select pg_temp.mark() as mark;
select public.email_queue_adopt();
select isnt(pg_temp.mark(), old.mark, 'an adoption mints another') from old;
select is(pg_temp.begin(d, pg_temp.marked(d)) - 'dispatch_id', '{"state": "changed", "removed": [], "reason": "this installation has another mark now"}',
  'what was claimed with the old one is not begun with it') from b;
select is(pg_temp.release(d, 2), 'applied', 'it is given back') from b;
select is(pg_temp.claim(3) ->> 'mark', pg_temp.mark(), 'and claimed with the new one');
select pg_temp.freeze(d) from a;
create temp table replay as select pg_temp.claim(4) as d;
select is(r.d ->> 'dispatch_id', a.d ->> 'dispatch_id', 'a begun one is replayed') from a, replay as r;
select is(r.d ->> 'mark', old.mark, 'with its own mark') from replay as r, old;
select is(pg_temp.begin(d, jsonb_build_object('endpoint', 'batch', 'wire_version', 2, 'mark', pg_temp.mark())) ->> 'state', 'invalid', 'no other') from replay;
select is(pg_temp.begin(d, '{"wire_version": 2}') ->> 'state', 'invalid', 'nor none') from replay;
select is(pg_temp.begin(d, pg_temp.marked(d)) ->> 'state', 'begun', 'its own is right') from replay;

-- The function of a version before sends no mark.
create temp table c as select pg_temp.claim(5) as d;
select pg_temp.begin(d, '{"wire_version": 1}'), pg_temp.freeze(d) from c;
create temp table again as select pg_temp.claim(6) as d;
select is(again.d ->> 'dispatch_id', c.d ->> 'dispatch_id', 'what began without a mark') from again, c;
select is(d -> 'mark', 'null', 'is replayed without one') from again;

-- A function that is recorded: this copy may send.
truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch;
create temp table before as select pg_temp.mark() as mark;
select pg_temp.ask('https://c.supabase.co');
select isnt(pg_temp.mark(), before.mark, 'a function that is recorded mints another') from before;

select * from finish();
rollback;

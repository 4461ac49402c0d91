begin;
\ir helpers.psql
\ir buffers.psql
select plan(36);

-- 50,000 e-mails, most of them completed; to another recipient each, but for the oldest, and every hundredth of which half are dead letters.
create temp table kind (name text, to_rare bigint, to_common bigint);
insert into kind select 'x', email_queue_private.short_hash(email_queue_private.address_hash('rare@b.example', email_queue_private.hash_key())), email_queue_private.short_hash(email_queue_private.address_hash('common@b.example', email_queue_private.hash_key()));
select pg_temp.fill(10, 'batch:a.example', 2, now(), 'completed', p_metadata => '{"order": 7}');
update email_queue_private.message set addressee = to_rare, template = '{"name": "rare", "version": 1}' from kind where addressee is null;
select pg_temp.fill(48000, 'batch:a.example', 2, now(), 'completed', p_metadata => '{"kind": "order"}');
select pg_temp.fill(990, 'batch:a.example', 2, now(), s) from unnest(array['failed', 'cancelled', null]) as s;
update email_queue_private.message as m set addressee = coalesce(
  case when (m.metadata ->> 'n')::integer % 2 = 0 then to_common end, email_queue_private.short_hash(gen_random_uuid())) from kind where m.addressee is null;
insert into email_queue_private.further_addressee (id, hash) select m.id, email_queue_private.short_hash(gen_random_uuid()) from email_queue_private.message as m;
insert into email_queue_private.further_addressee (id, hash) select m.id, to_rare from kind, (select id from email_queue_private.message order by id offset 20 limit 10) as m;
insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id)
select 'm' || m.id, 0, case when n <= 200 then 'email.bounced' else 'email.delivered' end, 'p' || m.id, 'user@b.example', now(), now(), m.id
from (select id, row_number() over (order by id) as n from email_queue_private.message) as m where n <= 20000;
alter table email_queue_private.message alter column metadata set statistics 1000;
analyze email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.event, email_queue_private.further_addressee;

create function pg_temp.search(p_filter text, p_more text default '10') returns text language sql as $$ select format('select public.email_queue_search(%L, %s)', p_filter, p_more) $$;
create temp table size as select pg_relation_size('email_queue_private.message') / 8192 as pages;
select cmp_ok(pages::integer, '>', 2000, 'the table has so many pages that a walk is seen') from size;

-- What has an index is found at once. Of the others, each message that is looked at costs four pages.
select pg_temp.reads(pg_temp.search(f), most, 'ten by ' || f) from (values ('{"recipient": "rare@b.example"}', 700), ('{"recipient": "rare@b.example", "status": "completed"}', 700),
  ('{"metadata": {"order": 7}}', 700), ('{"status": "cancelled"}', 700), ('{"status": "pending"}', 700), ('{"delivery": "bounced"}', 700), ('{}', 700), ('{"subject": "Hello"}', 1000), ('{"type": "email"}', 700)) as v(f, most);
select pg_temp.reads(pg_temp.search(f), most, 'behind a thousand and more: ' || f) from (values ('{"recipient": "common@b.example"}', 24000), ('{"status": "failed"}', 5000), ('{"reason": "rejected"}', 5000), ('{"status": "completed"}', 14000)) as v(f, most);
select pg_temp.reads(pg_temp.search('{"metadata": {"kind": "order"}}'), 16000, 'metadata of most: that it is common is found after 10,000');
select is((s -> 'looked')::integer, 10, 'the ten to a rare recipient, twice') from public.email_queue_search('{"recipient": "rare@b.example"}', 10) as s;
select is(jsonb_array_length(public.email_queue_search('{"recipient": "rare@b.example"}') -> 'messages'), 20, 'and all that have it as a further one');

-- What has none is looked for among 10,000, and the call says where it stopped.
create temp table walk as select f, public.email_queue_search(f::jsonb) as s from unnest(array['{"template": "rare"}', '{"subject": "Bye"}', '{"metadata": {"kind": "none", "other": {}}, "type": "x"}', '{"metadata": {}, "template": "rare"}', '{"delivery": "sent"}', '{"type": "report"}']) as f;
select is(array[jsonb_array_length(s -> 'messages'), (s -> 'looked')::integer, (s ->> 'next' is not null)::integer], case when f like '%none%' then array[0, 0, 0] else array[0, 10000, 1] end, 'bounded: ' || f) from walk;
create function pg_temp.calls(p_filter jsonb, out calls integer, out matches integer) language plpgsql as $$
declare
  v_answer jsonb := '{}';
begin
  calls := 0;
  matches := 0;
  loop
    v_answer := public.email_queue_search(p_filter, 100, (v_answer ->> 'next')::uuid);
    calls := calls + 1;
    matches := matches + jsonb_array_length(v_answer -> 'messages');
    exit when v_answer ->> 'next' is null;
  end loop;
end $$;
select is(c, row(6, 10)::record, 'it is found in the end') from (select row(calls, matches)::record as c from pg_temp.calls('{"template": "rare"}')) as l;
select is((public.email_queue_search('{"recipient": "nobody@c.example"}') -> 'looked')::integer, 0, 'an unknown recipient is looked for nowhere');

-- No statement reads the whole table: sequential scans are counted.
create function pg_temp.scans() returns bigint language sql as $$
  select sum(pg_stat_get_xact_numscans(c.oid)) from pg_class as c where c.oid in ('email_queue_private.message'::regclass, 'email_queue_private.body'::regclass)
$$;
create temp table scanned as select pg_temp.scans() as n;
select public.email_queue_search(f::jsonb) is not null, public.email_queue_dead_letters('{"reason": "rejected"}') is not null from walk;
select public.email_queue_list(s, p_limit => 10) is not null from unnest(array['pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled']) as s;
create temp table one as select id from email_queue_private.message order by id limit 1;
select public.email_queue_show(id) is not null, public.email_queue_events(id) is not null, public.email_queue_get(id) is not null, public.email_queue_stats() is not null, public.email_queue_runs() is not null, public.email_queue_audit() is not null from one;
select is(pg_temp.scans() - n, 0::bigint, 'no read walks a table of messages') from scanned;
select pg_temp.reads(format('select public.email_queue_%s', call), 700, call) from one, lateral (values (format('show(%L)', id)), (format('events(%L)', id)), (format('get(%L)', id)), ('runs()'), ('audit()'), ('stats()')) as c(call);

-- Payloads: no more than 64 MB of them, and always one.
update email_queue_private.message set bytes = 40000000 where addressee = (select to_rare from kind);
select is(jsonb_array_length(s -> 'messages'), 2, 'two of 40 MB in an answer') from public.email_queue_search('{"recipient": "rare@b.example", "template": "rare"}') as s;
select is(calls::text || ' ' || matches, '5 10', 'ten in five') from pg_temp.calls('{"recipient": "rare@b.example", "template": "rare"}');
select is((s -> 'looked')::integer, 12, 'of ten small ones and ten of 40 MB, two of these are read') from public.email_queue_search('{"recipient": "rare@b.example", "template": "rare", "subject": "Bye"}') as s;
select is(jsonb_array_length(public.email_queue_search('{}', 100000) -> 'messages'), 1000, 'a page has a thousand at most');

select * from finish();
rollback;

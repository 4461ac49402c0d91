begin;
\ir helpers.psql
select plan(9);

create temp table m as select unnest(pg_temp.mails(3)) as id;
select pg_temp.settle(d, '{"answer": "none", "rest": "fail"}') from (select pg_temp.claim(1) as d) as c;
create temp table w as select pg_temp.mail() as id;

select is(jsonb_array_length(public.email_queue_discard(p_filter => '{}', p_dry_run => true) -> 'discarded'), 3, 'a dry run says which');
select is((select count(*) from public.email_queue), 4::bigint, 'and deletes none');
select is(jsonb_array_length(public.email_queue_discard(p_filter => '{}', p_limit => 1) -> 'discarded'), 1, 'bounded');
select is(public.email_queue_discard(array(select id from w)) -> 'discarded', '[]', 'what has not failed is kept');
select is(jsonb_array_length(public.email_queue_discard(p_filter => '{"reason": "rejected"}') -> 'discarded'), 2, 'the rest');
select is((select array_agg(id) from email_queue_private.body), array(select id from w), 'payloads go with them');
select throws_ok($$select public.email_queue_discard()$$, '22023', 'email_queue: ids: is missing: give ids, or a filter ({} for all dead letters)', 'not everything by mistake');
select throws_ok($$select public.email_queue_discard(p_filter => '{"metadata": {}}')$$, '22023', 'email_queue: filter.metadata: must name at least one key', 'nor everything that has metadata');
select throws_ok($$select public.email_queue_discard(p_filter => '{"metadata": null}')$$, '22023', 'email_queue: filter.metadata: must name at least one key', 'nor everything, where a query for the metadata found nothing');

select * from finish();
rollback;

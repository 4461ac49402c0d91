begin;
\ir helpers.psql
select plan(16);

select pg_temp.mails(2);
create temp table d as select pg_temp.claim(1, '{"max_messages": 1}') as d;
select pg_temp.begin(d) from d;
select is(pg_temp.settle(d, '{"answer": "definite", "rest": "release", "counted": false, "signals": {"pause": {"scope": "queue", "reason": "401 invalid_api_key"}}}') ->> 'result',
  'applied', 'an answer about the account pauses the queue') from d;
select is((select array_agg(distinct attempts) from public.email_queue), '{0}', 'no attempt is used');
create temp table c as select pg_temp.work('{"claim": {"tokens": ["00000000-0000-4000-8000-000000000003"], "lease_ms": 1000}}') as c;
select is(c -> 'claims', '[]', 'nothing is claimed') from c;
select is(c -> 'obstacle', '{"state": "paused", "reason": "401 invalid_api_key", "retry_after_ms": null}', 'and the claim says why') from c;
select is(public.email_queue_resume() -> 'resumed', 'true', 'an operator resumes it');
select is(public.email_queue_resume() -> 'resumed', 'false', 'once');

create temp table e as select pg_temp.claim(4) as d;
select public.email_queue_pause('maintenance', p_seconds => 60);
create temp table b as select pg_temp.begin(d) as b from e;
select is(b ->> 'state' || ':' || (b ->> 'reason'), 'paused:maintenance', 'what was claimed before does not begin') from b;
select ok((b ->> 'retry_after_ms')::integer between 58000 and 60000, 'and is told until when') from b;
select pg_temp.expire(d) from e;
select pg_temp.sweep();
select is((select count(*)::integer from email_queue_private.dispatch where token is not null), 0, 'pausing does not stop the sweep');
update email_queue_private.budget set paused_until = clock_timestamp() - interval '1 second';
select is(pg_temp.claim(5) -> 'dispatch_id', d -> 'dispatch_id', 'it resumes by itself after its time') from e;

select public.email_queue_pause('operator');
select pg_temp.settle(pg_temp.claim(5), '{"answer": "none", "rest": "release", "signals": {"pause": {"scope": "queue", "ms": 1}}}');
select is((select pause_reason || coalesce(paused_until::text, ':for good') from email_queue_private.budget), 'operator:for good', 'an answer does not shorten an operator''s pause');
select is((select (select count(*) from email_queue_private.paused_domain)::integer), 0, 'no domain was paused');

create function pg_temp.refused(p_reason text, p_domain text, p_seconds integer) returns text language plpgsql as $$
declare v_detail text;
begin
  perform public.email_queue_pause(p_reason, p_domain, p_seconds);
  return 'not refused';
exception when invalid_parameter_value then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail;
end $$;
select is(pg_temp.refused('', null, null), 'field=reason', 'a pause says why');
select is(pg_temp.refused('x', 'bad domain', null), 'field=domain', 'a mistyped domain is not paused');
select is(pg_temp.refused('x', '', null), 'field=domain', 'nor one without a name');
select is(pg_temp.refused('x', null, 0), 'field=seconds', 'a pause has an end after its beginning');

select * from finish();
rollback;

begin;
\ir helpers.psql
\ir events.psql
select plan(27);
-- Begun as the worker does, and ended without an answer.
create function pg_temp.lost(p_token integer, p_begin jsonb default '{}') returns uuid language plpgsql as $$
declare
  v_id uuid := pg_temp.mail();
  v_dispatch jsonb := pg_temp.claim(p_token);
begin
  assert pg_temp.start(v_dispatch, p_begin) = 'begun';
  perform pg_temp.settle(v_dispatch, '{"answer": "unknown", "rest": "fail", "reason": "unknown_outcome"}');
  assert pg_temp.status(v_id) = 'failed:unknown_outcome';
  return v_id;
end
$$;
create function pg_temp.pass(p_id uuid, p_time interval) returns void language sql as $$
  update email_queue_private.dispatch set horizon_at = horizon_at - p_time where id = (select dispatch_id from email_queue_private.message where id = p_id);
  update email_queue_private.message set completed_at = completed_at - p_time where id = p_id;
$$;
create function pg_temp.refused(p_id uuid, p_dry_run boolean default false) returns text language sql as $$
  select public.email_queue_not_accepted(array[p_id], p_dry_run) #>> '{refused,0,reason}'
$$;
create temp table a as select pg_temp.lost(1) as id;
select matches(pg_temp.refused(id), '^its request may still arrive until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$', 'its key is still good') from a;
select pg_temp.pass(id, '23 hours 4 minutes') from a;
select matches(pg_temp.refused(id), '^its request may still arrive until ', 'clocks may differ by 5 minutes') from a;
select is(pg_temp.status(id), 'failed:unknown_outcome', 'it is not known yet') from a;
select pg_temp.pass(id, '2 minutes') from a;
select is(public.email_queue_not_accepted(array[id], true), jsonb_build_object('dry_run', true, 'not_accepted', jsonb_build_array(id), 'refused', '[]'::jsonb), 'a dry run says what it would do') from a;
select is(pg_temp.status(id), 'failed:unknown_outcome', 'and does nothing') from a;
select is(public.email_queue_redrive(array[id]) #>> '{refused,0,reason}', 'it may have been sent: redrive it with duplicates allowed', 'it may not be sent again') from a;
select is(public.email_queue_not_accepted(array[id]) -> 'not_accepted', jsonb_build_array(id), 'it ends as not accepted') from a;
select is(pg_temp.status(id), 'failed:not_accepted', 'and is a dead letter still') from a;
select is(pg_temp.refused(id), 'it is no dead letter of an unknown outcome', 'once') from a;
select is(jsonb_array_length(public.email_queue_dead_letters('{"reason": "not_accepted"}')), 1, 'listed by its reason');
select is(public.email_queue_redrive(array[id], p_dry_run => true) -> 'redriven', jsonb_build_array(id), 'which may be sent again') from a;
select is(pg_temp.record(pg_temp.event(id, 'email.delivered')), 'recorded', 'a report of it comes all the same') from a;
select is(pg_temp.status(id), 'completed', 'and counts') from a;

-- Redriven, and then reported: it is taken out of the queue.
create temp table b as select pg_temp.lost(2) as id;
select pg_temp.pass(id, '1 day') from b;
select is(public.email_queue_not_accepted(array[id]) -> 'not_accepted', jsonb_build_array(id), 'another one') from b;
select is(public.email_queue_redrive(array[id]) -> 'redriven', jsonb_build_array(id), 'is redriven without duplicates allowed') from b;
select is(pg_temp.refused(id), 'it is no dead letter of an unknown outcome', 'what waits is not ended') from b;
select pg_temp.record(pg_temp.event(id, 'email.sent')) from b;
select is(pg_temp.status(id), 'completed', 'a report in time saves the second mail') from b;

-- An event that nothing has looked at yet wins, also against the answer of the list.
create temp table c as select pg_temp.lost(3) as id;
select pg_temp.pass(id, '1 day') from c;
insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id, mark)
select 'msg_quiet', 0, 'email.sent', 'p-quiet', '', now(), now(), id, '0123456789ab' from c;
select is(pg_temp.refused(id, true), 'it was accepted: the provider reported it', 'a dry run sees it') from c;
select is(pg_temp.status(id), 'failed:unknown_outcome', 'and leaves it') from c;
select is(pg_temp.refused(id), 'it was accepted: the provider reported it', 'so does the call') from c;
select is(pg_temp.status(id), 'completed', 'which completes it') from c;

-- Without keys, and without its dispatch, it takes a day.
create temp table d as select pg_temp.lost(4, '{"key_window_ms": null}') as id;
select pg_temp.pass(id, '23 hours') from d;
select matches(pg_temp.refused(id), '^its request may still arrive until ', 'without keys a day passes first') from d;
delete from email_queue_private.dispatch where id = (select dispatch_id from email_queue_private.message where id = (select id from d));
select matches(pg_temp.refused(id), '^its request may still arrive until ', 'nor sooner without its dispatch') from d;
select pg_temp.pass(id, '2 hours') from d;
select is(public.email_queue_not_accepted(array[id, pg_temp.token(99)]) - 'dry_run', jsonb_build_object('not_accepted', jsonb_build_array(id),
  'refused', jsonb_build_array(jsonb_build_object('id', pg_temp.token(99), 'reason', 'it is no dead letter of an unknown outcome'))), 'then it ends; an id that is not there is named') from d;

select is(public.email_queue_known_events(array['msg_quiet', 'msg_no']), '["msg_quiet"]', 'what is recorded is known by its id');
select throws_ok('select public.email_queue_not_accepted(null)', '22023', 'email_queue: ids: must be at most 1000 ids', 'ids must be there');
select is(array(select has_function_privilege(r, f, 'execute') from unnest(array['service_role', 'anon', 'authenticated']) as r,
  unnest(array['public.email_queue_not_accepted(uuid[], boolean)', 'public.email_queue_known_events(text[])']) as f order by r desc, f),
  array[true, true, false, false, false, false], 'only the service role may ask');
select * from finish();
rollback;

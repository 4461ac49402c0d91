begin;
\ir helpers.psql
select plan(8);
set datestyle = 'German, DMY';

create function pg_temp.enqueued_for(p_field text, p_time text) returns timestamptz language plpgsql as $$
declare
  v_id uuid := public.email_queue_enqueue_many(jsonb_build_array(jsonb_build_object('type', 'report', 'payload', 1, p_field, p_time))) -> 0 ->> 'id';
begin
  return (select to_jsonb(m) ->> p_field from email_queue_private.message as m where m.id = v_id);
end $$;
select is(pg_temp.enqueued_for('run_at', '2099-02-03T04:05:06Z'), timestamptz '2099-02-03T04:05:06Z', 'a time in ISO 8601');
select is(pg_temp.enqueued_for('send_before', '2099-02-03T04:05:06+05:30'), timestamptz '2099-02-02T22:35:06Z', 'with an offset');
select throws_ok($$select pg_temp.enqueued_for('run_at', '03.02.2099')$$, '22023', 'email_queue: messages[0].run_at: must be a time', 'none in the session''s own style');
select throws_ok($$select pg_temp.enqueued_for('send_before', '03/02/2099')$$, '22023', 'email_queue: messages[0].send_before: must be a time', 'nor one that is another day elsewhere');

select throws_ok($$select public.email_queue_search('{"since": "03.02.2000"}')$$, '22023', 'email_queue: filter.since: must be a time', 'a search');
select is(jsonb_array_length(public.email_queue_search('{"until": "2000-02-03"}') -> 'messages'), 0, 'and its bounds');
select throws_ok($$select public.email_queue_dead_letters('{"until": "03.02.2000"}')$$, '22023', 'email_queue: filter.until: must be a time', 'dead letters');
select is(public.email_queue_redrive(p_filter => '{"until": "2000-02-03"}', p_dry_run => true) -> 'redriven', '[]', 'and theirs');

select * from finish();
rollback;

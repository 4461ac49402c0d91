begin;
\ir helpers.psql
\ir events.psql
select plan(24);
create temp table m as select pg_temp.mail() as id;
select pg_temp.start(c), pg_temp.complete(c) from pg_temp.claim(1) as c;
create function pg_temp.refused(p_event jsonb) returns text language sql as $$
  select pg_temp.record(pg_temp.event(m.id, 'email.sent', p_event)) from m
$$;
select is(pg_temp.record('3', pg_temp.event(id), '{}', 'null'), 'invalid: it must be an object, recorded, invalid: id must be a text of 1 to 256 characters, invalid: it must be an object', 'one wrong event costs the others nothing') from m;
select is(pg_temp.refused('{"id": ""}'), 'invalid: id must be a text of 1 to 256 characters', 'id');
select is(pg_temp.refused(jsonb_build_object('id', repeat('x', 257))), 'invalid: id must be a text of 1 to 256 characters', 'its length');
select is(pg_temp.refused('{"type": 7}'), 'invalid: type must be a text of 1 to 100 characters', 'type');
select is(pg_temp.refused(jsonb_build_object('occurred_at', t)), 'invalid: occurred_at must be a time in RFC 3339 and UTC', 'time: ' || t)
from unnest(array['yesterday', '2026-02-30T00:00:00Z', '2026-11-26 20:00:00+00', 'infinity', '2026-11-26T25:00:00Z']) as t;
select is(pg_temp.refused('{"provider_message_id": null}'), 'invalid: provider_message_id must be a text of 1 to 256 bytes', 'an e-mail without the provider''s id');
select is(pg_temp.refused(jsonb_build_object('provider_message_id', repeat('ü', 129))), 'invalid: provider_message_id must be a text of 1 to 256 bytes', 'one that is too long');
select is(pg_temp.refused('{"message_id": "7"}'), 'invalid: message_id must be a UUID', 'message_id');
select is(pg_temp.refused('{"mark": "0123456789AB"}'), 'invalid: mark must be 12 hexadecimal digits', 'mark');
select is(pg_temp.refused('{"recipients": "a@b.example"}'), 'invalid: recipients must be a list', 'recipients');
select is(pg_temp.refused(jsonb_build_object('recipients', r)), 'invalid: recipients must be at most 100 addresses of at most 320 bytes', 'recipients')
from unnest(array[to_jsonb(array_fill('a@b.example'::text, array[101])), to_jsonb(array[repeat('x', 321)]), '[1]']) as r;
select is(pg_temp.refused('{"detail": "x"}'), 'invalid: detail must be an object of at most 8 kB', 'detail');
select is(pg_temp.refused(jsonb_build_object('detail', jsonb_build_object('text', repeat('x', 8200)))), 'invalid: detail must be an object of at most 8 kB', 'its size');
select is(pg_temp.refused('{"recipients": [], "detail": null}'), 'recorded', 'an e-mail without recipients is an e-mail');
select is((select count(*)::integer from email_queue_private.event), 2, 'what is wrong is not kept');
select throws_ok($$ select public.email_queue_record_events('{}') $$, '22023', null, 'no list');
select throws_ok($$ select public.email_queue_record_events(to_jsonb(array_fill(1, array[101]))) $$, '22023', null, 'too many');

-- Whether they arrive.
delete from email_queue_private.event_stream;
select public.email_queue_record_events('[]', 3), public.email_queue_record_events('[]', 2);
select results_eq('select last_event_at is null, refused, refused_at is not null from email_queue_private.event_stream', $$ values (true, 5::bigint, true) $$, 'refused requests are counted');

select * from finish();
rollback;

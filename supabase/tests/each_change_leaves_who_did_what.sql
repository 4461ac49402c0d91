begin;
\ir helpers.psql
select plan(40);

-- What the calls since the last look left: action, messages, arguments.
create function pg_temp.noted() returns text language plpgsql as $$
declare
  v_text text;
begin
  select string_agg(concat_ws(' ', e ->> 'action', e ->> 'messages', nullif(e ->> 'arguments', '{}')), ', ' order by n desc) into v_text
  from jsonb_array_elements(public.email_queue_audit(p_limit => 1000)) with ordinality as a(e, n);
  delete from email_queue_private.audit where id is not null;
  return v_text;
end
$$;
create function pg_temp.noted(p_expected text, p_name text) returns text language sql as $$ select is(pg_temp.noted(), p_expected, p_name) $$;
create function pg_temp.ids(variadic p_ids uuid[]) returns text language sql as $$ select to_jsonb(p_ids)::text $$;

create temp table m (name text, id uuid);
insert into m values ('one', pg_temp.mail()), ('two', pg_temp.mail()), ('three', pg_temp.mail());
select pg_temp.noted(null, 'an enqueue is no change of an operator''s');
select public.email_queue_cancel(id) from m where name = 'one';
select pg_temp.noted('cancel 1 {"ids": ' || pg_temp.ids(id) || '}', 'cancel') from m where name = 'one';
select public.email_queue_cancel(id) from m where name = 'one';
select pg_temp.noted(null, 'it is cancelled already');
select pg_temp.settle(d, '{"answer": "none", "rest": "fail", "error": {"class": "rejected"}}') from (select pg_temp.claim(1) as d) as c;
select pg_temp.noted(null, 'what the worker does is no operator''s');

select public.email_queue_redrive(p_filter => '{}', p_dry_run => true), public.email_queue_discard(p_filter => '{}', p_dry_run => true);
select pg_temp.noted(null, 'a dry run leaves nothing');
select public.email_queue_redrive(array[pg_temp.token(1)]), public.email_queue_discard(array[pg_temp.token(1)]), public.email_queue_erase(pg_temp.token(1));
select pg_temp.noted(null, 'nor does what finds nothing');
select public.email_queue_redrive(array[id], p_from => 'New <new@c.example>') from m where name = 'two';
select pg_temp.noted('redrive 1 {"ids": ' || pg_temp.ids(id) || ', "new_sender": true}', 'redrive, without the sender') from m where name = 'two';
select public.email_queue_discard(p_filter => '{"reason": "rejected", "since": "2020-01-01", "type": null}');
select pg_temp.noted('discard 1 {"ids": ' || pg_temp.ids(id) || ', "filter": {"since": "2020-01-01", "reason": "rejected"}}', 'discard, with its filter') from m where name = 'three';
select public.email_queue_cancel(id) from m where name = 'two';
select public.email_queue_erase(id) from m where name = 'two';
select pg_temp.noted('cancel 1 {"ids": ' || pg_temp.ids(id) || '}, erase 1 {"ids": ' || pg_temp.ids(id) || '}', 'erase') from m where name = 'two';
select public.email_queue_erase(id) from m where name = 'two';
select pg_temp.noted(null, 'it is erased already');

-- Many.
create temp table many as select unnest(pg_temp.mails(12, '{"metadata": {"ann@b.example": 1, "order": "bob@b.example"}}')) as id;
select pg_temp.settle(d, '{"answer": "none", "rest": "fail", "error": {"class": "rejected", "message": "carl@b.example"}}') from (select pg_temp.claim(2) as d) as c;
select public.email_queue_redrive(p_filter => '{"text": "carl@b.example", "metadata": {"ann@b.example": 1, "order": "bob@b.example"}}', p_allow_duplicates => true);
select is(pg_temp.noted(), format('redrive 12 {"ids": %s, "filter": {"text": "…", "metadata": ["order"]}, "allow_duplicates": true}',
  (select to_jsonb(array_agg(id)) from (select id from many order by id limit 10) as t)), 'ten ids, and no address of a filter');

select public.email_queue_pause('ann@b.example is angry', p_seconds => 60), public.email_queue_pause('test', 'Shop.Example');
select pg_temp.noted('pause {"seconds": 60}, pause {"domain": "shop.example"}', 'pause, without the reason');
select public.email_queue_resume(), public.email_queue_resume('shop.example'), public.email_queue_resume('shop.example');
select pg_temp.noted('resume, resume {"domain": "shop.example"}', 'resume, where something was paused');
select public.email_queue_configure('{"rate_limit": 7, "horizon": "1 hour", "default_sender": "Ann <ann@b.example>", "auth_url": "https://ann:secret@b.example/"}');
select pg_temp.noted('configure {"horizon": "01:00:00", "auth_url": "…", "rate_limit": 7, "default_sender": "…"}', 'configure, without senders and passwords');
select public.email_queue_configure('{"rate_limit": 7}'), public.email_queue_configure();
select pg_temp.noted(null, 'nothing is changed');
select public.email_queue_configure('{"horizon": null}');
select pg_temp.noted('configure {"horizon": null}', 'a setting that is taken away');
select public.email_queue_adopt();
select pg_temp.noted('adopt', 'adopt');
select public.email_queue_suppress('Ann@b.example', 'manual', 'news', 'her note');
create temp table hash as select left(email_queue_private.address_hash('ann@b.example', email_queue_private.hash_key())::text, 8) as hash;
select pg_temp.noted(format('suppress {"hash": "%s", "topic": "news", "reason": "manual"}', hash), 'suppress, with the beginning of the hash') from hash;
select public.email_queue_suppress('ann@b.example', 'manual', 'news', 'her note');
select pg_temp.noted(null, 'it is suppressed already');
select public.email_queue_suppress('ann@b.example', 'manual', 'news', 'her note', true);
select pg_temp.noted(format('suppress {"hash": "%s", "topic": "news", "reason": "manual"}', hash), 'the address is taken out of the entry') from hash;
select public.email_queue_unsuppress('ann@b.example', 'news'), public.email_queue_unsuppress('ann@b.example', 'news');
select pg_temp.noted(format('unsuppress {"hash": "%s", "topic": "news"}', hash), 'unsuppress, once') from hash;
select public.email_queue_template_put('welcome', 'Hello ann@b.example', p_text => 'Hi', p_language => 'de');
select pg_temp.noted('put_template {"name": "welcome", "version": 1, "language": "de"}', 'a template is put');
select public.email_queue_template_put('welcome', 'Hello ann@b.example', p_text => 'Hi', p_language => 'de');
select pg_temp.noted(null, 'it is the same');
select public.email_queue_template_delete('welcome', 'de'), public.email_queue_template_delete('welcome', 'de');
select pg_temp.noted('remove_template {"name": "welcome", "language": "de"}', 'and removed');
update email_queue_private.wiring set wake_every_ms = 1000 where singleton;
insert into email_queue_private.wiring (wake_every_ms) values (1000) on conflict do nothing;
select public.email_queue_wake(false), public.email_queue_wake(false);
select pg_temp.noted('wake {"on": false}', 'wake, once');
update email_queue_private.message set completed_at = completed_at - interval '100 days', id = email_queue_private.first_id(now() - interval '101 days') where id = (select id from m where name = 'two');
select email_queue_private.retain();
select pg_temp.noted(null, 'the retention job is no operator');
insert into m values ('four', pg_temp.mail());
select public.email_queue_cancel(id) from m where name = 'four';
update email_queue_private.message set completed_at = completed_at - interval '100 days', id = email_queue_private.first_id(now() - interval '101 days') where id = (select id from m where name = 'four');
delete from email_queue_private.audit where id is not null;
select public.email_queue_prune(), public.email_queue_prune();
select pg_temp.noted('prune 1 {"erased": 0, "deleted": 1}', 'a prune by hand that deletes something is');

-- Who.
create function pg_temp.who() returns text language plpgsql as $$
begin
  perform public.email_queue_adopt();
  return (select actor from email_queue_private.audit order by id desc limit 1);
end $$;
select is(pg_temp.who(), session_user::text, 'without a name the login role');
set local email_queue.actor = 'cron job';
select is(pg_temp.who(), 'cron job', 'the session''s setting');
set local request.headers = '{"x-email-queue-actor": "ann", "apikey": "secret"}';
select is(pg_temp.who(), 'ann', 'the header of a request');
select set_config('request.headers', jsonb_build_object('x-email-queue-actor', repeat('ä', 200) || E'\n')::text, true);
select is(pg_temp.who(), repeat('ä', 100), 'at most a hundred characters');
select set_config('request.headers', jsonb_build_object('x-email-queue-actor', E' \u202e\u001b[31man\u200bn\n ')::text, true);
select is(pg_temp.who(), '[31mann', 'none of them hidden');
select set_config('request.headers', h, true) from unnest(array['', '[]', '{"x-email-queue-actor": "\u0000"}', '{"x-email-queue-actor": ""}', '{broken']) as h;
select is(pg_temp.who(), 'cron job', 'a header that cannot be read is left out');
set local email_queue.actor = E'\x1b';
select is(pg_temp.who(), session_user::text, 'as is a setting without a printable character');

-- Reading.
select is(jsonb_array_length(public.email_queue_audit('{"actor": "ann"}')), 1, 'by actor');
select is(jsonb_array_length(public.email_queue_audit('{"action": "adopt"}', 3)), 3, 'by action, a page');
select is(public.email_queue_audit('{}', 1000, (a -> 2 ->> 'id')::uuid), jsonb_path_query_array(a, '$[3 to 1000]'), 'the page after it')
from (select public.email_queue_audit('{}', 1000) as a) as l;
select is(public.email_queue_audit(jsonb_build_object('until', now() - interval '1 hour')), '[]', 'by time');
select throws_ok($$select public.email_queue_audit('{"message": "x"}')$$, '22023', 'email_queue: filter.message: is not a filter: use actor, action, since or until', 'no other filter');

-- Retention.
update email_queue_private.audit set id = email_queue_private.first_id(now() - interval '366 days') where id = (select id from email_queue_private.audit order by id limit 1);
select email_queue_private.retain();
select is((select count(*)::integer from email_queue_private.audit), 6, 'what is older than a year is pruned');

select * from finish();
rollback;

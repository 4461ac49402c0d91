begin;
\ir helpers.psql
\ir events.psql
select plan(77);

create temp table m (name text, id uuid);
create function pg_temp.of(p_name text) returns uuid language sql as $$ select id from m where name = p_name $$;
-- The names of what is found, newest first, and what is said besides.
create function pg_temp.search(p_filter jsonb) returns text language sql as $$
  select coalesce((select string_agg(coalesce(m.name, '?'), ' ' order by e.n) from jsonb_array_elements(s -> 'messages') with ordinality as e(e, n) left join m on m.id = (e.e ->> 'id')::uuid), '-')
    || case when s ->> 'next' is not null then ' more' else '' end
  from public.email_queue_search(p_filter) as s
$$;
create function pg_temp.finds(p_filter jsonb, p_expected text, p_name text) returns text language sql as $$ select is(pg_temp.search(p_filter), p_expected, p_name) $$;
create function pg_temp.similar(p_recipient text) returns text language sql as $$
  select string_agg(concat_ws(' ', e ->> 'address', e ->> 'messages'), ', ' order by n) from jsonb_array_elements(public.email_queue_search(jsonb_build_object('recipient', p_recipient)) -> 'similar') with ordinality as l(e, n)
$$;

select public.email_queue_template_put('welcome', 'Welcome {{ name }}', p_text => 'Hi');
insert into m values ('ann', pg_temp.mail('{"metadata": {"order": 7}}', '{"to": "Ann <ANN@b.example>", "subject": "Your order 7"}'));
create temp table since as select clock_timestamp() as since from pg_sleep(0.005);
select pg_sleep(0.005);
insert into m values ('many', pg_temp.mail('{"metadata": {"order": 8}}', '{"to": [{"email": "bob@b.example", "name": "Bob"}, " bob@b.example "], "cc": "ann@b.example", "bcc": ["carl@b.example"], "subject": "Your order 8"}')),
  ('welcome', (public.email_queue_enqueue_template('welcome', 'dora@b.example', '{"name": "Dora"}') ->> 'id')::uuid),
  ('secret', pg_temp.mail('{"secret": true}', '{"to": "ann@b.example", "subject": "Your code"}')),
  ('task', pg_temp.mail('{"type": "report"}', '{"to": "ann@b.example", "subject": "Your report"}')),
  ('one by one', (public.email_queue_enqueue('{"to": ["eve@b.example", "ann@b.example"], "subject": "your order 9", "text": "Hi"}') ->> 'id')::uuid);

-- Recipients.
select pg_temp.finds('{"recipient": "ann@b.example"}', 'one by one secret many ann', 'to, cc, of one mail and of a list, secret ones too; no task');
select pg_temp.finds('{"recipient": " Ann <aNN@B.example> "}', 'one by one secret many ann', 'as addresses are compared');
select pg_temp.finds('{"recipient": "carl@b.example"}', 'many', 'bcc');
select pg_temp.finds('{"recipient": "bob@b.example"}', 'many', 'a recipient who is named twice');
select pg_temp.finds('{"recipient": "ann+x@b.example"}', '-', 'another address is another recipient');
select pg_temp.finds('{"recipient": "ann@b.example", "subject": "Your"}', 'many ann', 'and a subject');
select is(public.email_queue_search('{"recipient": "ann@b.example"}', 1) #> '{messages,0}', to_jsonb(q), 'a row as the view has it') from public.email_queue as q where q.id = pg_temp.of('one by one');
select is(e #> '{payload}', 'null', 'without the payload of a secret one') from jsonb_array_elements(public.email_queue_search('{"recipient": "ann@b.example"}') -> 'messages') as e where e ->> 'id' = pg_temp.of('secret')::text;

-- Subjects.
select pg_temp.finds('{"subject": "Your order"}', 'many ann', 'how the subject begins; case counts, and no secret one is found');
select pg_temp.finds('{"subject": "order"}', '-', 'not what it contains');
select pg_temp.finds('{"subject": "Your%"}', '-', 'no pattern');
select pg_temp.finds('{"subject": "Welcome Dora"}', 'welcome', 'as it was rendered');
select pg_temp.finds('{"subject": ""}', 'one by one task welcome many ann', 'all that have one');

-- Pages.
create temp table page as select public.email_queue_search('{"recipient": "ann@b.example"}', 3) as first;
select is(first ->> 'next', pg_temp.of('many')::text, 'a full page says where to go on') from page;
select is(public.email_queue_search('{"recipient": "ann@b.example"}', 3, (first ->> 'next')::uuid) - 'messages', '{"next": null, "looked": 1, "similar": []}', 'the second is the last') from page;
select is(public.email_queue_search('{"recipient": "ann@b.example"}', 1, pg_temp.of('ann')), '{"next": null, "looked": 0, "similar": [], "messages": []}', 'after it is nothing, and nobody is similar');
create function pg_temp.pages(p_filter jsonb, p_limit integer) returns text language plpgsql as $$
declare
  v_answer jsonb := '{}';
  v_names text[] := '{}';
begin
  loop
    v_answer := public.email_queue_search(p_filter, p_limit, (v_answer ->> 'next')::uuid);
    v_names := v_names || array(select m.name from jsonb_array_elements(v_answer -> 'messages') with ordinality as e(e, n) join m on m.id = (e.e ->> 'id')::uuid order by e.n);
    exit when v_answer ->> 'next' is null;
  end loop;
  return array_to_string(v_names, ' ');
end $$;
select is(pg_temp.pages(f, 1), pg_temp.search(f), 'one at a time gives the same: ' || f::text) from unnest(array['{}', '{"subject": "Your"}', '{"recipient": "ann@b.example"}', '{"metadata": {"order": 7}}', '{"status": "pending"}']::jsonb[]) as f;

-- The rest.
select pg_temp.finds('{"type": "report"}', 'task', 'by type');
select pg_temp.finds('{"template": "welcome"}', 'welcome', 'by template');
select pg_temp.finds('{"metadata": {"order": 7}}', 'ann', 'by metadata');
select pg_temp.finds('{"metadata": {"order": 9}}', '-', 'by metadata that none has');
select pg_temp.finds('{"metadata": {}}', 'many ann', 'that have any');
select pg_temp.finds(jsonb_build_object('since', since), 'one by one task secret welcome many', 'since') from since;
select pg_temp.finds(jsonb_build_object('until', since), 'ann', 'until') from since;
select pg_temp.finds(jsonb_build_object('recipient', 'ann@b.example', 'until', since), 'ann', 'of a recipient, until') from since;
select pg_temp.finds(jsonb_build_object('metadata', '{"order": 7}'::jsonb, 'since', since), '-', 'of metadata, since') from since;
select pg_temp.finds('{"recipient": "ann@b.example", "type": null, "metadata": null}', 'one by one secret many ann', 'what is null counts for nothing');
select pg_temp.finds('{}', 'one by one task secret welcome many ann', 'without a filter all');
select is(pg_temp.search(null), pg_temp.search('{}'), 'or with none');

-- States. "ann" is cancelled, "many" completed and bounced, "welcome" retried, "secret" rejected; "one by one" is with a worker.
select public.email_queue_cancel(pg_temp.of('ann'));
create function pg_temp.only(p_name text, p_token integer, p_begin boolean default true) returns jsonb language plpgsql as $$
declare
  v_claim jsonb;
begin
  update email_queue_private.ready set lane = 'single:a.example', run_at = now() - interval '1 day' where id = pg_temp.of(p_name);
  v_claim := pg_temp.claim(p_token);
  if p_begin then
    perform pg_temp.start(v_claim, '{"endpoint": "single"}');
  end if;
  return v_claim;
end $$;
update email_queue_private.ready set run_at = now() + interval '1 hour' where id is not null;
select pg_temp.complete(pg_temp.only('many', 1));
select pg_temp.settle(pg_temp.only('welcome', 2), '{"answer": "definite", "rest": "retry", "delay_ms": 60000, "error": {"class": "refused"}}');
select pg_temp.settle(pg_temp.only('secret', 3), '{"answer": "definite", "rest": "fail", "error": {"class": "rejected"}}');
select pg_temp.only('one by one', 4) is not null;
select pg_temp.finds('{"status": "pending"}', 'task', 'pending');
select pg_temp.finds('{"status": "processing"}', 'one by one', 'processing');
select pg_temp.finds('{"status": "retrying"}', 'welcome', 'retrying');
select pg_temp.finds('{"status": "completed"}', 'many', 'completed');
select pg_temp.finds('{"status": "failed"}', 'secret', 'failed');
select pg_temp.finds('{"status": "cancelled"}', 'ann', 'cancelled');
select pg_temp.finds('{"reason": "rejected"}', 'secret', 'by reason');
select pg_temp.finds('{"reason": "cancelled"}', 'ann', 'cancelled is a reason');
select pg_temp.finds('{"reason": "expired"}', '-', 'a reason that none has');
select pg_temp.finds('{"status": "completed", "reason": "rejected"}', '-', 'what contradicts itself');
select pg_temp.finds(format('{"status": "%s", "recipient": "ann@b.example"}', s)::jsonb, n, 'to Ann, ' || s) from (values ('processing', 'one by one'), ('completed', 'many'), ('failed', 'secret'), ('cancelled', 'ann'), ('pending', '-')) as v(s, n);
select pg_temp.record(pg_temp.event(pg_temp.of('many'), 'email.delivered'), pg_temp.event(pg_temp.of('many'), 'email.complained', '{"occurred_at": "2026-11-26T21:00:00.000Z"}'));
select pg_temp.finds('{"delivery": "delivered"}', 'many', 'delivered');
select pg_temp.finds('{"delivery": "complained"}', 'many', 'and complained about');
select pg_temp.finds('{"delivery": "bounced"}', '-', 'not bounced');
select pg_temp.record(pg_temp.event(pg_temp.of('many'), 'email.bounced', '{"recipients": ["ann@b.example"]}'));
select pg_temp.finds('{"delivery": "bounced", "recipient": "bob@b.example"}', 'many', 'bounced, for one of its recipients');

-- Similar addresses.
select is(pg_temp.similar('ann+shop@b.example'), 'ann@b.example 4', 'with a tag');
select is(pg_temp.similar('a.nn@b.example'), 'ann@b.example 4', 'with dots');
select is(pg_temp.similar('a.nn@c.example'), null, 'at another host dots tell people apart');
select is(pg_temp.similar('ann@c.example'), 'ann@b.example 4', 'at another host');
select is(pg_temp.similar('zoe@b.example'), null, 'nobody');
select is(pg_temp.similar('ann@b.example'), null, 'none, where something was found');
select pg_temp.mails(2, '{}', format('{"to": "ann@d%s.example"}', n)::jsonb) from generate_series(1, 6) as n;
select is(pg_temp.similar('ann@c.example'), 'ann@d6.example 2, ann@d5.example 2, ann@d4.example 2, ann@d3.example 2, ann@d2.example 2', 'five, those with the newest mail first');

-- What goes and what stays.
delete from email_queue_private.body where id = pg_temp.of('many');
select pg_temp.finds('{"recipient": "carl@b.example"}', 'many', 'a payload that is pruned takes no recipient with it');
select public.email_queue_erase(pg_temp.of('many'));
select is(pg_temp.search('{"recipient": "carl@b.example"}') || pg_temp.search('{"recipient": "bob@b.example"}'), '--', 'an erasure does');
select is((select count(*)::integer from email_queue_private.further_addressee where id = pg_temp.of('many')), 0, 'of all of them');
select pg_temp.settle(pg_temp.claim(5, '{"type": "email"}'), '{"answer": "none", "rest": "release"}') is not null;
create temp table gone as select (public.email_queue_enqueue('{"to": ["eve@b.example", "fay@b.example"], "subject": "x", "text": "Hi"}', p_priority => 0) ->> 'id')::uuid as id;
select pg_temp.settle(pg_temp.claim(6), '{"answer": "none", "rest": "fail"}') is not null;
select public.email_queue_discard(array[id]) from gone;
select is((select count(*)::integer from email_queue_private.further_addressee as f join gone on gone.id = f.id), 0, 'a discard too');

insert into m values ('old', (public.email_queue_enqueue('{"to": ["eve@b.example", "guy@b.example"], "subject": "x", "text": "Hi"}', p_delay_ms => 1000) ->> 'id')::uuid);
select public.email_queue_cancel(pg_temp.of('old'));
update email_queue_private.further_addressee set id = email_queue_private.first_id(now() - interval '100 days') where id = pg_temp.of('old');
update email_queue_private.message set id = email_queue_private.first_id(now() - interval '100 days'), completed_at = now() - interval '99 days' where id = pg_temp.of('old');
select pg_temp.finds('{"recipient": "guy@b.example"}', '?', 'an old one is found');
select public.email_queue_prune();
select is(pg_temp.search('{"recipient": "guy@b.example"}') || (select count(*) from email_queue_private.further_addressee where id < email_queue_private.first_id(now() - interval '1 day')), '-0', 'until it is pruned');

create function pg_temp.refused(p_filter jsonb, p_detail text, p_name text) returns text language plpgsql as $$
declare v_detail text;
begin
  perform public.email_queue_search(p_filter);
  return fail(p_name);
exception when invalid_parameter_value then
  get stacked diagnostics v_detail = pg_exception_detail;
  return is(v_detail, 'field=' || p_detail, p_name);
end $$;
select pg_temp.refused(f, d, d || ': ' || left(f::text, 60)) from (values ('[]'::jsonb, 'filter'), ('{"to": "x"}', 'filter.to'), ('{"recipient": "ann"}', 'filter.recipient'), ('{"recipient": ["ann@b.example"]}', 'filter.recipient'), ('{"recipient": "Ann <>"}', 'filter.recipient'),
  ('{"status": "sent"}', 'filter.status'), ('{"reason": "x"}', 'filter.reason'), ('{"delivery": "x"}', 'filter.delivery'), ('{"since": "soon"}', 'filter.since'), ('{"metadata": [1]}', 'filter.metadata'), (jsonb_build_object('subject', repeat('x', 2000)), 'filter.subject')) as v(f, d);

select public.email_queue_enqueue('{"to": "Ann <ann@bücher.example>", "subject": "S", "text": "x"}');
select is(jsonb_array_length(public.email_queue_search('{"recipient": "ann@Bücher.example"}') -> 'messages'), 1, 'an address that the worker rejects can be asked for');

select * from finish();
rollback;

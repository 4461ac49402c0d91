begin;
\ir helpers.psql
select plan(24);

select public.email_queue_template_put('welcome', 'Hello {{ name }}', '<p>{{ name }}</p>', '{{ name }}');
select public.email_queue_template_put('welcome', 'Hallo {{ name }}', '<p>{{ name }}</p>', p_language => 'de');
select public.email_queue_template_put('welcome', 'Servus {{ name }}', null, '{{ name }}', 'de-AT');
create function pg_temp.enqueue(p_language text) returns jsonb language plpgsql as $$
declare
  v_id uuid := public.email_queue_enqueue_template('welcome', 'ann@b.example', '{"name": "Ann"}', p_language) ->> 'id';
begin
  return (select to_jsonb(q) from public.email_queue as q where q.id = v_id);
end
$$;

create temp table m as select pg_temp.enqueue(null) as m;
select is(m -> 'payload', '{"to": "ann@b.example", "from": "Shop <shop@a.example>", "subject": "Hello Ann", "content": "<p>Ann</p>", "text": "Ann"}', 'the payload is rendered and frozen') from m;
select is(m -> 'template', '{"name": "welcome", "language": null, "version": 1}', 'with what it was made of') from m;
select is(m -> 'secret', 'false', 'it is not secret') from m;
select public.email_queue_template_put('welcome', 'Hi {{ name }}', '<p>{{ name }}</p>', '{{ name }}');
select is(public.email_queue_get((m ->> 'id')::uuid) #>> '{payload,subject}', 'Hello Ann', 'a change of the template changes no message') from m;
select is(pg_temp.enqueue(null) -> 'template', '{"name": "welcome", "language": null, "version": 2}', 'the next one has the new version');
select is(pg_temp.enqueue(l) #>> '{payload,subject}', s, format('%s: %s', l, s))
from (values ('de', 'Hallo Ann'), ('de-AT', 'Servus Ann'), ('DE_at', 'Servus Ann'), ('de-AT-1996', 'Servus Ann'), ('de-CH', 'Hallo Ann'), ('fr', 'Hi Ann')) as c(l, s);
select is(pg_temp.enqueue('de-CH') -> 'template', '{"name": "welcome", "language": "de", "version": 1}', 'the message says which language was found');
select is(pg_temp.enqueue('de-AT') -> 'payload' ? 'content', false, 'a template of text alone has no HTML');

create function pg_temp.many(p_item jsonb) returns text language plpgsql as $$
declare
  v_id uuid := public.email_queue_enqueue_many(jsonb_build_array('{"payload": {"to": "a@b.example"}}'::jsonb || p_item)) -> 0 ->> 'id';
begin
  return (select q.payload ->> 'subject' from public.email_queue as q where q.id = v_id);
end
$$;
select is(pg_temp.many('{"template": "welcome", "variables": {"name": "Bob"}, "language": "de"}'), 'Hallo Bob', 'a list of messages has the same');
select throws_ok($$select pg_temp.many('{"template": "welcome"}')$$, '22023', 'email_queue: messages[0].variables.name: is missing', 'and names the message');
select throws_ok($$select pg_temp.many('{"template": "welcome", "variables": {"name": "x"}, "payload": {"to": "a@b.example", "subject": "x"}}')$$, '22023', 'email_queue: messages[0].subject: comes from the template: leave it out of the payload', 'a part is given once');
select throws_ok($$select pg_temp.many('{"variables": {"name": "x"}}')$$, '22023', 'email_queue: messages[0].template: is missing: variables and language belong to it', 'variables need a template');
select throws_ok($$select pg_temp.many('{"template": "welcome", "type": "report"}')$$, '22023', 'email_queue: messages[0].template: belongs to e-mail', 'a custom type has none');
select throws_ok($$select pg_temp.many('{"template": 7}')$$, '22023', 'email_queue: messages[0].template: must be a text', 'its name is a text');
select throws_ok($$select public.email_queue_enqueue_template(null, 'a@b.example')$$, '22023', 'email_queue: template: is missing', 'a template is needed');
select throws_ok($$select public.email_queue_enqueue_template('welcome', 'a@b.example', '{"name": "x"}', p_payload => '{"to": "c@b.example"}')$$, '22023', 'email_queue: to: is given in the payload too; give it once', 'one list of recipients');
select throws_ok($$select public.email_queue_enqueue_template('welcome', 'a@b.example', '{"name": "x"}', 'German language')$$, '22023', 'email_queue: language: must be like de or de-AT', 'a language that is one');
create temp table other as select public.email_queue_enqueue_template('welcome', null, '{"name": "x"}',
  p_payload => '{"to": ["a@b.example"], "from": "me@a.example", "replyTo": "you@a.example"}', p_tags => '{"kind": "x"}') ->> 'id' as id;
select is((select q.payload - 'subject' - 'content' - 'text' from public.email_queue as q join other as o on q.id = o.id::uuid),
  '{"to": ["a@b.example"], "from": "me@a.example", "replyTo": "you@a.example", "tags": {"kind": "x"}}', 'what else an e-mail has is in the payload');
select is((public.email_queue_enqueue_template('welcome', 'a@b.example', '{"name": "x"}', p_dedup_key => 'once') ->> 'id'),
  (public.email_queue_enqueue_template('welcome', 'a@b.example', '{"name": "x"}', p_dedup_key => 'once') ->> 'id'), 'a dedup key makes it happen once');

select * from finish();
rollback;

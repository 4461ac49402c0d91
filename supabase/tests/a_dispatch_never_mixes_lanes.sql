begin;
\ir helpers.psql
select plan(6);

create temp table m as
  select n, pg_temp.mail(p_payload => jsonb_build_object('from', format('x@d%s.example', n % 3))) as id from generate_series(1, 30) as n;
insert into m select 100 + n, (public.email_queue_enqueue('{"n": 1}', 'sms') ->> 'id')::uuid from generate_series(1, 2) as n;

create temp table d as select t, pg_temp.claim(t) as d from generate_series(1, 4) as t;
select is((select array_agg(jsonb_array_length(d -> 'messages') order by t) from d), '{10,10,10,NULL}', 'three sender domains make three dispatches');
select is((select count(*)::integer from d, jsonb_array_elements(d -> 'messages') as e
  where pg_temp.lane(d) <> 'batch:' || split_part(e -> 'payload' ->> 'from', '@', 2)), 0, 'each of one domain');
select is((select count(distinct e ->> 'id')::integer from d, jsonb_array_elements(d -> 'messages') as e), 30, 'and no message twice');
select is(pg_temp.claim(5, '{"type": "push"}'), null, 'a type without messages has nothing');
select is((select jsonb_array_length(pg_temp.claim(6, '{"type": "sms"}') -> 'messages')), 1, 'another type is claimed by its name, one message a dispatch');
select is(jsonb_array_length(pg_temp.claim(7, '{"type": "sms"}') -> 'messages'), 1, 'and its second message next');

select * from finish();
rollback;

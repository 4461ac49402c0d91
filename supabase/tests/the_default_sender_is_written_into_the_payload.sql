begin;
\ir helpers.psql
select plan(8);

create temp table one as select pg_temp.mail() as id;
select is((select payload ->> 'from' from public.email_queue), 'Shop <shop@a.example>', 'a payload without sender gets the default');
select public.email_queue_configure('{"default_sender": "new@c.example"}');
select is((select payload ->> 'from' from public.email_queue), 'Shop <shop@a.example>', 'a default that changes later changes no stored payload');
create temp table own as select pg_temp.mail(p_payload => '{"from": "own@d.example"}') as id;
select is(public.email_queue_get(id) -> 'payload' ->> 'from', 'own@d.example', 'a sender of its own stays') from own;
select public.email_queue_configure('{"default_sender": null}');
select throws_ok('select pg_temp.mail()', '22023',
  'email_queue: messages[0].from: is missing, and no default sender is stored (email_queue_configure)', 'with none stored and none given, enqueue names from');
select is((select lane from email_queue_private.ready as r, one where r.id = one.id), 'batch:a.example', 'the lane is that of the default');

select pg_temp.work('{"seed_sender": "no address"}');
select is(public.email_queue_configure() -> 'default_sender', 'null', 'a worker cannot store what is no sender');
select pg_temp.work('{"seed_sender": "Seed <seed@e.example>"}');
select is(public.email_queue_configure() ->> 'default_sender', 'Seed <seed@e.example>', 'it stores its own where there is none');
select pg_temp.work('{"seed_sender": "Other <other@e.example>"}');
select is(public.email_queue_configure() ->> 'default_sender', 'Seed <seed@e.example>', 'and never over one');

select * from finish();
rollback;

begin;
\ir helpers.psql
select plan(4);

savepoint before;
select pg_temp.mail();
select is((select count(*)::integer from public.email_queue), 1, 'the caller sees its message');
rollback to before;
select is((select count(*)::integer from public.email_queue), 0, 'the caller''s rollback takes it back');
select is((select count(*)::integer from email_queue_private.body) + (select count(*)::integer from email_queue_private.ready), 0, 'with all that belongs to it');

create temp table sale (id integer);
create function pg_temp.on_sale() returns trigger language plpgsql as $$
begin
  perform public.email_queue_enqueue('{"to": "a@b.example", "subject": "S", "text": "T"}');
  return new;
end $$;
create trigger on_sale after insert on sale for each row execute function pg_temp.on_sale();
insert into sale values (1);
select is((select count(*)::integer from public.email_queue), 1, 'a trigger can enqueue');

select * from finish();
rollback;

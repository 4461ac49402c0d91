begin;
select plan(1);

-- A migration creates functions without a look at their bodies, so that their order does not matter.
create function pg_temp.unreadable() returns setof text language plpgsql as $$
declare
  v_function regprocedure;
begin
  set local check_function_bodies = on;
  for v_function in select p.oid from email_queue_private.our_functions() as p loop
    begin
      execute pg_get_functiondef(v_function);
    exception when others then
      return next v_function || ': ' || sqlerrm;
    end;
  end loop;
end
$$;
select is_empty('select * from pg_temp.unreadable()', 'each is taken as it is');

select * from finish();
rollback;

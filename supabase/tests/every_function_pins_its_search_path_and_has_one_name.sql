begin;
select plan(4);

create temp view our_function as
  select p.oid, p.oid::regprocedure::text as name, p.proname, p.prosecdef, p.proconfig, p.pronamespace, p.prorettype, p.proretset, p.proargnames
  from pg_proc as p where p.pronamespace = 'email_queue_private'::regnamespace or p.pronamespace = 'public'::regnamespace and p.proname like 'email\_queue%';

select is((select array_agg(name) from our_function where proconfig is null or not 'search_path=""' = any (proconfig)), null, 'every function pins an empty search_path');
select is((select array_agg(proname) from (select proname from our_function group by proname, pronamespace having count(*) > 1) as x), null, 'none is overloaded');
select is((select array_agg(name) from our_function where pronamespace = 'public'::regnamespace and (prorettype not in ('json'::regtype, 'jsonb'::regtype) or proretset or not prosecdef)), null,
  'every public one runs as its owner and gives one JSON value');
select is((select array_agg(name || ' ' || a) from our_function, unnest(proargnames) as a where pronamespace = 'public'::regnamespace and a not like 'p\_%'), null, 'its arguments begin with p_');

select * from finish();
rollback;

begin;
select plan(6);

create temp view our_function as
  select p.oid, p.oid::regprocedure::text as name, p.proname, p.prosecdef, p.proconfig, p.pronamespace, p.prorettype, p.proretset, p.proargnames
  from pg_proc as p where p.pronamespace = 'email_queue_private'::regnamespace or p.pronamespace = 'public'::regnamespace and p.proname like 'email\_queue%';

select is((select array_agg(name) from our_function where proconfig is null or not 'search_path=pg_catalog, pg_temp' = any (proconfig)), null, 'every function pins its search_path: types too are looked for in pg_catalog first');
-- A plan of a kind that is switched off counts as so costly that the server would compile it, for 60 ms and more in each call.
select is((select array_agg(name) from our_function where proconfig::text like '%enable\_%=off%' and not 'jit=off' = any (proconfig)), null, 'who switches a kind of plan off has none compiled');
select is((select array_agg(proname) from (select proname from our_function group by proname, pronamespace having count(*) > 1) as x), null, 'none is overloaded');
select is((select array_agg(name) from our_function where pronamespace = 'public'::regnamespace and (prorettype not in ('json'::regtype, 'jsonb'::regtype, 'text'::regtype) or proretset)), null,
  'every public one gives one value');
-- What needs the owner: the jobs and requests of extensions, Vault, and what looks at them. Each asks who calls.
select is((select array_agg(oid::regproc::text order by oid::regproc::text) from (select oid from our_function where prosecdef) as d(oid)),
  array['email_queue_auth_hook', 'email_queue_call', 'email_queue_connect', 'email_queue_private.doctor_answers', 'email_queue_private.doctor_identity', 'email_queue_private.doctor_job', 'email_queue_private.doctor_parts',
    'email_queue_private.doctor_runs', 'email_queue_private.doctor_schema', 'email_queue_private.send_wake', 'email_queue_schedule', 'email_queue_unschedule', 'email_queue_wake'], 'these run as their owner, and no other');
select is((select array_agg(name || ' ' || a) from our_function, unnest(proargnames) as a where pronamespace = 'public'::regnamespace and a not like 'p\_%'), null, 'its arguments begin with p_');

select * from finish();
rollback;

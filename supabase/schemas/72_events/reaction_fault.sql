-- p_function: schema.function, as it is stored. Events are recorded by service_role, also if the owner names the function.
create function email_queue_private.reaction_fault(p_function text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text := case when to_regrole('service_role') is not null then 'service_role' else current_user end;
  v_function record;
begin
  select p.prosecdef, p.prokind, has_function_privilege(v_role, p.oid, 'EXECUTE') as may_call, has_schema_privilege(v_role, p.pronamespace, 'USAGE') as may_see,
    p.oid::regprocedure as name, p.pronamespace::regnamespace as schema
  into v_function from pg_catalog.pg_proc as p where p.oid = to_regprocedure(p_function || '(jsonb)');
  return case
    when v_function.prokind is null then format('there is no function %s(jsonb); give it with its schema, as in public.on_email_event', p_function)
    when v_function.prokind <> 'f' then 'it must be a function'
    when not v_function.prosecdef then format('it must be SECURITY DEFINER: events are recorded as %s, which has no rights on your tables that you have not given it', v_role)
    when not v_function.may_see then format('%s may not use its schema: grant usage on schema %s to %1$s;', v_role, v_function.schema)
    when not v_function.may_call then format('%s may not call it: grant execute on function %s to %1$s;', v_role, v_function.name)
  end;
exception when insufficient_privilege then
  return format('%s may not use its schema: grant usage on it to %1$s;', current_user);
when others then
  -- What is no name at all.
  return format('there is no function %s(jsonb); give it with its schema, as in public.on_email_event', p_function);
end
$$;
comment on function email_queue_private.reaction_fault(text) is 'Why a function cannot be called with events; null if it can.';

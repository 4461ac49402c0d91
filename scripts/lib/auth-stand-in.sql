-- A stand-in for Supabase Auth in an embedded database, which knows no logins: it takes Auth's role, stores a user and calls the hook, all in
-- one transaction. Applied before the queue's migration, which gives the role its one right.
create role supabase_auth_admin nologin noinherit;
create schema auth_stand_in authorization supabase_auth_admin;
create table auth_stand_in.users (id uuid primary key, email text not null);
alter table auth_stand_in.users owner to supabase_auth_admin;

create function public.auth_stand_in(p_event jsonb, p_undo boolean default false) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
begin
  perform set_config('role', 'supabase_auth_admin', true);
  insert into auth_stand_in.users (id, email) values ((p_event #>> '{user,id}')::uuid, p_event #>> '{user,email}') on conflict do nothing;
  perform set_config('statement_timeout', '2s', true);
  v_answer := public.email_queue_auth_hook(p_event);
  if v_answer ? 'error' then
    raise exception using message = v_answer #>> '{error,message}';
  elsif p_undo then
    raise exception 'the sign-up is taken back';
  end if;
  return v_answer;
end
$$;

create function public.auth_stand_in_users() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('role', 'supabase_auth_admin', true);
  return (select coalesce(jsonb_agg(u.email), '[]') from auth_stand_in.users as u);
end
$$;

set standard_conforming_strings = on;

-- Copies do not send. The function reports the address of its project with each call, and the queue keeps the address of
-- the function that may send from this database. In a copy another function asks: it is refused, before anything is
-- claimed or begun, until somebody says that it may send.

-- No key can collide when a dump with data is loaded into a database that has rows of its own.
create table email_queue_private.identity (
  id uuid constraint identity_pkey primary key default gen_random_uuid(),
  kind text collate "C" not null,
  address text collate "C",
  server text collate "C" not null,
  last_server text collate "C" not null,
  created_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  constraint identity_kind_is_known check (kind in ('recorded', 'adopt', 'refused')),
  constraint identity_has_an_address check ((kind = 'adopt') = (address is null))
);
alter table email_queue_private.identity enable row level security;
comment on table email_queue_private.identity is 'Whose queue this is. No row: nobody has sent from here. Of several that are recorded, all must be the asking function''s.';
comment on column email_queue_private.identity.id is 'Has no meaning.';
comment on column email_queue_private.identity.kind is
  'recorded: the function that may send. adopt: the next function that asks will be recorded. refused: a function that asked and may not send.';
comment on column email_queue_private.identity.address is 'The host of the project, as its function reports it; localhost for every name of this machine.';
comment on column email_queue_private.identity.server is 'The server''s system identifier and the database''s oid when it was written.';
comment on column email_queue_private.identity.last_server is 'The same when the function asked last.';
comment on column email_queue_private.identity.created_at is 'When it was written.';
comment on column email_queue_private.identity.seen_at is 'When the function asked last, to five minutes where it may send.';

-- Sequences, because their values outlive a truncated table and a rollback, and no schema-only dump carries them.
create sequence email_queue_private.enqueued_here;
comment on sequence email_queue_private.enqueued_here is 'Used by each enqueue: what is loaded from a dump of the tables does not use it.';
create sequence email_queue_private.recorded_here;
comment on sequence email_queue_private.recorded_here is 'The server on which an identity was recorded last, as a number; unused where none was.';

-- A host, and its port where that is not the scheme's own. The names that this machine has for itself are one: a function
-- run by hand and one in a container of the local stack have different ones.
create function email_queue_private.identity_address(p_url text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when a.address ~ '^([a-z0-9_-]+|(.*[.])?localhost|127[.][0-9.]+|0[.]0[.]0[.]0|[[]::1?[]]|.*[.]docker[.]internal|.*[.]supabase[.]internal)(:[0-9]+)?$' then 'localhost'
    else a.address end
  from (
    select regexp_replace(regexp_replace(split_part(split_part(split_part(regexp_replace(u.url, '^https?://', ''), '/', 1), '?', 1), '#', 1), '^.*@', ''),
      case when u.url like 'https:%' then ':443$' else ':80$' end, '') as address
    from (select left(lower(btrim(p_url) collate "C"), 300) as url) as u
  ) as a
$$;
comment on function email_queue_private.identity_address(text) is 'The host of an address, for comparisons; localhost for all names of this machine.';

-- Such an address says little: many machines have it. There the server's own identifiers decide too.
create function email_queue_private.is_local_address(p_address text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_address = 'localhost'
    or p_address ~ '^(10[.][0-9.]+|192[.]168[.][0-9.]+|172[.](1[6-9]|2[0-9]|3[01])[.][0-9.]+|[[]f[cde][0-9a-f:]+[]]|.*[.](local|lan|internal|home[.]arpa))(:[0-9]+)?$'
$$;
comment on function email_queue_private.is_local_address(text) is 'Whether an address is one that several machines may have.';

create function email_queue_private.this_server() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_system text;
  v_database oid := (select d.oid from pg_catalog.pg_database as d where d.datname = current_database());
begin
  begin
    select s.system_identifier::text into v_system from pg_catalog.pg_control_system() as s;
  exception when others then
    null; -- Not readable here: then the database's oid is all there is.
  end;
  return coalesce(v_system, '?') || '/' || v_database;
end
$$;
comment on function email_queue_private.this_server() is 'The server''s system identifier and the database''s oid.';

create function email_queue_private.server_number(p_server text) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select greatest(1, hashtextextended(p_server, 0) & 9223372036854775807)
$$;
comment on function email_queue_private.server_number(text) is 'A server as a sequence can keep it.';

-- Of the next function that asks. Only on this server: what a copy carries along counts for nothing there.
create function email_queue_private.adopt_next() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into email_queue_private.identity (kind, server, last_server)
  select 'adopt', s.server, s.server from (select email_queue_private.this_server() as server) as s
  where not exists (select 1 from email_queue_private.identity as i where i.kind = 'recorded' or i.kind = 'adopt' and i.server = s.server);
end
$$;
comment on function email_queue_private.adopt_next() is 'Where no identity is recorded: has the next function that asks recorded, whatever waits.';

create function email_queue_private.has_open_mail() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select 1 from email_queue_private.ready as r where r.type = 'email')
    or exists (select 1 from email_queue_private.dispatch as d where d.type = 'email' and d.settled_at is null and d.token is null)
    or exists (select 1 from email_queue_private.dispatch as d where d.type = 'email' and d.token is not null)
$$;
comment on function email_queue_private.has_open_mail() is 'Whether any e-mail is open: scheduled, retrying and frozen ones too.';

-- What an identity that is not the asking function's means, in words.
create function email_queue_private.copy_reason(p_address text, p_others text[]) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select 'a copy does not send: ' || case
      when cardinality(p_others) = 0 then 'this database has open messages that were not enqueued here'
      when p_others = array[p_address] then format('this queue is that of %s on another database server', p_address)
      else format('this queue is that of %s', array_to_string(array_remove(p_others, p_address), ', ')) end
    || format(', and the function of %s asks for it. If this database may send: select email_queue_adopt();', p_address)
$$;
comment on function email_queue_private.copy_reason(text, text[]) is 'Why a function was refused, and the way out.';

-- Records the asking function, or refuses it.
create function email_queue_private.identify(p_address text, p_server text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_local boolean := email_queue_private.is_local_address(p_address);
  v_others text[];
  v_none boolean;
  v_at_work boolean;
  v_may boolean;
begin
  -- One at a time: two functions that ask an empty queue at once are not both recorded.
  lock table email_queue_private.identity in share row exclusive mode;
  select coalesce(array_agg(distinct i.address) filter (where i.address <> p_address or v_local and i.server <> p_server), '{}'), count(*) = 0,
    -- A function that was run by hand with another address does not take the place of the one that is at work here.
    coalesce(bool_or(i.last_server = p_server and i.address <> p_address and i.seen_at > clock_timestamp() - interval '15 minutes'), false)
  into v_others, v_none, v_at_work
  from email_queue_private.identity as i where i.kind = 'recorded';
  if not v_none and v_others = '{}' then
    return null; -- Another call has recorded it meanwhile.
  end if;
  v_may := case
    when not email_queue_private.has_open_mail() then not v_at_work
    when not v_none then false
    else exists (select 1 from email_queue_private.identity as i where i.kind = 'adopt' and i.server = p_server)
      or pg_catalog.pg_sequence_last_value('email_queue_private.enqueued_here') is not null
        and coalesce(pg_catalog.pg_sequence_last_value('email_queue_private.recorded_here') = email_queue_private.server_number(p_server), true) end;
  if v_may then
    delete from email_queue_private.identity where kind in ('recorded', 'adopt', 'refused');
    insert into email_queue_private.identity (kind, address, server, last_server) values ('recorded', p_address, p_server, p_server);
    perform setval('email_queue_private.recorded_here', email_queue_private.server_number(p_server));
    return null;
  end if;
  update email_queue_private.identity set seen_at = clock_timestamp(), last_server = p_server where kind = 'refused' and address = p_address;
  if not found then
    insert into email_queue_private.identity (kind, address, server, last_server) values ('refused', p_address, p_server, p_server);
  end if;
  return email_queue_private.copy_reason(p_address, v_others);
end
$$;
comment on function email_queue_private.identify(text, text) is 'Records a function as the one that may send, or says why not.';

-- For a call of the worker that claims or begins: {state, reason} where its function may not send, else null. A caller that
-- reports no address is not checked.
create function email_queue_private.identity_obstacle(p_request jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_address text := nullif(email_queue_private.identity_address(p_request ->> 'project_url'), '');
  v_local boolean := email_queue_private.is_local_address(v_address);
  v_server text;
  v_mine boolean;
  v_stale boolean;
  v_reason text;
begin
  if v_address is null or coalesce(jsonb_typeof(p_request -> 'claim'), 'null') <> 'object' and coalesce(jsonb_array_length(p_request -> 'begins'), 0) = 0 then
    return null;
  end if;
  if v_local then
    v_server := email_queue_private.this_server();
  end if;
  select bool_and(i.address = v_address and (not v_local or i.server = v_server)), bool_and(i.seen_at < clock_timestamp() - interval '5 minutes')
  into v_mine, v_stale from email_queue_private.identity as i where i.kind = 'recorded';
  if v_mine is not true then
    v_reason := email_queue_private.identify(v_address, coalesce(v_server, email_queue_private.this_server()));
  elsif v_stale then
    -- Nobody waits for another's note.
    update email_queue_private.identity set seen_at = clock_timestamp(), last_server = coalesce(v_server, email_queue_private.this_server())
    where id in (select i.id from email_queue_private.identity as i where i.kind = 'recorded' for update skip locked);
  end if;
  return case when v_reason is not null then jsonb_build_object('state', 'paused', 'reason', v_reason) end;
exception when query_canceled or others then
  return jsonb_build_object('state', 'error', 'reason', sqlerrm);
end
$$;
comment on function email_queue_private.identity_obstacle(jsonb) is 'Why the function that asks may not send from this database; null where it may.';

-- {since, until, reason, kind} where the last function that asked was refused, and none that may send is at work.
create function email_queue_private.copy_pause() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('since', r.created_at, 'until', null, 'kind', 'copy', 'reason', email_queue_private.copy_reason(r.address, array(
    select distinct o.address from email_queue_private.identity as o
    where o.kind = 'recorded' and (o.address <> r.address or o.server <> r.last_server) order by o.address)))
  from email_queue_private.identity as r
  where r.kind = 'refused' and not exists (
    select 1 from email_queue_private.identity as o
    where o.kind = 'recorded' and o.last_server = r.last_server and o.seen_at > r.seen_at - interval '15 minutes')
  order by r.seen_at desc limit 1
$$;
comment on function email_queue_private.copy_pause() is 'The pause of a copy, as email_queue_stats shows it; null where there is none.';

create function public.email_queue_adopt() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_answer jsonb;
begin
  lock table email_queue_private.identity in share row exclusive mode;
  select jsonb_build_object('adopted', true,
    'previous', coalesce(jsonb_agg(distinct i.address) filter (where i.kind = 'recorded'), '[]'),
    'refused', coalesce(jsonb_agg(distinct i.address) filter (where i.kind = 'refused'), '[]'))
  into v_answer from email_queue_private.identity as i;
  delete from email_queue_private.identity where kind in ('recorded', 'adopt', 'refused');
  perform email_queue_private.adopt_next();
  return v_answer;
end
$$;
comment on function public.email_queue_adopt() is
  'Says that this database may send: the next function that asks is recorded as its own, and what waits is sent. Answers {adopted, previous, refused}: whose queue it was, and which functions had been refused.';

-- An upgrade from a schema that kept no identity: what waits came in here.
do $$
begin
  if email_queue_private.has_open_mail() then
    perform email_queue_private.adopt_next();
  end if;
end
$$;

call email_queue_private.apply_grants();

-- A stand-in with the signatures and the grants of pg_cron, for PostgreSQL 17, of which npm has none. It runs nothing.
create schema cron;
create table cron.job (
  jobid bigserial primary key, schedule text not null, command text not null, nodename text default 'localhost', nodeport integer default 5432,
  database text default current_database(), username text default current_user, active boolean default true, jobname text
);
create table cron.job_run_details (
  jobid bigint, runid bigserial primary key, job_pid integer, database text, username text, command text, status text, return_message text,
  start_time timestamptz, end_time timestamptz
);
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);
alter table cron.job add constraint jobname_username_uniq unique (jobname, username);
-- As the role that calls it, also inside a function with its owner's rights: of the functions below only these run as the caller.
create function cron._schedule(role text, job_name text, line text, job_command text) returns bigint language plpgsql security definer set search_path = '' as $$
declare
  v_id bigint;
begin
  if line !~ '^([0-9]+ seconds|\S+( \S+){4})$' then raise 'invalid schedule: %', line; end if;
  insert into cron.job (jobname, schedule, command, username) values (job_name, line, job_command, role)
  on conflict (jobname, username) do update set schedule = excluded.schedule, command = excluded.command returning jobid into v_id;
  return v_id;
end
$$;
create function cron._unschedule(role text, job_id bigint) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  delete from cron.job where jobid = job_id and username = role;
  if not found then raise 'could not find valid entry for job %', job_id; end if;
  return true;
end
$$;
create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql set search_path = '' as $$
  select cron._schedule(current_user, job_name, schedule, command)
$$;
create function cron.unschedule(job_id bigint) returns boolean language sql set search_path = '' as $$
  select cron._unschedule(current_user, job_id)
$$;
grant select on cron.job to public;
grant select, delete on cron.job_run_details to public;

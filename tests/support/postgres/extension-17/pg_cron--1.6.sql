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
create function cron.schedule(job_name text, schedule text, command text) returns bigint language plpgsql security definer set search_path = '' as $$
begin
  if schedule !~ '^([0-9]+ seconds|\S+( \S+){4})$' then raise 'invalid schedule: %', schedule; end if;
  insert into cron.job (jobname, schedule, command, username) values (job_name, schedule, command, session_user);
  return lastval();
end
$$;
create function cron.unschedule(job_id bigint) returns boolean language sql security definer set search_path = '' as $$
  delete from cron.job where jobid = job_id returning true
$$;
grant select on cron.job to public;
grant select, delete on cron.job_run_details to public;

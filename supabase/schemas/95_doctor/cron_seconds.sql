-- How many seconds lie between two runs of a line of cron; null if the line does not show it plainly.
create function email_queue_private.cron_seconds(p_line text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_line ~ '^[0-9]+ seconds$' then split_part(p_line, ' ', 1)::integer
    when p_line = '* * * * *' then 60
    when p_line ~ '^([*]|[0-9]+-59)/[0-9]+ [*] [*] [*] [*]$' then substring(p_line from '/([0-9]+)')::integer * 60
    when p_line ~ '^[0-9]+ [*] [*] [*] [*]$' then 3600
    when p_line ~ '^[0-9]+ [*]/[0-9]+ [*] [*] [*]$' then substring(p_line from '/([0-9]+)')::integer * 3600
    when p_line ~ '^[0-9]+ [0-9]+ [*] [*] [*]$' then 86400
  end
$$;
comment on function email_queue_private.cron_seconds(text) is 'Seconds between two runs of a schedule; null if the line does not show it plainly.';

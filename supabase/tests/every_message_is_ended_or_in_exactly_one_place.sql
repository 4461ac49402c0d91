begin;
\ir helpers.psql
select plan(8);

-- 2,500 random steps of 6 workers, among them crashes and lies; after each the one query of promise 1. The choices are seeded, their order in time is not, so the counts below are modest.
select setseed(0.4);
create temp table held (token integer primary key, d jsonb);
create temp table done (step text, result text);
create function pg_temp.dice(p_of text[]) returns text language sql volatile as $$ select p_of[1 + floor(random() * cardinality(p_of))::integer] $$;
create function pg_temp.step(p_n integer) returns void language plpgsql as $$
declare
  v_step text := pg_temp.dice('{enqueue,claim,claim,begin,begin,settle,settle,settle,settle,expire,due,sweep,horizon,late}');
  v_held held;
  v_result text;
  v_rest text;
begin
  select * into v_held from held order by random() limit 1;
  case v_step
    when 'enqueue' then
      v_result := cardinality(pg_temp.mails(1 + floor(random() * 8)::integer, jsonb_build_object('priority', floor(random() * 4), 'max_attempts', 1 + floor(random() * 4),
        'send_before', clock_timestamp() + interval '1 hour'), jsonb_build_object('from', 'x@' || pg_temp.dice('{a,b}') || '.example')));
    when 'claim' then
      insert into held select p_n, d from pg_temp.claim(p_n, jsonb_build_object('max_messages', 1 + floor(random() * 9))) as d where d is not null;
      v_result := found;
    when 'begin' then
      v_result := pg_temp.begin(v_held.d) ->> 'state';
    when 'settle' then
      v_rest := pg_temp.dice('{keep,freeze,freeze,split,release,alone,retry,complete,fail}');
      v_result := v_rest || ' ' || (pg_temp.settle(v_held.d, jsonb_build_object('rest', v_rest, 'answer', case when random() < 0.2 then pg_temp.dice('{definite,none,unknown}')
          when v_rest = 'freeze' then 'unknown' when v_rest in ('keep', 'release') then 'none' else 'definite' end,
        'counted', random() < 0.5, 'delay_ms', floor(random() * 2000), 'error', '{"class": "test"}'::jsonb, 'members', case when random() < 0.8 then '[]'::jsonb
          else jsonb_build_array(jsonb_build_object('id', v_held.d -> 'messages' -> 0 -> 'id', 'outcome', pg_temp.dice('{completed,failed}'))) end)) ->> 'result');
    when 'expire' then
      perform pg_temp.expire(v_held.d);
    when 'due' then
      update email_queue_private.ready set run_at = clock_timestamp() where random() < 0.5;
      update email_queue_private.dispatch set visible_at = clock_timestamp() where settled_at is null and token is null;
    when 'sweep' then perform pg_temp.sweep();
    when 'horizon' then
      update email_queue_private.dispatch set horizon_at = clock_timestamp() where frozen and random() < 0.1;
    when 'late' then
      update email_queue_private.message set send_before = clock_timestamp() where status is null and random() < 0.05;
      update email_queue_private.ready as r set send_before = m.send_before from email_queue_private.message as m where m.id = r.id;
      update email_queue_private.dispatch as d set send_before = (select min(m.send_before) from email_queue_private.message as m where m.id = any (d.message_ids)) where settled_at is null;
  end case;
  delete from held where token < p_n - 25;
  insert into done values (v_step, v_result);
end $$;

create temp table bad (step integer, n bigint);
do $$
declare n bigint;
begin
  for i in 1..2500 loop
    perform pg_temp.step(i);
    n := pg_temp.misplaced();
    if n > 0 then insert into bad values (i, n); end if;
  end loop;
end $$;
select is((select array_agg(step order by step) from bad), null, 'after each of 2,500 random steps every message is in one place');
select is((select count(*)::integer from done where result like '%error'), 0, 'no step failed in the database');
select cmp_ok((select count(*)::integer from done where result like '%applied'), '>', 10, 'settles were applied');
select cmp_ok((select count(distinct result)::integer from done where result like '%applied'), '>=', 4, 'of several kinds');
select cmp_ok((select count(*)::integer from done where result like '%invalid'), '>', 10, 'others were refused');
select cmp_ok((select count(*)::integer from done where result like '%lost'), '>', 5, 'others had lost their lease');
select cmp_ok((select count(*)::integer from done where result = 'begun'), '>', 10, 'dispatches began');
select cmp_ok((select count(distinct coalesce(reason, status))::integer from email_queue_private.message where status is not null), '>=', 3, 'and messages ended in several ways');

select * from finish();
rollback;

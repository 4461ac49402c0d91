begin;
\ir helpers.psql
select plan(19);

create temp table before as select public.email_queue_configure() as s;
select is(public.email_queue_configure('{"rate_limit": 3}'), s || '{"rate_limit": 3}', 'one is changed') from before;
select is(public.email_queue_configure(), s || '{"rate_limit": 3}', 'and stays') from before;
create function pg_temp.refused(p_settings jsonb, p_detail text, p_name text) returns text language plpgsql as $$
declare v_detail text;
begin
  perform public.email_queue_configure(p_settings);
  return fail(p_name);
exception when invalid_parameter_value then
  get stacked diagnostics v_detail = pg_exception_detail;
  return is(v_detail, 'field=' || p_detail, p_name);
end $$;
select pg_temp.refused('[]', 'settings', 'a list');
select pg_temp.refused('{"colour": 1}', 'colour', 'a setting that does not exist');
select pg_temp.refused('{"singleton": false}', 'singleton', 'what is none');
select pg_temp.refused('{"default_sender": "me"}', 'default_sender', 'a sender without @');
select pg_temp.refused('{"default_sender": {"email": "a@b.example"}}', 'default_sender', 'a sender that is an object');
select pg_temp.refused('{"rate_limit": 0}', 'rate_limit', 'no rate');
select pg_temp.refused('{"rate_limit": null}', 'rate_limit', 'a rate that is null');
select pg_temp.refused('{"rate_limit": "fast"}', 'rate_limit', 'a rate that is a word');
select pg_temp.refused('{"horizon": "0"}', 'horizon', 'no horizon');
select pg_temp.refused('{"retry_base_ms": 10, "retry_cap_ms": 5}', 'retry_cap_ms', 'a cap below the base');
select pg_temp.refused('{"retry_base_ms": 0}', 'retry_base_ms', 'no wait');
select pg_temp.refused('{"default_max_attempts": 1.5}', 'default_max_attempts', 'half an attempt');
select pg_temp.refused('{"completed_retention": "soon"}', 'completed_retention', 'an interval that is a word');
select pg_temp.refused('{"payload_retention": "-1 day"}', 'payload_retention', 'an interval before now');
select is((select array_agg(k) from jsonb_object_keys(public.email_queue_configure()) as k where email_queue_private.setting_rule(k) is null), null, 'each setting has its rule in words');
select is(public.email_queue_configure(), s || '{"rate_limit": 3}', 'nothing of it was stored') from before;
select is(public.email_queue_configure('{"default_sender": null}') -> 'default_sender', 'null', 'the default sender can be taken away');

select * from finish();
rollback;

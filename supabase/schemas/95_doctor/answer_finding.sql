create function email_queue_private.answer_finding(p_call text, p_status integer, p_timed_out boolean, p_error text, p_content text, p_data jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_deploy text := 'email-queue deploy';
  v_logs text := 'Look at the function''s logs (dashboard: Edge Functions)';
  v_answer jsonb;
  v_detail text;
  v_remedy text;
begin
  begin
    v_answer := p_content::jsonb;
  exception when others then
    v_answer := null;
  end;
  case
    when p_timed_out or p_error ilike '%time%out%' then
      v_detail := 'timed out: the function would answer at once if it started';
      v_remedy := v_logs;
    when p_status is null then
      v_detail := format('did not reach the function at %s: %s', coalesce(email_queue_private.identity_address((email_queue_private.read_secret('email_queue_url')).secret), 'its address'),
        coalesce(left(p_error, 200), 'no reason given'));
      v_remedy := 'If that address is right, wait: the schedule calls again, and https://status.supabase.com shows outages. If it is wrong: ' || v_deploy;
    when p_status = 401 and v_answer ->> 'code' like 'UNAUTHORIZED%' then
      v_detail := 'was refused (401) before it reached the function: Supabase checks for a JWT (verify_jwt)';
      v_remedy := v_deploy;
    when p_status = 401 then
      v_detail := 'was refused (401): the secret in Vault is not the function''s';
      v_remedy := v_deploy;
    when p_status = 404 then
      v_detail := 'found no function (404): it is not deployed, or email_queue_url is wrong';
      v_remedy := v_deploy;
    when p_status in (200, 202) and v_answer ? 'runId' then
      v_detail := 'was accepted';
    when p_status = 503 and v_answer ->> 'code' = 'busy' then
      v_detail := 'reached an isolate that takes no more runs: the next call starts another one';
    when p_status between 200 and 399 then
      v_detail := format('was answered (%s) by something other than the function', p_status);
      v_remedy := v_deploy;
    else
      v_detail := format('was answered with %s', p_status) || coalesce(': ' || left(coalesce(v_answer ->> 'error', v_answer ->> 'message'), 200), '');
      v_remedy := case when v_answer ->> 'code' = 'misconfigured' then 'Correct in .env what it names; then: ' || v_deploy else v_logs end;
  end case;
  return email_queue_private.finding('answers', format('the call %s %s', p_call, v_detail), null, v_remedy, case when v_remedy is null then 'ok' else 'fail' end, p_data);
end
$$;
comment on function email_queue_private.answer_finding(text, integer, boolean, text, text, jsonb) is 'What an answer of the function''s, or its absence, means.';

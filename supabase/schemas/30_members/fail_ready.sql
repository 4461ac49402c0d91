-- Ends messages that were taken out of ready as failed. Those that were redriven may have evidence.
create function email_queue_private.fail_ready(p_rows email_queue_private.ready[], p_reason text, p_error jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_redriven uuid[] := array(select r.id from unnest(p_rows) as r where r.redriven);
begin
  perform 1 from email_queue_private.message as m where m.id = any (v_redriven) order by m.id for update;
  update email_queue_private.message as m
  set status = 'failed', reason = p_reason, completed_at = clock_timestamp(), attempts = r.attempts,
    errors = email_queue_private.append_errors(r.errors, email_queue_private.stamp_error(
      case when email_queue_private.is_secret(r.lane) then email_queue_private.hide_text(p_error, p_reason = 'suppressed') else p_error end, r.attempts))
  from unnest(p_rows) as r where m.id = r.id;
  perform email_queue_private.complete_by_evidence(v_redriven);
  perform email_queue_private.erase_secrets(array(select r.id from unnest(p_rows) as r where email_queue_private.is_secret(r.lane)));
end
$$;
comment on function email_queue_private.fail_ready(email_queue_private.ready[], text, jsonb) is 'Ends waiting messages as failed, or as completed where there is evidence.';

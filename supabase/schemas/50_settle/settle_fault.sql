-- Why a settle may not be applied, or null. A dispatch that may have been sent gives its members back only after a definite answer. A
-- dispatch that has not begun cannot have been accepted.
create function email_queue_private.settle_fault(p_dispatch email_queue_private.dispatch, p_settle jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer text := p_settle ->> 'answer';
  v_rest text := p_settle ->> 'rest';
  v_named integer;
  v_members integer;
  v_valid boolean;
  v_completes boolean;
begin
  select count(*), count(distinct s.id), coalesce(bool_and(coalesce(s.outcome in ('completed', 'failed') and s.id = any (p_dispatch.message_ids), false)), true),
    coalesce(bool_or(s.outcome = 'completed'), false)
  into v_named, v_members, v_valid, v_completes
  from jsonb_to_recordset(p_settle -> 'members') as s(id uuid, outcome text);
  v_completes := v_completes or v_rest is not distinct from 'complete';
  return case
    when v_answer is null or v_answer not in ('definite', 'none', 'unknown') then 'answer must be definite, none or unknown'
    when v_rest not in ('keep', 'freeze', 'split', 'release', 'retry', 'complete', 'fail') then 'rest is not known'
    when not v_valid then 'members must be of the dispatch, and completed or failed'
    when v_rest is null and v_members < cardinality(p_dispatch.message_ids) then 'rest is missing and not every member is named'
    when not p_dispatch.begun and (v_completes or v_answer = 'definite' or v_rest in ('freeze', 'split') and not p_dispatch.frozen)
      then 'the dispatch has not begun'
    when v_rest in ('freeze', 'split') and v_named > 0 then 'it freezes or splits whole'
    when p_dispatch.begun and v_rest = 'keep' then 'the dispatch has begun'
    when v_answer = 'unknown' and (v_rest is null or v_rest not in ('freeze', 'fail') or v_named > 0)
      then 'an unknown answer freezes or fails the whole'
    when v_answer <> 'definite' and v_completes then 'only a definite answer completes'
    when p_dispatch.frozen and v_answer = 'none' and v_rest is distinct from 'freeze' then 'the dispatch may have been sent'
    when v_rest = 'split' and cardinality(p_dispatch.message_ids) < 2 then 'one message cannot be split'
  end;
end
$$;
comment on function email_queue_private.settle_fault(email_queue_private.dispatch, jsonb) is 'Why a settle may not be applied; null if it may.';

-- Why a settle may not be applied, or null. A dispatch that may have been sent gives its members back only after a definite answer. A
-- dispatch that has not begun cannot have been accepted.
create function email_queue_private.settle_fault(p_dispatch email_queue_private.dispatch, p_settle jsonb, p_ids uuid[], p_outcomes text[]) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer text := p_settle ->> 'answer';
  v_rest text := p_settle ->> 'rest';
  v_whole boolean := p_ids = p_dispatch.message_ids;
  v_named integer := cardinality(p_ids);
  v_members integer := case when v_whole then v_named else (select count(distinct u) from unnest(p_ids) as u) end;
  v_valid boolean := p_outcomes <@ array['completed', 'failed'] and (v_whole or p_ids <@ p_dispatch.message_ids);
  v_completes boolean := 'completed' = any (p_outcomes) or v_rest is not distinct from 'complete';
begin
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
comment on function email_queue_private.settle_fault(email_queue_private.dispatch, jsonb, uuid[], text[]) is 'Why a settle may not be applied; null if it may.';

create function public.email_queue_prune(p_limit integer default 1000) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  v_answer jsonb := email_queue_private.prune(p_limit);
  v_deleted integer := (v_answer ->> 'deleted')::integer;
  v_erased integer := (v_answer ->> 'erased')::integer;
begin
  if v_deleted + v_erased > 0 then
    perform email_queue_private.note_action('prune', v_deleted + v_erased, jsonb_build_object('deleted', v_deleted, 'erased', v_erased));
  end if;
  return v_answer;
end
$$;
comment on function public.email_queue_prune(integer) is
  'Looks at the next p_limit messages, deletes those past their retention, and erases payloads past payload_retention. Answers {deleted, erased, more}: call it again while more is true.';

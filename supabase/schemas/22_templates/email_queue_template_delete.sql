-- The versions stay, for messages that name them, and the next one goes on from them.
create function public.email_queue_template_delete(p_name text, p_language text default null) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_language text := email_queue_private.check_language(p_language);
  v_deleted boolean;
begin
  lock table email_queue_private.template in share row exclusive mode;
  update email_queue_private.template as t set deleted_at = clock_timestamp()
  where t.name = p_name and t.language = v_language and t.deleted_at is null
    and t.version = (select max(o.version) from email_queue_private.template as o where o.name = p_name and o.language = v_language);
  v_deleted := found;
  if v_deleted then
    perform email_queue_private.note_action('remove_template', null, jsonb_build_object('name', p_name, 'language', nullif(v_language, '')));
  end if;
  return jsonb_build_object('deleted', v_deleted);
end
$$;
comment on function public.email_queue_template_delete(text, text) is 'Deletes a template of one language; no language is the one for all others. Answers {deleted}.';

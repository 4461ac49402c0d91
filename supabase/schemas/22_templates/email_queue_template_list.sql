create function public.email_queue_template_list() returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((
    select jsonb_agg(email_queue_private.describe_template(t) order by t.name, t.language) from (
      select distinct on (n.name, n.language) n.* from email_queue_private.template as n order by n.name, n.language, n.version desc) as t
    where t.deleted_at is null), '[]');
end
$$;
comment on function public.email_queue_template_list() is 'The templates that are stored, by name and language: [{name, language, version, created_at, variables}].';

-- user_metadata is the user's own: what is no tag of a language (German, for de) is passed over.
create function email_queue_private.auth_language(p_user jsonb, p_default text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select l.language from (values (1, 'user_metadata'), (2, 'app_metadata')) as m(n, name)
    cross join (values (1, 'language'), (2, 'locale'), (3, 'lang'), (4, 'i18n')) as k(n, key)
    cross join lateral (select p_user -> m.name ->> k.key as language) as l
    where l.language ~* '^[a-z]{2,3}([-_][a-z0-9]{1,8}){0,4}$' order by m.n, k.n limit 1), p_default)
$$;
comment on function email_queue_private.auth_language(jsonb, text) is 'The language that a user of Supabase Auth has, or the default.';

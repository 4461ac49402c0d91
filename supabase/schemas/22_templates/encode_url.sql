-- p_kept: characters that stay besides letters, digits and - . _ ~.
create function email_queue_private.encode_url(p_text text, p_kept text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_kept text := '[A-Za-z0-9._~' || p_kept || '-]';
begin
  -- Most values need nothing else.
  if p_text collate "C" ~ ('^' || v_kept || '*$') then
    return p_text;
  end if;
  return (select string_agg(case when c.c collate "C" ~ v_kept then c.c
      else regexp_replace(upper(encode(convert_to(c.c, 'UTF8'), 'hex') collate "C"), '(..)', E'%\\1', 'g') end, '' order by c.n)
    from regexp_split_to_table(p_text, '') with ordinality as c(c, n));
end
$$;
comment on function email_queue_private.encode_url(text, text) is 'A text with % in the place of what may not stand in an address.';

create function email_queue_private.escape_html(p_text text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return replace(replace(replace(replace(replace(p_text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
end
$$;
comment on function email_queue_private.escape_html(text) is 'A text as it stands in HTML, in quotes too.';

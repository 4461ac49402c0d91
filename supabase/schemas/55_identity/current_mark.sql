create function email_queue_private.current_mark() returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (select m.mark from email_queue_private.mark as m order by m.minted_at desc, m.mark desc limit 1);
end
$$;
comment on function email_queue_private.current_mark() is 'The mark that new e-mails carry; null if none has been minted.';

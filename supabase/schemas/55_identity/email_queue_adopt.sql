create function public.email_queue_adopt() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_answer jsonb;
begin
  lock table email_queue_private.identity in share row exclusive mode;
  select jsonb_build_object('adopted', true,
    'previous', coalesce(jsonb_agg(distinct i.address) filter (where i.kind = 'recorded'), '[]'),
    'refused', coalesce(jsonb_agg(distinct i.address) filter (where i.kind = 'refused'), '[]'))
  into v_answer from email_queue_private.identity as i;
  delete from email_queue_private.identity where kind in ('recorded', 'adopt', 'refused');
  perform email_queue_private.adopt_next();
  perform email_queue_private.mint_mark(false);
  perform email_queue_private.note_action('adopt', null, '{}');
  return v_answer;
end
$$;
comment on function public.email_queue_adopt() is
  'Lets this database send: the next function that asks is recorded as its own, and the mail that waits is sent. Answers {adopted, previous, refused}: previous is the function that sent before, refused lists those that were refused.';

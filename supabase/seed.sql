-- For `supabase start` and `supabase db reset` on this machine only; `db push` leaves it out. The address is the
-- function's as the database's container sees it; the secret is the one in supabase/functions/.env (see README.md).
select public.email_queue_configure('{"default_sender": "Local <mail@example.com>"}');
do $$
begin
  perform public.email_queue_connect('http://api.supabase.internal:8000/functions/v1/process-email-queue', 'only-for-this-machine');
  perform public.email_queue_schedule('10 seconds'), public.email_queue_wake();
exception when object_not_in_prerequisite_state then
  raise warning '%', sqlerrm;
end
$$;

create table email_queue_private.call (
  request_id bigint constraint call_pkey primary key,
  called_at timestamptz not null,
  cause text not null,
  constraint call_cause_is_known check (cause in ('schedule', 'wake', 'hand'))
);
create index call_called_at on email_queue_private.call (called_at);
comment on table email_queue_private.call is 'Which of pg_net''s requests are ours, for the doctor. Kept as long as pg_net keeps its answers.';
comment on column email_queue_private.call.request_id is 'The id in net._http_response.';
comment on column email_queue_private.call.called_at is 'When it was asked for; it leaves after the commit.';
comment on column email_queue_private.call.cause is 'schedule, wake (an enqueue) or hand (somebody called email_queue_call).';
comment on index email_queue_private.call_called_at is 'The latest calls, and those to forget.';

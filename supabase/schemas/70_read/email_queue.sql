-- The view public.email_queue is for users, and so are functions that give the same as JSON.

create view public.email_queue with (security_invoker = true) as
select m.id, m.type,
  case
    when m.status is not null then m.status
    when r.id is null then 'processing'
    when r.attempts > 0 then 'retrying'
    else 'pending'
  end as status,
  case when m.secret is null then b.payload end as payload, m.priority, coalesce(r.run_at, m.run_at) as run_at,
  coalesce(m.attempts, r.attempts, d.attempts, 0)::smallint as attempts, m.max_attempts,
  coalesce(m.dispatch_id, d.dispatch_id) as dispatch_id, d.lease_expires_at, m.dedup_key, m.metadata,
  case when e.errors is not null or m.status = 'failed'
    then coalesce(e.errors -> -1, '{}'::jsonb) || jsonb_build_object('reason', m.reason, 'history', e.errors) end as error,
  m.provider_message_id, m.created_at, coalesce(m.completed_at, d.updated_at, r.entered_at, m.created_at) as updated_at, m.completed_at,
  m.send_before, email_queue_private.delivery(m.id) as delivery, m.topic, coalesce(m.ignore_suppression, false) as ignore_suppression,
  coalesce(m.secret, false) as secret, m.recipients, m.template
from email_queue_private.message as m
left join email_queue_private.body as b on b.id = m.id
left join email_queue_private.ready as r on r.id = m.id and m.status is null
left join (
  select u.id, o.id as dispatch_id, u.attempts + o.attempt as attempts, o.updated_at,
    case when o.token is not null then o.visible_at end as lease_expires_at,
    o.member_errors, o.errors
  from (
    -- One index each: a day of settled dispatches is not read.
    select * from email_queue_private.dispatch where token is not null
    union all
    select * from email_queue_private.dispatch where token is null and settled_at is null
  ) as o cross join lateral unnest(o.message_ids, o.member_attempts) as u(id, attempts)
) as d on d.id = m.id and m.status is null
-- Here, so that it is done for the rows that are asked for, not for all that are being sent.
cross join lateral (select coalesce(m.errors, r.errors, case when d.id is not null then email_queue_private.append_errors(d.member_errors -> d.id::text, d.errors) end) as errors) as e;
comment on view public.email_queue is 'The queue, one row a message. Read only: enqueue with email_queue_enqueue.';
comment on column public.email_queue.id is 'The message''s id, ordered by time.';
comment on column public.email_queue.type is 'email, or a custom consumer''s type.';
comment on column public.email_queue.status is 'pending, processing, retrying, completed, failed or cancelled.';
comment on column public.email_queue.payload is 'What to send; it never changes after enqueue. Null: it was erased, or is secret.';
comment on column public.email_queue.priority is '0 (first) to 3.';
comment on column public.email_queue.run_at is 'Not before this time: as asked for, or after a backoff.';
comment on column public.email_queue.attempts is 'Attempts used: one a provider request that it was in. More than max_attempts if a message of the same request, which may have been sent, may use more: such a request is repeated whole.';
comment on column public.email_queue.max_attempts is 'Attempts it may use before it fails.';
comment on column public.email_queue.dispatch_id is 'The provider request that it is or was part of; the Idempotency-Key is email-queue/<this>.';
comment on column public.email_queue.lease_expires_at is 'Until when a worker holds it.';
comment on column public.email_queue.dedup_key is 'Unique per type while the row exists.';
comment on column public.email_queue.metadata is 'The caller''s own data: an object. Searching it with @> uses an index.';
comment on column public.email_queue.error is 'The last error {class, status, name, message, at, attempt}, the reason it failed for, and the history of up to ten.';
comment on column public.email_queue.provider_message_id is 'The provider''s id of the accepted e-mail.';
comment on column public.email_queue.created_at is 'When it was enqueued.';
comment on column public.email_queue.updated_at is 'When it changed last.';
comment on column public.email_queue.completed_at is 'When it ended.';
comment on column public.email_queue.send_before is 'Fails as expired if it has not begun by then.';
comment on column public.email_queue.delivery is 'What the provider reported after it accepted the e-mail: {state: sent|delayed|delivered|suppressed|failed|bounced, at, recipients: [{address, state, at, bounce, reason, opened_at, clicked_at, complained_at}]}; null without a report.';
comment on column public.email_queue.topic is 'What recipients can unsubscribe from; null: an unsubscribe does not concern it.';
comment on column public.email_queue.ignore_suppression is 'It is sent to suppressed addresses, too.';
comment on column public.email_queue.secret is 'Its payload and the provider''s texts are shown to nobody; the payload is erased once the message has ended.';
comment on column public.email_queue.recipients is 'Of a secret message: the "to" of its payload.';
comment on column public.email_queue.template is 'What the payload was made of: {name, language, version}; version 0 is built in.';

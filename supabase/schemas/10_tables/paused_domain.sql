create table email_queue_private.paused_domain (
  domain text collate "C" constraint paused_domain_pkey primary key,
  paused_at timestamptz not null,
  paused_until timestamptz,
  refusals integer not null default 0,
  first_refused_at timestamptz,
  reason text not null,
  constraint paused_domain_refusals_have_a_beginning check ((refusals > 0) = (first_refused_at is not null))
);
comment on table email_queue_private.paused_domain is 'Sender domains whose messages wait. The row of a refused domain stays after its time, until an e-mail of it is accepted.';
comment on column email_queue_private.paused_domain.domain is 'The sender''s domain, lower case.';
comment on column email_queue_private.paused_domain.paused_at is 'When it was paused.';
comment on column email_queue_private.paused_domain.paused_until is 'When it resumes by itself; null: when an operator says so.';
comment on column email_queue_private.paused_domain.refusals is 'How often the provider has refused it in a row, once a pause; 0 for an operator''s own pause.';
comment on column email_queue_private.paused_domain.first_refused_at is 'When that began.';
comment on column email_queue_private.paused_domain.reason is 'Why it is paused.';

create table email_queue_private.setting (
  singleton boolean constraint setting_is_one_row primary key default true,
  default_sender text,
  rate_limit numeric not null default {{DEFAULT_RATE}},
  horizon interval,
  default_max_attempts smallint not null default {{DEFAULT_MAX_ATTEMPTS}},
  max_payload_bytes integer not null default {{DEFAULT_PAYLOAD_BYTES}},
  retry_base_ms integer not null default {{DEFAULT_RETRY_BASE_MS}},
  retry_cap_ms integer not null default {{DEFAULT_RETRY_CAP_MS}},
  completed_retention interval not null default '30 days',
  failed_retention interval not null default '90 days',
  payload_retention interval,
  record_clients boolean not null default false,
  soft_bounces smallint not null default {{DEFAULT_SOFT_BOUNCES}},
  auth_sender text,
  auth_url text,
  auth_site_url text,
  auth_product text,
  auth_language text,
  auth_link_lifetime interval not null default '1 hour',
  audit_retention interval not null default '1 year',
  constraint setting_singleton_is_true check (singleton),
  constraint setting_rate_limit_is_positive check (rate_limit > 0 and rate_limit <= {{MAX_RATE}}),
  constraint setting_horizon_is_positive check (horizon > '0'),
  constraint setting_default_max_attempts_in_range check (default_max_attempts between 1 and {{MAX_ATTEMPTS}}),
  constraint setting_max_payload_bytes_in_range check (max_payload_bytes between {{MIN_PAYLOAD_BYTES}} and {{MAX_PAYLOAD_BYTES}}),
  constraint setting_retry_base_in_range check (retry_base_ms between 1 and {{MAX_RETRY_MS}}),
  constraint setting_retry_cap_in_range check (retry_cap_ms between retry_base_ms and {{MAX_RETRY_MS}}),
  constraint setting_completed_retention_is_positive check (completed_retention > '0'),
  constraint setting_failed_retention_is_positive check (failed_retention > '0'),
  constraint setting_payload_retention_is_positive check (payload_retention > '0'),
  constraint setting_soft_bounces_in_range check (soft_bounces between 0 and {{MAX_SOFT_BOUNCES}}),
  constraint setting_auth_url_is_an_address check (auth_url ~ '^https?://[^[:space:]"<>#]+$' and char_length(auth_url) <= 2000),
  constraint setting_auth_site_url_is_an_address check (auth_site_url ~ '^https?://[^[:space:]"<>#]+$' and char_length(auth_site_url) <= 2000),
  constraint setting_auth_product_is_a_name check (char_length(auth_product) >= 1 and char_length(auth_product) <= 100 and auth_product !~ '[[:cntrl:]]'),
  constraint setting_auth_language_is_one check (auth_language ~ '^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,4}$'),
  constraint setting_auth_link_lifetime_is_positive check (auth_link_lifetime > '0'),
  constraint setting_audit_retention_is_positive check (audit_retention > '0')
);
comment on table email_queue_private.setting is 'What operators set, with email_queue_configure. One row; while it is missing, the defaults count.';
comment on column email_queue_private.setting.singleton is 'Always true: the table has one row.';
comment on column email_queue_private.setting.default_sender is 'Written into a payload without "from" at enqueue. Changing it changes no stored message.';
comment on column email_queue_private.setting.rate_limit is 'Ceiling of provider requests a second over all runs. A lower limit learned from the provider wins.';
comment on column email_queue_private.setting.horizon is 'How long after its first begin a frozen dispatch may be replayed at most; null: as long as the provider knows its key.';
comment on column email_queue_private.setting.default_max_attempts is 'max_attempts of a message that names none.';
comment on column email_queue_private.setting.max_payload_bytes is 'Largest payload taken at enqueue, in bytes of its JSON text.';
comment on column email_queue_private.setting.retry_base_ms is 'Backoff after the first attempt, in milliseconds.';
comment on column email_queue_private.setting.retry_cap_ms is 'Longest backoff, in milliseconds.';
comment on column email_queue_private.setting.completed_retention is 'How long completed messages are kept.';
comment on column email_queue_private.setting.failed_retention is 'How long failed and cancelled messages are kept.';
comment on column email_queue_private.setting.payload_retention is 'How long payloads of completed messages are kept; null: as long as the message. Dead letters keep theirs, for a redrive.';
comment on column email_queue_private.setting.record_clients is 'Whether openings and clicks are kept with the reader''s address, program and link.';
comment on column email_queue_private.setting.soft_bounces is 'After so many messages in a row that bounced softly an address is suppressed; 0: never.';
comment on column email_queue_private.setting.auth_sender is 'The sender of Supabase Auth''s mails; null: the default sender.';
comment on column email_queue_private.setting.auth_url is 'The page of the application that the links of Auth''s mails lead to, with token_hash, type and redirect_to, and which calls verifyOtp; null: Auth''s own.';
comment on column email_queue_private.setting.auth_site_url is '{{ .SiteURL }} in templates of Auth''s mails; null: that of the event''s redirect_to.';
comment on column email_queue_private.setting.auth_product is 'The product''s name in Auth''s mails; null: the sender''s.';
comment on column email_queue_private.setting.auth_language is 'The language of users of whom Auth knows none; null: the templates without a language.';
comment on column email_queue_private.setting.auth_link_lifetime is 'How long Auth''s links and codes are valid: an auth mail that has not begun by then expires.';
comment on column email_queue_private.setting.audit_retention is 'How long it is kept who changed what.';

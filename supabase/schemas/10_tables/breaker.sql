-- The circuit breaker: how many first requests a lane, and its endpoint, may have open while answers are missing. A scope is
-- a lane (batch:example.com) or an endpoint (batch:); a scope without a row sends freely. A transaction that reads a
-- row in order to act on it holds the budget's lock alone until its end: begins and claims in trouble take turns.

create table email_queue_private.breaker (
  scope text collate "C" constraint breaker_pkey primary key,
  next_at timestamptz,
  tries bigint not null default 0,
  streak integer not null default 0,
  wait_ms integer not null default 0,
  requests smallint not null default {{MAX_REQUESTS}},
  size smallint not null default {{MAX_DISPATCH}},
  noted_at timestamptz not null default clock_timestamp(),
  constraint breaker_requests_in_range check (requests between 1 and {{MAX_REQUESTS}}),
  constraint breaker_size_in_range check (size between 1 and {{MAX_DISPATCH}})
) with (fillfactor = 10);
comment on table email_queue_private.breaker is 'The circuit breaker: lanes and endpoints whose requests got no answer lately. Without a row there is no limit.';
comment on column email_queue_private.breaker.scope is 'A lane, as in batch:example.com, or an endpoint, as in batch:.';
comment on column email_queue_private.breaker.next_at is 'With three in a row: no first request begins before this time.';
comment on column email_queue_private.breaker.tries is 'Fresh dispatches formed meanwhile; every second one comes from another place than the head.';
comment on column email_queue_private.breaker.streak is 'First requests without an answer in a row.';
comment on column email_queue_private.breaker.wait_ms is 'The last wait; the next is twice as long, up to five minutes.';
comment on column email_queue_private.breaker.requests is 'First requests that may be open at a time.';
comment on column email_queue_private.breaker.size is 'Messages in a dispatch.';
comment on column email_queue_private.breaker.noted_at is 'When an answer came, or was missing, last.';

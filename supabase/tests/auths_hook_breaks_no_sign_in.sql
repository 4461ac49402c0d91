begin;
\ir helpers.psql
\ir auth.psql
select plan(56);

create function pg_temp.error(p_event jsonb) returns text language sql as $$
  select a #>> '{error,http_code}' || ' ' || (a #>> '{error,message}') || ' ' || (a ->> 'mails') from pg_temp.hook(p_event) as a
$$;

-- What a user waits for: an error that says what is wrong, and nothing is left behind.
select is(pg_temp.error(e), '500 The e-mail could not be queued. email_queue: event: has no user or no email_data 0', 'no event: ' || coalesce(e::text, 'null'))
from unnest(array[null, 'null', '{}', '[]', '7', '{"user": {}, "email_data": null}', '{"user": [], "email_data": {}}']::jsonb[]) as e;
select is(pg_temp.error(pg_temp.event('signup', p_user => u)), '422 The e-mail address is refused: ' || e || ' 0', 'an address: ' || u::text)
from (values ('{"email": ""}'::jsonb, 'must not be empty'), ('{"email": null}', 'must not be empty'), ('{"email": "ann"}', 'not a valid e-mail address: it has no at sign'),
  ('{"email": "ann@bücher.example"}', 'not a valid e-mail address: write the domain in punycode (xn--…)'), ('{"email": "a@b.example, c@d.example"}', 'more than one address in a string; use a list'),
  ('{"email": {"email": "ann@b.example"}}', 'not a valid e-mail address: the part before the at sign is malformed')) as c(u, e);
select is(pg_temp.error(pg_temp.event('email_change')), '422 The e-mail address is refused: must not be empty 0', 'a change to no address');
select is(pg_temp.error(pg_temp.event('email_change', '{"token_hash_new": "x"}', '{"new_email": "no"}')), '422 The e-mail address is refused: not a valid e-mail address: it has no at sign 0', 'of two mails both or none');
select is(pg_temp.error(pg_temp.event('signup', d)), '500 The e-mail could not be queued. email_queue: email_data: ' || e || ' 0', 'a token: ' || left(d::text, 60))
from (values ('{"token": "", "token_hash": ""}'::jsonb, 'has no token'), ('{"token": null, "token_hash": null}', 'has no token'),
  (jsonb_build_object('token', repeat('1', 101)), 'has a token that is too long'), (jsonb_build_object('token_hash', repeat('1', 501)), 'has a token that is too long')) as c(d, e);
select public.email_queue_suppress('ann@b.example', 'bounce');
select is(pg_temp.error(pg_temp.event('signup')), '422 The e-mail address is refused: gets no mail: it bounced, was complained about, or was put on the list of suppressed addresses 0', 'a suppressed address is told at once');
select is(pg_temp.hook(pg_temp.event('password_changed_notification')), '[]', 'a notice to it is left out');
select public.email_queue_unsuppress('ann@b.example');
update email_queue_private.setting set default_sender = null where singleton;
select is(pg_temp.error(pg_temp.event('signup')), '500 The e-mail could not be queued. email_queue: from: is missing, and no default sender is stored (email_queue_configure) 0', 'no sender');
select is(pg_temp.hook(pg_temp.event('password_changed_notification')), '[]', 'which fails no notice');
delete from email_queue_private.setting;
select is(pg_temp.error(pg_temp.event('signup')), '500 The e-mail could not be queued. email_queue: from: is missing, and no default sender is stored (email_queue_configure) 0', 'no settings');
insert into email_queue_private.setting (default_sender) values ('Shop <shop@a.example>');

-- What nobody waits for, and what is not known yet.
select is(pg_temp.hook(pg_temp.event('password_changed_notification', '{"token": "", "token_hash": ""}', '{"email": ""}')), '[]', 'a notice to nobody');
select is(pg_temp.hook(pg_temp.event('email_changed_notification')), '[]', 'of an address that was none');
select is(jsonb_array_length(pg_temp.hook(pg_temp.event('sunrise_notification', '{"token": "", "token_hash": ""}'))), 1, 'a notice of a type to come');
select is(pg_temp.hook(pg_temp.event('sunrise_notification', '{"token": "", "token_hash": ""}')) #>> '{0,payload,subject}', 'Your account was changed', 'which asks for nothing');
select is(pg_temp.hook(pg_temp.event('sunrise', '{"token": "", "token_hash": ""}')), '[]', 'a type to come, without a token');
select is(pg_temp.hook(pg_temp.event('sunrise')) #> '{0,code}', '"305805"', 'with a token it is sent');
select ok(pg_temp.hook(pg_temp.event('sunrise')) #>> '{0,link}' like '%/verify?token=pkce_%&type=sunrise&%', 'with a link');
select isnt(pg_temp.hook(pg_temp.event('sunrise')) #> '{0,expires}', 'null', 'for its time');
select is(pg_temp.hook(pg_temp.event('sunrise', p_user => '{"email": "no"}')), '[]', 'where that cannot be, it fails nothing');
select is(pg_temp.hook(pg_temp.event(null)) #> '{0,code}', '"305805"', 'no type at all');

-- Events of other versions.
select is(pg_temp.hook(pg_temp.event('signup', '{"site_url": null, "redirect_to": null, "token_new": null}') - 'metadata') #> '{0,link}', 'null', 'without an address of Auth there is no link');
select is(pg_temp.hook(pg_temp.event('signup', '{"site_url": "javascript:alert(1)"}')) #> '{0,link}', 'null', 'nor with one that is none');
select is(pg_temp.hook(pg_temp.event('signup', '{"site_url": ""}')) #> '{0,code}', '"305805"', 'but the code');
select ok(pg_temp.hook(pg_temp.event('signup', '{"token": ""}')) #>> '{0,payload,text}' !~ 'Code', 'a link without a code');
select is(pg_temp.hook(pg_temp.event('signup', jsonb_build_object('redirect_to', repeat('x', 5000)))) #>> '{0,link}',
  'https://abcdefghijklmnopqrst.supabase.co/auth/v1/verify?token=pkce_7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0&type=signup', 'an endless redirect is left out');
select is(pg_temp.hook(pg_temp.event('signup', jsonb_build_object('redirect_to', 'https://app.example/' || repeat('&', 1900)))) #>> '{0,link}',
  'https://abcdefghijklmnopqrst.supabase.co/auth/v1/verify?token=pkce_7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0&type=signup', 'and one that is endless once it is encoded');
select is(jsonb_array_length(pg_temp.hook(e) || pg_temp.hook(e)), 2, 'two notices without an id are two mails')
from (select pg_temp.event('password_changed_notification', '{"token": "", "token_hash": ""}') - 'metadata' as e) as n;

-- What a user has chosen.
select public.email_queue_template_put('auth-signup', 'Hello {{ .Data.name }}', '<a href="{{ .Data.site }}">{{ .Data.name }}</a>{{ .Data.missing }}{{ .Data.list }}{{ .Token }}', '{{ .Data.name }}{{ .Token }}');
create temp table evil as select pg_temp.hook(pg_temp.event('signup', p_user => jsonb_build_object('user_metadata',
  '{"name": "<img src=x onerror=\"alert(1)\">{{ .TokenHash }}\r\nBcc: x@b.example", "site": "javascript:alert(1)", "list": [1, 2]}'::jsonb))) -> 0 as m;
select is(m #>> '{payload,content}', E'<a href="#">&lt;img src=x onerror=&quot;alert(1)&quot;&gt;{{ .TokenHash }}\r\nBcc: x@b.example</a>305805', 'is escaped, and never read as a template') from evil;
select is(m #>> '{payload,subject}', 'Hello <img src=x onerror="alert(1)">{{ .TokenHash }} Bcc: x@b.example', 'on one line of the subject') from evil;
select is(pg_temp.hook(pg_temp.event('signup', p_user => jsonb_build_object('user_metadata', jsonb_build_object('name', repeat('x', 900))))) #>> '{0,payload,text}', repeat('x', 500) || '305805', 'cut');
create temp table clock (at timestamptz default clock_timestamp());
insert into clock default values;
select is(pg_temp.hook(pg_temp.event('signup', p_user => jsonb_build_object('user_metadata', jsonb_build_object('name', 'Ann', 'large', repeat('x', 1000000), 'many',
  (select jsonb_object_agg(n, n) from generate_series(1, 10000) as n))))) #>> '{0,payload,text}', '305805', 'and left out where it is a megabyte');
select cmp_ok(clock_timestamp() - (select at from clock), '<', interval '2 seconds', 'in time');
select is(pg_temp.hook(pg_temp.event('signup', p_user => '{"user_metadata": "x"}')) #>> '{0,payload,text}', '305805', 'or no object');

-- Templates that cannot be used.
select public.email_queue_template_put('auth-signup', 'Hello', '{{ .ConfirmURL }}');
select is(pg_temp.hook(pg_temp.event('signup')) #> '{0,template,version}', '0', 'what is built in takes the place of a template with an unknown name');
select public.email_queue_template_put('auth-signup', s, h) from (values ('{{ if eq .Data.language "fr" }}Bonjour{{ end }}', '<p>x</p>')) as t(s, h);
select is(pg_temp.hook(pg_temp.event('signup')) #> '{0,template,version}', '0', 'and of one that has an empty subject for somebody');
select public.email_queue_template_put('auth-signup', 'Hello', '{{ if .Data.name }}<p>x</p>{{ end }}');
select is(pg_temp.hook(pg_temp.event('signup')) #> '{0,template,version}', '0', 'or no text');
select public.email_queue_template_put('auth-signup', 'Hello {{ .RedirectTo }}', '<p>x</p>');
select is(pg_temp.hook(pg_temp.event('signup', jsonb_build_object('redirect_to', 'https://a.example/' || repeat('x', 1500)))) #> '{0,template,version}', '0', 'or a subject that is too long');
select is(pg_temp.hook(pg_temp.event('signup')) #>> '{0,payload,subject}', 'Hello https://app.example/welcome?a=1&b="2"', 'and only then');
select public.email_queue_template_put('auth-other', '{{ .Nope }}', '<p>x</p>');
select is(pg_temp.hook(pg_temp.event('email')) #> '{0,code}', '"305805"', 'a broken template of what is not known breaks nothing');
select public.email_queue_template_put('auth-signup', 'Hello', E'<a href="\n  {{ .Data.site }}">x</a>');
select is(pg_temp.hook(pg_temp.event('signup', p_user => '{"user_metadata": {"site": "javascript:alert(1)"}}')) #>> '{0,payload,content}', E'<a href="\n  #">x</a>', 'an address after a line break is checked, too');

-- What keeps mail from leaving keeps nobody from signing up.
select public.email_queue_pause('test');
select is(jsonb_array_length(pg_temp.hook(pg_temp.event('invite'))), 1, 'a paused queue');
select is(pg_temp.hook(pg_temp.event('invite')) #> '{0,secret}', 'true', 'an event again');

select * from finish();
rollback;

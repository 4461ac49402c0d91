begin;
\ir helpers.psql
\ir auth.psql
select plan(105);

create function pg_temp.link(p_type text, p_hash text default 'pkce_7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0') returns text language sql as $$
  select 'https://abcdefghijklmnopqrst.supabase.co/auth/v1/verify?token=' || p_hash || '&type=' || p_type || '&redirect_to=https%3A%2F%2Fapp.example%2Fwelcome%3Fa%3D1%26b%3D%222%22'
$$;

create temp table one as select pg_temp.hook(pg_temp.event('signup')) -> 0 as m;
select is(m ->> 'to', 'ann@b.example', 'a sign-up goes to the user') from one;
select is(m ->> 'code', '305805', 'with the code') from one;
select is(m ->> 'link', pg_temp.link('signup'), 'and the link as Auth builds it') from one;
select ok(m #>> '{payload,content}' like '%href="' || replace(pg_temp.link('signup'), '&', '&amp;') || '"%', 'in HTML with its own escaping') from one;
select is(m #>> '{payload,from}', 'Shop <shop@a.example>', 'from the default sender') from one;
select is(m ->> 'priority', '0', 'before all others') from one;
select is(m ->> 'lane', 'batch:a.example:secret', 'in a lane of its own') from one;
select is(m ->> 'secret', 'true', 'secret') from one;
select ok((m ->> 'expires')::interval between interval '59 minutes' and interval '1 hour', 'as long as the link is valid') from one;
select is(m -> 'template', '{"name": "auth-signup", "language": null, "version": 0}', 'from what is built in') from one;
select is(m -> 'metadata', '{"auth": "signup", "user_id": "8484b834-f29e-4af2-bf42-80644d154f76"}', 'found by its type and user') from one;

-- Every type: to whom, with a code and a link or not.
create temp table kind (type text, code boolean, link boolean, subject text);
insert into kind values ('signup', true, true, 'Confirm your e-mail address'), ('invite', true, true, 'You have been invited to Shop'), ('magiclink', true, true, 'Sign in to Shop'),
  ('recovery', true, true, 'Reset your password'), ('reauthentication', true, false, 'Confirm that it is you'), ('email', true, true, 'Confirm your request'),
  ('password_changed_notification', false, false, 'Your password was changed'), ('phone_changed_notification', false, false, 'Your phone number was changed'),
  ('identity_linked_notification', false, false, 'A way to sign in was added'), ('identity_unlinked_notification', false, false, 'A way to sign in was removed'),
  ('mfa_factor_enrolled_notification', false, false, 'A second step was added to your sign-in'), ('mfa_factor_unenrolled_notification', false, false, 'A second step was removed from your sign-in');
create temp table mail as
  select k.*, pg_temp.hook(pg_temp.event(k.type, case when not k.code then '{"token": "", "token_hash": "", "old_phone": "4912345", "provider": "github", "factor_type": "totp"}' else '{}'::jsonb end)) as mails from kind as k;
select is(jsonb_array_length(mails), 1, type || ': one mail') from mail;
select is(jsonb_build_array(mails #> '{0,to}', mails #> '{0,subject}', mails #> '{0,code}', mails #> '{0,link}'),
  jsonb_build_array('ann@b.example', subject, case when code then '305805' end, case when link then pg_temp.link(type) end), type || ': what it has') from mail;
select ok(mails #>> '{0,payload,content}' ~ 'prefers-color-scheme: dark' and mails #>> '{0,payload,content}' !~ '[{][{]|[}][}]|@(heading|body|action|note|subject)', type || ': its page') from mail;
select is((mails #>> '{0,expires}') is null, not code, type || ': whether it expires') from mail;
select is(mails #>> '{0,payload,text}' ~ '4912345', type = 'phone_changed_notification', type || ': the old number') from mail where type like 'phone%' or type = 'signup';
select ok(mails #>> '{0,payload,text}' ~ 'github', type || ': the provider') from mail where type like 'identity%';
select ok(mails #>> '{0,payload,text}' ~ 'totp', type || ': the factor') from mail where type like 'mfa%';

create temp table changed as select pg_temp.hook(pg_temp.event('email_changed_notification', '{"token": "", "token_hash": "", "old_email": "old@b.example"}')) as m;
select is(jsonb_build_array(m #> '{0,to}', jsonb_array_length(m)), '["old@b.example", 1]', 'a changed address is told to the old one') from changed;

-- A change of address.
create function pg_temp.change(p_data jsonb, p_user jsonb default '{}') returns jsonb language sql as $$
  select jsonb_agg(jsonb_build_array(m -> 'to', m -> 'code', m -> 'link') order by n)
  from jsonb_array_elements(pg_temp.hook(pg_temp.event('email_change', p_data, '{"new_email": "new@b.example"}'::jsonb || p_user))) with ordinality as e(m, n)
$$;
select is(pg_temp.change('{"token": "111111", "token_hash": "hash", "token_new": "222222", "token_hash_new": "hash_new"}'), jsonb_build_array(
  jsonb_build_array('ann@b.example', '111111', pg_temp.link('email_change', 'hash_new')), jsonb_build_array('new@b.example', '222222', pg_temp.link('email_change', 'hash'))),
  'both addresses confirm, with the tokens crossed as Auth has them');
select is(pg_temp.change('{"token": "111111", "token_hash": "hash"}'), jsonb_build_array(jsonb_build_array('new@b.example', '111111', pg_temp.link('email_change', 'hash'))),
  'the new one alone, where that is enough');
select is(pg_temp.change('{"token": "222222", "token_hash": "hash", "token_new": "222222"}', '{"email": ""}'), jsonb_build_array(jsonb_build_array('new@b.example', '222222', pg_temp.link('email_change', 'hash'))),
  'or where there was none before');
select is(pg_temp.change('{"token": "", "token_hash": "hash", "token_new": "222222"}'), jsonb_build_array(jsonb_build_array('new@b.example', '222222', pg_temp.link('email_change', 'hash'))),
  'with the code that is there');

-- By settings.
select public.email_queue_configure('{"auth_sender": "Ann <auth@c.example>", "auth_url": "https://app.example/auth/confirm", "auth_product": "The <Product>", "auth_link_lifetime": "10 minutes"}');
truncate one;
insert into one select pg_temp.hook(pg_temp.event('magiclink')) -> 0;
select is(m ->> 'link', 'https://app.example/auth/confirm?token_hash=pkce_7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0&type=magiclink&redirect_to=https%3A%2F%2Fapp.example%2Fwelcome%3Fa%3D1%26b%3D%222%22',
  'a link to the application''s own page') from one;
select is(m #>> '{payload,from}', 'Ann <auth@c.example>', 'from a sender of its own') from one;
select is(m ->> 'lane', 'batch:c.example:secret', 'of its domain') from one;
select is(m ->> 'subject', 'Sign in to The <Product>', 'with the product''s name') from one;
select ok(m #>> '{payload,content}' like '%The &lt;Product&gt;%' and m #>> '{payload,text}' like '%Valid for 10 minutes.%', 'escaped, and the time') from one;
select ok((m ->> 'expires')::interval between interval '9 minutes' and interval '10 minutes', 'which bounds the mail too') from one;
create function pg_temp.validity(p_lifetime text) returns text language sql as $$
  select public.email_queue_configure(jsonb_build_object('auth_link_lifetime', p_lifetime));
  select substring(pg_temp.hook(pg_temp.event('magiclink')) #>> '{0,payload,text}' from 'Valid for ([^.]*)[.]')
$$;
select is(pg_temp.validity(i), v, 'valid for ' || v)
from (values ('30 seconds', '1 minute'), ('90 minutes', '90 minutes'), ('1 hour', '1 hour'), ('1440 minutes', '24 hours'), ('2 days', '2 days'), ('10 minutes', '10 minutes')) as c(i, v);
select public.email_queue_configure(jsonb_build_object('auth_product', null, 'auth_sender', '"A \"B\" < C, Inc." <auth@c.example>'));
select is(pg_temp.hook(pg_temp.event('magiclink')) #>> '{0,subject}', 'Sign in to A "B" < C, Inc.', 'the name of a sender in quotes');
select public.email_queue_configure('{"auth_url": "https://app.example/?page=confirm", "auth_product": null, "auth_sender": "auth@c.example"}');
select ok(pg_temp.hook(pg_temp.event('magiclink')) #>> '{0,link}' like 'https://app.example/?page=confirm&token_hash=%', 'a page with a question mark');
select is(pg_temp.hook(pg_temp.event('magiclink')) #>> '{0,subject}', 'Sign in to app.example', 'without a name the site''s');
select public.email_queue_configure('{"auth_url": null}');

-- Templates and languages.
select public.email_queue_template_put('auth-magiclink', 'Sign in', '<a href="{{ .ConfirmationURL }}">{{ .Data.name }}</a>{{ .Token }} {{ .TokenHash }} {{ .SiteURL }} {{ .RedirectTo }} {{ .Email }}{{ .NewEmail }}{{ .OldEmail }}');
select public.email_queue_template_put('auth-magiclink', 'Anmelden', 'de {{ .Token }}', p_language => 'de');
select is(pg_temp.hook(pg_temp.event('magiclink', '{"token_hash": "hash", "redirect_to": ""}', '{"user_metadata": {"name": "Ann & Bob"}}')) #>> '{0,payload,content}',
  '<a href="https://abcdefghijklmnopqrst.supabase.co/auth/v1/verify?token=hash&amp;type=magiclink">Ann &amp; Bob</a>305805 hash https://abcdefghijklmnopqrst.supabase.co  ann@b.example', 'a stored template has the names of Supabase''s own');
select is(pg_temp.hook(pg_temp.event('magiclink')) #> '{0,template}', '{"name": "auth-magiclink", "language": null, "version": 1}', 'and is named');
select is(pg_temp.hook(pg_temp.event('magiclink', p_user => u)) #>> '{0,payload,subject}', s, format('%s: %s', u, s))
from (values ('{"user_metadata": {"language": "de-AT"}}'::jsonb, 'Anmelden'), ('{"user_metadata": {"locale": "de_CH"}}', 'Anmelden'), ('{"app_metadata": {"lang": "de"}}', 'Anmelden'),
  ('{"user_metadata": {"language": "fr"}}', 'Sign in'), ('{"user_metadata": {"language": "{{ no language }}", "i18n": "de"}}', 'Anmelden'), ('{"user_metadata": {"language": "German", "i18n": "de-AT"}}', 'Anmelden'), ('{"user_metadata": {"language": ["de"]}}', 'Sign in'), ('{"user_metadata": null}', 'Sign in')) as c(u, s);
select public.email_queue_configure('{"auth_language": "de", "auth_site_url": "https://site.example"}');
select is(pg_temp.hook(pg_temp.event('magiclink')) #>> '{0,payload,subject}', 'Anmelden', 'or the setting says which');
select is(pg_temp.hook(pg_temp.event('magiclink', p_user => '{"user_metadata": {"language": "English"}}')) #>> '{0,payload,subject}', 'Anmelden', 'also where a user''s language is no tag of one');
select ok(pg_temp.hook(pg_temp.event('magiclink', p_user => '{"user_metadata": {"lang": "en"}}')) #>> '{0,payload,content}' like '% https://site.example https://app.example/%', 'as it does of the site');
select throws_ok(format('select public.email_queue_configure(%L)', s), '22023', 'email_queue: ' || e, s)
from (values ('{"auth_sender": "x"}', 'auth_sender: must be an e-mail address, or Name <address>'), ('{"auth_url": "app.example"}', 'auth_url: must be an address with http or https, without #'),
  ('{"auth_site_url": "https://a b"}', 'auth_site_url: must be an address with http or https, without #'), ('{"auth_product": ""}', 'auth_product: must be a text of 1 to 100 characters'),
  ('{"auth_language": "German language"}', 'auth_language: must be like de or de-AT'), ('{"auth_link_lifetime": "0"}', 'auth_link_lifetime: must be an interval above zero'),
  ('{"auth_link_lifetime": null}', 'auth_link_lifetime: must be an interval above zero')) as c(s, e);

select * from finish();
rollback;

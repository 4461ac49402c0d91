begin;
\ir helpers.psql
select plan(60);

create function pg_temp.put(p_html text, p_text text default null, p_subject text default 'Hello', p_language text default null, p_name text default 'welcome') returns jsonb language sql as $$
  select public.email_queue_template_put(p_name, p_subject, p_html, p_text, p_language) - 'created_at'
$$;
create function pg_temp.refuses(p_html text, p_error text, p_what text) returns text language sql as $$
  select throws_ok(format('select pg_temp.put(%L)', p_html), '22023', 'email_queue: ' || p_error, p_what)
$$;

select is(pg_temp.put('<p>{{ name }}</p>'), '{"name": "welcome", "language": null, "version": 1, "variables": ["name"], "changed": true}', 'a template is stored');
select is(pg_temp.put('<p>{{ name }}</p>'), '{"name": "welcome", "language": null, "version": 1, "variables": ["name"], "changed": false}', 'the same content is the same version');
select is(pg_temp.put('<p>{{ .Data.name }} {{ if kind }}{{ number }}{{ end }}</p>') -> 'variables', '["Data.name", "kind", "number"]', 'its variables are listed, also those of conditions');
select is(pg_temp.put('<p>{{ name }}</p>', p_language => 'de_AT') -> 'language', '"de-at"', 'a language is kept in lower case');
select is((select jsonb_agg(jsonb_build_array(t -> 'name', t -> 'language', t -> 'version')) from jsonb_array_elements(public.email_queue_template_list()) as t),
  '[["welcome", null, 2], ["welcome", "de-at", 1]]', 'the list has the newest version of each language');
select is(public.email_queue_template_get('welcome', 'de-AT') ->> 'html', '<p>{{ name }}</p>', 'one is read as it was put');
select is(public.email_queue_template_get('welcome', null, 1) ->> 'html', '<p>{{ name }}</p>', 'in an old version too');
select is(public.email_queue_template_get('welcome', 'de'), null, 'of another language there is none');
select is(public.email_queue_template_delete('welcome'), '{"deleted": true}', 'one is deleted');
select is(public.email_queue_template_delete('welcome'), '{"deleted": false}', 'once');
select is(public.email_queue_template_get('welcome'), null, 'and gone');
select is(jsonb_array_length(public.email_queue_template_list()), 1, 'from the list too');
select is(public.email_queue_template_get('welcome', null, 2) ->> 'version', '2', 'but for messages that name a version');
select is(pg_temp.put('<p>{{ name }}</p>') -> 'version', '3', 'the next one goes on from there');
select pg_temp.put('<p>' || n || '</p>') from generate_series(1, 101) as n;
select is((select array[count(*), min(version), max(version)] from email_queue_private.template where name = 'welcome' and language = ''), '{100,5,104}', 'a hundred versions are kept');

select pg_temp.refuses('{{ }}', 'html: line 1: {{ }} is not known: use a name, if, else, end, url or urlquery', 'an empty tag');
select pg_temp.refuses(E'a\nb {{ range .Items }}', 'html: line 2: {{ range .Items }} is not known: use a name, if, else, end, url or urlquery', 'a loop, with its line');
select pg_temp.refuses('{{ name', 'html: line 1: {{ name}} has no }}', 'a tag without an end');
select pg_temp.refuses('{{ name | upper }}', 'html: line 1: {{ name | upper }} is not known: use a name, if, else, end, url or urlquery', 'a pipe');
select pg_temp.refuses('{{{ name }}}', 'html: line 1: {{{ name }} is not known: use a name, if, else, end, url or urlquery', 'three braces: nothing goes without escaping');
select pg_temp.refuses('{{ a..b }}', 'html: line 1: {{ a..b }} is not known: use a name, if, else, end, url or urlquery', 'a name with a hole');
select pg_temp.refuses('{{ ' || repeat('a', 65) || ' }}', 'html: line 1: {{ ' || repeat('a', 59) || '}} is not known: use a name, if, else, end, url or urlquery', 'a long name');
select pg_temp.refuses('{{ if name }}x', 'html: has an {{ if }} without {{ end }}', 'a condition that does not end');
select pg_temp.refuses('x{{ end }}', 'html: line 1: {{ end }} belongs to no if', 'an end too many');
select pg_temp.refuses('{{ else }}', 'html: line 1: {{ else }} belongs to no if', 'an else of nothing');
select pg_temp.refuses('{{ if a }}{{ else }}{{ else }}{{ end }}', 'html: line 1: {{ else }} comes after an else', 'two of them');
select pg_temp.refuses('{{ if a }}{{ else }}{{ else if b }}{{ end }}', 'html: line 1: {{ else if b }} comes after an else', 'an else if after it');
select pg_temp.refuses('{{ if and a b }}{{ end }}', 'html: line 1: {{ if and a b }} is no condition: use if name, if not name, if eq name "text" or if ne name "text"', 'another condition');
select pg_temp.refuses('{{ if eq a b }}{{ end }}', 'html: line 1: {{ if eq a b }} is no condition: use if name, if not name, if eq name "text" or if ne name "text"', 'a comparison with no text');
select pg_temp.refuses('{{ if eq a "b" "c" }}{{ end }}', 'html: line 1: {{ if eq a "b" "c" }} is no condition: use if name, if not name, if eq name "text" or if ne name "text"', 'with two');
select pg_temp.refuses(repeat('{{ if a }}', 9), 'html: line 1: {{ if a }} is nested more than 8 deep', 'nine deep');
select pg_temp.refuses(repeat('{{ a }}', 1001), 'html: has more than 1000 tags', '1,001 tags');
select pg_temp.refuses(repeat('x', 200001), 'html: must have at most 200000 characters', '200,001 characters');
select pg_temp.refuses('<p {{ a }}>', 'html: line 1: {{ a }} stands in a tag: put the value into quotes, as in href="{{ name }}"', 'a value that could be an attribute');
select pg_temp.refuses('<a title="x" href={{ a }}>', 'html: line 1: {{ a }} stands in a tag: put the value into quotes, as in href="{{ name }}"', 'or go beyond it');
select pg_temp.refuses('<{{ a }}', 'html: line 1: {{ a }} stands in a tag: put the value into quotes, as in href="{{ name }}"', 'or be the tag');
select pg_temp.refuses('<script type="x">var a = "{{ a }}"', 'html: line 1: {{ a }} stands in a script', 'a value in a script');
select pg_temp.refuses('<p onclick="go(''{{ a }}'')">', 'html: line 1: {{ a }} stands in a script', 'in an attribute too');
select pg_temp.refuses('<script>if (a < 1 && b<c) { go("{{ a }}"', 'html: line 1: {{ a }} stands in a script', 'behind a comparison');
select pg_temp.refuses('<script>a</script><SCRIPT src="{{ a }}">', 'html: line 1: {{ a }} stands in a script', 'as its address');
select pg_temp.refuses('<style>@media x{.a{color: {{ colour }}', 'html: line 1: {{ colour }} stands in a style sheet', 'in a style sheet');
select pg_temp.refuses('<iframe srcdoc="<p>{{ a }}"', 'html: line 1: {{ a }} stands in srcdoc, which is a page of its own', 'in a page within the page');
select pg_temp.refuses('<iframe srcdoc = ''{{ a }}', 'html: line 1: {{ a }} stands in srcdoc, which is a page of its own', 'as one');
select pg_temp.refuses('<meta content="0; url={{ a }}" http-equiv="refresh">', 'html: line 1: {{ a }} stands in <meta>, which could lead to another page', 'in what leads to another page');
select pg_temp.refuses('<a title="' || repeat('x', 3990) || '" href="{{ a }}">', 'html: line 1: {{ a }} stands in a tag, more than 4000 characters behind its beginning', 'in a tag too long to know where');
select pg_temp.refuses('<a {{ if b }}title="' || repeat('x', 4000) || '"{{ end }} href="{{ a }}">', 'html: line 1: {{ end }} stands in a tag, more than 4000 characters behind its beginning', 'also over several pieces');
select throws_ok($$select pg_temp.put(null)$$, '22023', 'email_queue: html: is missing: give html, text or both', 'no body');
select throws_ok($$select pg_temp.put('x', null, ' ')$$, '22023', 'email_queue: subject: is missing', 'no subject');
select throws_ok($$select pg_temp.put('x', null, 'Hello {{')$$, '22023', 'email_queue: subject: line 1: {{}} has no }}', 'a fault in the subject');
select throws_ok($$select pg_temp.put('x', '{{ a b }}')$$, '22023', 'email_queue: text: line 1: {{ a b }} is not known: use a name, if, else, end, url or urlquery', 'a fault in the text');
select throws_ok($$select pg_temp.put('x', p_name => 'a.b')$$, '22023', 'email_queue: name: must be 1 to 100 letters, digits, _ or -', 'a name that is no file''s');
select throws_ok($$select pg_temp.put('x', p_language => 'German language')$$, '22023', 'email_queue: language: must be like de or de-AT', 'no language');

select lives_ok($$select pg_temp.put('<style>@media x{.a{color: red}}</style><script>1</script ><styles>{{ s }}<!-- it''s {{ a }} --><p style="color: {{ b }}" title=''{{ c }}''>It''s {{ d }}</p>')$$, 'other places may have a value');
select lives_ok($$select pg_temp.put('<img src="data:image/png;base64,' || repeat('x', 9000) || '">{{ a }}<p>' || repeat('x', 9000) || '{{ a }}')$$, 'behind a long tag, or in a long text');
select public.email_queue_template_put('quoted', 'S', '<a title=''<'' href="{{ a }}">');
select throws_ok($$select public.email_queue_template_preview('quoted', '{"a": "javascript:alert(1)"}')$$, '22023', null, 'a < in an attribute begins no tag');
select lives_ok($$select pg_temp.put('{{/* a note */}}{{- if .A -}} x {{- end }}{{! another }}{{#if b}}{{/if}}')$$, 'the ways of writing of Go and of Handlebars');
select lives_ok($$select pg_temp.put('<!--[if mso]><v:rect href="{{ .ConfirmationURL }}"><![endif]--><a href="{{ .SiteURL }}/auth/confirm?token_hash={{ .TokenHash }}&type=email&next={{ .RedirectTo }}">Log In</a>{{if eq .Data.language "en" }}<h1>Welcome</h1>{{ else if eq .Data.language "pl" }}<h1>Witamy</h1>{{ else }}<h1>Hallo</h1>{{end}} {{ .Token }}{{ .Email }}{{ .NewEmail }}{{ .OldEmail }}')$$,
  'a template of Supabase Auth''s is taken as it is');
create temp table t (at timestamptz default clock_timestamp());
insert into t default values;
select lives_ok($$select pg_temp.put(repeat(repeat('<p title="' || repeat('a', 150) || '">é</p>', 1) || '{{ a }}', 1000))$$, 'the largest is taken');
select cmp_ok(clock_timestamp() - (select max(at) from t), '<', interval '5 seconds', 'in a short time');
select is((select array_agg(subject) from email_queue_private.template where programs is null), null, 'each is read when it is stored');

select * from finish();
rollback;

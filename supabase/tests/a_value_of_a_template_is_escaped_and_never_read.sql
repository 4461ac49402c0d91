begin;
\ir helpers.psql
select plan(46);

create function pg_temp.shown(p_html text, p_variables jsonb, p_part text default 'html', p_subject text default 'x') returns text language sql volatile as $$
  select public.email_queue_template_put('shown', p_subject, p_html, p_html);
  select public.email_queue_template_preview('shown', p_variables) ->> p_part;
$$;
create function pg_temp.refuses(p_html text, p_variables jsonb, p_error text, p_what text) returns text language sql as $$
  select throws_ok(format('select pg_temp.shown(%L, %L)', p_html, p_variables), '22023', 'email_queue: ' || p_error, p_what)
$$;
create temp table evil as select '{"a": "<b title=\"x\">Tom & ''Jerry''</b> {{ secret }} {{ if x }}", "secret": "s"}'::jsonb as v;

select is(pg_temp.shown('<p title="{{ a }}">{{ a }}</p>', v),
  '<p title="&lt;b title=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt; {{ secret }} {{ if x }}">&lt;b title=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt; {{ secret }} {{ if x }}</p>',
  'in HTML it is escaped, and what looks like a tag stays') from evil;
select is(pg_temp.shown('{{ a }}', v, 'text'), v ->> 'a', 'in a text it stands as it is') from evil;
select is(pg_temp.shown('x', '{"a": "one\r\nBcc: two@b.example\tthree\u2028\u0085four"}', 'subject', E'Hello\n {{ a }} '), 'Hello  one Bcc: two@b.example three four', 'in a subject without line ends');
select is(pg_temp.shown('{{ a }} {{ b }} {{ c }} {{ d }}', '{"a": 7.50, "b": true, "c": false, "d": ""}'), '7.50 true false ', 'numbers, booleans and empty texts');
select is(pg_temp.shown('{{ order.number }}{{ .order.sum }}', '{"order": {"number": 7, "sum": 9}}'), '79', 'a value in an object');

select pg_temp.refuses('{{ a }}', '{}', 'variables.a: is missing', 'a missing variable is named');
select pg_temp.refuses('{{ order.number }}', '{"order": {}}', 'variables.order.number: is missing', 'with its path');
select pg_temp.refuses('{{ a }}', '{"a": null}', 'variables.a: is missing', 'null is nothing');
select pg_temp.refuses('{{ a }}', '{"a": ["x"]}', 'variables.a: must be a text, a number or a boolean', 'a list is no value');
select pg_temp.refuses('{{ a }}', '{"a": {"b": 1}}', 'variables.a: must be a text, a number or a boolean', 'nor is an object');
select pg_temp.refuses('x', '[]', 'variables: must be an object', 'the variables are an object');
select throws_ok($$select public.email_queue_template_preview('nothing')$$, '22023', 'email_queue: template: there is no template nothing: store it with email_queue_template_put', 'an unknown template');
select throws_ok($$select public.email_queue_template_preview('a b')$$, '22023', 'email_queue: template: must be 1 to 100 letters, digits, _ or -', 'a name that can be none');

select is(pg_temp.shown('{{ if a }}yes{{ else }}no{{ end }}', jsonb_build_object('a', a)), shown, format('if %s is %s', a, shown))
from (values ('"x"'::jsonb, 'yes'), ('1', 'yes'), ('true', 'yes'), ('{"b": 1}', 'yes'), ('""', 'no'), ('0', 'no'), ('false', 'no'), ('null', 'no'), ('[]', 'no')) as c(a, shown);
select is(pg_temp.shown('{{ if a }}yes{{ else }}no{{ end }}', '{}'), 'no', 'what is missing is no error in a condition');
select is(pg_temp.shown('{{ if a }}{{ b }}{{ end }}x', '{}'), 'x', 'nor in a branch that is not taken');
select is(pg_temp.shown('{{ if not a }}none{{ end }}', '{}'), 'none', 'not');
select is(pg_temp.shown('{{ if eq k "a" }}A{{ else if eq k "b" }}B{{ else if ne k "c" }}D{{ else }}C{{ end }}', jsonb_build_object('k', k)), upper(k), 'one branch of several: ' || k)
from unnest(array['a', 'b', 'c', 'd']) as k;
select is(pg_temp.shown('{{ if a }}1{{ if b }}2{{ else }}3{{ end }}4{{ else }}5{{ if a }}6{{ end }}{{ end }}7', '{"b": false, "a": true}'), '1347', 'conditions in conditions');
select is(pg_temp.shown('{{ if a }}1{{ if b }}2{{ else }}3{{ end }}4{{ else }}5{{ if not a }}6{{ end }}{{ end }}7', '{"b": true}'), '567', 'in those not taken too');
select is(pg_temp.shown('a  {{- if x -}}  b  {{- end -}}  c', '{"x": 1}'), 'abc', 'hyphens take white space away');

select is(pg_temp.shown('<a href="{{ u }}">', '{"u": "https://a.example/?x=1&y=\"2 3\""}'), '<a href="https://a.example/?x=1&amp;y=%222%203%22">', 'an address');
select is(pg_temp.shown('<a href="{{ u }}">', '{"u": "mailto:a@b.example"}'), '<a href="mailto:a@b.example">', 'of a mail');
select pg_temp.refuses('<a href="{{ u }}">', jsonb_build_object('u', u), 'variables.u: must be an address with http, https, mailto or tel, of at most 4096 characters', 'not of a program: ' || replace(u, chr(10), ' '))
from unnest(array['javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', E'java\nscript:alert(1)', 'data:text/html,x']) as u;
select pg_temp.refuses('<a href="' || h || '">', '{"u": "java", "v": "script:alert(1)"}', 'variables.v: must be an address with http, https, mailto or tel, of at most 4096 characters', 'nor of one in pieces: ' || h)
from unnest(array['{{ u }}{{ v }}', 'java{{ v }}']) as h;
select is(pg_temp.shown('<a href="{{ u }}{{ v }}">', '{"u": "https://a.example", "v": "/b:c"}'), '<a href="https://a.example/b:c">', 'an address in pieces');
select is(pg_temp.shown('<a href="https://a.example/{{ p }}?q={{ q }}&amp;next={{ n }}">', '{"p": "é/x", "q": "a&b=c d", "n": "https://b.example/?x=1#y"}'),
  '<a href="https://a.example/%C3%A9/x?q=a%26b%3Dc%20d&amp;next=https%3A%2F%2Fb.example%2F%3Fx%3D1%23y">', 'in a query it is encoded by itself');
select is(pg_temp.shown('https://a.example/?q={{ urlquery q }}', '{"q": "a&b"}', 'text'), 'https://a.example/?q=a%26b', 'in a text where it is asked for');
select is(pg_temp.shown('{{ url q }}', '{"q": "https://a.example/a b"}', 'text'), 'https://a.example/a%20b', 'an address in a text');
select pg_temp.refuses(repeat('{{ a }}', 1000), jsonb_build_object('a', repeat('x', 1001)), 'html: would have more than 1000000 characters', 'what would become too long is refused');

select * from finish();
rollback;

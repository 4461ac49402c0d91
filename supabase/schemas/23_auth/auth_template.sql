-- Built in, so that no row is needed. What differs from mail to mail is in auth_texts; the rest is one page, with colours for a light and a
-- dark screen. Only Auth's own values are in it, none that a user has chosen but addresses.
create function email_queue_private.auth_template(p_name text) returns email_queue_private.template
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_texts record;
  v_html text;
  v_text text;
  v_template email_queue_private.template;
begin
  select * into v_texts from email_queue_private.auth_texts() as t where t.name = p_name;
  if not found then
    return null;
  end if;
  v_html := replace(replace(replace(replace(replace($html$<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>@subject</title>
<style>
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  @media (prefers-color-scheme: dark) {
    .page { background: #0f1115 !important; }
    .card { background: #1a1d24 !important; border-color: #2b303a !important; }
    .strong { color: #f2f4f7 !important; }
    .soft { color: #a5adba !important; }
    .link { color: #8ab4ff !important; }
    .button { background: #f2f4f7 !important; color: #14161a !important; }
    .code { background: #262b35 !important; color: #f2f4f7 !important; }
  }
</style>
</head>
<body class="page" style="margin: 0; padding: 0; background: #f4f5f7;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="page" style="background: #f4f5f7;">
<tr><td align="center" style="padding: 40px 16px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="card" style="max-width: 480px; background: #ffffff; border: 1px solid #e3e6ea; border-radius: 12px;">
<tr><td style="padding: 32px; overflow-wrap: anywhere; word-break: break-word; font-family: -apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; font-size: 16px; line-height: 24px;">
{{ if Product }}<p class="soft" style="margin: 0 0 24px; color: #5c6470; font-size: 14px; line-height: 20px;">{{ Product }}</p>{{ end }}
<h1 class="strong" style="margin: 0 0 12px; color: #14161a; font-size: 22px; line-height: 28px; font-weight: 600;">@heading</h1>
<p class="strong" style="margin: 0 0 24px; color: #14161a;">@body</p>
@action
<p class="soft" style="margin: 24px 0 0; color: #5c6470; font-size: 14px; line-height: 20px;">@note</p>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
$html$, '@subject', v_texts.subject), '@heading', v_texts.heading), '@body', v_texts.body), '@note', v_texts.note), '@action',
    case when v_texts.action is null then '' else replace($html${{ if ConfirmationURL }}<p style="margin: 0 0 24px;"><a href="{{ ConfirmationURL }}" class="button" style="display: inline-block; padding: 12px 24px; background: #14161a; border-radius: 8px; color: #ffffff; font-weight: 600; text-decoration: none;">@action</a></p>{{ end }}
{{ if Token }}<p class="strong" style="margin: 0 0 8px; color: #14161a;">{{ if ConfirmationURL }}Or enter this code:{{ else }}Enter this code:{{ end }}</p>
<p class="code" style="margin: 0 0 24px; padding: 12px 16px; background: #f4f5f7; border-radius: 8px; color: #14161a; font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 24px; line-height: 32px; letter-spacing: 4px;">{{ Token }}</p>{{ end }}
<p class="soft" style="margin: 0; color: #5c6470; font-size: 14px; line-height: 20px;">Valid for {{ Validity }}.</p>$html$, '@action', v_texts.action) end);
  v_text := v_texts.heading || $text$

$text$ || v_texts.body || case when v_texts.action is null then '' else $text$
{{ if ConfirmationURL }}
$text$ || v_texts.action || $text$:
{{ ConfirmationURL }}
{{ end }}{{ if Token }}
Code: {{ Token }}
{{ end }}
Valid for {{ Validity }}.$text$ end || $text$

$text$ || v_texts.note || $text${{ if Product }}

{{ Product }}{{ end }}
$text$;
  v_template.name := p_name;
  v_template.language := '';
  v_template.version := 0;
  v_template.subject := v_texts.subject;
  v_template.html := v_html;
  v_template.text := v_text;
  v_template.programs := email_queue_private.compile_parts(v_texts.subject, v_html, v_text);
  return v_template;
end
$$;
comment on function email_queue_private.auth_template(text) is 'The built-in template of a mail of Supabase Auth; null if the name is another.';

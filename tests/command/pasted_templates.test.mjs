// Templates that were written for Supabase Auth, in the syntax of Go: what can be pasted, and what is said of the rest.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startLite, stopAll } from "../../scripts/lib/stack.mjs";
import { sampleOf } from "../../src/js/command/template-samples.js";

/** @type {Awaited<ReturnType<typeof startLite>>} */
let lite;
before(async () => void (lite = await startLite()));
after(stopAll);

/** By the mails that Supabase's dashboard and config.toml have a template for. @type {[string, string, string, RegExp][]} */
const PASTED = [
  ["auth-signup", "Confirm your sign-up", '<h2>Welcome</h2>\n<p>Follow this link to confirm:</p>\n<p><a href="{{ .ConfirmationURL }}">Confirm</a></p>', /href="https:\/\/acme\.example\/auth\/v1\/verify\?token=pkce_5a8f&amp;type=signup/],
  ["auth-invite", "You are invited", '<p>You may join <b>{{ .SiteURL }}</b>: <a href="{{ .SiteURL }}/join?token_hash={{ .TokenHash }}&type=invite&next={{ .RedirectTo }}">join</a></p>', /join\?token_hash=pkce_5a8f&type=invite&next=https%3A%2F%2Facme/],
  ["auth-magiclink", "{{ .Token }} is your code", "<p>Enter {{ .Token }} or {{- /* no link here */ -}} wait.</p>", /Enter 481516 orwait/],
  ["auth-recovery", "Reset", '{{ if .Data.name }}<p>Hello {{ .Data.name }}</p>{{ else }}<p>Hello {{ .Email }}</p>{{ end }}<a href="{{ .ConfirmationURL }}">reset</a>', /Hello (Ann|ann@)/],
  ["auth-email-change", "Change", "<p>From {{ .Email }} to {{ .NewEmail }}</p>", /From ann@example\.com to ann\.new@example\.com/],
  ["auth-reauthentication", "Code", "<p>{{.Token}}</p>", /481516/],
  ["auth-password-changed", "Changed", "<p>{{ .Email }}</p>", /ann@/],
  ["auth-email-changed", "Changed", "<p>{{ .OldEmail }} {{ .Email }}</p>", /ann\.old@/],
  ["auth-phone-changed", "Changed", "<p>{{ .OldPhone }} {{ .Phone }}</p>", /555/],
  ["auth-identity-linked", "Linked", "<p>{{ .Provider }}</p>", /google/],
  ["auth-identity-unlinked", "Unlinked", "<p>{{ .Provider }}</p>", /google/],
  ["auth-mfa-factor-enrolled", "Second step", '<p>{{ if eq .FactorType "totp" }}an app{{ else if eq .FactorType "phone" }}a phone{{ end }}</p>', /an app/],
  ["auth-mfa-factor-unenrolled", "Second step", '<p>{{- if ne .FactorType "phone" -}} not a phone {{- end -}}</p>', /<p>not a phone<\/p>/],
];
for (const [name, subject, html, expected] of PASTED) {
  test(`${name} as it was at Supabase`, async () => {
    const { variables: names } = await lite.rpc("email_queue_template_put", { p_name: name, p_subject: subject, p_html: html });
    const { variables } = sampleOf("/nowhere", { name, language: null }, names);
    const shown = await lite.rpc("email_queue_template_preview", { p_name: name, p_variables: variables });
    assert.match(shown.html, expected);
    assert.doesNotMatch(shown.html + shown.subject, /{{/);
  });
}

/** The error names the construct, its line, and what there is in its place. */
const USE = "use a name, if, else, end, url or urlquery";
const CONDITION = 'use if name, if not name, if eq name "text" or if ne name "text"';
for (const [html, tag, remedy] of /** @type {[string, string, string][]} */ ([
  ["<p>\n{{ range .Data.items }}{{ . }}{{ end }}", "line 2: {{ range .Data.items }} is not known", USE],
  ["{{ with .Data.name }}{{ . }}{{ end }}", "line 1: {{ with .Data.name }} is not known", USE],
  ["{{ $name := .Data.name }}", "line 1: {{ $name := .Data.name }} is not known", USE],
  ["{{ .Email | html }}", "line 1: {{ .Email | html }} is not known", USE],
  ["{{ printf \"%s\" .Email }}", 'line 1: {{ printf "%s" .Email }} is not known', USE],
  ["{{ index .Data \"first-name\" }}", 'line 1: {{ index .Data "first-name" }} is not known', USE],
  ["{{ template \"foot\" }}", 'line 1: {{ template "foot" }} is not known', USE],
  ["{{ . }}", "line 1: {{ . }} is not known", USE],
  ["{{ if and .Email .Phone }}{{ end }}", "line 1: {{ if and .Email .Phone }} is no condition", CONDITION],
  ["{{ if gt .Minutes 5 }}{{ end }}", "line 1: {{ if gt .Minutes 5 }} is no condition", CONDITION],
  ["{{ if (eq .Email \"a\") }}{{ end }}", 'line 1: {{ if (eq .Email "a") }} is no condition', CONDITION],
  ["<a href={{ .ConfirmationURL }}>", "line 1: {{ .ConfirmationURL }} stands in a tag", 'put the value into quotes, as in href="{{ name }}"'],
  ["{{ if .Email }}", "has an {{ if }} without", "{{ end }}"],
])) {
  test(`refused, with what to do: ${html}`, () => assert.rejects(lite.rpc("email_queue_template_put", { p_name: "pasted", p_subject: "S", p_html: html }), (/** @type {Error} */ { message }) => {
    const { message: said } = JSON.parse(message.slice(message.indexOf("{")));
    assert.ok(said.includes(tag) && said.includes(remedy), said);
    return true;
  }));
}

-- Each change is a version, so that a message can say which one it was made of. Supabase Auth's built-in templates are in
-- auth_template(), not here: what Auth's hook needs must not get lost with a row.
create table email_queue_private.template (
  name text collate "C" not null,
  language text collate "C" not null default '',
  version integer not null,
  created_at timestamptz not null,
  deleted_at timestamptz,
  subject text not null,
  html text,
  text text,
  programs jsonb not null,
  constraint template_pkey primary key (name, language, version),
  constraint template_has_a_body check (html is not null or text is not null)
);
comment on table email_queue_private.template is 'Templates of e-mails by name and language; the newest version counts. The newest {{MAX_VERSIONS}} versions of each are kept.';
comment on column email_queue_private.template.name is 'Its name. Those of Supabase Auth''s mails begin with auth-.';
comment on column email_queue_private.template.language is 'In lower case, as in de-at; empty: for all other languages.';
comment on column email_queue_private.template.version is 'From 1.';
comment on column email_queue_private.template.created_at is 'When this version was put.';
comment on column email_queue_private.template.deleted_at is 'When the template was deleted, on its newest version; null: it counts.';
comment on column email_queue_private.template.subject is 'The subject, as it was put.';
comment on column email_queue_private.template.html is 'The HTML, as it was put.';
comment on column email_queue_private.template.text is 'The text, as it was put.';
comment on column email_queue_private.template.programs is 'The parts as render_program reads them: {subject, html, text}.';

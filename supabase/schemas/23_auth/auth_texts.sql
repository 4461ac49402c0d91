-- No text has a character that HTML would read.
create function email_queue_private.auth_texts() returns table (name text, subject text, heading text, body text, action text, note text)
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  values
    ('auth-signup', 'Confirm your e-mail address', 'Confirm your e-mail address', 'One step is left to create your account with {{ Email }}.', 'Confirm e-mail address',
      'If you did not ask for an account, ignore this e-mail: nothing happens without you.'),
    ('auth-invite', 'You have been invited{{ if Product }} to {{ Product }}{{ end }}', 'You have been invited', 'Accept the invitation to create your account with {{ Email }}.', 'Accept the invitation',
      'If you did not expect an invitation, ignore this e-mail.'),
    ('auth-magiclink', 'Sign in{{ if Product }} to {{ Product }}{{ end }}', 'Sign in', 'You asked to sign in as {{ Email }}.', 'Sign in',
      'If you did not ask to sign in, ignore this e-mail. Pass neither the link nor the code on.'),
    ('auth-recovery', 'Reset your password', 'Reset your password', 'You asked for a new password for {{ Email }}.', 'Choose a new password',
      'If you did not ask for it, ignore this e-mail: your password stays as it is.'),
    ('auth-email-change', 'Confirm the change of your e-mail address', 'Confirm the change of your e-mail address',
      'Your account is to have the address {{ NewEmail }}{{ if Email }} in the place of {{ Email }}{{ end }}.', 'Confirm the change',
      'If you did not ask for the change, do not confirm it, and change your password.'),
    ('auth-reauthentication', 'Confirm that it is you', 'Confirm that it is you', 'Somebody who is signed in as {{ Email }} is about to change something important.', 'Confirm',
      'If that was not you, change your password.'),
    ('auth-other', 'Confirm your request', 'Confirm your request', 'A request for {{ SendingTo }} has to be confirmed.', 'Confirm',
      'If you did not ask for anything, ignore this e-mail.'),
    ('auth-notice', 'Your account was changed', 'Your account was changed', 'A setting of the account {{ SendingTo }} has just been changed.', null,
      'If that was not you, change your password at once.'),
    ('auth-password-changed', 'Your password was changed', 'Your password was changed', 'The password of {{ Email }} has just been changed.', null,
      'If that was not you, reset your password at once.'),
    ('auth-email-changed', 'Your e-mail address was changed', 'Your e-mail address was changed',
      'Your account now has the address {{ Email }}{{ if OldEmail }} in the place of {{ OldEmail }}{{ end }}.', null,
      'If that was not you, answer this e-mail: you can no longer sign in with this address.'),
    ('auth-phone-changed', 'Your phone number was changed', 'Your phone number was changed',
      'The phone number of {{ Email }} has just been changed{{ if OldPhone }}. The old one was {{ OldPhone }}{{ end }}.', null,
      'If that was not you, change your password at once.'),
    ('auth-identity-linked', 'A way to sign in was added', 'A way to sign in was added',
      'You can now sign in to the account {{ Email }}{{ if Provider }} with {{ Provider }}{{ else }} in another way{{ end }}.', null,
      'If that was not you, change your password at once.'),
    ('auth-identity-unlinked', 'A way to sign in was removed', 'A way to sign in was removed',
      'You can no longer sign in to the account {{ Email }}{{ if Provider }} with {{ Provider }}{{ else }} in one way{{ end }}.', null,
      'If that was not you, change your password at once.'),
    ('auth-mfa-factor-enrolled', 'A second step was added to your sign-in', 'A second step was added to your sign-in',
      'Signing in as {{ Email }} now asks for a second step{{ if FactorType }} ({{ FactorType }}){{ end }}.', null,
      'If that was not you, change your password at once.'),
    ('auth-mfa-factor-unenrolled', 'A second step was removed from your sign-in', 'A second step was removed from your sign-in',
      'Signing in as {{ Email }} no longer asks for this second step{{ if FactorType }} ({{ FactorType }}){{ end }}.', null,
      'If that was not you, change your password at once.')
$$;
comment on function email_queue_private.auth_texts() is 'The texts of the built-in templates of Supabase Auth''s mails.';

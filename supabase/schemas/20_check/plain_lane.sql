-- Most mail has one recipient and a few fields of plain text. For such mail this gives the lane that check_item would, in a few steps.
-- Null says nothing: check_item decides. A sender of up to 60 characters is within the limits of each of its parts.
create function email_queue_private.plain_lane(p_payload jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_from text collate "C" := p_payload ->> 'from';
  v_to text := p_payload ->> 'to';
  v_subject text := p_payload ->> 'subject';
begin
  return case when jsonb_typeof(p_payload) = 'object'
    and p_payload - array['from', 'to', 'subject', 'content', 'text'] = '{}' and not jsonb_path_exists(p_payload, 'strict $.* ? (@.type() != "string")')
    and p_payload ?| array['content', 'text']
    and strpos(v_to, '@') > 1 and char_length(v_to) <= {{MAX_ADDRESS_TEXT}}
    and v_subject !~ E'[\\x01-\\x1f\\x7f]' and char_length(v_subject) <= {{MAX_SUBJECT}}
    and char_length(v_from) <= 60 and (strpos(v_from, '<') > 0) = (right(v_from, 1) = '>')
    and v_from ~ '^(?:[A-Za-z0-9 ]*<)?[A-Za-z0-9_-]+(?:[.][A-Za-z0-9_-]+)*@(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*[.])+[A-Za-z]+>?$'
  then 'batch:' || lower(rtrim(split_part(v_from, '@', 2), '>') collate "C") end;
end
$$;
comment on function email_queue_private.plain_lane(jsonb) is 'The lane of an e-mail that is plainly good; null if the checks must look.';

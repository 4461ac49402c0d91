-- What is wrong with a bare address, or null: what src/email/address.rs says, in its words.
create function email_queue_private.bare_address_fault(p_bare text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_local text collate "C" := split_part(p_bare, '@', 1);
  v_domain text collate "C" := substr(p_bare, strpos(p_bare, '@') + 1);
begin
  return case
    when p_bare = '' then 'must not be empty'
    when strpos(p_bare, '@') = 0 then 'not a valid e-mail address: it has no at sign'
    when strpos(v_domain, '@') > 0 then
      case when p_bare ~ '[,;]' then 'more than one address in a string; use a list'
        else 'not a valid e-mail address: it has more than one at sign' end
    when octet_length(p_bare) > {{MAX_ADDRESS}} then 'not a valid e-mail address: it is longer than {{MAX_ADDRESS}} characters'
    when octet_length(v_local) > char_length(v_local) then 'not a valid e-mail address: the part before the at sign must be ASCII'
    when char_length(v_local) > {{MAX_LOCAL}} then 'not a valid e-mail address: the part before the at sign is longer than {{MAX_LOCAL}} characters'
    when v_local !~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*$'
      then 'not a valid e-mail address: the part before the at sign is malformed'
    when octet_length(v_domain) > char_length(v_domain) then 'not a valid e-mail address: write the domain in punycode (xn--…)'
    when v_domain !~ '^([A-Za-z0-9]([A-Za-z0-9-]{0,{{MAX_LABEL-2}}}[A-Za-z0-9])?[.])+[A-Za-z0-9]([A-Za-z0-9-]{0,{{MAX_LABEL-2}}}[A-Za-z0-9])?$' or v_domain ~ '[.][0-9]+$'
      then 'not a valid e-mail address: the domain is malformed'
  end;
end
$$;
comment on function email_queue_private.bare_address_fault(text) is 'What is wrong with an address without a name; null if nothing is.';

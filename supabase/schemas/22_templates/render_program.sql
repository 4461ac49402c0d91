create function email_queue_private.render_program(p_program jsonb, p_part text, p_variables jsonb, p_loose text) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_step jsonb;
  v_path text[];
  v_pieces text[] := array[]::text[];
  v_piece text;
  v_length bigint := 0;
  -- Of each open condition: whether its present branch is taken, and whether one was.
  v_now boolean[] := array[]::boolean[];
  v_been boolean[] := array[]::boolean[];
  v_depth integer := 0;
  v_holds boolean;
begin
  for v_step in select s from jsonb_array_elements(p_program) as s loop
    v_piece := null;
    if jsonb_typeof(v_step) = 'string' then
      v_piece := case when not (false = any (v_now)) then v_step #>> '{}' end;
    elsif v_step ->> 'op' = 'put' then
      v_piece := case when not (false = any (v_now)) then email_queue_private.render_value(v_step, p_part, p_variables, p_loose) end;
    elsif v_step ->> 'op' = 'end' then
      v_depth := v_depth - 1;
      v_now := v_now[1:v_depth];
      v_been := v_been[1:v_depth];
    else
      v_holds := true;
      if v_step ? 'path' then
        v_path := array(select jsonb_array_elements_text(v_step -> 'path'));
        v_holds := case v_step ->> 'test'
          when 'eq' then coalesce(p_variables #>> v_path, '') = v_step ->> 'value'
          when 'ne' then coalesce(p_variables #>> v_path, '') <> v_step ->> 'value'
          else email_queue_private.is_set(p_variables #> v_path) <> (v_step ? 'test') end;
      end if;
      if v_step ->> 'op' = 'if' then
        v_depth := v_depth + 1;
        v_been[v_depth] := false;
      end if;
      v_now[v_depth] := v_holds and not v_been[v_depth];
      v_been[v_depth] := v_been[v_depth] or v_holds;
    end if;
    if v_piece is not null then
      v_pieces := v_pieces || v_piece;
      v_length := v_length + char_length(v_piece);
      if v_length > {{MAX_RENDERED}} then
        perform email_queue_private.refuse(p_part, 'would have more than {{MAX_RENDERED}} characters');
      end if;
    end if;
  end loop;
  v_piece := array_to_string(v_pieces, '');
  if p_part = 'subject' then
    return btrim(regexp_replace(v_piece, '[' || chr(1) || '-' || chr(31) || chr(127) || '-' || chr(159) || chr(8232) || chr(8233) || ']+', ' ', 'g'));
  end if;
  return v_piece;
end
$$;
comment on function email_queue_private.render_program(jsonb, text, jsonb, text) is 'A part of an e-mail from its program and variables.';

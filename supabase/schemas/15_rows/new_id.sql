-- UUIDv7 form: 48 bits of milliseconds, then 12 bits of the fraction of that millisecond, so that new rows land on
-- the last, hot index page and messages of one transaction keep their order. The other half stays as a random UUID has it.
create function email_queue_private.new_id() returns uuid
language plpgsql volatile parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  v_micros bigint := date_part('epoch', clock_timestamp()) * 1000000;
begin
  return encode(overlay(uuid_send(gen_random_uuid())
    placing int8send((v_micros / 1000 << 16) | (7 << 12) | (v_micros % 1000 * 4096 / 1000)) from 1 for 8), 'hex')::uuid;
end
$$;
comment on function email_queue_private.new_id() is 'A new id ordered by time (UUIDv7 form).';

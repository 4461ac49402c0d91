-- UUIDv7 form: 48 bits of milliseconds, then 12 bits of the fraction of that millisecond, so that new rows land on
-- the last, hot index page and messages of one transaction keep their order.
create function email_queue_private.new_id() returns uuid
language plpgsql volatile parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  v_micros bigint := extract(epoch from clock_timestamp()) * 1000000;
  v_random bytea := uuid_send(gen_random_uuid());
begin
  return (lpad(to_hex(v_micros / 1000), 12, '0')
    || '7' || lpad(to_hex((v_micros % 1000) * 4096 / 1000), 3, '0')
    || substr('89ab', 1 + (get_byte(v_random, 0) & 3), 1) || substr(encode(v_random, 'hex'), 3, 15))::uuid;
end
$$;
comment on function email_queue_private.new_id() is 'A new id ordered by time (UUIDv7 form).';

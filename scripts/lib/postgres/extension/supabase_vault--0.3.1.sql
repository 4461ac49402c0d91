-- A stand-in with the signatures, the grants and the behaviour of Supabase Vault: what was stored with another key than the
-- server's is an error to each reader, update_secret included. It keeps the key in a table, and hides nothing.
create schema vault;
create table vault.root_key (key text not null);
insert into vault.root_key values (gen_random_uuid());
create table vault.secrets (
  id uuid primary key default gen_random_uuid(), name text unique, description text not null default '', secret text not null,
  key_id uuid, nonce bytea, created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);
create function vault._crypto_aead_det_encrypt(message text, additional uuid) returns text language sql stable security definer set search_path = pg_catalog as $$
  select md5(k.key || additional) || encode(convert_to(message, 'UTF8'), 'base64') from vault.root_key as k
$$;
create function vault._crypto_aead_det_decrypt(message text, additional uuid) returns text language plpgsql stable security definer set search_path = pg_catalog as $$
begin
  if left(message, 32) <> (select md5(k.key || additional) from vault.root_key as k) then
    raise 'pgsodium_crypto_aead_det_decrypt_by_id: invalid ciphertext';
  end if;
  return convert_from(decode(substr(message, 33), 'base64'), 'UTF8');
end
$$;
create view vault.decrypted_secrets as
  select id, name, description, secret, vault._crypto_aead_det_decrypt(secret, id) as decrypted_secret, key_id, nonce, created_at, updated_at from vault.secrets;
create function vault.create_secret(new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null)
returns uuid language sql security definer set search_path = '' as $$
  insert into vault.secrets (id, secret, name, description)
  select i.id, vault._crypto_aead_det_encrypt(new_secret, i.id), new_name, new_description from (select gen_random_uuid() as id) as i returning id
$$;
create function vault.update_secret(secret_id uuid, new_secret text default null, new_name text default null, new_description text default null, new_key_id uuid default null)
returns void language plpgsql security definer set search_path = '' as $$
declare
  decrypted_secret text := (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = secret_id);
begin
  update vault.secrets set secret = coalesce(vault._crypto_aead_det_encrypt(new_secret, secret_id), secret), name = coalesce(new_name, name),
    description = coalesce(new_description, description), updated_at = now() where id = secret_id;
end
$$;
revoke execute on all functions in schema vault from public;
do $$
begin
  if exists (select from pg_roles where rolname = 'service_role') then
    grant usage on schema vault to postgres, service_role;
    grant select, delete on vault.secrets, vault.decrypted_secrets to postgres, service_role;
    grant execute on all functions in schema vault to postgres, service_role;
  end if;
end
$$;

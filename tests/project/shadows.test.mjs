// A caller's temporary types: with an empty search_path PostgreSQL looks for types in pg_temp first, and a domain's check
// runs as whoever the function runs as.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { migrate, stopAll } from "../../scripts/lib/stack.mjs";
import { callAll, over } from "./support/calls.mjs";
import { addExtensions, asRole, inSession, startProject } from "./support/world.mjs";

after(stopAll);

const TYPES = ["text", "jsonb", "json", "uuid", "int4", "int8", "int2", "bool", "numeric", "interval", "timestamptz", "float8", "name", "regclass", "regprocedure", "regproc", "bytea"];

/** A domain for each type, whose check notes who runs it. */
const EVIL = `
  create function pg_temp.evil(p_value anyelement) returns boolean language plpgsql as $$
    begin
      if current_user <> 'service_role' then perform pg_catalog.set_config('evil.ran', current_user, false); end if;
      return true;
    end $$;
  ${TYPES.map((type) => `create domain pg_temp.${type} as pg_catalog.${type} check (pg_temp.evil(value::pg_catalog.${type}));`).join("\n")}`;

test("types of a caller's do not run as the owner", { timeout: 180_000 }, async () => {
  const postgres = await startProject();
  await migrate(postgres.url);
  await addExtensions(postgres.url);
  await inSession(postgres.url, (sql) => sql.unsafe(`
    create function public.careless() returns void language plpgsql security definer set search_path = '' as $$ begin perform 'x'::text; end $$;
    grant execute on function public.careless() to service_role;
    create function public.pinned() returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin perform 'x'::text; end $$;
    grant execute on function public.pinned() to service_role`));
  await asRole(postgres.apiUrl, "service_role", async (sql) => {
    await sql.unsafe(EVIL);
    const ran = async () => (await sql.unsafe("select coalesce(pg_catalog.current_setting('evil.ran', true), '') as who"))[0].who;
    await sql.unsafe("select public.pinned()");
    await callAll(over(sql));
    assert.equal(await ran(), "", "no function of ours");
    await sql.unsafe("select public.careless()");
    assert.equal(await ran(), "postgres", "one that does not pin its search_path");
  });
  await postgres.stop();
});

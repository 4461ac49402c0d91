// What deploy.sh takes from its variables and from .env, what it refuses before anything is changed, and what it hands on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { VARIABLES, standInCli } from "./support/stand_in_cli.mjs";

/** @type {ReturnType<typeof tempFolder>} */
let folder;
/** @type {ReturnType<typeof standInCli>} */
let deploy;
before(() => {
  folder = tempFolder("variables");
  deploy = standInCli(folder.path);
});
after(() => folder?.remove());

/** @param {Record<string, string | undefined>} changes */
const withThese = (changes) => deploy({ env: { ...VARIABLES, ...changes } });

test("the database's password is on no command line, and arrives as it is", () => {
  for (const [address, target, password] of [
    ["postgresql://postgres:DBPASS@db.example:5432/postgres", "postgresql://postgres@db.example:5432/postgres", "DBPASS"],
    ["postgresql://postgres:a@DBPASS@db.example:5432/postgres", "postgresql://postgres@db.example:5432/postgres", "a@DBPASS"],
    ["postgres://postgres.ref:DBPASS:x@[::1]:5432/postgres?sslmode=require", "postgres://postgres.ref@[::1]:5432/postgres?sslmode=require", "DBPASS:x"],
    ["postgresql://postgres:DBPASS%40%2f%C3%A9@db.example", "postgresql://postgres@db.example", "DBPASS@/é"],
    [String.raw`postgresql://postgres:DBPASS\n\x41\%5cc100%@db.example/x`, "postgresql://postgres@db.example/x", String.raw`DBPASS\n\x41\\c100%`],
    ["postgresql://postgres@db.example/x", "postgresql://postgres@db.example/x", ""],
  ]) {
    const { code, output, told, password: arrived } = withThese({ SUPABASE_DB_URL: address });
    assert.equal(code, 0, output);
    assert.ok(told.includes(`--remote=${target} `), told);
    assert.equal(arrived, password);
    assert.ok(!told.includes("DBPASS") && !output.includes("DBPASS"), told + output);
  }
});

test("a database address whose password would be on a command line is refused", () => {
  for (const address of [
    "mysql://postgres:DBPASS@db.example",
    "postgresql://postgres@db.example/postgres?password=DBPASS",
    "postgresql://postgres:x@db.example/postgres?sslmode=require&%70assword=DBPASS",
    "postgresql://postgres:x@db.example/postgres?SSLPASSWORD=DBPASS",
    "postgresql://a@DBPASS@db.example/postgres",
    "postgresql://postgres:a/DBPASS@db.example/postgres",
    "postgresql://postgres:a@b/DBPASS@db.example/postgres",
    "postgresql://postgres:a@b?DBPASS@db.example/postgres",
    "postgresql://postgres:a@b#DBPASS@db.example/postgres",
  ]) {
    const { code, output, told } = withThese({ SUPABASE_DB_URL: address });
    assert.equal(code, 1, `${address}: ${output}`);
    assert.match(output, /SUPABASE_DB_URL must/);
    assert.equal(told, "");
    assert.ok(!output.includes("DBPASS"), output);
  }
});

// deploy.sh with a Supabase CLI that only writes down what it is told: for what must be refused before anything is called,
// and for what must not be on a command line. Needs neither a database nor a network.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT } from "../../../scripts/lib/stack.mjs";

/** What a .env needs. */
export const VARIABLES = {
  SUPABASE_PROJECT_ID: "abcdefghijklmnopqrst",
  SUPABASE_URL: "http://127.0.0.1:1",
  SUPABASE_SECRET_KEY: "sb_secret_of_the_tests",
  SUPABASE_ACCESS_TOKEN: `sbp_${"0123456789".repeat(4)}`,
  RESEND_API_KEY: "re_the_key_of_the_tests",
  EMAIL_FROM: "Shop <shop@example.com>",
  PROCESS_EMAIL_QUEUE_SECRET: "a-secret-of-the-tests",
};

const CLI = `#!/usr/bin/env bash
if [ "$1" = --version ]; then echo 3.1.0; exit; fi
printf '%s\\n' "$*" >>"$TOLD"
case "$1 $2" in
  "db push") printf '%s' "\${PGPASSWORD-}" >"$TOLD.password" ;;
  "secrets set") cat "$4" >"$TOLD.secrets"; if [ -n "\${CLI-}" ]; then exec "$CLI" "$@"; fi ;;
  # What follows needs a project.
  "functions deploy") exit 1 ;;
esac
`;

/** @param {string} folder an empty one of the test's */
export function standInCli(folder) {
  const told = path.join(folder, "told");
  const envFile = path.join(folder, ".env");
  const bin = path.join(folder, "bin");
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "supabase"), CLI, { mode: 0o755 });
  fs.writeFileSync(path.join(bin, "docker"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });

  const parts = ["", ".password", ".secrets"];
  /** @param {Record<string, string | undefined>} env @param {string} file */
  const prepare = (env, file) => {
    fs.writeFileSync(envFile, file);
    for (const part of parts) fs.writeFileSync(told + part, "");
    return { HOME: folder, TOLD: told, EMAIL_QUEUE_ENV_FILE: envFile, ...env, PATH: `${bin}:${process.env.PATH}` };
  };
  const script = path.join(ROOT, "supabase/functions/deploy.sh");

  /**
   * What deploy.sh said, and what it told the CLI.
   * @param {{args?: string[], env?: Record<string, string | undefined>, file?: string}} how env: its variables; file: the text of .env
   */
  const run = ({ args = ["--dry-run"], env = VARIABLES, file = "" }) => {
    const { status, stdout, stderr } = spawnSync(script, args, { env: prepare(env, file), encoding: "utf8" });
    const [toldIt, password, secrets] = parts.map((part) => fs.readFileSync(told + part, "utf8"));
    return { code: status, output: stdout + stderr, told: toldIt, password, secrets };
  };

  /** The same with the CLI's own `secrets set`, while this process answers it. @param {{cli: string, env: Record<string, string>}} how */
  const through = async ({ cli, env }) => {
    const child = spawn(script, { env: { ...prepare(env, ""), CLI: cli }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output += data);
    await new Promise((resolve) => child.on("close", resolve));
    return { output };
  };
  return Object.assign(run, { through });
}

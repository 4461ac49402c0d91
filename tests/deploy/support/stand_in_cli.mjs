// deploy.sh with a Supabase CLI that only writes down what it is told: for what must be refused before anything is called,
// and for what must not be on a command line. Needs neither a database nor a network.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT, startProcess } from "../../../scripts/lib/stack.mjs";

/** What a .env needs. */
export const VARIABLES = {
  SUPABASE_PROJECT_ID: "abcdefghijklmnopqrst",
  SUPABASE_URL: "",
  SUPABASE_SECRET_KEY: "sb_secret_of_the_tests",
  SUPABASE_DB_URL: "postgresql://postgres@localhost:5432/postgres",
  SUPABASE_ACCESS_TOKEN: `sbp_${"0123456789".repeat(4)}`,
  RESEND_API_KEY: "re_the_key_of_the_tests",
  EMAIL_FROM: "Shop <shop@example.com>",
  PROCESS_EMAIL_QUEUE_SECRET: "a-secret-of-the-tests",
};

const CLI = `#!/usr/bin/env bash
if [ "$1" = --version ]; then echo 3.1.0; exit; fi
printf '%s\\n' "$*" >>"$TOLD"
case "$1 $2" in
  "db query") printf '%s' "\${PGPASSWORD-}" >"$TOLD.password"; echo '[{"history": false, "installed": null, "taken": []}]' ;;
  "secrets list" | "functions list") echo '[]' ;;
  "secrets set") cat "$4" >"$TOLD.secrets" ;;
  # What follows needs a project.
  "functions deploy") exit 1 ;;
esac
`;

/** What the project's API answers before the migrations: it does not know the function, and refuses the rest. */
const API = `require("node:http").createServer((request, response) => {
  const version = request.url.endsWith("email_queue_version");
  response.writeHead(version ? 404 : 401, { "content-type": "application/json" }).end(version ? '{"code": "PGRST202"}' : "{}");
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;

/** In a process of its own, since the tests wait for deploy.sh. */
export async function standInApi() {
  const { ready, stop } = await startProcess({ name: "the stand-in of the project's API", program: process.execPath, args: ["-e", API], ready: /^(\d+)$/m });
  return { url: `http://127.0.0.1:${ready?.[1]}`, stop };
}

/** @param {string} folder an empty one of the test's @param {string} api its address */
export function standInCli(folder, api) {
  VARIABLES.SUPABASE_URL = api;
  const told = path.join(folder, "told");
  const envFile = path.join(folder, ".env");
  const bin = path.join(folder, "bin");
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "supabase"), CLI, { mode: 0o755 });
  fs.writeFileSync(path.join(bin, "docker"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });

  const parts = ["", ".password", ".secrets"];
  /**
   * What deploy.sh said, and what it told the CLI.
   * @param {{args?: string[], env?: Record<string, string | undefined>, file?: string, mode?: number, root?: string}} how
   *   env: its variables; file: the text of .env, which has this mode; root: another checkout
   */
  return ({ args = ["--dry-run"], env = VARIABLES, file = "", mode = 0o600, root = ROOT }) => {
    fs.writeFileSync(envFile, file);
    fs.chmodSync(envFile, mode);
    for (const part of parts) fs.writeFileSync(told + part, "");
    const { status, stdout, stderr } = spawnSync(path.join(root, "supabase/functions/deploy.sh"), args, {
      env: { HOME: folder, TOLD: told, EMAIL_QUEUE_ENV_FILE: envFile, ...env, PATH: `${bin}:${process.env.PATH}` },
      encoding: "utf8",
    });
    const [toldIt, password, secrets] = parts.map((part) => fs.readFileSync(told + part, "utf8"));
    return { code: status, output: stdout + stderr, told: toldIt, password, secrets, file: fs.readFileSync(envFile, "utf8") };
  };
}

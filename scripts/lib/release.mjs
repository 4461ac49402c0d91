// What this repository deploys, for the doctor.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./host.mjs";

/** @returns {import("../../src/js/command/doctor.js").Release} */
export function release() {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, "supabase/version.json"), "utf8"));
  return { version, where: "this repository", deploy: "supabase/functions/deploy.sh" };
}

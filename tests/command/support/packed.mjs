// The package's tarball, as it would be published.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { ROOT } from "../../../scripts/lib/stack.mjs";

/** @param {string} folder to put it into @returns {string} the file */
export function packed(folder) {
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", path.join(ROOT, "pkg"), "--pack-destination", folder], { cwd: folder, encoding: "utf8" }));
  return path.join(folder, filename);
}

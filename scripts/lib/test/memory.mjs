// The failures of the last run, for scripts/test --failed: target/test-logs/failed.json has suite → group → test files.
import fs from "node:fs";
import path from "node:path";

const FILE = "failed.json";

/** @typedef {Record<string, Record<string, string[]>>} Failures no groups: nothing failed; no files: the whole group; the group "": the whole suite */

/** @param {string} folder @returns {Failures} */
export function previousFailures(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, FILE), "utf8"));
  } catch {
    return {};
  }
}

/**
 * @param {string} folder @param {string} suite @param {Map<string, import("./suite.mjs").Outcome>} outcomes of the groups that ran
 * @param {{partly: boolean}} how partly: the other groups keep their entries
 */
export function remember(folder, suite, outcomes, { partly }) {
  const all = previousFailures(folder);
  const groups = partly ? { ...all[suite] } : {};
  for (const [group, { failed, files }] of outcomes) {
    if (failed > 0) groups[group] = files;
    else delete groups[group];
  }
  all[suite] = groups;
  // Another run beside this one must not read half of it.
  const written = path.join(folder, `.${FILE}.${process.pid}`);
  fs.writeFileSync(written, `${JSON.stringify(all, null, 2)}\n`);
  fs.renameSync(written, path.join(folder, FILE));
}

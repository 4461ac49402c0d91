// Whether somebody has changed files: by their names, times and sizes, which works on every disk and in every container.
import fs from "node:fs";
import path from "node:path";

/** What a folder's files are now, for a comparison with later. @param {string} folder @returns {string} */
export function fingerprint(folder) {
  return entries(folder).map((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return /^(\.|node_modules$)/.test(entry.name) ? "" : `${entry.name}/ ${fingerprint(file)}`;
    const about = fs.statSync(file, { throwIfNoEntry: false });
    return about ? `${entry.name} ${about.mtimeMs} ${about.size}` : "";
  }).join("\n");
}

/** @param {string} folder */
function entries(folder) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    // Not there, or just being replaced.
    return [];
  }
}

/**
 * Tells of a change once it is over: when two looks in a row have seen the same.
 * @param {() => string} look @returns {() => boolean}
 */
export function watcher(look) {
  let known = look();
  let last = known;
  return () => {
    const now = look();
    const settled = now === last && now !== known;
    last = now;
    if (settled) known = now;
    return settled;
  };
}

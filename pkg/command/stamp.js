// Which version number a new migration gets. The Supabase CLI compares versions as text, and refuses a migration that sorts before
// the newest one of the database.

/** @typedef {{versions: string[], notes: string[]}} Stamps */

const DATED = /^\d{14}$/;

/**
 * The next versions after all that are there.
 * @param {{present: string[], now: Date, count?: number}} what present: the versions of the folder and of the database
 * @returns {Stamps | {problem: string}}
 */
export function nextVersions({ present, now, count = 1 }) {
  const newest = [...present].sort().at(-1);
  if (newest === undefined || DATED.test(newest)) return dated(newest, now, count);
  /** @type {string[]} */
  const versions = [];
  for (let at = newest; versions.length < count; versions.push(at)) {
    const next = String(BigInt(at) + 1n).padStart(newest.length, "0");
    // One digit more would sort before it.
    if (next.length > newest.length) return { problem: `the migration ${newest} has the last number of ${newest.length} digits, and one of more digits sorts before it` };
    at = next;
  }
  return { versions, notes: [] };
}

/** @param {string | undefined} newest @param {Date} now @param {number} count @returns {Stamps | {problem: string}} */
function dated(newest, now, count) {
  const present = format(now);
  const inFuture = newest !== undefined && newest >= present;
  /** @type {string[]} */
  const versions = [];
  for (let at = inFuture ? newest : undefined; versions.length < count; versions.push(at)) {
    const next = at === undefined ? present : after(at);
    if (next === undefined) return { problem: `no version of 14 digits comes after ${newest}` };
    at = next;
  }
  const last = /** @type {string} */ (versions.at(-1));
  // A second or two is a migration that was just made.
  const far = inFuture && newest > format(new Date(now.getTime() + 60_000));
  const notes = far
    ? [`The newest migration, ${newest}, has a time in the future, so this one gets ${versions.join(" and ")}. Until that time, number your own from ${after(last) ?? last} on: "supabase migration new" takes the present time, and the Supabase CLI refuses to push that after a later one.`]
    : [];
  return { versions, notes };
}

/** A second later; a number that is no time is counted on. @param {string} version @returns {string | undefined} */
function after(version) {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (format(time) === version && year < 9999) return format(new Date(time.getTime() + 1000));
  const next = String(BigInt(version) + 1n).padStart(14, "0");
  return next.length === 14 ? next : undefined;
}

/** @param {Date} time */
const format = (time) => time.toISOString().slice(0, 19).replace(/\D/g, "");

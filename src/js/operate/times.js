// Times as people say them. The console's page loads this file as it is, so that it imports nothing.

/** The largest first. @type {[unit: string, seconds: number][]} */
const UNITS = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];
/** @type {Record<string, number>} */
export const SHORT = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** 90 becomes 1 min. @param {number} seconds */
export function span(seconds) {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["s", 1];
  return `${Math.floor(Math.abs(seconds) / length)} ${unit}`;
}

/** @param {string | null | undefined} time @param {number} [now] ms */
export function ago(time, now = Date.now()) {
  if (!time) return "";
  const seconds = (now - Date.parse(time)) / 1000;
  return seconds < 0 ? `in ${span(seconds)}` : `${span(seconds)} ago`;
}

/** 2026-11-27 09:41:03, always UTC. @param {string | null | undefined} time */
export const exact = (time) => time ? new Date(time).toISOString().slice(0, 19).replace("T", " ") : "";

/** A time, or how long ago: 2h, 30m, 7d. @param {string} text @returns {string | undefined} undefined: it is neither */
export function timeOf(text) {
  const [, count, unit] = /^(\d{1,6}) ?(s|m|min|h|d|w)$/.exec(text) ?? [];
  const time = new Date(count && unit ? Date.now() - Number(count) * 1000 * /** @type {number} */ (SHORT[unit]) : text);
  const [, day] = /^(\d{4}-\d\d-\d\d)/.exec(text) ?? [];
  // The 31st of February would be taken for the 3rd of March.
  const isDay = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  return !count && !isDay || Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1971 ? undefined : time.toISOString();
}

/** What a time may be. */
export const TIMES = "a time, as in 2026-01-31T12:00:00Z, or how long ago, as in 30m, 2h or 7d";

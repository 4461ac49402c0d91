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

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** A time, or how long ago: 2h, 30m, 7d. Without an offset it is UTC, as the times are that we print. @param {string} text @returns {string | undefined} undefined: it is neither */
export function timeOf(text) {
  const [, count, unit] = /^(\d{1,6}) ?(s|m|min|h|d|w)$/.exec(text) ?? [];
  if (count && unit) return since1971(new Date(Date.now() - Number(count) * 1000 * /** @type {number} */ (SHORT[unit])));
  const [, day, time = "00:00", zone = "Z"] = TIME.exec(text) ?? [];
  // The 31st of February would be taken for the 3rd of March.
  const isDay = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  const offset = zone.replace(/^z$/i, "+00").replace(/^(.\d\d):?(\d\d)?$/, (_, hours, minutes = "00") => `${hours}:${minutes}`);
  return isDay ? since1971(new Date(`${day}T${time}${offset}`)) : undefined;
}

/** @param {Date} time */
const since1971 = (time) => Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1971 ? undefined : time.toISOString();

/** What a time may be. */
export const TIMES = "a time, as in 2026-01-31T12:00:00Z, or how long ago, as in 30m, 2h or 7d";

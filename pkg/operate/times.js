// Times: as people say them, and as they give them to an option.
import { CommandError } from "../command/terminal.js";

/** The largest first. @type {[unit: string, seconds: number][]} */
const UNITS = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];
const SHORT = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

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

/** A time, or how long ago: 2h, 30m, 7d. @param {string} option @param {string | undefined} text @returns {string | undefined} */
export function timeFrom(option, text) {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,6}) ?(s|m|min|h|d|w)$/.exec(text) ?? [];
  const time = new Date(count ? Date.now() - Number(count) * 1000 * SHORT[/** @type {keyof typeof SHORT} */ (unit)] : text);
  const [, day] = /^(\d{4}-\d\d-\d\d)/.exec(text) ?? [];
  // The 31st of February would be taken for the 3rd of March.
  const isDay = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  if (!count && !isDay || Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1971) throw new CommandError(`--${option} must be a time, as in 2026-01-31T12:00:00Z, or how long ago, as in 30m, 2h or 7d`, undefined, 2);
  return time.toISOString();
}

/** @param {string} option @param {string | undefined} text @param {number} [most] seconds @returns {number | undefined} seconds */
export function secondsFrom(option, text, most = 366 * 86_400) {
  if (text === undefined) return undefined;
  const [, count, unit = "s"] = /^(\d{1,8}) ?(s|m|min|h|d|w)?$/.exec(text) ?? [];
  const seconds = Number(count) * SHORT[/** @type {keyof typeof SHORT} */ (unit)];
  if (!(seconds >= 1 && seconds <= most)) throw new CommandError(`--${option} must be a time of at most ${span(most)}, as in 90s, 10m or 2h`, undefined, 2);
  return seconds;
}

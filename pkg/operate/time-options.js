// Times as they are given to an option.
import { CommandError } from "../command/terminal.js";
import { SHORT, span, timeOf, TIMES } from "./times.js";

/** A time, or how long ago: 2h, 30m, 7d. @param {string} option @param {string | undefined} text @returns {string | undefined} */
export function timeFrom(option, text) {
  const time = text === undefined ? undefined : timeOf(text);
  if (text !== undefined && time === undefined) throw new CommandError(`--${option} must be ${TIMES}`, undefined, 2);
  return time;
}

/** @param {string} option @param {string | undefined} text @param {number} [most] seconds @returns {number | undefined} seconds */
export function secondsFrom(option, text, most = 366 * 86_400) {
  if (text === undefined) return undefined;
  const [, count, unit = "s"] = /^(\d{1,8}) ?(s|m|min|h|d|w)?$/.exec(text) ?? [];
  const seconds = Number(count) * /** @type {number} */ (SHORT[unit]);
  if (!(seconds >= 1 && seconds <= most)) throw new CommandError(`--${option} must be a time of at most ${span(most)}, as in 90s, 10m or 2h`, undefined, 2);
  return seconds;
}

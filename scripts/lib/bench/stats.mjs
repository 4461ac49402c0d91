// Numbers of several rounds.

/** @param {number[]} values @param {number} fraction 0 to 1 */
export function percentile(values, fraction) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : /** @type {number} */ (sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))]);
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 ? /** @type {number} */ (sorted[middle]) : (/** @type {number} */ (sorted[middle - 1]) + /** @type {number} */ (sorted[middle])) / 2;
}

/** @typedef {{median: number, min: number, max: number, rounds: number[]}} Spread */

/** @param {number[]} rounds @returns {Spread} */
export const spread = (rounds) => ({ median: median(rounds), min: Math.min(...rounds), max: Math.max(...rounds), rounds });

/**
 * Round by round, so that what slowed the whole machine down for a while is in both.
 * @param {number[]} ours @param {number[]} theirs @returns {Spread}
 */
export const ratio = (ours, theirs) => spread(ours.map((value, index) => value / /** @type {number} */ (theirs[index])));

/**
 * By how much y grows with x: the exponent of a power law, by least squares. 0: not at all; 1: in proportion.
 * @param {[number, number][]} points
 */
export function slope(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const mean = (/** @type {number} */ axis) => logs.reduce((sum, point) => sum + /** @type {number} */ (point[axis]), 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  let over = 0;
  let under = 0;
  for (const [x = 0, y = 0] of logs) {
    over += (x - meanX) * (y - meanY);
    under += (x - meanX) ** 2;
  }
  return over / under;
}

/**
 * Measures subjects side by side: in each round all of them, every second round in the opposite order.
 * @template S, M
 * @param {S[]} subjects @param {number} rounds @param {(subject: S, round: number) => Promise<M>} measure
 * @returns {Promise<Map<S, M[]>>}
 */
export async function alternate(subjects, rounds, measure) {
  /** @type {Map<S, M[]>} */
  const all = new Map(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 ? [...subjects].reverse() : subjects;
    for (const subject of order) all.get(subject)?.push(await measure(subject, round));
  }
  return all;
}

/** Three digits that count, with separators. @param {number} value */
export function figure(value) {
  if (!Number.isFinite(value)) return "–";
  const digits = value === 0 ? 0 : Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** @param {Spread} values */
export const withRange = ({ median, min, max, rounds }) => (rounds.length > 1 ? `${figure(median)} (${figure(min)}–${figure(max)})` : figure(median));

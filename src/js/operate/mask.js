// Addresses in what is printed: a terminal is shared, and a log is kept.

const ADDRESS = /([^\s<>"'`,;:()[\]{}@])([^\s<>"'`,;:()[\]{}@]*)@([^\s<>"'`,;:()[\]{}@]*[^\s<>"'`,;:()[\]{}@.])/gu;

/** Where the part before the @ is in quotes, and may hold anything. */
const QUOTED = /"(?:[^"\\\n]|\\.)+"@/gu;

/** user@example.com becomes u***@example.com. @param {string} text */
export const maskedText = (text) => text.replaceAll(ADDRESS, "$1***@$3").replaceAll(QUOTED, "***@");

/** In texts, wherever they are. @template T @param {T} value @returns {T} */
export function masked(value) {
  if (typeof value === "string") return /** @type {any} */ (maskedText(value));
  if (Array.isArray(value)) return /** @type {any} */ (value.map(masked));
  if (typeof value !== "object" || value === null) return value;
  /** @type {Map<string, unknown>} */
  const all = new Map();
  for (const [name, one] of Object.entries(value)) {
    let shown = maskedText(name);
    // Two addresses can look alike when they are masked.
    for (let n = 2; all.has(shown); n++) shown = `${maskedText(name)} (${n})`;
    all.set(shown, masked(one));
  }
  return /** @type {any} */ (Object.fromEntries(all));
}

// Addresses in what is printed: a terminal is shared, and a log is kept.

const ADDRESS = /([^\s<>"'`,;:()[\]{}@])([^\s<>"'`,;:()[\]{}@]*)@([^\s<>"'`,;:()[\]{}@]*[^\s<>"'`,;:()[\]{}@.])/gu;

/** user@example.com becomes u***@example.com. @param {string} text */
export const maskedText = (text) => text.replaceAll(ADDRESS, "$1***@$3");

/** In texts, wherever they are. @template T @param {T} value @returns {T} */
export function masked(value) {
  if (typeof value === "string") return /** @type {any} */ (maskedText(value));
  if (Array.isArray(value)) return /** @type {any} */ (value.map(masked));
  if (typeof value !== "object" || value === null) return value;
  return /** @type {any} */ (Object.fromEntries(Object.entries(value).map(([name, one]) => [maskedText(name), masked(one)])));
}

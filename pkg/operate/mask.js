// Addresses in what is printed: a terminal is shared, and a log is kept.

/** A run of what an address has outside of quotes, and the domain behind it, if there is one. No run is read twice: a mail may have ten million characters in one. */
const RUN = /([^\s<>"'`,;:()[\]{}@]+)(@[^\s<>"'`,;:()[\]{}@]*[^\s<>"'`,;:()[\]{}@.])?/gu;

/** user@example.com becomes u***@example.com. @param {string} text */
export const maskedText = (text) => text.includes("@") ? withoutQuoted(text.replaceAll(RUN, (run, local, domain) => domain ? `${String.fromCodePoint(local.codePointAt(0))}***${domain}` : run)) : text;

/**
 * Where the part before the @ is in quotes, it may hold anything but a line's end. It is looked for from its end, back to the quote before;
 * to the first of those behind a backslash, where the line has no other.
 * @param {string} text
 */
function withoutQuoted(text) {
  let shown = "";
  let rest = 0;
  for (let end = text.indexOf('"@'); end >= 0; end = text.indexOf('"@', end + 1)) {
    if (isEscaped(text, end)) continue;
    let start = end - 1;
    let escaped = -1;
    for (; start >= rest && text[start] !== "\n"; start -= 1) {
      if (text[start] !== '"') continue;
      if (!isEscaped(text, start)) break;
      escaped = start;
    }
    if (start < rest || text[start] === "\n") start = escaped;
    if (start < 0 || start >= end - 1) continue;
    shown += `${text.slice(rest, start)}***@`;
    rest = end + 2;
  }
  return shown + text.slice(rest);
}

/** Whether an odd number of backslashes is before it. @param {string} text @param {number} at */
function isEscaped(text, at) {
  let first = at;
  while (first > 0 && text[first - 1] === "\\") first -= 1;
  return (at - first) % 2 === 1;
}

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

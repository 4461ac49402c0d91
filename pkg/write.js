// Arguments as JSON, for the WebAssembly module. A value that JSON would silently change is refused with its name.
import { invalid } from "./error.js";

/** More levels than the module's parser reads are refused here; what is too deep for the queue it refuses by itself. */
const MAX_LEVELS = 100;

/**
 * As JSON, Dates as text. What a getter or a `toJSON` of the caller throws comes out as it is; everything else that is
 * thrown is a QueueError. `unnamed` is how many of the outermost levels have no name: an argument's place in the list.
 * `lossy`: what JSON has nothing for is left out, as it is by JSON.stringify.
 */
export function write(value, unnamed = 0, lossy = false) {
  // The objects around the value that is being written, from the outermost on.
  const open = [];
  const text = JSON.stringify(value, function (key, written) {
    const given = this[key];
    while (open.length > 0 && open.at(-1).value !== this) open.pop();
    const names = () => (open.length > 0 ? [...open.slice(1).map((level) => level.name), nameIn(this, key)].slice(unnamed) : []);
    // A value without a name is null then: its reader says what it must be.
    const refuse = (why) => {
      const field = path(names());
      if (field) throw invalid(field, why);
      return null;
    };
    if (given instanceof Date && Number.isNaN(given.getTime())) return refuse("is an invalid Date");
    if (typeof written === "number" && !Number.isFinite(written)) return refuse("must be a finite number");
    if (typeof written === "bigint") return refuse("must not be a BigInt, which JSON cannot carry");
    if (!lossy) {
      const lost = lostIn(this, given, written);
      if (lost) return refuse(`is ${lost}, which JSON cannot carry`);
    }
    if (typeof written !== "object" || written === null) return written;
    if (open.some((level) => level.value === written)) return refuse("contains itself");
    if (open.length >= MAX_LEVELS) throw invalid(path(names().slice(0, 1)), "is nested more than 32 deep");
    open.push({ value: written, name: nameIn(this, key) });
    return written;
  });
  return wellFormed(text ?? "null");
}

/** A consumer's error as JSON can carry it: no mistake in it must keep the consumer from saying that it failed. */
export function errorOf(error) {
  try {
    if (error === undefined || error === null) return null;
    if (typeof error !== "object") return String(error);
    // An Error's own fields are not written as JSON.
    const plain = error instanceof Error ? { name: String(error.name), message: String(error.message) } : error;
    return JSON.parse(write(plain, 0, true));
  } catch {
    return textOf(error);
  }
}

/** What JSON would leave out, or make something else of: an article and a name. `undefined` in an object is the same as absent. */
function lostIn(holder, given, written) {
  if (written === undefined) return Array.isArray(holder) || given !== undefined ? "undefined" : undefined;
  if (typeof written === "function" || typeof written === "symbol") return `a ${typeof written}`;
  if (typeof written !== "object" || written === null || Array.isArray(written)) return undefined;
  // Of a Map, an Error or a list of bytes JSON writes nothing, or numbered fields.
  const kind = Object.prototype.toString.call(written).slice(8, -1);
  if (kind !== "Object") return ["String", "Number", "Boolean"].includes(kind) ? undefined : `of the class ${kind}`;
  // A class's own fields are written, and nothing of one that has them in private.
  const prototype = Object.getPrototypeOf(written);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain || Object.keys(written).length > 0 ? undefined : "of a class without fields of its own";
}

/** What can be said of an error that JSON cannot carry. */
function textOf(error) {
  try {
    const texts = ["name", "message"].filter((name) => typeof error[name] === "string");
    return Object.fromEntries(texts.map((name) => [name, error[name]]));
  } catch {
    return null;
  }
}

// JSON.stringify writes a lone surrogate as `\ud83d`, which is not JSON to a strict parser; what is paired it writes as it
// is. They become U+FFFD as in String.prototype.toWellFormed, in names too. `\\` is a backslash of the text.
function wellFormed(text) {
  return text.includes("\\ud") ? text.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) => (escape === "\\\\" ? escape : "\ufffd")) : text;
}

const nameIn = (holder, key) => (Array.isArray(holder) ? `[${key}]` : /^[\w-]{1,60}$/.test(key) ? key : "?");

const path = (names) => names.reduce((path, name) => (path === "" || name.startsWith("[") ? path + name : `${path}.${name}`), "");

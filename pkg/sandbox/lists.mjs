// Lists by cursor, as Resend pages them: newest first, `after` goes to older ones, `before` to newer ones.
import { json } from "./answers.mjs";
import { Refusal } from "./validate.mjs";

const MAX = 100;
const DEFAULT = 20;

const invalid = (message) => new Refusal("validation_error", message);

/**
 * @template {{id: string}} T
 * @param {T[]} all newest first @param {URLSearchParams} query @param {(item: T) => object} shown
 * @param {{forward?: boolean}} [options] forward: only `after`
 */
export function list(all, query, shown, { forward = false } = {}) {
  const limit = Number(query.get("limit") ?? DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX) throw invalid(`The \`limit\` must be a number between 1 and ${MAX}.`);
  const [after, before] = ["after", "before"].map((name) => query.get(name));
  if (after !== null && before !== null) throw invalid("The `after` and `before` parameters cannot be used together.");
  if (forward && before !== null) throw invalid("The `before` parameter is not supported.");
  const cursor = after ?? before;
  const at = all.findIndex(({ id }) => id === cursor);
  if (cursor !== null && at < 0) throw invalid(`The \`${after === null ? "before" : "after"}\` parameter is not the id of an item.`);
  const [from, to] = before !== null ? [Math.max(0, at - limit), at] : [at + 1, at + 1 + limit];
  const hasMore = before !== null ? from > 0 : to < all.length;
  return json(200, { object: "list", has_more: hasMore, data: all.slice(from, to).map(shown) });
}

/** @template T @param {T[]} all @param {number} count @returns {T[]} */
export const lastOf = (all, count) => all.slice(Math.max(0, all.length - count));

/** A request's JSON, an object. @param {import("./http1.mjs").Request} request @returns {any} */
export function objectOf({ body }) {
  let value;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw new Refusal("validation_error", "The request body is not valid JSON.", 400);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("The request body needs to be an object.");
  return value;
}

/** @template T @param {T | undefined} found @param {string} what @returns {T} */
export function present(found, what) {
  if (found === undefined) throw new Refusal("not_found", `${what} not found`, 404);
  return found;
}

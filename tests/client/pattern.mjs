// What a step expects: names filled in, and an answer compared with a pattern. `pattern.rs` does the same.

/** `"$new[0].id"` is what was kept as `new`; `"$type:b"` goes on after the name. */
export function filled(value, names) {
  if (typeof value === "string") return reference(value, names) ?? value;
  if (Array.isArray(value)) return value.map((item) => filled(item, names));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [filled(key, names), filled(inner, names)]));
}

function reference(text, names) {
  if (!text.startsWith("$")) return undefined;
  const [path, suffix] = text.slice(1).split(/:(.*)/s);
  let value = names;
  for (const step of path.replaceAll("[", ".").replaceAll("]", "").split(".")) value = value?.[step];
  return suffix !== undefined && typeof value === "string" ? `${value}:${suffix}` : value;
}

const SHAPES = {
  $uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  $time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/,
  $text: /./,
};

/** Where an answer is not as expected. Of an object only the named members are compared; a list has as many. */
export function difference(expected, answer, names) {
  const is = (holds) => (holds ? undefined : `${JSON.stringify(answer)} is not ${JSON.stringify(expected)}`);
  if (expected === "$number") return is(typeof answer === "number" && answer > 0);
  if (typeof expected === "string" && expected.startsWith("$")) {
    return is(SHAPES[expected] ? typeof answer === "string" && SHAPES[expected].test(answer) : reference(expected, names) === answer);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(answer)) return is(false);
    if (expected.length !== answer.length) return `${answer.length} items, not ${expected.length}`;
    return first(expected, (item, index) => prefixed(`[${index}]`, difference(item, answer[index], names)));
  }
  if (expected === null || typeof expected !== "object" || answer === null || typeof answer !== "object") return is(expected === answer);
  return first(Object.entries(expected), ([name, inner]) => {
    const key = filled(name, names);
    if (inner === "$absent") return key in answer ? `${key} is there` : undefined;
    return prefixed(key, difference(inner, answer[key] ?? null, names));
  });
}

const prefixed = (place, found) => found && `${place}: ${found}`;

function first(items, find) {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found) return found;
  }
  return undefined;
}

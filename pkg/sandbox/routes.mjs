// Which path of the API is answered by what.
import { problem } from "./answers.mjs";
import { logRoutes } from "./logs.mjs";
import { listEmails, readingRoutes } from "./reading.mjs";
import { send } from "./sending.mjs";
import { suppressionRoutes } from "./suppressions.mjs";
import { Refusal } from "./validate.mjs";
import { webhookRoutes } from "./webhooks.mjs";

/** Where a key that may only send may POST. */
export const SENDING = ["/emails", "/emails/batch"];

/** A path without a parameter comes before one with it. @type {Record<string, Record<string, import("./webhooks.mjs").Handler>>} */
const ROUTES = {
  "/emails": { GET: listEmails, POST: (sandbox, request) => send(sandbox, request, "/emails") },
  "/emails/batch": { POST: (sandbox, request) => send(sandbox, request, "/emails/batch") },
  ...readingRoutes,
  ...webhookRoutes,
  ...suppressionRoutes,
  ...logRoutes,
};

const COMPILED = Object.entries(ROUTES).map(([pattern, methods]) => ({
  pattern,
  methods,
  matches: new RegExp(`^${pattern.replace(/:[a-z]+/g, "([^/]+)")}$`),
}));

/** @param {string} path @returns {{pattern: string, methods: Record<string, import("./webhooks.mjs").Handler>, ids: string[]} | undefined} */
export function routeOf(path) {
  for (const { pattern, methods, matches } of COMPILED) {
    const found = matches.exec(path);
    if (found) return { pattern, methods, ids: found.slice(1) };
  }
  return undefined;
}

/** @param {import("./server.mjs").Sandbox} sandbox @param {import("./http1.mjs").Request} request @param {ReturnType<typeof routeOf>} route */
export async function answer(sandbox, request, route) {
  if (!route) return problem(404, "not_found");
  const run = route.methods[request.method];
  if (!run) return problem(405, "method_not_allowed");
  try {
    return await run(sandbox, request, ...route.ids.map(decodeURIComponent));
  } catch (error) {
    if (error instanceof URIError) return problem(404, "not_found");
    if (!(error instanceof Refusal)) throw error;
    return problem(error.status, error.name, error.message);
  }
}

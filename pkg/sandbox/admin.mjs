// `/_sandbox/`: what a test asks and sets. JSON in and out; a mistake is 400 {"error"}.
//   GET    health                      {"ok": true}
//   GET    state?brief=1&ids=1         see Ledger.state; brief: totals only; ids: every e-mail's id too
//   GET    emails?limit&offset&to      {total, stored, found, emails}, newest first
//   GET    faults, DELETE faults       {faults}
//   POST   faults                      one Fault (see faults.mjs) or a list -> {added}
//   GET    config, POST config         some settings (see config.mjs) -> {config}
//   GET    events?email_id&type&limit  {total, events}, newest first, with their deliveries
//   POST   events                      an event now -> {deliveries}; see `happen`
//   POST   events/release              held events go out: {email_id?, type?, limit?} -> {released}
//   POST   events/drop                 held events never come: the same -> {dropped}
//   POST   events/repeat               deliveries once more, with their ids: {id?, email_id?, type?} -> {repeated}
//   POST   webhooks                    {endpoint, events?, signing_secret?}, kept over a reset -> {id, signing_secret}
//   POST   reset                       as it was started
import { json } from "./answers.mjs";
import { describe, drop, happen, release, repeat } from "./admin-events.mjs";
import { Refusal } from "./validate.mjs";

const refuse = (status, error) => json(status, { error });

/**
 * @param {import("./server.mjs").Sandbox} sandbox @param {import("./http1.mjs").Request} request
 */
export function admin(sandbox, request) {
  const methods = ROUTES[request.path.slice("/_sandbox".length)];
  if (!methods) return refuse(404, `no such page: ${request.path}; there are ${Object.keys(ROUTES).join(", ")}`);
  const run = methods[request.method];
  if (!run) return refuse(405, `${request.path} takes ${Object.keys(methods).join(", ")}`);
  try {
    return json(200, run(sandbox, request));
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof Refusal) return refuse(400, error.message);
    throw error;
  }
}

const ROUTES = {
  "/health": { GET: () => ({ ok: true }) },
  "/state": { GET: (sandbox, { query }) => sandbox.state({ brief: flag(query, "brief"), ids: flag(query, "ids") }) },
  "/emails": {
    GET: ({ ledger }, { query }) =>
      ledger.emails({
        limit: number(query, "limit", 100),
        offset: number(query, "offset", 0),
        to: query.get("to") ?? undefined,
      }),
  },
  "/faults": {
    GET: ({ faults }) => ({ faults: faults.list() }),
    POST: ({ faults, config }, request) => ({ added: faults.add(parsed(request), config.seed) }),
    DELETE: ({ faults }) => {
      faults.clear();
      return { faults: [] };
    },
  },
  "/config": {
    GET: ({ config }) => ({ config }),
    POST: (sandbox, request) => ({ config: sandbox.configure(parsed(request)) }),
  },
  "/events": {
    GET: (sandbox, { query }) => describe(sandbox, { email_id: query.get("email_id"), type: query.get("type"), limit: number(query, "limit", 100) }),
    POST: (sandbox, request) => happen(sandbox, parsed(request)),
  },
  "/events/release": { POST: (sandbox, request) => release(sandbox, parsed(request)) },
  "/events/drop": { POST: (sandbox, request) => drop(sandbox, parsed(request)) },
  "/events/repeat": { POST: (sandbox, request) => repeat(sandbox, parsed(request)) },
  "/webhooks": { POST: (sandbox, request) => sandbox.connect(parsed(request)) },
  "/reset": {
    POST: (sandbox) => {
      sandbox.reset();
      return { ok: true };
    },
  },
};

const parsed = ({ body }) => JSON.parse(body.toString("utf8") || "{}");

const flag = (query, name) => ["1", "true"].includes(query.get(name) ?? "");

function number(query, name, fallback) {
  const value = Number(query.get(name) ?? fallback);
  if (!Number.isInteger(value) || value < 0) throw new TypeError(`${name} is not a whole number`);
  return value;
}

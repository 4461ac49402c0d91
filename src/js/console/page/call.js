// Asks the console's server. The token came in the address' fragment, which no server sees; it is taken out of the address bar, and this
// tab alone keeps it.
const KEPT = "token";
/** Marks that turn the direction of what is read: with them an address could look like another. */
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What went wrong, and what to do about it. */
export class Fault extends Error {
  /** @param {string} message @param {string} [remedy] @param {number} [status] */
  constructor(message, remedy, status) {
    super(message);
    this.remedy = remedy;
    this.status = status;
  }
}

/** Before anything else is shown. */
export async function enter() {
  const given = new URLSearchParams(location.hash.slice(1));
  const [token, code] = [given.get("token"), given.get("code")];
  if (token || code) history.replaceState(null, "", `#${given.get("to") ?? "/"}`);
  if (token) sessionStorage.setItem(KEPT, token);
  if (code) sessionStorage.setItem(KEPT, (await call("open", { code })).token);
}

/** @param {string} name @param {object} [args] @returns {Promise<any>} @throws {Fault} */
export async function call(name, args = {}) {
  let answer;
  let body;
  try {
    answer = await fetch(`/api/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-email-queue-console": sessionStorage.getItem(KEPT) ?? "" },
      body: JSON.stringify(args),
    });
    body = JSON.parse(await answer.text(), (_, value) => typeof value === "string" ? value.replaceAll(TURNS, "") : value);
  } catch {
    throw new Fault("the console does not answer", "It may have been ended. Start it again: email-queue console", 0);
  }
  if (answer.ok) return body;
  throw new Fault(body?.message ?? `the console answered ${answer.status}`, body?.remedy, answer.status);
}

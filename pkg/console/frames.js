// E-mails for a frame. A frame cannot send the token, so that each e-mail gets an address that cannot be guessed and counts once. Its
// policy is its own: no scripts, inline styles, and pictures of the internet only if they were asked for.
import { randomBytes } from "node:crypto";

const MOST = 20;
const KEPT_MS = 60_000;

export class Frames {
  /** @type {Map<string, {html: string, remote: boolean, until: number}>} */
  #held = new Map();

  /** @param {string} html @param {boolean} remote whether it may load pictures and fonts @returns {string} its address */
  put(html, remote) {
    const address = `/frame/${randomBytes(32).toString("base64url")}`;
    this.#held.set(address, { html, remote, until: Date.now() + KEPT_MS });
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= MOST) break;
      this.#held.delete(oldest);
    }
    return address;
  }

  /** @param {string} address */
  take(address) {
    const found = this.#held.get(address);
    if (!found) return undefined;
    this.#held.delete(address);
    if (Date.now() > found.until) return undefined;
    return { status: 200, headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy(found.remote) }, body: found.html };
  }
}

/** @param {boolean} remote */
const policy = (remote) => [
  "sandbox", "default-src 'none'", "style-src 'unsafe-inline'", `img-src data:${remote ? " https: http:" : ""}`, ...remote ? ["font-src https: data:"] : [],
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'",
].join("; ");

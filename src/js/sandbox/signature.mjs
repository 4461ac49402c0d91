// Svix' signature of a webhook: HMAC-SHA256 over `id.timestamp.body`, the key in base64 after `whsec_`.
import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";

const PREFIX = "whsec_";
const SECRET = /^whsec_[A-Za-z0-9+/]{4,}={0,2}$/;

export const newSecret = () => PREFIX + randomBytes(24).toString("base64");

/** @param {unknown} value */
export const isSecret = (value) => typeof value === "string" && SECRET.test(value);

/**
 * One entry of the header `svix-signature`.
 * @param {string} secret @param {string} id @param {number} timestamp Unix seconds @param {string | Uint8Array} body
 */
export function sign(secret, id, timestamp, body) {
  const key = Buffer.from(secret.slice(PREFIX.length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}

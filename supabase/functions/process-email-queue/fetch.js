/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 96bb9bf0059e339f2eb9869f9629eeed47089fc0c68281c9d681fff6aad2e03d. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// Replaces the globals of these names in the generated glue (scripts/build puts it there).

/** Next.js keeps answers for later calls. Runtimes that keep none may refuse the word. */
const UNCACHED = "cache" in globalThis.Request.prototype ? { cache: "no-store" } : {};

/**
 * A request of the module. It follows no redirect: its key and its body would go along to wherever it leads. It is not a request of the
 * runtime's, which would copy that once more.
 */
export class Request {
  constructor(url, init) {
    this.url = url;
    this.init = { ...init, ...UNCACHED, redirect: "manual" };
  }
}

export async function fetch({ url, init }) {
  const response = await globalThis.fetch(url, init);
  response.upTo = (most) => upTo(response, most);
  return response;
}

/** An answer's bytes; null: it has more than so many. */
async function upTo(response, most) {
  const { headers } = response;
  // Where the length is known, the runtime reads it at once, which takes less time.
  const length = headers.has("content-encoding") ? NaN : Number.parseInt(headers.get("content-length") ?? "");
  return length <= most ? new Uint8Array(await response.arrayBuffer()) : await bounded(response.body, most);
}

/** A body's bytes; null: it has more than so many, and the rest is not read. */
export async function bounded(body, most, signal) {
  const reader = body?.getReader();
  const stop = () => reader?.cancel().catch(() => {});
  signal?.addEventListener("abort", stop);
  const chunks = [];
  let size = 0;
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) break;
    size += value.length;
    if (size > most) {
      stop();
      return null;
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

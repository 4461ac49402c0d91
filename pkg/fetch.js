// Replaces the globals of these names in the generated glue (scripts/build puts it there).

/** The most that is read of an answer. Also in `src/io/postgrest.rs`, which knows the error by its text. */
const MAX_ANSWER = 64 * 1024 * 1024;

/** Next.js keeps answers for later calls. Runtimes that keep none may refuse the word. */
const UNCACHED = "cache" in globalThis.Request.prototype ? { cache: "no-store" } : {};

/** A request of the module follows no redirect: its key and its body would go along to wherever it leads. */
export class Request extends globalThis.Request {
  constructor(url, init) {
    super(url, { ...init, ...UNCACHED, redirect: "manual" });
  }
}

/** The answer's `arrayBuffer`, by which the module reads it, is bounded. */
export async function fetch(request) {
  const response = await globalThis.fetch(request);
  const { headers } = response;
  // Where the length is known, the runtime reads it at once, which takes less time.
  const length = headers.has("content-encoding") ? NaN : Number.parseInt(headers.get("content-length") ?? "");
  if (!(length <= MAX_ANSWER)) response.arrayBuffer = () => answer(response);
  return response;
}

async function answer({ body }) {
  const bytes = await bounded(body, MAX_ANSWER);
  if (bytes === null) throw new RangeError("the answer is larger than 64 MiB");
  return bytes.buffer;
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

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
  if (!(length <= MAX_ANSWER)) response.arrayBuffer = () => bounded(response);
  return response;
}

async function bounded({ body }) {
  const reader = body?.getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) break;
    size += value.length;
    if (size > MAX_ANSWER) {
      reader.cancel().catch(() => {});
      throw new RangeError("the answer is larger than 64 MiB");
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.buffer;
}

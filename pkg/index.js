// The package's front door. The thinking is in the WebAssembly module; this gives it classes and names.
import * as glue from "./client.js";
import { QueueClient } from "./client.js";
import wasm from "./client_wasm.js";
import { instantiate } from "./module.js";

export const QueueMessageStatus = Object.freeze({
  PENDING: "pending",
  PROCESSING: "processing",
  RETRYING: "retrying",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
});

export class QueueError extends Error {
  constructor(message, { code, field, retryable, cause }) {
    super(message, { cause });
    this.name = "QueueError";
    this.code = code;
    this.field = field;
    this.retryable = retryable;
  }
}

export class SupabaseQueueProvider {
  #client;

  constructor(supabaseUrl, secretKey, options = {}) {
    load();
    this.#client = translated(() => new QueueClient(text(supabaseUrl), text(secretKey), options.timeoutSeconds));
  }

  enqueue(message) {
    return answered(() => this.#client.enqueue(shallow(message)));
  }

  enqueueMany(messages, { onProgress } = {}) {
    return answered(() => {
      if (typeof messages?.[Symbol.iterator] !== "function" || typeof messages === "string") {
        throw { code: "invalid_input", field: "messages", message: "messages: must be a list" };
      }
      return this.#client.enqueueMany(Array.from(messages, shallow), onProgress);
    });
  }

  dequeue(options) {
    return answered(() => this.#client.dequeue(options));
  }

  extend(leased, visibilityTimeout) {
    return answered(() => this.#client.extend(leased, visibilityTimeout));
  }

  complete(leased) {
    return answered(() => this.#client.complete(leased));
  }

  fail(leased, error) {
    return answered(() => this.#client.fail(leased, error));
  }

  retry(leased, error, { delaySeconds = 0 } = {}) {
    return answered(() => this.#client.retry(leased, error, delaySeconds));
  }

  release(leased) {
    return answered(() => this.#client.release(leased));
  }

  cancel(id) {
    return answered(() => this.#client.cancel(text(id)));
  }

  getMessage(id) {
    return answered(() => this.#client.getMessage(text(id)));
  }

  getMessagesByStatus(status, options) {
    return answered(() => this.#client.getMessagesByStatus(text(status), options));
  }

  listDeadLetters({ limit, before, ...filter } = {}) {
    return answered(() => this.#client.listDeadLetters(filter, { limit, before }));
  }

  redrive({ filter, ...options } = {}) {
    return answered(() => this.#client.redrive(options, filter));
  }

  stats() {
    return answered(() => this.#client.stats());
  }

  pause({ reason, domain, seconds } = {}) {
    return answered(() => {
      if (!text(reason)) throw { code: "invalid_input", field: "reason", message: "reason: must be a text" };
      return this.#client.pause(reason, domain, seconds);
    });
  }

  resume({ domain } = {}) {
    return answered(() => this.#client.resume(domain));
  }
}

let loaded = false;

// At the first use, not at import: an import has no side effect.
function load() {
  if (!loaded) instantiate(glue, wasm);
  loaded = true;
}

// The module's stack would not bear a cycle, and the database takes no payload nested more than 32 deep.
function shallow(message) {
  const check = (value, depth) => {
    if (depth > 34) throw { code: "invalid_input", field: "message", message: "message: is nested more than 32 deep, or in itself" };
    if (value !== null && typeof value === "object") for (const inner of Object.values(value)) check(inner, depth + 1);
  };
  check(message, 0);
  return message;
}

// A missing variable (`process.env.X!`) is undefined: the module then names the argument.
function text(value) {
  return typeof value === "string" ? value : "";
}

async function answered(call) {
  try {
    return await call();
  } catch (error) {
    throw queueError(error);
  }
}

function translated(call) {
  try {
    return call();
  } catch (error) {
    throw queueError(error);
  }
}

function queueError(error) {
  const code = error?.code ?? "unexpected";
  return new QueueError(error?.message ?? String(error), { code, field: error?.field, retryable: error?.retryable ?? false, cause: error?.cause ?? error });
}

// The package's front door. The thinking is in the WebAssembly module; this gives it classes and names.
import { QueueClient } from "./email_queue.js";
import { load } from "./module.js";

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

  constructor(supabaseUrl, secretKey) {
    load();
    this.#client = translated(() => new QueueClient(text(supabaseUrl), text(secretKey)));
  }

  enqueue(message) {
    return answered(() => this.#client.enqueue(message));
  }

  enqueueMany(messages) {
    return answered(() => this.#client.enqueueMany(Array.from(messages)));
  }

  getMessage(id) {
    return answered(() => this.#client.getMessage(text(id)));
  }

  getMessagesByStatus(status, options) {
    return answered(() => this.#client.getMessagesByStatus(text(status), options));
  }
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
  return new QueueError(error?.message ?? String(error), { code, field: error?.field, retryable: error?.retryable ?? false, cause: error });
}

// @ts-self-types="./queue.d.ts"
// What the queues have in common. The thinking is in the WebAssembly modules; this gives it classes, names and Dates.

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

/** A queue over a module; `open` makes its client in the module's instance of now. */
export class Queue {
  #module;
  #open;
  #instance;
  #client;

  constructor(module, open) {
    this.#module = module;
    this.#open = open;
    translated(() => this.client());
  }

  /** Its object in the instance of now. */
  client(instance = this.#module.instance()) {
    if (instance !== this.#instance) {
      this.#client = this.#open();
      this.#instance = instance;
    }
    return this.#client;
  }

  async #answer(use) {
    const instance = this.#module.instance();
    try {
      return JSON.parse(await instance.settled(use(this.client(instance))));
    } catch (error) {
      // What the module refuses has a code; anything else is a trap.
      if (!error?.code) instance.break(error);
      throw queueError(error);
    }
  }

  #call(method, ...values) {
    return this.#answer((client) => client.call(method, write(values)));
  }

  enqueue(message) {
    return this.#call("enqueue", message);
  }

  enqueueMany(messages, options) {
    return this.#answer((client) => {
      if (typeof messages?.[Symbol.iterator] !== "function" || typeof messages === "string") throw invalid("messages", "must be a list");
      const list = Array.isArray(messages) ? messages : Array.from(messages);
      return client.enqueueMany(list.length, (index) => write(list[index]), options?.onProgress);
    });
  }

  async dequeue(options) {
    return (await this.#call("dequeue", options)).map(dated);
  }

  extend(leased, visibilityTimeout) {
    return this.#call("extend", lease(leased), visibilityTimeout);
  }

  complete(leased) {
    return this.#call("complete", lease(leased));
  }

  fail(leased, error) {
    return this.#call("fail", lease(leased), plain(error));
  }

  retry(leased, error, options) {
    return this.#call("retry", lease(leased), plain(error), options);
  }

  release(leased) {
    return this.#call("release", lease(leased));
  }

  cancel(id) {
    return this.#call("cancel", id);
  }

  async getMessage(id) {
    return dated(await this.#call("getMessage", id));
  }

  async getMessagesByStatus(status, options) {
    return (await this.#call("getMessagesByStatus", status, options)).map(dated);
  }

  async listDeadLetters(options) {
    return (await this.#call("listDeadLetters", options)).map(dated);
  }

  redrive(options) {
    return this.#call("redrive", options);
  }

  stats() {
    return this.#call("stats");
  }

  async pause(options) {
    await this.#call("pause", options);
  }

  resume(options) {
    return this.#call("resume", options);
  }
}

const TIMES = ["runAt", "leaseExpiresAt", "createdAt", "updatedAt", "completedAt", "sendBefore"];

function dated(message) {
  for (const name of TIMES) if (message?.[name]) message[name] = new Date(message[name]);
  return message;
}

// The message's payload need not go along.
const lease = (leased) => leased?.lease ?? leased;

// An Error's own fields are not written as JSON.
const plain = (error) => (error instanceof Error ? { name: error.name, message: error.message } : error);

/** As JSON, Dates as text. What JSON would silently make null is refused. */
export function write(value) {
  try {
    return JSON.stringify(value, function (key, written) {
      const given = this[key];
      if (given instanceof Date && Number.isNaN(given.getTime())) throw invalid(key, "is an invalid Date");
      // An argument of its own has no name here: whoever reads it says what it must be.
      const unnamed = this === value && Array.isArray(value);
      if (typeof given === "number" && !Number.isFinite(given) && !unnamed) throw invalid(key, "must be a finite number");
      return written;
    }) ?? "null";
  } catch (error) {
    throw error.code ? error : invalid("message", "cannot be written as JSON: it has a cycle, a BigInt, or too many levels");
  }
}

function invalid(field, why) {
  return Object.assign(new Error(`${field}: ${why}`), { code: "invalid_input", field, why, retryable: false });
}

export function translated(call) {
  try {
    return call();
  } catch (error) {
    throw queueError(error);
  }
}

function queueError(error) {
  if (error instanceof QueueError) return error;
  if (error?.code) return new QueueError(error.message, error);
  return new QueueError("the module broke; the next call gets a new one. Whether this call was carried out is not known", {
    code: "unexpected",
    retryable: false,
    cause: error,
  });
}

// @ts-self-types="./queue.d.ts"
// What the queues have in common. The thinking is in the WebAssembly modules; this gives it classes, names and Dates.
// What the caller's own code throws (an iterable, a getter, a callback) comes out as it is: no call of the module is made
// with it on the stack, or it would count as a trap.
import { invalid, QueueError, queueError, translated } from "./error.js";
import { errorOf, write } from "./write.js";

export const QueueMessageStatus = Object.freeze({
  PENDING: "pending",
  PROCESSING: "processing",
  RETRYING: "retrying",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
});

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

  async #call(method, ...values) {
    const text = write(values, 1);
    return await this.#answer((client) => client.call(method, text));
  }

  async enqueue(message) {
    return await this.#call("enqueue", message);
  }

  async enqueueMany(messages, options) {
    if (typeof messages?.[Symbol.iterator] !== "function" || typeof messages === "string") throw invalid("messages", "must be a list");
    const list = Array.from(messages);
    const onProgress = progressOf(options);
    // What the caller's own code threw ends the call, and is thrown in place of its answer.
    let thrown;
    const message = (index) => {
      if (thrown) throw {};
      try {
        return write(list[index]);
      } catch (error) {
        if (!(error instanceof QueueError && error.field)) thrown = { error };
        throw { field: error?.field, why: error?.message?.slice(error.field?.length + 2) };
      }
    };
    const progress = (enqueued, count) => {
      try {
        if (!thrown) onProgress?.(enqueued, count);
      } catch (error) {
        thrown = { error };
      }
    };
    try {
      const answer = await this.#answer((client) => client.enqueueMany(list.length, message, progress));
      if (!thrown) return answer;
    } catch (error) {
      if (!thrown) throw error;
    }
    throw thrown.error;
  }

  async dequeue(options) {
    return (await this.#call("dequeue", options)).map(dated);
  }

  async extend(leased, visibilityTimeout) {
    return await this.#call("extend", lease(leased), visibilityTimeout);
  }

  async complete(leased) {
    return await this.#call("complete", lease(leased));
  }

  async fail(leased, error) {
    return await this.#call("fail", lease(leased), errorOf(error));
  }

  async retry(leased, error, options) {
    return await this.#call("retry", lease(leased), errorOf(error), options);
  }

  async release(leased) {
    return await this.#call("release", lease(leased));
  }

  async cancel(id) {
    return await this.#call("cancel", id);
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

  async redrive(options) {
    return await this.#call("redrive", options);
  }

  async stats() {
    return await this.#call("stats");
  }

  async pause(options) {
    await this.#call("pause", options);
  }

  async resume(options) {
    return await this.#call("resume", options);
  }
}

const TIMES = ["runAt", "leaseExpiresAt", "createdAt", "updatedAt", "completedAt", "sendBefore"];

function dated(message) {
  for (const name of TIMES) if (message?.[name]) message[name] = new Date(message[name]);
  return message;
}

// The message's payload need not go along.
const lease = (leased) => leased?.lease ?? leased;

function progressOf(options) {
  if (options === undefined || options === null) return undefined;
  if (typeof options !== "object") throw invalid("options", "must be an object");
  const unknown = Object.keys(options).find((name) => name !== "onProgress");
  if (unknown !== undefined) throw invalid(unknown, "is not an option here");
  const { onProgress } = options;
  if (onProgress !== undefined && onProgress !== null && typeof onProgress !== "function") throw invalid("onProgress", "must be a function");
  return onProgress;
}

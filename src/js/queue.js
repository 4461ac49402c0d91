// @ts-self-types="./queue.d.ts"
// The part that all queues share. The WebAssembly modules decide; this file adds classes, names and Dates.
// An exception of the caller's own code (an iterable, a getter, a callback) reaches the caller unchanged. No call of the module is made
// with such code on the stack, because the exception would count as a trap.
import * as glue from "./client.js";
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
    return dated(await this.#answer((client) => client.call(method, text)));
  }

  // Each method that the module has, but for those below, which do more than to carry.
  static {
    for (const [name, method] of Object.entries(glue.Method)) {
      if (typeof method !== "number") continue;
      const called = name[0].toLowerCase() + name.slice(1);
      if (called in this.prototype) continue;
      const value = { async [called](...values) { return await this.#call(method, ...values); } }[called];
      Object.defineProperty(this.prototype, called, { value, writable: true, configurable: true });
    }
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

  async extend(leased, visibilityTimeout) {
    return await this.#call(glue.Method.Extend, lease(leased), visibilityTimeout);
  }

  async complete(leased) {
    return await this.#call(glue.Method.Complete, lease(leased));
  }

  async fail(leased, error) {
    return await this.#call(glue.Method.Fail, lease(leased), errorOf(error));
  }

  async retry(leased, error, options) {
    return await this.#call(glue.Method.Retry, lease(leased), errorOf(error), options);
  }

  async release(leased) {
    return await this.#call(glue.Method.Release, lease(leased));
  }

  async redrive(redrive) {
    return await this.#call(glue.Method.Redrive, chosen(redrive));
  }

  async discard(discard) {
    return await this.#call(glue.Method.Discard, chosen(discard));
  }

  async pause(options) {
    await this.#call(glue.Method.Pause, options);
  }
}

// {} is all, and JSON makes it of {reason: undefined}.
function chosen(change) {
  const members = Object.values(Object(change?.filter));
  if (members.length > 0 && members.every((member) => member === undefined)) throw invalid("filter", "must name something: each of its members is undefined, and {} is all");
  return change;
}

let times;

// What is a message, or a list of them, with its times as Dates; also in the lists that an answer has.
function dated(answer) {
  times ??= glue.times().split(" ");
  for (const item of [answer, answer?.messages, answer?.similar, answer?.timeline].flat()) {
    for (const name of times) if (typeof item?.[name] === "string") item[name] = new Date(item[name]);
  }
  return answer;
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

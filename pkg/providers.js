// The classes of the package. Each entry point of the package gives them the module in the form that its runtime takes.
import * as glue from "./client.js";
import { QueueError, translated } from "./error.js";
import { Module } from "./module.js";
import { Queue } from "./queue.js";
import { write } from "./write.js";

/** @param wasm in base64, or as a module where the runtime compiles none from bytes */
export const moduleOf = (wasm) => new Module(glue, wasm);

export const supabase = (module) => class SupabaseQueueProvider extends Queue {
  constructor(supabaseUrl, secretKey, options) {
    const given = write(options);
    super(module, () => glue.QueueClient.supabase(text(supabaseUrl), text(secretKey), given));
  }
};

export const inMemory = (module) => class InMemoryQueueProvider extends Queue {
  constructor(options) {
    const given = write(options);
    let opened = false;
    super(module, () => {
      if (opened) throw new QueueError("the module broke, and the queue in its memory is gone", { code: "unexpected", retryable: false });
      const queue = glue.QueueClient.inMemory(given);
      opened = true;
      return queue;
    });
  }

  advance(seconds) {
    translated(() => this.client().advance(typeof seconds === "number" ? seconds : Number.NaN));
  }
};

// A missing variable (`process.env.X!`) is undefined: the module then names the argument.
function text(value) {
  return typeof value === "string" ? value : "";
}

// @ts-self-types="./index.d.ts"
// The package's front door.
import * as glue from "./client.js";
import wasm from "./client_wasm.js";
import { QueueError, translated } from "./error.js";
import { Module } from "./module.js";
import { Queue } from "./queue.js";
import { write } from "./write.js";

export { QueueError } from "./error.js";
export { QueueMessageStatus } from "./queue.js";

const client = /* @__PURE__ */ new Module(glue, wasm);

export class SupabaseQueueProvider extends Queue {
  constructor(supabaseUrl, secretKey, options) {
    const given = write(options);
    super(client, () => glue.QueueClient.supabase(text(supabaseUrl), text(secretKey), given));
  }
}

export class InMemoryQueueProvider extends Queue {
  constructor(options) {
    const given = write(options);
    let opened = false;
    super(client, () => {
      if (opened) throw new QueueError("the module broke, and the queue in its memory is gone", { code: "unexpected", retryable: false });
      const queue = glue.QueueClient.inMemory(given);
      opened = true;
      return queue;
    });
  }

  advance(seconds) {
    translated(() => this.client().advance(typeof seconds === "number" ? seconds : Number.NaN));
  }
}

// A missing variable (`process.env.X!`) is undefined: the module then names the argument.
function text(value) {
  return typeof value === "string" ? value : "";
}

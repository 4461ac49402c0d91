// @ts-self-types="./index.d.ts"
// The package's front door.
import * as glue from "./client.js";
import wasm from "./client_wasm.js";
import { Module } from "./module.js";
import { Queue, QueueError, translated, write } from "./queue.js";

export { QueueError, QueueMessageStatus } from "./queue.js";

const client = /* @__PURE__ */ new Module(glue, wasm);

export class SupabaseQueueProvider extends Queue {
  constructor(supabaseUrl, secretKey, options) {
    super(client, () => glue.QueueClient.supabase(text(supabaseUrl), text(secretKey), write(options)));
  }
}

export class InMemoryQueueProvider extends Queue {
  constructor(options) {
    let opened = false;
    super(client, () => {
      if (opened) throw new QueueError("the module broke, and the queue in its memory is gone", { code: "unexpected", retryable: false });
      const queue = glue.QueueClient.inMemory(write(options));
      opened = true;
      return queue;
    });
  }

  advance(seconds) {
    translated(() => this.client().advance(Number(seconds)));
  }
}

// A missing variable (`process.env.X!`) is undefined: the module then names the argument.
function text(value) {
  return typeof value === "string" ? value : "";
}

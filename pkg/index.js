// @ts-self-types="./index.d.ts"
// The package's front door.
import * as glue from "./client.js";
import wasm from "./client_wasm.js";
import { Module } from "./module.js";
import { InMemory, Supabase } from "./providers.js";

export { QueueError } from "./error.js";
export { QueueMessageStatus } from "./queue.js";

const client = /* @__PURE__ */ new Module(glue, wasm);

export class SupabaseQueueProvider extends Supabase {
  constructor(supabaseUrl, secretKey, options) {
    super(client, supabaseUrl, secretKey, options);
  }
}

export class InMemoryQueueProvider extends InMemory {
  constructor(options) {
    super(client, options);
  }
}

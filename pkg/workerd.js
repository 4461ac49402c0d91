// @ts-self-types="./index.d.ts"
// The front door on Cloudflare Workers, which compile no WebAssembly from bytes: they import it as a module.
import * as glue from "./client.js";
import wasm from "./client.wasm";
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

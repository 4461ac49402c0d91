// @ts-self-types="./index.d.ts"
// The front door on Cloudflare Workers, which compile no WebAssembly from bytes: they import it as a module.
import wasm from "./client.wasm";
import { inMemory, moduleOf, supabase } from "./providers.js";

export { QueueError } from "./error.js";
export { QueueMessageStatus } from "./queue.js";

const client = /* @__PURE__ */ moduleOf(wasm);

export const SupabaseQueueProvider = /* @__PURE__ */ supabase(client);
export const InMemoryQueueProvider = /* @__PURE__ */ inMemory(client);

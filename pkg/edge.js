// @ts-self-types="./index.d.ts"
// The front door on Vercel's edge runtime, which compiles no WebAssembly from bytes: it imports it as a module, by this name.
import wasm from "./client.wasm?module";
import { inMemory, moduleOf, supabase } from "./providers.js";

export { QueueError } from "./error.js";
export { QueueMessageStatus } from "./queue.js";

const client = /* @__PURE__ */ moduleOf(wasm);

export const SupabaseQueueProvider = /* @__PURE__ */ supabase(client);
export const InMemoryQueueProvider = /* @__PURE__ */ inMemory(client);

// @ts-self-types="./index.d.ts"
// The package's front door.
import wasm from "./client_wasm.js";
import { inMemory, moduleOf, supabase } from "./providers.js";

export { QueueError } from "./error.js";
export { QueueMessageStatus } from "./queue.js";

const client = /* @__PURE__ */ moduleOf(wasm);

export const SupabaseQueueProvider = /* @__PURE__ */ supabase(client);
export const InMemoryQueueProvider = /* @__PURE__ */ inMemory(client);

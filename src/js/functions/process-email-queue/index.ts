// The shim around the WebAssembly module: it carries requests in and responses out.
import { load, ProcessEmailQueue, reset } from "./function.js";
import { guarded } from "./guard.ts";
import { serve } from "./serve.ts";

const variables = Deno.env.toObject();
serve("process-email-queue", guarded({ load, reset, open: (host) => new ProcessEmailQueue(variables, host) }));

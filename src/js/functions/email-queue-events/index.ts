// The shim around the WebAssembly module: it carries a provider's reports in and responses out.
import { EmailQueueEvents, load, reset } from "./function.js";
import { guarded } from "./guard.ts";
import { serve } from "./serve.ts";

const variables = Deno.env.toObject();
serve("email-queue-events", guarded({ load, reset, open: (host) => new EmailQueueEvents(variables, host) }));

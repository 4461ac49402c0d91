/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 d3f81b74449df7f56b91aada9b1c972e94bb6c79e08fce2dfd722acd51c805c6. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// The shim around the WebAssembly module: it carries a provider's reports in and responses out.
import { EmailQueueEvents, load, reset } from "./function.js";
import { guarded } from "./guard.ts";
import { serve } from "./serve.ts";

const variables = Deno.env.toObject();
serve("email-queue-events", guarded({ load, reset, open: (host) => new EmailQueueEvents(variables, host) }));

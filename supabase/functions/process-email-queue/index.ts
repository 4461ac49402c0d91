/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 5dcb43f2612266ddc9e57b5ffa25597d311dca4d3ffc50d7bb45a32cfe6f63ad. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// The shim around the WebAssembly module: it carries requests in and responses out.
import { load, ProcessEmailQueue, reset } from "./function.js";
import { guarded } from "./guard.ts";
import { serve } from "./serve.ts";

const variables = Deno.env.toObject();
serve("process-email-queue", guarded({ load, reset, open: (host) => new ProcessEmailQueue(variables, host) }));

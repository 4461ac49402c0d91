// The shim around the WebAssembly module: it carries requests in and responses out.
import { guarded } from "./guard.ts";

// Supabase listens for us; the port and the line are for running it locally.
const port = Number(Deno.env.get("PORT") || 8000);
if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error("PORT must be a whole number from 0 to 65535");

Deno.serve(
  {
    port,
    onListen: ({ port }) => console.log(`process-email-queue listens on http://localhost:${port}`),
  },
  guarded(Deno.env.toObject()),
);

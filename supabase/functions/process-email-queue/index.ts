// The shim around the WebAssembly module: it carries requests in and responses out.
import { guarded } from "./guard.ts";

Deno.serve(
  {
    // Supabase listens for us; the port and the line are for running it locally.
    port: Number(Deno.env.get("PORT") ?? 8000),
    onListen: ({ port }) => console.log(`process-email-queue listens on http://localhost:${port}`),
  },
  guarded(Deno.env.toObject()),
);

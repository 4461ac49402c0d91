// The shim around the WebAssembly module: it carries requests in and responses out.
import { guarded } from "./guard.ts";

// Supabase listens for us; the address, the line and the signals are for running it by hand. No other machine can
// call it there, unless EMAIL_QUEUE_HOST says so (HOST is what some shells call the machine).
const hostname = Deno.env.get("EMAIL_QUEUE_HOST") || "127.0.0.1";
const port = Number(Deno.env.get("PORT") || 8000);
if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error("PORT must be a whole number from 0 to 65535");

const { serve, halt, ended } = guarded(Deno.env.toObject());
const server = listen();

function listen() {
  const onListen = ({ hostname, port }: Deno.NetAddr) =>
    console.log(`process-email-queue listens on http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`);
  try {
    return Deno.serve({ hostname, port, onListen }, serve);
  } catch (error) {
    console.error(`process-email-queue cannot listen on port ${port} of ${hostname} (${(error as Error).name}): set PORT to a free port, and EMAIL_QUEUE_HOST to an address of this machine`);
    Deno.exit(1);
  }
}

addEventListener("beforeunload", halt);
let ending = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  try {
    Deno.addSignalListener(signal, async () => {
      if (ending) Deno.exit(1);
      ending = true;
      halt();
      await server.shutdown();
      await ended();
      Deno.exit();
    });
  } catch {
    // Supabase's runtime has no signals.
  }
}

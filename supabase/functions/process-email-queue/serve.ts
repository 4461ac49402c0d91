/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 1d0b50f3fde9dc28300b7740ef50cbb3c423f0a935082e6f4d47aa59b41391eb. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// Listens. Supabase does it for us; the address, the line and the signals are for running a function by hand.

interface Guarded {
  serve(request: Request): Promise<Response>;
  halt(): void;
  ended(): Promise<void>;
}

/** Serves until the isolate or the process ends. */
export function serve(name: string, { serve, halt, ended }: Guarded) {
  // No other machine can call it there, unless EMAIL_QUEUE_HOST says so (HOST is what some shells call the machine).
  const hostname = Deno.env.get("EMAIL_QUEUE_HOST") || "127.0.0.1";
  const port = Number(Deno.env.get("PORT") || 8000);
  const refuse = (why: string): never => {
    console.error(why);
    return Deno.exit(1);
  };
  if (!Number.isInteger(port) || port < 0 || port > 65535) refuse("PORT must be a whole number from 0 to 65535");

  const server = listen();

  function listen() {
    const onListen = ({ hostname, port }: Deno.NetAddr) =>
      console.log(`${name} listens on http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`);
    try {
      return Deno.serve({ hostname, port, onListen }, serve);
    } catch (error) {
      return refuse(`${name} cannot listen on port ${port} of ${hostname} (${(error as Error).name}): set PORT to a free port, and EMAIL_QUEUE_HOST to an address of this machine`);
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
}

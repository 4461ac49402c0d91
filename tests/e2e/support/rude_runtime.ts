// The function in a runtime that has lost its caller's connection: a header says what of it is seen, while other requests
// are served.

const serve = Deno.serve;
// deno-lint-ignore no-explicit-any
(Deno as any).serve = (options: Deno.ServeTcpOptions, handler: (request: Request) => Promise<Response>) =>
  serve(options, (request) => {
    const seen = request.headers.get("x-test-connection");
    const lost = () => new TypeError("the connection of somebody@customer.example broke off");
    if (seen === "rejection") void Promise.reject(lost());
    if (seen !== "headers") return handler(request);
    return handler(
      new Proxy(request, {
        get(target, name) {
          if (name === "headers") throw lost();
          const value = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    );
  });

await import("../../../supabase/functions/process-email-queue/index.ts");

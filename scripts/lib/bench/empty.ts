// Deno's own share: a server that does nothing.
Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8000), onListen: ({ port }) => console.log(`listens on http://localhost:${port}`) }, () => new Response("{}"));

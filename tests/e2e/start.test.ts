// The module starts with its isolate, before a request comes.
import assert from "node:assert/strict";
import { guarded } from "../../supabase/functions/process-email-queue/guard.ts";

/** A function whose module starts only after so many failures; how often it was tried comes back. */
function serving(failures: number) {
  const tried = { times: 0 };
  const load = () => {
    tried.times += 1;
    if (tried.times <= failures) throw new Error("it cannot be compiled");
  };
  const door = { handle: () => Promise.resolve(new Response("done")), guardMillis: () => 10_000 };
  const { serve } = guarded({ load, reset: () => {}, open: () => door });
  return { tried, status: async () => (await serve(new Request("http://function.example", { method: "POST" }))).status };
}

Deno.test("the first request finds the module started", async () => {
  const { tried, status } = serving(0);
  assert.equal(tried.times, 1);
  assert.deepEqual([await status(), await status()], [200, 200]);
  assert.equal(tried.times, 1, "once");
});

Deno.test("a module that does not start is tried again by each request", async () => {
  const { tried, status } = serving(2);
  assert.deepEqual([await status(), await status()], [500, 200]);
  assert.equal(tried.times, 3);
});

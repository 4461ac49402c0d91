// The function as Supabase's runtime has it, as far as Deno can be made like it: an exception of a timer or a task ends
// the isolate without an `error` event, there is no global Buffer, and EdgeRuntime keeps the isolate for promises.

// deno-lint-ignore-file no-explicit-any
const { core } = (Deno as any)[(Deno as any).internal];
core.setReportExceptionCallback(null);
delete (globalThis as any).Buffer;

let waiting = 0;
(globalThis as any).EdgeRuntime = {
  waitUntil(promise: Promise<unknown>) {
    console.log(`waits for ${++waiting}`);
    promise.then(() => console.log(`waits for ${--waiting}`));
  },
};

await import("../../../supabase/functions/process-email-queue/index.ts");

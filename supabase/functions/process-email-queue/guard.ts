// A panic or a trap leaves the module's instance unusable and its promises unsettled. So each request is raced against
// the instance breaking and against the time in which it must answer; the request after a break gets a fresh instance.
import { load, ProcessEmailQueue, reset } from "../../../pkg/function.js";

type Instance = { queue: ProcessEmailQueue; broken: Promise<never>; break: (why: unknown) => void };

export function guarded(variables: Record<string, string>): (request: Request) => Promise<Response> {
  let instance: Instance | undefined;

  // All code in this isolate is ours: what nobody caught came from the module. Answers and timers of an instance that
  // was given up come too; wasm-bindgen refuses them with this error, and the instance of now has nothing to do with it.
  const onBreak = (why: unknown) => /previous WASM instance/.test(String(why)) || instance?.break(why);
  (globalThis as Record<string, unknown>).__emailQueuePanicked = onBreak;
  addEventListener("error", (event) => (event.preventDefault(), onBreak(event.error)));
  addEventListener("unhandledrejection", (event) => (event.preventDefault(), onBreak(event.reason)));

  return async (request) => {
    let guard: ReturnType<typeof setTimeout> | undefined;
    let mine: Instance | undefined;
    try {
      mine = instance ??= start(variables);
      const { queue, broken } = mine;
      const late = new Promise<never>((_, reject) => {
        guard = setTimeout(() => reject(new Error("no answer in time")), queue.guardMillis());
      });
      return await Promise.race([queue.handle(request), broken, late]);
    } catch (error) {
      // Everybody who waits for this instance is told, nobody calls it again, and the log has it once.
      mine?.break(error);
      if (instance === mine) {
        instance = undefined;
        console.error(JSON.stringify({ event: "email_queue_broken", error: String(error) }));
      }
      return Response.json({ error: "the function failed; its leases end by themselves", code: "broken" }, { status: 500 });
    } finally {
      clearTimeout(guard);
    }
  };
}

function start(variables: Record<string, string>): Instance {
  load();
  reset();
  const { promise: broken, reject } = Promise.withResolvers<never>();
  broken.catch(() => {});
  return { queue: new ProcessEmailQueue(variables), broken, break: reject };
}

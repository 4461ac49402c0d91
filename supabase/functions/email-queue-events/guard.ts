/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 96f1099d543d924ce159f88958f7f2db4c0a302f54a4faaeef8ea6854edf56f0. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// A panic or a trap leaves the module's instance unusable and its promises unsettled. So each request, and each run that
// goes on after its answer, is raced against a break of the instance and against its deadline. The request after a
// break gets a fresh instance. A broken connection cannot break an instance: the module gets a request's method, address and headers,
// and bytes of its body only where it asks for them.
import { bounded } from "./fetch.js";

/** What the module gets of a request. */
interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** The body; null: it has more than so many bytes. */
  read(most: number, signal: AbortSignal): Promise<Uint8Array | null>;
}

/** The function, as the module exports it. */
interface Door {
  // deno-lint-ignore no-explicit-any -- one takes less of a request than the other, and the generated glue knows neither.
  handle(request: any): Promise<Response>;
  guardMillis(): number;
  halt?(): void;
}

/** The isolate. What its runs have claimed outlives an instance. */
interface Host {
  readonly limited: boolean;
  messages: number;
  bytes: number;
  work(run: Promise<unknown>, guardMillis: number): void;
}

interface Module {
  load(onThrow: (error: unknown) => void): void;
  reset(): void;
  open(host: Host): Door;
}

type Instance = { door: Door; broken: Promise<never>; break: (why: unknown) => void };

/** Supabase's runtime, which keeps an isolate for a promise, and ends it at limits of its own. */
const edge = (globalThis as { EdgeRuntime?: { waitUntil(promise: Promise<unknown>): void } }).EdgeRuntime;

export function guarded({ load, reset, open }: Module) {
  let instance: Instance | undefined;
  /** What this isolate's runs have claimed: it outlives an instance. */
  const spent = { messages: 0, bytes: 0 };
  const running = new Set<Promise<unknown>>();

  // Supabase's runtime has no `error` events: what the module's tasks and timers throw comes by way of `load`. Of the
  // unhandled rejections only a trap is the module's; others are of a connection that broke off.
  const onBreak = (why: unknown) => instance?.break(why);
  (globalThis as Record<string, unknown>).__emailQueuePanicked = onBreak;
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    if (isTrap(event.reason)) onBreak(event.reason);
    else console.error(JSON.stringify({ event: "email_queue_stray_error", error: nameOf(event.reason) }));
  });

  function start(): Instance {
    load(onBreak);
    reset();
    const { promise: broken, reject } = Promise.withResolvers<never>();
    broken.catch(() => {});
    const host = {
      limited: edge !== undefined,
      get messages() {
        return spent.messages;
      },
      set messages(messages) {
        spent.messages = messages;
      },
      get bytes() {
        return spent.bytes;
      },
      set bytes(bytes) {
        spent.bytes = bytes;
      },
      work(run: Promise<unknown>, guardMillis: number) {
        const done = watch(mine, run, guardMillis).catch(() => {}).finally(() => running.delete(done));
        running.add(done);
        edge?.waitUntil(done);
      },
    };
    const mine: Instance = { door: open(host), broken, break: reject };
    return mine;
  }

  async function watch<T>(mine: Instance, work: Promise<T>, guardMillis: number): Promise<T> {
    let guard: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      guard = setTimeout(() => reject(new Error("no answer in time")), guardMillis);
    });
    try {
      return await Promise.race([work, mine.broken, late]);
    } catch (error) {
      giveUp(mine, error);
      throw error;
    } finally {
      clearTimeout(guard);
    }
  }

  /** Every call that waits for this instance is told, none goes to it again, and the log has the fault once. */
  function giveUp(mine: Instance | undefined, error: unknown) {
    mine?.break(error);
    if (instance === mine) {
      instance = undefined;
      console.error(JSON.stringify({ event: "email_queue_broken", error: String(error) }));
    }
  }

  // Before the first request comes, which need not wait for it. What keeps it from starting is an answer to each request.
  try {
    instance = start();
  } catch {
    // It is tried again.
  }

  return {
    async serve(request: Request): Promise<Response> {
      let head: Head;
      try {
        // What the runtime no longer has of a request whose connection broke must throw here, not inside the module.
        const { method, url } = request;
        // deno-lint-ignore require-await -- what it throws is the promise's.
        head = { method, url, headers: new Headers(request.headers), read: async (most, signal) => bounded(request.body, most, signal) };
      } catch (error) {
        return Response.json({ error: `the request cannot be read: ${nameOf(error)}`, code: "bad_request" }, { status: 400 });
      }
      let mine: Instance | undefined;
      try {
        mine = instance ??= start();
        const guardMillis = mine.door.guardMillis();
        return await watch(mine, mine.door.handle(head), guardMillis);
      } catch (error) {
        giveUp(mine, error);
        return Response.json({ error: "the function failed; its leases end by themselves, and events are repeated", code: "broken" }, { status: 500 });
      }
    },
    /** Nothing more is begun, and what has not been sent is given back. */
    halt() {
      try {
        instance?.door.halt?.();
      } catch (error) {
        onBreak(error);
      }
    },
    /** Runs that go on after their answers have ended. */
    async ended() {
      await Promise.all(running);
    },
  };
}

/** A stack overflow is a RangeError. */
const isTrap = (error: unknown) => error instanceof WebAssembly.RuntimeError || error instanceof RangeError;

/** An error's kind: its text may quote the request. */
const nameOf = (error: unknown) => error instanceof Error ? error.name : typeof error;

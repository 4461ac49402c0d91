/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 6afae71c30a687c3750ca127790f1457c30ad62e623c58cb133c26a4c147c53a. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// A WebAssembly module from its base64 text: no file is read and nothing is fetched, so it works wherever JavaScript may
// compile one, and in what `supabase functions deploy` uploads.

/** Instantiates a module, given its glue and its text, or itself where the runtime has compiled it. */
export function instantiate({ initSync }, wasm) {
  initSync({ module: typeof wasm === "string" ? compile(decode(wasm)) : wasm });
}

export function compile(bytes) {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    const message = "this runtime compiles no WebAssembly from bytes, so nothing was sent and nothing was stored. On Cloudflare Workers " +
      "use the package's export for the condition workerd, as wrangler does; elsewhere call it from another runtime (Next.js: runtime = \"nodejs\")";
    throw Object.assign(new Error(message, { cause }), { code: "unexpected", retryable: false });
  }
}

/** A module that is instantiated at its first use, and anew after a trap: such an instance cannot be trusted any more. */
export class Module {
  #glue;
  #wasm;
  #loaded = false;
  #instance;

  constructor(glue, wasm) {
    this.#glue = glue;
    this.#wasm = wasm;
    glue.tasks.onThrow = (error) => this.#instance?.break(error);
  }

  /** The instance of now. Objects of another one must not be used any more. */
  instance() {
    if (this.#instance) return this.#instance;
    if (this.#loaded) this.#glue.__wbg_reset_state();
    else instantiate(this.#glue, this.#wasm);
    this.#loaded = true;
    this.#instance = new Instance(() => (this.#instance = undefined));
    return this.#instance;
  }
}

class Instance {
  #waiting = new Set();
  #giveUp;

  constructor(giveUp) {
    this.#giveUp = giveUp;
  }

  /** Waits for what a call of the module promises, or for the instance to break, after which the promise would never settle. */
  settled(call) {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const done = (settle) => (value) => (this.#waiting.delete(reject), settle(value));
      Promise.resolve(call).then(done(resolve), done(reject));
    });
  }

  /** Gives it up after a trap. */
  break(error) {
    this.#giveUp();
    this.#giveUp = () => {};
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}

/**
 * What the generated glue has in place of the global `queueMicrotask` and `setTimeout` (scripts/build puts it there). A
 * trap in a task would otherwise be an uncaught exception, which ends Node, and an isolate of Supabase's.
 */
export function guardedTasks() {
  const guarded = (task) => () => {
    try {
      task();
    } catch (error) {
      tasks.onThrow(error);
    }
  };
  const tasks = {
    onThrow: (error) => {
      throw error;
    },
    queueMicrotask: (task) => globalThis.queueMicrotask(guarded(task)),
    setTimeout: (task, delay) => globalThis.setTimeout(guarded(task), delay),
  };
  return tasks;
}

export function decode(text) {
  // Buffer takes 1 ms for it, atob with a callback for each byte 50 ms of CPU.
  if (globalThis.Buffer) return globalThis.Buffer.from(text, "base64");
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

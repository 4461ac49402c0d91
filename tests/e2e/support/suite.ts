// A test file: one stack for all its tests, started with the first and stopped by the last.
import assert from "node:assert/strict";
import { MARKS } from "./database.ts";
import { Stack } from "./stack.ts";

export interface Suite {
  test(name: string, body: (stack: Stack) => Promise<void>): void;
  /** Ends the file: registers the test that looks through all output, and stops the stack. */
  end(options?: { allowed?: RegExp }): void;
}

/** No test takes longer, not even on a machine with a load of fifteen: one that takes as long hangs. */
const LIMIT_MS = 400_000;

// What a test starts is stopped by the next one's reset: it is no leak.
const OPTIONS = { sanitizeOps: false, sanitizeResources: false };

export function suite(theme: string): Suite {
  let stack: Promise<Stack> | undefined;
  const started = () => stack ??= Stack.start();
  return {
    test: (name, body) =>
      Deno.test({
        ...OPTIONS,
        name: `${theme}: ${name}`,
        fn: async () => {
          const running = await started();
          await running.reset();
          try {
            await within(LIMIT_MS, body(running));
          } catch (error) {
            console.error(`The functions' last lines:\n${running.recentOutput()}`);
            throw error;
          }
        },
      }),
    end: ({ allowed } = {}) =>
      Deno.test({
        ...OPTIONS,
        name: `${theme}: no secret, address, subject or body in anything that was printed`,
        fn: async () => {
          const running = await started();
          try {
            assertQuiet(running, allowed);
          } finally {
            await running.stop();
          }
        },
      }),
  };
}

/** Nothing private is in the output of any function of this file. */
function assertQuiet(stack: Stack, allowed?: RegExp): void {
  const output = allowed ? stack.output().replaceAll(allowed, "") : stack.output();
  const { secretKey, publishableKey, jwtSecret } = stack.lite;
  for (const secret of [secretKey, publishableKey, jwtSecret, "re_the_key_of_the_tests", ...Object.values(MARKS)]) {
    assert(!output.includes(secret), `${secret} is in the output`);
  }
  for (const shape of [/[\w.+-]+@[\w-]+\.\w+/, /\bsb_(secret|publishable)_\w+/, /\bre_\w+_\w+/, /Bearer\s+\S+/i]) {
    assert.equal(output.match(shape)?.[0], undefined);
  }
}

/** Every message is completed, each was accepted once, and the database has the provider's id of each. */
export async function assertEachOnce(stack: Stack, ids: string[]): Promise<void> {
  const state = stack.provider.state({ ids: true });
  const rows = await stack.db.rows();
  assert.deepEqual(await stack.db.statuses(), { completed: ids.length });
  assert.deepEqual(rows.map(({ id }) => id), [...ids].sort());
  assert.deepEqual(
    { accepted: state.accepted, duplicates: state.duplicates, untagged: state.acceptedUntagged, changed: state.keysWithChangedBytes },
    { accepted: ids.length, duplicates: 0, untagged: 0, changed: 0 },
  );
  const wrong = rows.filter(({ id, provider_message_id }) => state.emailIds[provider_message_id ?? ""]?.messageId !== id);
  assert.deepEqual(wrong.map(({ id }) => id), [], "the provider's ids are those of the messages");
  assert.deepEqual(await stack.db.lost(), []);
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Supabase Auth's place: its role, and its transaction.
import assert from "node:assert/strict";
import { connect } from "../../../scripts/lib/stack.mjs";
import { callHook } from "../../project/support/auth_events.mjs";
import type { Stack } from "./stack.ts";

/** The hook in a transaction each. `undone`: the sign-up fails after it. */
export async function signUp(stack: Stack, events: object[], { undone = false } = {}): Promise<void> {
  const sql = await connect(stack.postgres.urlOf("postgres", "supabase_auth_admin"), { max: 1 });
  try {
    for (const event of events) {
      // deno-lint-ignore no-explicit-any
      const done = sql.begin(async (sign: any) => {
        assert.deepEqual(await callHook(sign, event), {});
        if (undone) throw new Error("the sign-up fails");
      });
      if (undone) await assert.rejects(done, /the sign-up fails/);
      else await done;
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
}

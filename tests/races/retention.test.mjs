// Two prunes at once, and mail with the key of a message that one deletes.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { takesLess } from "../../scripts/lib/stack.mjs";
import { open } from "./testing.mjs";

const db = await open();
const a = await db.session();
const b = await db.session();
beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  await db.close();
});

const retain = async (/** @type {any} */ { sql }) => (await sql`select email_queue_private.retain() as r`)[0].r;

test("beside another prune the retention job ends at once, and says that there is more", async () => {
  await a.sql`select email_queue_private.retain()`;
  await a.begin();
  await a.sql`select public.email_queue_prune()`;
  // It works for two seconds while it finds something.
  await takesLess(1500, async () => assert.deepEqual(await b.free(retain(b)), { deleted: 0, erased: 0, more: true }));
  await a.rollback();
  assert.deepEqual(await retain(b), { deleted: 0, erased: 0, more: false });
});

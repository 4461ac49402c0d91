// Whose migrations brought the queue that a database has now, which its history tells.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broughtBy, refusePushed, unmarked } from "../../src/js/command/pending.js";

const THEIRS = { version: "1", name: "theirs" };
const INSTALLED = { version: "2", name: "email_queue_0_0_1" };
const REMOVED = { version: "3", name: "email_queue_uninstall" };
const AGAIN = { version: "4", name: "email_queue_0_0_2" };
const NAMED_ALIKE = { version: "5", name: "email_queue_templates" };

for (const [what, history, brought] of /** @type {const} */ ([
  ["nothing", [THEIRS, NAMED_ALIKE], []],
  ["a migration", [THEIRS, INSTALLED, NAMED_ALIKE], [INSTALLED]],
  ["one that another removed again, so something else", [THEIRS, INSTALLED, REMOVED, NAMED_ALIKE], []],
  ["one after that", [INSTALLED, REMOVED, AGAIN], [AGAIN]],
])) {
  test(`the history says that ${what} brought it`, () => {
    const remote = { history: [...history], installed: "0.0.2", taken: [], functionName: null };
    assert.deepEqual(broughtBy(remote.history), brought);
    if (brought.length > 0) assert.throws(() => refusePushed(remote), (/** @type {Error} */ { message }) => brought.every(({ name }) => message.includes(`${name}.sql`)));
    else refusePushed(remote);
    // A repository that has the migration of what was installed directly.
    const local = [...history, { version: "9", name: "email_queue_0_0_2" }];
    assert.deepEqual(unmarked(local, remote), brought.length > 0 ? [] : local.slice(-1));
  });
}

// `email-queue doctor` from a folder with nothing in it, with an address and a key: after a database reset, and on a preview branch.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startCountingProxy, startLite, stopAll, tempFolder } from "../../scripts/lib/stack.mjs";
import { SupabaseQueueProvider } from "../../pkg/index.js";
import { addExtensions, inSession, startProject } from "../project/support/world.mjs";
import { command } from "./support/place.mjs";

const folder = tempFolder("nowhere");
/** @type {Awaited<ReturnType<typeof startProject>>} */
let postgres;
/** @type {Awaited<ReturnType<typeof startLite>>} */
let lite;
/** @type {Awaited<ReturnType<typeof startCountingProxy>>} */
let project;
/** The function, as far as a caller without its secret sees it. */
let present = false;

before(async () => {
  postgres = await startProject(15, { preload: "safeupdate", grants: "old" });
  // What a reset makes: the migrations, in a database that has the extensions.
  await addExtensions(postgres.adminUrl);
  lite = await startLite({ driver: "postgres", databaseUrl: postgres.url });
  project = await startCountingProxy(lite.url, {
    fault: ({ path: at }) => !at.startsWith("/functions/v1/") ? undefined
      : present && at === "/functions/v1/process-email-queue" ? { status: 401, body: '{"error": "unauthorized"}' } : { status: 404, body: '{"code": "NOT_FOUND"}' },
  });
});
after(async () => {
  await project?.stop();
  await lite?.stop();
  await postgres?.stop();
  await stopAll();
  folder.remove();
});

/** @param {string[]} args */
async function doctor(...args) {
  const cwd = path.join(folder.path, "bare");
  fs.mkdirSync(cwd, { recursive: true });
  const { code, stdout, stderr } = await command(["doctor", "--json", ...args], { cwd, env: { SUPABASE_URL: project.url, SUPABASE_SECRET_KEY: lite.secretKey } });
  assert.equal(code, 1, stderr);
  assert.deepEqual(fs.readdirSync(cwd), []);
  const { findings } = JSON.parse(stdout);
  return (/** @type {string} */ check) => findings.find((/** @type {any} */ one) => one.check === check);
}
/** An enqueue and a look, as the application does both: what they say. */
async function notices() {
  const queue = new SupabaseQueueProvider(project.url, lite.secretKey);
  const { id, notice } = await queue.enqueue({ payload: { from: "a@b.example", to: "c@d.example", subject: "S", text: "T" } });
  return [notice, (await queue.getMessage(id))?.notice];
}
const NOT_CONNECTED = /^not connected: nothing calls the function for this database, as on a new preview branch or after a reset/;

for (const [what, is] of /** @type {const} */ ([["without the function", false], ["with the function", true]])) {
  test(`after a reset, ${what}, it says that nothing is connected, as an enqueue and a message do`, async () => {
    present = is;
    for (const args of [[], ["--no-call"]]) {
      const finding = await doctor(...args);
      assert.deepEqual([finding("connection").status, finding("connection").remedy], ["fail", "node_modules/.bin/email-queue deploy"]);
      assert.match(finding("connection").detail, NOT_CONNECTED);
      assert.equal(finding("identity").detail, "no function has asked yet");
      if (args.length > 0) continue;
      assert.equal(finding("function closed").status, is ? "ok" : "fail");
      if (!is) assert.match(finding("function closed").detail, /there is no function process-email-queue \(404\)/);
    }
    for (const notice of await notices()) assert.match(notice ?? "", NOT_CONNECTED);
  });
}

test("on a preview branch whose rows are another project's, it says both: it is not connected, and a copy does not send", async () => {
  present = true;
  await inSession(postgres.url, (sql) => sql`insert into email_queue_private.identity (kind, address, server, last_server, seen_at)
    select 'recorded', 'abcdefghijklmnopqrst.supabase.co', s, s, now() - interval '1 hour' from (select 'another' as s) as o`);
  for (const notice of await notices()) assert.match(notice ?? "", NOT_CONNECTED);
  let finding = await doctor();
  assert.match(finding("connection").detail, NOT_CONNECTED);
  // The branch's function asks, as the first call after a deployment makes it.
  await lite.rpc("email_queue_worker_work", { p_request: { project_url: "https://zyxwvutsrqponmlkjihg.supabase.co", claim: { tokens: [crypto.randomUUID()], lease_ms: 60_000 } } });
  finding = await doctor();
  assert.match(finding("connection").detail, NOT_CONNECTED);
  assert.equal(finding("identity").status, "fail");
  assert.match(finding("identity").detail, /^a copy does not send: this queue is that of abcdefghijklmnopqrst\.supabase\.co/);
  assert.match(finding("identity").remedy, /select email_queue_adopt\(\);$/);
  for (const notice of await notices()) assert.match(notice ?? "", NOT_CONNECTED);
});

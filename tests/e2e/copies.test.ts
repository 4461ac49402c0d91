// A database that was copied with its queue, and a function that is deployed beside it, sends nothing until it is adopted.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import http from "node:http";
import path from "node:path";
import { connect, startLite, tempFolder } from "../../scripts/lib/stack.mjs";
import { Database, mails } from "./support/database.ts";
import type { Run, Stack } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("copies");

test("a copy sends nothing, frozen requests included, until email_queue_adopt", async (stack) => {
  // The original sends, and one of its requests has an outcome that is not known.
  await stack.db.enqueue(mails(1));
  const original = await stack.function();
  await stack.drain(original);
  await stack.configure({ retry_base_ms: 3_600_000, retry_cap_ms: 3_600_000 });
  await stack.provider.fault({ action: "answer", when: "after", status: 500, times: 1 });
  const [frozen] = await stack.db.enqueue(mails(1));
  await original.invoke();
  assert.deepEqual((await stack.db.openDispatches()).map(({ frozen, leased }) => [frozen, leased]), [[true, false]]);
  await stack.db.passTime("2 hours");
  await stack.db.enqueue([...mails(30), { ...mails(1)[0], delay_ms: 3_600_000 }]);

  await using copy = await copyOf(stack, "copied");
  const deployed = await stack.function({ database: copy.lite, env: { SUPABASE_SECRET_KEY: copy.lite.secretKey } });
  const requests = () => stack.provider.state({ brief: true }).requests;
  const before = requests();
  const refused: Run & { reason?: string } = await deployed.invoke();
  assert.deepEqual([refused.stopped, refused.claimed, requests() - before], ["paused", 0, 0]);
  assert.match(refused.reason ?? "", /^a copy does not send: .*select email_queue_adopt\(\);$/);
  await copy.lite.rpc("email_queue_resume");
  assert.equal((await deployed.invoke()).stopped, "paused", "resume does not let it send");
  assert.equal((await copy.lite.rpc("email_queue_stats")).paused.kind, "copy");
  const identity = (await copy.lite.rpc("email_queue_doctor")).find(({ check }: { check: string }) => check === "identity");
  assert.equal(identity.status, "fail");

  // The original goes on meanwhile.
  const again = await stack.function();
  await stack.drain(again, { until: async () => (await stack.db.statuses()).pending === 1 && await stack.db.openDispatches().then((open) => open.length === 0) });
  assert.equal((await stack.db.row(frozen)).status, "completed");

  assert.equal((await copy.lite.rpc("email_queue_adopt")).adopted, true);
  await copy.db.sql`delete from email_queue_private.ready where run_at > now() + interval '10 minutes'`;
  await copy.db.sql`delete from email_queue_private.message where run_at > now() + interval '10 minutes'`;
  await copy.db.sql`delete from email_queue_private.body as b where not exists (select from email_queue_private.message as m where m.id = b.id)`;
  await stack.drain(deployed, { until: () => copy.db.isDrained() });
  assert.deepEqual(await copy.db.statuses(), { completed: 32 }, "once it may, the copy sends what waits in it");
});

test("the original is not taken for a copy: a restart, a crash, another proxy before it", async (stack) => {
  const ids: string[] = [];
  for (const crash of [undefined, false, true]) {
    if (crash !== undefined) await stack.postgres.restart({ crash });
    ids.push(...await stack.db.enqueue(mails(3)));
    await stack.drain(await stack.function({ database: await stack.proxy(stack.lite) }));
  }
  await assertEachOnce(stack, ids);
});

test("a copy is told from the original by the address that its function reports, and an empty one that was restored works at once", async (stack) => {
  await using hosts = await hostsOf(stack);
  const at = (url: string) => stack.function({ database: { url }, env: hosts.env });
  await stack.db.enqueue(mails(2));
  await stack.drain(await at("http://original.example"));
  await stack.stopStarted();

  // As restored elsewhere, an hour later: with an empty queue, then with mail that the original's application had put into it.
  await stack.db.passTime("1 hour");
  const copy = await at("http://copy.example");
  assert.equal((await copy.invoke()).stopped, "empty");
  await stack.db.enqueue(mails(1));
  assert.equal((await copy.invoke()).accepted, 1);
  await stack.db.passTime("1 hour");
  await stack.db.enqueue(mails(1));
  const original = await at("http://ORIGINAL.example:80/");
  const refused: Run & { reason?: string } = await original.invoke();
  assert.deepEqual([refused.stopped, refused.claimed], ["paused", 0]);
  assert.match(refused.reason ?? "", /this queue is that of copy\.example, and the function of original\.example asks for it/);
  assert.equal((await copy.invoke()).accepted, 1);
});

test("a dump of the schema alone is as good as a fresh install", async (stack) => {
  await stack.db.enqueue(mails(1));
  await stack.drain(await stack.function());
  await using fresh = await copyOf(stack, "schema_only", "--schema-only");
  await fresh.lite.rpc("email_queue_enqueue_many", { p_messages: mails(2, { from: "shop@shop.example" }) });
  await stack.drain(await stack.function({ database: fresh.lite, env: { SUPABASE_SECRET_KEY: fresh.lite.secretKey } }), { until: () => fresh.db.isDrained() });
  assert.deepEqual(await fresh.db.statuses(), { completed: 2 });
});

end();

/** A copy of the database on the same server, or what its dump as SQL makes with these options, and an API before it. */
async function copyOf(stack: Stack, name: string, ...options: string[]) {
  const { postgres } = stack;
  const admin = await connect(postgres.urlOf("template1", "supabase_admin"), { max: 1 });
  if (options.length === 0) {
    // Only a database to which nobody is connected can be a template; who was connects anew.
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = 'postgres'`;
    await admin.unsafe(`create database ${name} template postgres`);
  } else {
    await admin.unsafe(`create database ${name} template template0`);
  }
  await admin.end({ timeout: 1 });
  const url = postgres.urlOf(name, "supabase_admin");
  if (options.length > 0) {
    const folder = tempFolder("copy");
    const file = path.join(folder.path, "dump.sql");
    for (const [program, args] of [["pg_dump", [...options, "--file", file, postgres.adminUrl]], ["psql", ["-Xq", "-v", "ON_ERROR_STOP=1", "-f", file, url]]] as const) {
      const run = spawnSync(path.join(postgres.bin, program), args, { encoding: "utf8" });
      assert.equal(run.status, 0, run.stderr);
    }
    folder.remove();
  }
  const lite = await startLite({ driver: "postgres", databaseUrl: postgres.urlOf(name), migrate: false });
  const sql = await connect(url, { max: 2 });
  return {
    lite,
    db: new Database(sql),
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await lite.stop();
    },
  };
}

/** Host names for the database's API: a proxy that brings every call to it, as a function finds it in its environment. */
async function hostsOf(stack: Stack) {
  const server = http.createServer((incoming, outgoing) => {
    const target = new URL(stack.lite.url);
    const { pathname, search } = new URL(incoming.url ?? "/", target);
    const { host: _, ...headers } = incoming.headers;
    incoming.pipe(http.request({ host: target.hostname, port: target.port, path: pathname + search, method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { port: number };
  return {
    env: { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: "127.0.0.1,localhost" },
    [Symbol.asyncDispose]: async () => {
      await stack.stopStarted();
      server.closeAllConnections?.();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

// `email-queue dev` in an application with migrations and a function of its own, from the packed package, without a network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ROOT, ensureTool, freePort, startProcess, stopAll, tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { startLite } from "../../src/js/local/lite.js";
import { receiver } from "../sandbox/testing.mjs";
import { command, newProject, refuses, write } from "./support/place.mjs";
import { packed } from "./support/packed.mjs";
import { startStandIn } from "./support/stand-in.mjs";

const TIMEOUT = 180_000;

const folder = tempFolder("dev");
const tarball = packed(folder.path);
// Also the leftovers of a failed test, for which the test runner would wait.
after(async () => {
  await stopAll();
  folder.remove();
});

const ORDERS = `create extension if not exists "uuid-ossp" with schema extensions;
create table public.orders (id uuid primary key default uuid_generate_v4(), email text not null);
alter table public.orders enable row level security;
`;
const TRIGGER = `create function public.confirm_order() returns trigger language plpgsql as $$
begin
  perform public.email_queue_enqueue(jsonb_build_object('to', new.email, 'subject', 'Your order', 'content', '<p>Thanks</p>'));
  return new;
end $$;
create trigger confirm after insert on public.orders for each row execute function public.confirm_order();
grant insert on public.orders to service_role;
`;
const FUNCTION = `import { SupabaseQueueProvider } from "email-queue";
const queue = new SupabaseQueueProvider(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!);
Deno.serve(async (request) => {
  const { to } = await request.json();
  const { id } = await queue.enqueue({ type: "email", payload: { to, subject: Deno.env.get("WELCOME")!, content: "<p>Hello</p>" } });
  return Response.json({ id });
});
`;

/** An application that has the package, as a user has it after \`npm install\` and \`email-queue init\`. @param {string} name @param {number} port */
async function application(name, port) {
  const root = newProject(folder, name, {
    "package.json": '{"name": "shop", "private": true, "type": "module"}\n',
    "supabase/config.toml": `project_id = "shop"\n\n[api]\nport = ${port}\n`,
    "supabase/migrations/0001_orders.sql": ORDERS,
    "supabase/functions/welcome/index.ts": FUNCTION,
    "supabase/functions/welcome/deno.json": '{"imports": {"email-queue": "../../../node_modules/email-queue/index.js"}}\n',
    "supabase/functions/.env": "WELCOME=Welcome\n",
  });
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { cwd: root, stdio: "pipe" });
  // As npm would have brought them: Lite into the cache, Deno into node_modules.
  const tools = path.join(root, "node_modules/.cache/email-queue");
  write(path.join(tools, ".gitignore"), "*\n");
  fs.symlinkSync(await ensureTool("lite"), path.join(tools, "lite"));
  fs.symlinkSync(path.join(await ensureTool("deno"), "node_modules/@deno"), path.join(root, "node_modules/@deno"));
  const { code, stderr } = await command(["init", "--yes", "--offline"], { cwd: root, package: packageOf(root) });
  assert.equal(code, 0, stderr);
  write(path.join(root, "supabase/migrations/0003_trigger.sql"), TRIGGER);
  return root;
}

/** @param {string} root */
const packageOf = (root) => path.join(root, "node_modules/email-queue");

/** @param {string} root @param {string[]} [args] @param {Record<string, string>} [env] */
async function dev(root, args = [], env = {}) {
  const running = await startProcess({
    name: "email-queue dev",
    program: process.execPath,
    args: [path.join(packageOf(root), "command/main.js"), "dev", "--json", ...args],
    cwd: root,
    env: { PATH: [path.dirname(process.execPath), "/usr/bin", "/bin"].join(path.delimiter), HOME: path.join(folder.path, "home"), TMPDIR: temporary(root), DO_NOT_TRACK: "1", ...env },
    ready: /^(\{"url".*\})$/m,
    timeout: TIMEOUT,
  });
  return { ...running, at: JSON.parse(running.ready?.[1] ?? "") };
}

/** Its own, so that what is left there is its own. @param {string} root */
function temporary(root) {
  const at = `${root} temporary`;
  fs.mkdirSync(at, { recursive: true });
  return at;
}

/** @param {any} at @param {string} route @param {object} body */
async function post({ url, secretKey }, route, body) {
  const answer = await fetch(url + route, { method: "POST", headers: { apikey: secretKey, "content-type": "application/json" }, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${route} answered ${answer.status}: ${text}`);
  return text;
}

/** @param {any} at @param {string} subject */
const mailWith = ({ mailbox }, subject) =>
  waitFor(async () => (await (await fetch(mailbox)).text()).includes(subject), { timeout: 60_000, what: `the mail "${subject}" in the mailbox` });

/** Interrupts it as Ctrl-C does, and sees that nothing is left. @param {Awaited<ReturnType<typeof dev>>} running @param {string} root */
async function stopsWithoutATrace(running, root) {
  const children = descendants(running.pid);
  assert.ok(children.length >= 2, "the database and the function are processes");
  const { code } = await running.kill("SIGINT");
  assert.equal(code, 0, running.output());
  for (const pid of children) await waitFor(() => !isAlive(pid), { what: `the end of process ${pid}` });
  for (const address of [running.at.url, running.at.mailbox, running.at.function, running.at.templates]) await assert.rejects(fetch(address), address);
  await waitFor(() => fs.readdirSync(temporary(root)).length === 0, { what: "the end of temporary files" });
}

/** @param {number} pid @returns {number[]} */
function descendants(pid) {
  const parents = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      return [[Number(name), Number(/\) . (\d+) /.exec(fs.readFileSync(`/proc/${name}/stat`, "utf8"))?.[1])]];
    } catch {
      return [];
    }
  });
  const children = parents.filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The files of a project but those of its tools. @param {string} root */
const filesOf = (root) => fs.readdirSync(root, { recursive: true }).map(String).filter((name) => !name.startsWith("node_modules")).sort();

test("without Docker: their migrations and their function, to the first mail in the mailbox and its event at their endpoint; twice at once; it leaves nothing", { timeout: 2 * TIMEOUT }, async (t) => {
  const port = await freePort();
  const [one, other] = await Promise.all(["shop one", "shop two"].map((name) => application(name, port)));
  const before = filesOf(one);
  const began = performance.now();
  const hook = await receiver();
  const first = await dev(one, ["--webhook", hook.url], { RESEND_WEBHOOK_SECRET: "whsec_c2VjcmV0" });
  await post(first.at, "/functions/v1/welcome", { to: "new@customer.example" });
  await mailWith(first.at, "Welcome");
  const took = performance.now() - began;
  await waitFor(() => hook.got.some(({ event }) => event.type === "email.delivered"), { what: "the event at the endpoint" });
  assert.equal((await fetch(`${first.at.url}/functions/v1/email-queue-events/resend`, { method: "POST", body: "{}" })).status, 401, "it knows a secret, as the sandbox's does");
  assert.deepEqual(first.at.webhooks, [{ endpoint: hook.url, secret: "whsec_c2VjcmV0" }]);
  const busy = os.loadavg()[0] / os.availableParallelism();
  t.diagnostic(`from start to the first mail in the mailbox: ${(took / 1000).toFixed(1)} s, at a load of ${busy.toFixed(1)} for each processor`);
  assert.match(await (await fetch(first.at.templates)).text(), /auth-signup/);
  assert.equal(new URL(first.at.url).port, String(port), "the port of config.toml, if it is free");

  const second = await dev(other);
  assert.doesNotMatch(second.output(), /supabase status/, "a port that another dev has is not taken for `supabase start`");
  for (const name of /** @type {const} */ (["url", "mailbox", "function", "secretKey"])) assert.notEqual(first.at[name], second.at[name]);
  await post(second.at, "/rest/v1/orders", { email: "buyer@customer.example" });
  await mailWith(second.at, "Your order");
  assert.doesNotMatch(await (await fetch(first.at.mailbox)).text(), /Your order/);
  await stopsWithoutATrace(second, other);
  await stopsWithoutATrace(first, one);
  assert.deepEqual(filesOf(one), before);
});

/** @param {Awaited<ReturnType<typeof dev>>} running @param {RegExp} text */
const says = (running, text) => waitFor(() => text.test(running.output()), { timeout: TIMEOUT, what: `${text} in\n${running.output()}` });

test("it takes up changed migrations and functions, and what has ended, at the same addresses", { timeout: 3 * TIMEOUT }, async () => {
  const root = await application("shop that changes", await freePort());
  const running = await dev(root);
  await post(running.at, "/functions/v1/welcome", { to: "a@customer.example" });

  write(path.join(root, "supabase/functions/.env"), "WELCOME=Bienvenue\n");
  await waitFor(async () => {
    await post(running.at, "/functions/v1/welcome", { to: "a@customer.example" });
    return (await (await fetch(running.at.mailbox)).text()).includes("Bienvenue");
  }, { timeout: TIMEOUT, interval: 1000, what: "the function's new text" });

  write(path.join(root, "supabase/migrations/0004_notes.sql"), "create table public.notes (id int primary key);\ngrant insert on public.notes to service_role;\n");
  write(path.join(root, "supabase/seed.sql"), "insert into public.notes values (1);\n");
  await says(running, /5 migrations|4 migrations, and the seed/);
  await post(running.at, "/rest/v1/notes", { id: 2 });
  await assert.rejects(post(running.at, "/rest/v1/notes", { id: 1 }), /duplicate key/, "the seed was run");
  await post(running.at, "/rest/v1/orders", { email: "after@customer.example" });
  await mailWith(running.at, "Your order");

  write(path.join(root, "supabase/migrations/0005_broken.sql"), "create extension pg_cron;\n");
  await says(running, /supabase\/migrations\/0005_broken\.sql cannot be applied to Supabase Lite: .*pg_cron.*The one before goes on/);
  await post(running.at, "/rest/v1/notes", { id: 3 });
  fs.rmSync(path.join(root, "supabase/migrations/0005_broken.sql"));
  await says(running, /made anew[^]*made anew[^]*4 migrations, and the seed/);

  fs.appendFileSync(path.join(root, "supabase/functions/process-email-queue/index.ts"), "// changed\n");
  await says(running, /the files of process-email-queue have changed: it was started anew/);
  fs.appendFileSync(path.join(root, "supabase/functions/email-queue-events/index.ts"), "// changed\n");
  await says(running, /the files of email-queue-events have changed: it was started anew/);
  for (const [what, mark] of [["lite-server.js", /it has ended, and is started again/], ["process-email-queue/index.ts", /the function has ended, and is started again/]]) {
    const found = descendants(running.pid).find((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(String(what)));
    process.kill(Number(found), "SIGKILL");
    await says(running, /** @type {RegExp} */ (mark));
  }
  await waitFor(() => post(running.at, "/rest/v1/orders", { email: "last@customer.example" }).then(() => true, () => false), { timeout: TIMEOUT, what: "the database" });
  await waitFor(async () => (await (await fetch(running.at.mailbox)).text()).includes("last@customer.example"), { timeout: TIMEOUT, what: "the last mail" });
  await stopsWithoutATrace(running, root);
});

test("a migration that Lite cannot apply is named, and may be left out", { timeout: TIMEOUT }, async () => {
  const root = await application("shop with cron", await freePort());
  write(path.join(root, "supabase/migrations/0004_cron.sql"), "create extension pg_cron;\n");
  await refuses(root, ["dev"], /supabase\/migrations\/0004_cron\.sql cannot be applied to Supabase Lite: extension "pg_cron" is not available.*\n.*--without 0004_cron\.sql/, { package: packageOf(root) });
  await refuses(root, ["dev", "--webhook", "nonsense"], /--webhook: nonsense is no address\n.*http:\/\/127\.0\.0\.1/, { package: packageOf(root) });
  await refuses(root, ["dev", "--without", "0009_other.sql"], /--without: 0009_other\.sql is not in supabase\/migrations/, { package: packageOf(root) });
  await stopsWithoutATrace(await dev(root, ["--without", "0004_cron.sql"]), root);
});

test("scripts/dev is the same command, in this repository", { timeout: TIMEOUT }, async () => {
  const running = await startProcess({ name: "scripts/dev", program: path.join(ROOT, "scripts/dev"), args: [], ready: /mailbox +(http\S+)\/[^]*SUPABASE_URL='(http[^']+)'[^]*Run the queue now/, timeout: TIMEOUT });
  const [, mailbox, url] = running.ready ?? [];
  assert.equal((await running.kill("SIGINT")).code, 0);
  for (const address of [mailbox, url]) await assert.rejects(fetch(String(address)));
});

test("a project without the queue is told how to get it", async () => {
  await refuses(newProject(folder, "empty"), ["dev"], /the queue is not in .*empty\n.*email-queue init/);
});

test("beside a running `supabase start` it uses that database, also after a reset", { timeout: 2 * TIMEOUT }, async () => {
  const standIn = await startStandIn(folder.path);
  const root = await application("shop with docker", standIn.port);
  const start = async () => {
    const files = fs.readdirSync(path.join(root, "supabase/migrations")).sort().map((file) => path.join(root, "supabase/migrations", file));
    const lite = await startLite({ tool: await ensureTool("lite"), migrations: files, keys: standIn.keys });
    standIn.target = lite.url;
    return lite;
  };
  const lite = await start();
  const env = { PATH: [standIn.bin, path.dirname(process.execPath), "/usr/bin", "/bin"].join(path.delimiter) };
  const running = await dev(root, [], env);
  assert.deepEqual([running.at.url, running.at.secretKey], [standIn.url, standIn.keys.secret]);
  await post(running.at, "/rest/v1/orders", { email: "one@customer.example" });
  await mailWith(running.at, "one@customer.example");

  standIn.target = null;
  await lite.stop();
  await says(running, /✗ .*answered 502/);
  const again = await start();
  await says(running, /it works again/);
  await post(running.at, "/rest/v1/orders", { email: "two@customer.example" });
  await mailWith(running.at, "two@customer.example");
  const { code } = await running.kill("SIGINT");
  assert.equal(code, 0);
  assert.equal((await again.rpc("email_queue_configure")).default_sender, "Dev <dev@dev.example>");

  // Nothing of this project's is running: the port is somebody else's.
  standIn.running = false;
  const lonely = await dev(root, [], env);
  assert.notEqual(lonely.at.url, standIn.url);
  assert.match(lonely.output(), /does not know this project as running/);
  await stopsWithoutATrace(lonely, root);
  await again.stop();
  await standIn.stop();
});

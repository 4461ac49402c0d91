// A caller that sends nonsense, hangs up, or never ends must not be felt by anybody else. The callers here have the secret,
// and write bytes: no HTTP client would send these.
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { mails } from "./support/database.ts";
import { type Fn, type Run, type Stack, waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("callers");

const EDGE = new URL("support/edge.ts", import.meta.url).pathname;
const RUDE = new URL("support/rude_runtime.ts", import.meta.url).pathname;

const text = new TextEncoder();
const A_CHUNK = text.encode(`10000\r\n${"x".repeat(0x10000)}\r\n`);

/** What a caller does after its head. `signal` is aborted when the others have been served. */
type Body = (connection: Deno.TcpConn, signal: AbortSignal) => Promise<unknown>;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const write = async (connection: Deno.TcpConn, bytes: string | Uint8Array) => {
  const all = typeof bytes === "string" ? text.encode(bytes) : bytes;
  for (let at = 0; at < all.length;) at += await connection.write(all.subarray(at));
};
const nothing: Body = () => Promise.resolve();
const sends = (bytes: string): Body => (connection) => write(connection, bytes);
const over = (bytes: () => Uint8Array, wait = 0): Body => async (connection, signal) => {
  while (!signal.aborted) {
    await write(connection, bytes());
    if (wait) await pause(wait);
  }
};

const LENGTH = "Content-Length: 100\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const CALLERS: Record<string, { head: string; body: Body; hangsUp?: boolean }> = {
  "a body that breaks off": { head: LENGTH, body: sends("ab"), hangsUp: true },
  "a body that does not come": { head: LENGTH, body: nothing },
  "a caller that waits for 100 and hangs up": { head: `${LENGTH}Expect: 100-continue\r\n`, body: nothing, hangsUp: true },
  "a caller that hangs up before its answer": { head: "Content-Length: 0\r\n", body: nothing, hangsUp: true },
  "a chunk that breaks off": { head: CHUNKED, body: sends("5\r\nab"), hangsUp: true },
  "chunks that are none": { head: CHUNKED, body: sends("2\r\nab\r\nzz\r\n") },
  "a body that drips": { head: LENGTH.replace("100", "1000000"), body: over(() => text.encode("x"), 20) },
  "a body without end": { head: CHUNKED, body: over(() => A_CHUNK) },
  "a body that is no gzip": { head: `Content-Encoding: gzip\r\nContent-Length: 2\r\n`, body: sends("ab") },
  "two lengths": { head: `${LENGTH}${CHUNKED}`, body: sends("0\r\n\r\n") },
  "a header without end": { head: `X-Long: ${"x".repeat(1_000_000)}\r\n`, body: nothing },
  "bytes that are no text": { head: "Prefer: \u00ff\u00fe\r\n", body: nothing },
};

/** Calls, and does not read: resolves once the connection is closed, by whom ever. */
async function call(fn: Fn, { head, body, hangsUp }: (typeof CALLERS)[string], signal: AbortSignal, more = "", method = "POST"): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(fn.url).port) });
  try {
    await write(connection, `${method} /process-email-queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${fn.secret}\r\n${more}${head}\r\n`);
    await body(connection, signal);
    if (hangsUp) await pause(100);
    else if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } catch (error) {
    // The function may hang up first.
    if (signal.aborted || ["BrokenPipe", "ConnectionReset", "ConnectionAborted"].includes((error as Error).name)) return;
    throw error;
  } finally {
    connection.close();
  }
}

const peakMegabytes = (pid: number): number => {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
};

/** A run is sending for somebody else, `meanwhile` happens, and another run follows: both do all of their work. */
async function undisturbed(stack: Stack, fn: Fn, meanwhile: () => Promise<unknown>): Promise<void> {
  await stack.reset({ keepRunning: true });
  const ids = await stack.db.enqueue(mails(20));
  await stack.provider.fault({ action: "delay", delayMs: 400 });
  const first: Promise<Run> = fn.invoke();
  await waitFor(() => stack.provider.state({ brief: true }).inFlight === 1, { interval: 5, what: "the run to send" });
  const more = await stack.db.enqueue(mails(10));
  await meanwhile();
  const [one, two] = await Promise.all([first, fn.invoke()]);
  assert.deepEqual([one.stopped, one.lost, two.stopped, two.lost], ["empty", 0, "empty", 0]);
  await assertEachOnce(stack, [...ids, ...more]);
  assert.doesNotMatch(fn.output(), /email_queue_broken/);
}

for (const [entry, more] of [[undefined, ""], [EDGE, "Prefer: respond-async\r\n"]]) {
  test(`nobody feels a caller that misbehaves${entry ? " and does not wait, where no error events are" : ""}`, async (stack) => {
    const fn = await stack.function({ entry });
    for (const [name, caller] of Object.entries(CALLERS)) {
      const rude = new AbortController();
      let called: Promise<unknown> = Promise.resolve();
      try {
        await undisturbed(stack, fn, async () => {
          called = Promise.all([call(fn, caller, rude.signal, more), call(fn, caller, rude.signal, more, "GET")]);
          await pause(150);
        });
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
      } finally {
        rude.abort();
        await called;
      }
    }
    if (Deno.build.os === "linux") {
      const peak = peakMegabytes(fn.pid);
      assert(peak < 256, `it took ${peak} MB: bodies are held`);
    }
  });
}

test("what comes of a broken connection is that request's fault, not the module's", async (stack) => {
  const fn = await stack.function({ entry: RUDE });
  const as = (connection: string) => fn.request({ headers: { authorization: `Bearer ${fn.secret}`, "x-test-connection": connection } });
  await undisturbed(stack, fn, async () => {
    const answer = await as("headers");
    assert.deepEqual([answer.status, answer.body.code], [400, "bad_request"]);
  });
  let called: Promise<{ status: number }> | undefined;
  await undisturbed(stack, fn, async () => {
    called = as("rejection");
    await waitFor(() => /email_queue_stray_error/.test(fn.output()), { what: "the line in the log" });
  });
  assert.equal((await called)?.status, 200, "even its own run goes on");
});

/** Announces a body, and reads the answer without sending it: one who is sent an answer while he writes may lose it. */
async function announce(fn: Fn, length: number, secret = fn.secret): Promise<{ status: number; code?: string }> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(fn.url).port) });
  await write(connection, `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: ${length}\r\n\r\n`);
  let answer = "";
  const bytes = new Uint8Array(0x10000);
  while (!answer.endsWith("}")) {
    const count = await connection.read(bytes);
    if (count === null) break;
    answer += new TextDecoder().decode(bytes.subarray(0, count));
  }
  return { status: Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]), code: /"code":"(\w+)"/.exec(answer)?.[1] };
}

test("a body that is announced too large is refused, and no run starts for it", async (stack) => {
  const [id] = await stack.db.enqueue(mails(1));
  const fn = await stack.function();
  assert.deepEqual(await announce(fn, 2 ** 20 + 1), { status: 413, code: "too_large" });
  assert.equal((await stack.db.row(id)).status, "pending");
  assert.equal((await announce(fn, 2 ** 20 + 1, "nobody's")).status, 401, "only those who are let in are told so");
  assert.equal((await announce(fn, 2 ** 20)).status, 200);
});

test("it listens on 127.0.0.1 alone unless told otherwise, and says where", async (stack) => {
  const elsewhere = Object.values(networkInterfaces()).flat().filter((one) => one?.family === "IPv4" && !one.internal).map((one) => one!.address);
  const reaches = async (hostname: string, fn: Fn) => {
    try {
      (await Deno.connect({ hostname, port: Number(new URL(fn.url).port) })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  };
  for (const EMAIL_QUEUE_HOST of [undefined, "", "0.0.0.0"]) {
    const fn = await stack.function({ env: { EMAIL_QUEUE_HOST } });
    const port = new URL(fn.url).port;
    assert.match(fn.output(), new RegExp(`listens on http://${EMAIL_QUEUE_HOST || "127\\.0\\.0\\.1"}:${port}$`, "m"));
    // 127.0.0.2 is this machine too, and none that it listens on.
    for (const address of [...elsewhere, ...(Deno.build.os === "linux" ? ["127.0.0.2"] : [])]) {
      assert.equal(await reaches(address, fn), EMAIL_QUEUE_HOST === "0.0.0.0", `${address}, ${EMAIL_QUEUE_HOST}`);
    }
  }
});

end();

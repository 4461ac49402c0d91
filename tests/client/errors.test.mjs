// What can go wrong between an application and its project: each fault has a code of its own, and says what to do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { freePort, startLite } from "../../scripts/lib/stack.mjs";
import { InMemoryQueueProvider, QueueError, SupabaseQueueProvider } from "../../pkg/index.js";
import { ID, KEY, answering, serving } from "./serving.mjs";

const RECIPIENT = "recipient-mark@customer.example";

/**
 * An enqueue fails so, and nothing private is in the error.
 * @param {string} url @param {string} key @param {{code: string, retryable: boolean, says: RegExp, field?: string}} expected
 */
async function fails(url, key, { code, retryable, says, field }, options = { timeoutSeconds: 60 }) {
  const queue = new SupabaseQueueProvider(url, key, options);
  const payload = { from: "shop@example.com", to: RECIPIENT, subject: "S", text: "T" };
  await assert.rejects(queue.enqueue({ payload }), (error) => {
    assert(error instanceof QueueError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.retryable, error.field], ["QueueError", code, retryable, field], inspect(error));
    assert.match(error.message, says);
    const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.stack;
    for (const secret of [key, RECIPIENT, new URL(url).host]) assert(!shown.includes(secret), `${secret} is in ${shown}`);
    return true;
  });
}

test("a wrong key", async () => {
  const lite = await startLite();
  try {
    await fails(lite.url, KEY, { code: "unauthorized", retryable: false, says: /use a secret key of this project/ });
  } finally {
    await lite.stop();
  }
});

test("migrations that are not applied", async () => {
  const lite = await startLite({ migrate: false });
  try {
    await fails(lite.url, lite.secretKey, { code: "not_installed", retryable: false, says: /apply the migrations/ });
  } finally {
    await lite.stop();
  }
});

test("a host that cannot be reached", async () => {
  await fails(`http://127.0.0.1:${await freePort()}`, KEY, { code: "unreachable", retryable: true, says: /check its URL and the network/ });
});

test("a connection that is cut", async () => {
  await fails(await serving((response) => response.destroy()), KEY, { code: "unreachable", retryable: true, says: /check its URL and the network/ });
});

test("no answer in time", async () => {
  const options = { timeoutSeconds: 0.2 };
  await fails(await serving(() => {}), KEY, { code: "timeout", retryable: true, says: /within 0\.2 s; it may have been carried out: repeat it/ }, options);
});

test("an answer that stops half-way", async () => {
  const url = await serving((response) => response.writeHead(200, { "content-length": "1000" }).write("["));
  await fails(url, KEY, { code: "timeout", retryable: true, says: /may have been carried out/ }, { timeoutSeconds: 0.2 });
});

for (const [what, status, body, expected] of /** @type {[string, number, unknown, Parameters<typeof fails>[2]][]} */ ([
  ["a PostgREST error", 400, { code: "22P02", message: `invalid input for ${RECIPIENT}` }, { code: "database", retryable: false, says: /failed \(22P02\)/ }],
  ["a database without connections", 503, { code: "PGRST003", message: "timed out" }, { code: "unavailable", retryable: true, says: /the database is busy \(PGRST003\)/ }],
  ["a statement that was cancelled", 500, { code: "57014", message: "canceling statement" }, { code: "unavailable", retryable: true, says: /busy \(57014\)/ }],
  ["a gateway in trouble", 502, "<html>bad gateway</html>", { code: "unavailable", retryable: true, says: /answered 502/ }],
  ["an answer that cannot be read", 200, "<html>hello</html>", { code: "unexpected", retryable: false, says: /cannot be read/ }],
])) {
  test(what, async () => await fails(await answering(status, body), KEY, expected));
}

test("nothing is kept of an answer: Next.js would give it to later calls", async () => {
  const seen = [];
  const real = globalThis.fetch;
  const url = await answering(200, "null");
  globalThis.fetch = (url, init) => {
    const request = new Request(url, init);
    seen.push([request.cache, request.redirect]);
    return real(request);
  };
  try {
    assert.equal(await new SupabaseQueueProvider(url, KEY).getMessage(ID), null);
  } finally {
    globalThis.fetch = real;
  }
  assert.deepEqual(seen, [["no-store", "manual"]]);
});

test("one row that no double holds does not keep a page from being read", async () => {
  const digits = "9".repeat(400);
  const row = (metadata) => `{"id": "${ID}", "type": "report", "status": "failed", "payload": {"n": ${metadata}}, "priority": 2, "run_at": "2026-01-01T00:00:00+00:00",
    "attempts": 1, "max_attempts": 3, "metadata": ${metadata}, "created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00"}`;
  const url = await answering(200, `[${row(`{"n": ${digits}}`)}, ${row('{"n": 7}')}]`);
  const queue = new SupabaseQueueProvider(url, KEY);
  for (const page of [await queue.listDeadLetters(), await queue.getMessagesByStatus("failed")]) {
    assert.deepEqual(page.map(({ metadata }) => metadata.n), [digits, 7]);
  }
});

test("where no WebAssembly can be compiled the error says so, and that nothing was sent", async () => {
  const { Module } = WebAssembly;
  const again = "../../pkg/index.js?fresh";
  const fresh = await import(again);
  WebAssembly.Module = /** @type {any} */ (class {
    constructor() {
      throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
    }
  });
  try {
    for (const open of [() => new fresh.InMemoryQueueProvider(), () => new fresh.SupabaseQueueProvider("https://abc.supabase.co", KEY)]) {
      assert.throws(open, { name: "QueueError", code: "unexpected", retryable: false, message: /compiles no WebAssembly from bytes, so nothing was sent and nothing was stored.*workerd/ });
    }
  } finally {
    WebAssembly.Module = Module;
  }
});

test("a redirect is not followed: the key would go along", async () => {
  let calls = 0;
  const elsewhere = await serving((response) => response.end(JSON.stringify([{ id: ID, created: true, calls: calls++ }])));
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await serving((response) => response.writeHead(status, { location: `${elsewhere}/rest/v1/rpc/x` }).end());
    await fails(url, KEY, { code: "invalid_input", retryable: false, field: "url", says: /^url: must be the project's own address.*redirects/ });
  }
  assert.equal(calls, 0);
});

test("a schema that is not exposed names the setting", async () => {
  const url = await answering(406, { code: "PGRST106", message: "Invalid schema: public" });
  await fails(url, KEY, { code: "not_exposed", retryable: false, says: /Exposed schemas must contain public/ });
});

test("the calls are for the schema public, whichever comes first", async () => {
  const profiles = [];
  const url = await serving((response, request) => {
    profiles.push(request.headers["content-profile"]);
    response.end(JSON.stringify([{ id: ID, created: true }]));
  });
  const queue = new SupabaseQueueProvider(url, KEY);
  await queue.enqueue({ payload: { from: "shop@example.com", to: RECIPIENT, subject: "S", text: "T" } });
  assert.deepEqual(profiles, ["public"]);
});

test("a database that is read-only is in trouble", async () => {
  const url = await answering(405, { code: "25006", message: "cannot execute INSERT in a read-only transaction" });
  await fails(url, KEY, { code: "unavailable", retryable: true, says: /read-only \(25006\)/ });
});

test("no more is read of an answer than a claim can hold", async () => {
  let sent = 0;
  const url = await serving((response) => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const more = () => {
      while (!response.destroyed && sent < 300 * chunk.length) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  await fails(url, KEY, { code: "unexpected", retryable: false, says: /larger than 64 MiB: ask for fewer messages/ }, { timeoutSeconds: 60 });
  assert(sent < 100 * 1024 * 1024, `${sent} bytes were sent`);
});

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { startCountingProxy } from "./proxy.mjs";

/** @type {import("node:http").Server} */
let target;
let seen = 0;
before(async () => {
  target = createServer(async (request, response) => {
    seen += 1;
    let body = "";
    for await (const chunk of request) body += chunk;
    response.writeHead(201, { "x-answer": "yes", "content-type": "application/json" });
    response.end(JSON.stringify({ method: request.method, url: request.url, key: request.headers["idempotency-key"], body }));
  });
  await new Promise((resolve) => target.listen(0, "127.0.0.1", () => resolve(undefined)));
});
after(() => target.close());

/** @param {Parameters<typeof startCountingProxy>[1]} [options] */
const start = (options) => startCountingProxy(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (target.address()).port}`, options);

const post = (/** @type {string} */ url) => fetch(`${url}/a?b=c`, { method: "POST", headers: { "idempotency-key": "k", connection: "close" }, body: "hello" });

test("a call passes unchanged and is counted", async () => {
  const proxy = await start();
  const answer = await post(proxy.url);
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get("x-answer"), "yes");
  assert.deepEqual(await answer.json(), { method: "POST", url: "/a?b=c", key: "k", body: "hello" });
  assert.equal(proxy.count(), 1);
  const [{ method, path, status, requestBytes }] = proxy.log();
  assert.deepEqual({ method, path, status, requestBytes }, { method: "POST", path: "/a?b=c", status: 201, requestBytes: 5 });
  await proxy.stop();
});

test("a call can be lost before or after the target has it, or be answered in its place", async () => {
  const faults = ["lose-request", "lose-answer", { status: 503, body: "no" }];
  const proxy = await start({ fault: ({ index }) => /** @type {any} */ (faults[index]) });
  const before = seen;
  await assert.rejects(post(proxy.url));
  assert.equal(seen, before);
  await assert.rejects(post(proxy.url));
  assert.equal(seen, before + 1);
  const answer = await post(proxy.url);
  assert.deepEqual([answer.status, await answer.text(), seen], [503, "no", before + 1]);
  assert.equal((await post(proxy.url)).status, 201);
  assert.deepEqual(proxy.log().map(({ status }) => status), [null, null, 503, 201]);
  await proxy.stop();
});

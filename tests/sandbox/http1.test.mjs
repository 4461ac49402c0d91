// The HTTP server itself, byte by byte, and where it listens.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { email, open, until } from "./testing.mjs";

const { port, state, fault, hasty } = await open();
const body = JSON.stringify(email());
const HEAD = "POST /emails HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer re_1\r\nUser-Agent: raw\r\n";

/** Sends the parts one after another and reads until `answers` answers are there or the end. */
async function raw(parts, answers = 1) {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  let ended = false;
  socket.on("data", (data) => received += data);
  socket.on("close", () => ended = true);
  for (const part of parts) {
    await new Promise((resolve) => socket.write(part, resolve));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => ended || received.split("HTTP/1.1 ").length > answers);
  socket.destroy();
  return { received, ended };
}

test("a request in pieces, one byte at a time around the head's end", async () => {
  const whole = `${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const at = whole.indexOf("\r\n\r\n");
  const { received } = await raw([whole.slice(0, at), ...whole.slice(at, at + 6), whole.slice(at + 6)]);
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
});
test("chunks, with extensions and trailers, split anywhere", async () => {
  const middle = 7;
  const chunked = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${middle.toString(16)};a=b\r\n${body.slice(0, middle)}\r\n` +
    `${(body.length - middle).toString(16)}\r\n${body.slice(middle)}\r\n0\r\n`;
  for (const end of ["\r\n", "X-Trailer: 1\r\n\r\n"]) {
    const { received } = await raw([...`${chunked}${end}`.match(/[^]{1,40}/g)]);
    assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
  }
});
test("pipelined requests are answered in order on one connection", async () => {
  const get = (id) => `GET /${id} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer re_1\r\nUser-Agent: raw\r\n\r\n`;
  const { received, ended } = await raw([get("domains") + get("nothing") + get("domains")], 3);
  assert.deepEqual([...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status), ["200", "404", "200"]);
  assert.equal(ended, false);
});
test("Connection: close closes, and Expect: 100-continue is answered", async () => {
  const { received, ended } = await raw([`${HEAD}Expect: 100-continue\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`, body], 9);
  assert.match(received, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  assert.equal(ended, true);
});
test("what follows a refusal is not kept", async () => {
  const held = () => process.memoryUsage().arrayBuffers;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  socket.on("data", () => {});
  await new Promise((resolve) => socket.write("nonsense\r\n\r\n", resolve));
  const before = held();
  const megabyte = Buffer.alloc(2 ** 20);
  for (let sent = 0; sent < 64 && !socket.destroyed; sent++) await Promise.race([new Promise((resolve) => socket.write(megabyte, resolve)), new Promise((resolve) => socket.once("close", resolve))]);
  const kept = (held() - before) / 2 ** 20;
  socket.destroy();
  assert.ok(kept < 32, `${kept} MB are kept`);
});
test("what is not HTTP is refused and the connection closed", async () => {
  for (const nonsense of ["nonsense\r\n\r\n", "GET // HTTP/1.1\r\n\r\n", `${HEAD}Content-Length: x\r\n\r\n`, `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, `X: ${"y".repeat(70_000)}`]) {
    const { received, ended } = await raw([nonsense], 9);
    assert.match(received, /^HTTP\/1\.1 400 /, nonsense.slice(0, 40));
    assert.equal(ended, true);
  }
  const { received } = await raw([`${HEAD}Content-Length: 99999999999\r\n\r\n`], 9);
  assert.match(received, /^HTTP\/1\.1 413 /);
});
test("a name that is not this machine's cannot read the mailbox or a list of mails, but may send", async () => {
  const get = (path) => `GET ${path} HTTP/1.1\r\nHost: evil.example.com\r\nAuthorization: Bearer re_1\r\nUser-Agent: raw\r\n\r\n`;
  for (const path of ["/", "/_sandbox/emails", "/mailbox/x", "/emails", "/logs", "/webhooks", "/suppressions", "/usage"]) assert.match((await raw([get(path)])).received, /^HTTP\/1\.1 403 /);
  assert.match((await raw([get("/domains")])).received, /^HTTP\/1\.1 200 /);
  assert.match((await raw([get("/emails/x").replace("GET", "POST")])).received, /^HTTP\/1\.1 403 /);
  assert.match((await raw([get("/emails").replace("GET", "POST")])).received, /^HTTP\/1\.1 400 /);
});
test("a client that leaves is noticed: its answer counts as lost", async () => {
  await fault({ action: "delay", delayMs: 700 });
  const { lost, accepted } = await state();
  assert.equal(await hasty(email(), "leaver", 250), "gave up");
  await until(async () => (await state()).lost === lost + 1);
  assert.equal((await state()).accepted, accepted + 1);
});
test("it listens on the loopback address only", async () => {
  const others = Object.values(networkInterfaces()).flat().filter((address) => address && !address.internal && address.family === "IPv4");
  for (const { address } of others) {
    const outcome = await new Promise((resolve) => connect(port, address).once("connect", () => resolve("open")).once("error", () => resolve("refused")));
    assert.equal(outcome, "refused", address);
  }
});

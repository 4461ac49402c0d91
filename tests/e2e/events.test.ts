// The door of a provider's reports: who is let in, what reaches the database, and what the provider is told. The provider repeats
// whatever is not answered with 2xx, and gives an endpoint up that keeps failing.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { waitFor } from "../../scripts/lib/stack.mjs";
import { event, FakeApi, KEY, now, OTHER, recording, SECRET, sign, TestDoor } from "./support/door.ts";

const LIMIT = 256 * 1024;

function test(name: string, body: (door: TestDoor, api: FakeApi) => Promise<void>, options: { env?: Record<string, string | undefined>; entry?: string } = {}) {
  Deno.test({
    name: `events: ${name}`,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const api = new FakeApi();
      const door = await TestDoor.start(api, options);
      try {
        await body(door, api);
        const output = door.output();
        assert.doesNotMatch(output, /email_queue_broken|email_queue_stray_error/);
        for (const secret of [SECRET, OTHER, KEY, "private-subject"]) assert(!output.includes(secret), `${secret} is in the output`);
        assert.doesNotMatch(output, /[\w.+-]+@[\w-]+\.\w+/);
      } catch (error) {
        console.error(`The function's last lines:\n${door.output().split("\n").slice(-15).join("\n")}`);
        throw error;
      } finally {
        await door.stop();
        await api.stop();
      }
    },
  });
}

test("a signed event reaches the database as the contract says", async (door, api) => {
  const sent = event("email.bounced", { bounce: { type: "Permanent", subType: "General", message: "no such user" } });
  const answer = await door.send({ id: "msg_1", body: JSON.stringify(sent) });
  assert.deepEqual([answer.status, answer.body], [200, { results: [{ id: "msg_1", result: "recorded" }] }]);
  const [call] = api.calls;
  assert.equal(call.path, "/rest/v1/rpc/email_queue_record_events");
  assert.deepEqual(["apikey", "content-profile", "content-type"].map((name) => call.headers.get(name)), [KEY, "public", "application/json"]);
  const [message_id, mark] = sent.data.tags.message_id.split("_");
  assert.deepEqual(call.arguments, {
    p_events: [{
      id: "msg_1",
      type: "email.bounced",
      occurred_at: sent.created_at,
      provider_message_id: sent.data.email_id,
      message_id,
      mark,
      recipients: ["ann@private.example"],
      detail: { type: "Permanent", subtype: "General", text: "no such user" },
    }],
    p_refused: 0,
  });
});

test("whatever is signed is answered with 2xx", async (door, api) => {
  api.answer = ({ arguments: { p_events } }) => Response.json({ results: p_events.map(({ id }) => ({ id, result: "foreign", reason: "no such message" })) });
  assert.deepEqual(await results(door.send({ id: "msg_1" })), [200, { id: "msg_1", result: "foreign", reason: "no such message" }]);
  for (const body of ["", "{", "[]", "null", "7", "<html>", '{"type":7}', "\u0000"]) {
    const [status, { result }] = await results(door.send({ body }));
    assert.deepEqual([status, result], [200, "ignored"], body);
  }
  assert.equal(api.calls.length, 1, "what is no event does not reach the database");
  for (const body of ['{"type":"unheard.of"}', '{"type":"domain.updated","data":{"name":"a.example"}}', JSON.stringify(event("email.x", { to: [] }))]) {
    assert.equal((await door.send({ body, headers: { "content-type": "text/plain" } })).status, 200, body);
  }
});

const results = async (sent: ReturnType<TestDoor["send"]>) => {
  const { status, body } = await sent;
  return [status, body.results?.[0]] as const;
};

test("nobody is let in without a signature of the secret", async (door, api) => {
  const [id, at, body] = ["msg_1", now(), JSON.stringify(event())];
  const right = sign(SECRET, id, at, body);
  const code = async (sent: Parameters<TestDoor["send"]>[0]) => {
    const answer = await door.send({ id, at, body, ...sent });
    return [answer.status, answer.body.code];
  };
  assert.deepEqual(await code({ secret: OTHER }), [401, "signature"]);
  assert.deepEqual(await code({ signature: right, body: body.replace("delivered", "bounced") }), [401, "signature"]);
  assert.deepEqual(await code({ signature: right, id: "msg_2" }), [401, "signature"]);
  for (const header of ["svix-id", "svix-timestamp", "svix-signature"]) {
    assert.deepEqual(await code({ headers: { [header]: "" } }), [401, "unsigned"]);
    assert.equal((await door.send({ headers: { [header]: "" } })).body.error, `the header ${header} is missing`);
  }
  for (const signature of [right.replace("v1,", "v2,"), "v1,AAAA"]) assert.deepEqual(await code({ signature }), [401, "unsigned"]);
  for (const seconds of [-310, 310]) assert.deepEqual(await code({ at: at + seconds }), [401, "timestamp"]);
  assert.equal(api.events().length, 0);
  assert.deepEqual((await door.send({ id, at, body })).status, 200);
});

test("while a secret is changed both are taken, and a request may have several signatures", async (door) => {
  for (const secret of [SECRET, OTHER, [OTHER, SECRET]]) assert.equal((await door.send({ secret })).status, 200);
  const neither = `whsec_${Buffer.from("a third key of the tests, that is").toString("base64")}`;
  assert.equal((await door.send({ secret: neither })).status, 401);
  assert.equal((await door.send({ secret: [neither, OTHER] })).status, 200);
}, { env: { RESEND_WEBHOOK_SECRET: `${SECRET},${OTHER}` } });

test("wrong signatures are counted in the database, at once and then every ten seconds", async (door, api) => {
  await door.send({ secret: OTHER });
  await waitFor(() => api.refused() === 1, { what: "the first report" });
  for (let n = 0; n < 5; n++) await door.send({ secret: OTHER });
  await waitFor(() => api.refused() === 6, { what: "the second report" });
  assert.equal(api.calls.length, 2);
  assert.deepEqual(api.events(), []);
});

test("a method, an address or a length that cannot be right is refused before anything is read", async (door, api) => {
  assert.equal((await door.send({ method: "GET" })).status, 405);
  assert.equal((await door.send({ method: "PUT" })).headers.get("allow"), "POST");
  for (const path of ["/email-queue-events", "/email-queue-events/another"]) assert.equal((await door.send({ path })).status, 404);
  for (const path of ["/resend", "/functions/v1/mine/resend/", "/x/resend?a=b"]) assert.equal((await door.send({ path })).status, 200, path);
  const large = await door.send({ body: "x".repeat(LIMIT + 1) });
  assert.deepEqual([large.status, large.body.code], [413, "too_large"]);
  assert.equal(api.events().length, 3);
});

/** In pieces, so that no length is announced. */
const streamed = (bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, 0x10000);
      if (size === 0) return controller.close();
      left -= size;
      controller.enqueue(new Uint8Array(size).fill(0x20));
    },
  });
};

test("a body is read up to 256 KB, announced or not", async (door) => {
  const whole = JSON.stringify(event("email.delivered", { more: "x".repeat(LIMIT - 2000) }));
  assert.equal((await door.send({ body: whole })).status, 200);
  const [status, { result }] = await results(door.send({ body: streamed(LIMIT), signed: " ".repeat(LIMIT) }));
  assert.deepEqual([status, result], [200, "ignored"]);
  const more = await door.send({ body: streamed(LIMIT + 1), signed: " " });
  assert.deepEqual([more.status, more.body.code], [413, "too_large"]);
});

test("a body that breaks off, drips or does not come harms nobody", async (door, api) => {
  const port = Number(new URL(door.url()).port);
  const well = `v1,${"A".repeat(43)}=`;
  const head = (length: number, signature = well) => `POST /email-queue-events/resend HTTP/1.1\r\nHost: x\r\nsvix-id: msg_slow\r\nsvix-timestamp: ${now()}\r\nsvix-signature: ${signature}\r\nContent-Length: ${length}\r\n\r\n`;
  const write = async (text: string) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(text));
    return connection;
  };
  for (let n = 0; n < 20; n++) (await write(`${head(100)}ab`)).close();
  const slow = await write(`${head(100)}ab`);
  const began = Date.now();
  assert.equal((await door.send()).status, 200);
  const answer = new Uint8Array(4096);
  const read = await slow.read(answer);
  assert.match(new TextDecoder().decode(answer.subarray(0, read ?? 0)), /^HTTP\/1\.1 408 /);
  assert(Date.now() - began < 15_000);
  slow.close();
  // What no body could make right takes no place.
  const answered = async (connection: Deno.Conn) => new TextDecoder().decode(answer.subarray(0, (await connection.read(answer)) ?? 0));
  const junk = await write(`${head(100, "v1,AAAA")}ab`);
  assert.match(await answered(junk), /^HTTP\/1\.1 401 /);
  junk.close();
  // Who holds places for long holds half of them: the other half is free again after half a second.
  const held = await Promise.all(Array.from({ length: 128 }, () => write(`${head(100)}ab`)));
  await waitFor(async () => (await door.send()).status === 200, { timeout: 4000, what: "a place" });
  // The function may only now read the last of the heads, and then it notes that their connections are closed.
  for (const connection of held) connection.close();
  await waitFor(async () => (await door.send()).status === 200, { timeout: 20_000, what: "a place after the connections were closed" });
  assert.equal(api.events().length, 3);
});

test("events that come during a call share the next one, and each has its own answer", async (door, api) => {
  const record = recording();
  let running = 0;
  let most = 0;
  api.answer = async (call) => {
    most = Math.max(most, ++running);
    // A slow database.
    await new Promise((resolve) => setTimeout(resolve, 200));
    running--;
    return await record(call);
  };
  const ids = Array.from({ length: 250 }, (_, n) => `msg_${n}`);
  const sent = ids.map((id) => door.send({ id }));
  // One comes again.
  const twice = door.send({ id: "msg_0" });
  const answers = await Promise.all(sent.map(results));
  assert.deepEqual(answers.map(([status, result]) => [status, result.id]), ids.map((id) => [200, id]));
  assert.deepEqual((await results(twice))[0], 200);
  assert.equal(api.events().length, 251);
  assert.equal(most, 1, "one call at a time");
  assert(api.calls.length < 50, `${api.calls.length} calls`);
  assert(api.calls.every((call) => call.arguments.p_events.length <= 100));
});

for (const [name, answer, status] of [
  ["is away", () => Response.json({ code: "PGRST001", message: "no connection" }, { status: 503 }), 503],
  ["is read-only", () => Response.json({ code: "25006", message: "cannot execute INSERT in a read-only transaction" }, { status: 405 }), 503],
  ["waits for a lock", () => Response.json({ code: "55P03", message: "canceling statement due to lock timeout" }, { status: 500 }), 503],
  ["does not answer", () => new Promise<Response>((resolve) => setTimeout(() => resolve(Response.json({})), 6500)), 503],
  ["has a gateway that fails", () => new Response("<html>bad gateway", { status: 502 }), 503],
  ["refuses the key", () => Response.json({ message: "Invalid API key" }, { status: 401 }), 500],
  ["has no such function", () => Response.json({ code: "PGRST202", message: "no" }, { status: 404 }), 500],
  ["answers something else", () => Response.json({ results: [] }), 500],
  ["redirects", () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } }), 500],
] as const) {
  test(`while the database ${name} the provider is told to repeat`, async (door, api) => {
    api.answer = answer;
    const failed = await door.send();
    assert.equal(failed.status, status);
    assert.equal(typeof failed.body.code, "string");
    assert.match(door.output(), /"event":"email_queue_events","error":"/);
    api.answer = recording();
    assert.equal((await door.send()).status, 200, "and the next one is recorded");
  });
}

for (const [name, value] of [["RESEND_WEBHOOK_SECRET", undefined], ["RESEND_WEBHOOK_SECRET", "whsec_"], ["RESEND_WEBHOOK_SECRET", "re_123"], ["SUPABASE_URL", "nowhere"], ["SUPABASE_SECRET_KEYS", "{"]] as const) {
  test(`a wrong ${name} is named (${value})`, async (door) => {
    const { status, body } = await door.send();
    assert.deepEqual([status, body.code, body.field], [500, "misconfigured", name]);
    assert.match(door.output(), new RegExp(`"event":"email_queue_events","error":"${name} `));
  }, { env: { ...name === "SUPABASE_SECRET_KEYS" ? { SUPABASE_SECRET_KEY: undefined } : {}, [name]: value } });
}

test("a key that is refused gives way to the next one", async (door, api) => {
  const record = recording();
  api.answer = (call) => call.headers.get("apikey") === KEY ? record(call) : Response.json({ message: "Invalid API key" }, { status: 401 });
  assert.equal((await door.send()).status, 200);
  assert.match(door.output(), /"email_queue_key_refused","key":"SUPABASE_SECRET_KEYS\[\\"default\\"\]"/);
}, { env: { SUPABASE_SECRET_KEYS: '{"default":"sb_secret_revoked"}' } });

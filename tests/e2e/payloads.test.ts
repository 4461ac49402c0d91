// What is in a message arrives at the provider, and what the rules of a message mean for when and whether it goes.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { QueueMessageStatus, SupabaseQueueProvider } from "../../pkg/index.js";
import { mails } from "./support/database.ts";
import { type Stack, waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("payloads");

const client = (stack: Stack) => new SupabaseQueueProvider(stack.lite.url, stack.lite.secretKey, { timeoutSeconds: 60 });
const runAll = async (stack: Stack) => await stack.drain(await stack.function());

const FILE = Buffer.from("month,orders\nNovember,987\n").toString("base64");

test("every field arrives, in a batch and alone", async (stack) => {
  const everything = {
    from: { email: "shop@shop.example", name: "Shop, the “first” \u{1F4E6}" },
    to: ["a@customer.example", { email: "b@customer.example", name: "B" }, "C <c@customer.example>"],
    cc: "cc@customer.example",
    bcc: [{ email: "bcc@customer.example" }],
    replyTo: ["reply@shop.example", { email: "help@shop.example", name: "Help" }],
    subject: "Grüße \u{1F680} 你好",
    content: "<p>Übung \u2028 \u{1F600}</p>",
    text: "Übung\r\n\tmit Tab",
    headers: { "X-Order": "42", "List-Unsubscribe": "<https://shop.example/u>" },
    tags: [{ name: "kind", value: "order" }],
  };
  const { tags, ...untagged } = everything;
  const sent = await client(stack).enqueueMany([
    { payload: { ...everything, subject: "batch" } },
    { payload: { ...everything, tags: { kind: "order" } } },
    { payload: untagged, tags },
    {
      payload: {
        ...everything,
        subject: "alone",
        attachments: [
          { filename: "Bericht ü.csv", content: FILE, contentType: "text/csv" },
          { filename: "logo.png", path: "https://shop.example/logo.png", contentId: "logo" },
        ],
      },
    },
  ]);
  await runAll(stack);
  await assertEachOnce(stack, sent.map(({ id }: { id: string }) => id));

  const emails = await stack.provider.emails();
  assert.deepEqual(emails.map(({ endpoint }) => endpoint).sort(), ["/emails", "/emails/batch", "/emails/batch", "/emails/batch"]);
  for (const email of emails) {
    assert.deepEqual(email.to, ["a@customer.example", "B <b@customer.example>", "C <c@customer.example>"]);
    assert.deepEqual([email.cc, email.bcc], [["cc@customer.example"], ["bcc@customer.example"]]);
    assert.deepEqual(email.reply_to, ["reply@shop.example", "Help <help@shop.example>"]);
    assert.match(email.from, /^"?Shop, the .*first.* \u{1F4E6}"? <shop@shop\.example>$/u);
    assert.deepEqual([email.html, email.text, email.headers], [everything.content, everything.text, everything.headers]);
    const [kind, tag, ...more] = email.tags;
    assert.deepEqual([kind, tag.name, more], [{ name: "kind", value: "order" }, "message_id", []]);
    assert.match(tag.value, new RegExp(`^${email.message_id}_[0-9a-f]{12}$`));
  }
  const alone = emails.find(({ subject }) => subject === "alone")!;
  assert.deepEqual(alone.attachments, [
    { content: FILE, filename: "Bericht ü.csv", content_type: "text/csv" },
    { path: "https://shop.example/logo.png", filename: "logo.png", content_id: "logo" },
  ]);
  assert(emails.some(({ subject }) => subject === everything.subject));
});

test("a template goes in place of a body", async (stack) => {
  const template = { id: "order-confirmation", variables: { NAME: "Ada", TOTAL: 12.5 } };
  const [id] = await stack.db.enqueue([{ payload: { to: "a@customer.example", template } }]);
  await runAll(stack);
  const email = await stack.provider.email("a@customer.example");
  assert.deepEqual([email.template, email.html, email.text, email.message_id], [template, undefined, undefined, id]);
});

test("1 MB of HTML, and more of it than one run holds at a time", async (stack) => {
  const content = `<p>${"ä€\u{1F600}".repeat(110_000)}</p>`;
  const ids = await stack.db.enqueue(mails(25, { content }));
  await runAll(stack);
  await assertEachOnce(stack, ids);
  const [email] = await stack.provider.emails({ limit: 1 });
  assert.equal(email.html, content);
});

test("scheduled: not before its time, and then at once", async (stack) => {
  const { id } = await client(stack).enqueue({ ...mails(1)[0], delaySeconds: 3600 });
  const fn = await stack.function();
  assert.deepEqual([(await fn.invoke()).claimed, (await stack.db.row(id)).status], [0, "pending"]);
  await stack.db.passTime("59 minutes");
  assert.equal((await fn.invoke()).claimed, 0);
  await stack.db.passTime("61 seconds");
  assert.equal((await fn.invoke()).accepted, 1);
});

test("an urgent message overtakes those who wait", async (stack) => {
  const bulk = await stack.db.enqueue(mails(300).map((mail) => ({ ...mail, priority: 3 })));
  const later = await stack.db.enqueue(mails(100, { subject: "ordinary" }));
  const urgent = await stack.db.enqueue(mails(1, { subject: "urgent", from: "a@urgent.example" }).map((mail) => ({ ...mail, priority: 0 })));
  // One request at a time, so that their order can be seen.
  const order: string[] = [];
  const provider = await stack.proxy(stack.provider, ({ body }) => {
    order.push(...[JSON.parse(body.toString())].flat().map(({ tags }) => tags.at(-1).value.split("_")[0]));
  });
  // Half a second apart: on a busy machine requests that are closer overtake each other on their way.
  await stack.configure({ rate_limit: 2 });
  await stack.drain(await stack.function({ provider }));
  assert.deepEqual(order, [...urgent, ...later, ...bulk]);
});

test("send_before: what is too late fails as expired, unsent; what is in time goes", async (stack) => {
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const [late] = await stack.db.enqueue([{ ...mails(1)[0], send_before: at(600) }]);
  const [intime] = await stack.db.enqueue([{ ...mails(2)[1], send_before: at(7200) }]);
  await stack.db.passTime("1 hour");
  await runAll(stack);
  const [expired, completed] = [await stack.db.row(late), await stack.db.row(intime)];
  assert.deepEqual([expired.status, expired.error.reason, expired.attempts], ["failed", "expired", 0]);
  assert.deepEqual([completed.status, stack.provider.state().accepted], ["completed", 1]);
});

test("the default sender is the one of the enqueue", async (stack) => {
  const before = await stack.db.enqueue(mails(1));
  await stack.configure({ default_sender: "New <new@other.example>" });
  const after = await stack.db.enqueue(mails(1));
  await runAll(stack);
  const senders = new Map((await stack.provider.emails()).map(({ message_id, from }) => [message_id, from]));
  assert.deepEqual([senders.get(before[0]), senders.get(after[0])], ["Shop <shop@shop.example>", "New <new@other.example>"]);
  await stack.configure({ default_sender: null });
  await assert.rejects(stack.db.enqueue(mails(1)), /email_queue: messages\[0\]\.from: is missing/);
  await assert.rejects(client(stack).enqueue(mails(1)[0]), { code: "invalid_input", field: "payload.from" });
});

// SQL checks structure and size only: each of these passes there, and must not drag others along.
const UNFIT: Record<string, Record<string, unknown>> = {
  "an address with two @": { to: "a@@customer.example" },
  "an address without a domain": { to: ["b@customer.example", "c@"] },
  "a line break in a name": { to: { email: "a@customer.example", name: "A\r\nBcc: x@evil.example" } },
  "a header that is not for users": { headers: { Bcc: "x@evil.example" } },
  "a line break in a header": { headers: { "X-A": "1\r\nBcc: x@evil.example" } },
  "a tag with a space": { tags: [{ name: "a b", value: "c" }] },
  "an attachment that is no base64": { attachments: [{ filename: "a.txt", content: "%%%" }] },
  "a text that is a number": { text: 7 },
};

test("a bad payload enqueued from SQL is rejected before it is sent, alone, with the field's name", async (stack) => {
  const good = await stack.db.enqueue(mails(50));
  const bad = await stack.db.enqueue(Object.values(UNFIT).map((unfit, index) => ({ payload: { ...mails(index + 1)[index].payload, ...unfit } })));
  const more = await stack.db.enqueue(mails(20));
  await runAll(stack);
  const rows = new Map((await stack.db.rows()).map((row) => [row.id, row]));
  for (const [index, [name, unfit]] of Object.entries(UNFIT).entries()) {
    const { status, attempts, error } = rows.get(bad[index])!;
    assert.deepEqual([status, error?.reason, attempts], ["failed", "rejected", 0], name);
    assert(error.message.includes(Object.keys(unfit)[0]), `${name}: ${error.message}`);
    assert(!/@(customer|evil)/.test(JSON.stringify(error)), `${name}: the error holds an address`);
  }
  assert(good.concat(more).every((id) => rows.get(id)!.status === "completed"));
  assert.equal(stack.provider.state().accepted, 70);
  // The client finds it out before.
  for (const unfit of Object.values(UNFIT)) {
    await assert.rejects(client(stack).enqueue({ payload: { ...mails(1)[0].payload, ...unfit } } as never), { code: "invalid_input" });
  }
});

test("a dedup key makes enqueue happen once, from SQL and from JavaScript", async (stack) => {
  const mail = { ...mails(1)[0], dedupKey: "order-42" };
  const first = await client(stack).enqueue(mail);
  const again = await Promise.all([1, 2, 3].map(() => client(stack).enqueue(mail)));
  const [fromSql] = await stack.db.enqueue([{ payload: mails(2)[1].payload, dedup_key: "order-42" }]);
  assert.deepEqual([first.created, again.map(({ created }) => created)], [true, [false, false, false]]);
  assert.deepEqual(new Set([...again.map(({ id }) => id), fromSql]), new Set([first.id]));
  await runAll(stack);
  await assertEachOnce(stack, [first.id]);
  assert.equal((await client(stack).enqueue(mail)).created, false, "while the row exists");
});

test("what the client reads: dates, the provider's id, failures by status", async (stack) => {
  const queue = client(stack);
  const { id } = await queue.enqueue({ ...mails(1)[0], metadata: { order: 42 }, priority: 1, runAt: new Date() });
  const { id: bad } = await queue.enqueue({ payload: { ...mails(1)[0].payload, to: "invalid@customer.example" } });
  await runAll(stack);
  const message = (await queue.getMessage(id))!;
  assert.equal(message.status, QueueMessageStatus.COMPLETED);
  assert(message.completedAt instanceof Date && message.completedAt >= message.createdAt);
  assert.deepEqual([message.metadata, message.priority, message.error], [{ order: 42 }, 1, null]);
  assert(stack.provider.state({ ids: true }).emailIds[message.providerMessageId!]);
  const failed = await queue.getMessagesByStatus(QueueMessageStatus.FAILED);
  assert.deepEqual(failed.map((one: { id: string }) => one.id), [bad]);
  assert.equal(failed[0].error!.reason, "rejected");
});

test("a message rolled back with its transaction was never there", async (stack) => {
  await assert.rejects(stack.db.sql.begin(async (sql: Stack["db"]["sql"]) => {
    await sql`select public.email_queue_enqueue(${sql.json(mails(1)[0].payload)})`;
    throw new Error("the order failed");
  }), /the order failed/);
  const fn = await stack.function();
  await waitFor(async () => (await fn.invoke()).stopped === "empty", { what: "an empty queue" });
  assert.deepEqual([await stack.db.statuses(), stack.provider.state().requests], [{}, 0]);
});

end();

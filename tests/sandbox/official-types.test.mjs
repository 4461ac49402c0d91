// What the sandbox sends and answers fits the types of the official client, field by field: the compiler refuses a missing one, one of
// another type, and one that the types do not have.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ensureTool } from "../../scripts/lib/tools.mjs";
import { EVENT_TYPES } from "../../src/js/sandbox/fate.mjs";
import { email, open, receiver, until } from "./testing.mjs";

const tools = process.env.EMAIL_QUEUE_TOOLS;
if (!tools) throw new Error("EMAIL_QUEUE_TOOLS is not set: it must name a directory with node_modules/resend");
const typescript = path.join(await ensureTool("client"), "node_modules/typescript/bin/tsc");

/** Fields that Resend's OpenAPI document has and the client's types have not. */
const NEWER = ["data.headers", "data.bounce.diagnosticCode", "data.suppressed.diagnosticCode", "data.suppressed.reason"];

/** @param {any} payload */
function known(payload) {
  const copy = structuredClone(payload);
  for (const field of NEWER) {
    const names = field.split(".");
    const last = names.pop();
    delete names.reduce((value, name) => value?.[name], copy)?.[last];
  }
  return copy;
}

/** @param {string} source @returns {string} what the compiler says */
function compiled(source) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "email-queue-types-"));
  try {
    fs.writeFileSync(path.join(folder, "check.ts"), source);
    fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, module: "nodenext", target: "es2023", types: [], paths: { resend: [path.join(tools, "node_modules/resend/dist/index.d.mts")] } },
      files: ["check.ts"],
    }));
    return spawnSync(process.execPath, [typescript, "-p", folder], { encoding: "utf8" }).stdout;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test("every event and every answer fits the client's types", async () => {
  const { call, single, set } = await open();
  const hook = await receiver();
  const { id } = (await call("/webhooks", { body: { endpoint: hook.url, events: EVENT_TYPES } })).json;
  const get = async (path) => (await call(path, { method: "GET" })).json;
  const tags = [{ name: "message_id", value: "m" }];
  for (const name of ["delivered", "bounced", "bounced", "complained", "suppressed", "failed"]) await single(email({ to: `${name}@resend.dev`, tags, headers: { "X-Own": "1" } }));
  await single(email({ scheduled_at: new Date(Date.now() + 60_000).toISOString() }));
  const { id: sent } = (await single(email())).json;
  for (const type of ["email.delivery_delayed", "email.opened", "email.clicked"]) await call("/_sandbox/events", { body: { type, email_id: sent } });
  await call("/suppressions/bounced@resend.dev", { method: "DELETE" });
  const happened = (await get("/_sandbox/state")).events.happened;
  await until(() => hook.got.length === happened);
  const seen = new Set(hook.got.map(({ event }) => event.type));
  const ours = EVENT_TYPES.filter((type) => /^(email|suppression)\./.test(type) && type !== "email.received");
  assert.deepEqual([...seen].sort(), ours.sort());

  const [entry] = (await get("/suppressions")).data;
  const event = (await get(`/webhooks/${id}/events`)).data.find(({ type }) => type === "email.delivered");
  await set({ quotas: { daily: 100, monthly: 3000 } });
  /** @type {[string, any][]} */
  const answers = [
    ["ListWebhooksResponseSuccess", await get("/webhooks")],
    ["GetWebhookResponseSuccess", await get(`/webhooks/${id}`)],
    ["ListWebhookEventsResponseSuccess", await get(`/webhooks/${id}/events`)],
    ["GetWebhookEventResponseSuccess", await get(`/webhooks/${id}/events/${event.id}`)],
    ["ListWebhookEventAttemptsResponseSuccess", await get(`/webhooks/${id}/events/${event.id}/attempts`)],
    ["ListSuppressionsResponseSuccess", await get("/suppressions")],
    ["GetSuppressionResponseSuccess", await get(`/suppressions/${entry.id}`)],
    ["ListLogsResponseSuccess", await get("/logs")],
    ["GetLogResponseSuccess", await get(`/logs/${(await get("/logs")).data[0].id}`)],
    ["GetUsageResponseSuccess", await get("/usage")],
    ["ListEmailsResponseSuccess", await get("/emails")],
    ["GetEmailResponseSuccess", await get(`/emails/${sent}`)],
    ...hook.got.map((one) => /** @type {[string, any]} */ (["WebhookEventPayload", known(one.event)])),
  ];
  const names = [...new Set(answers.map(([name]) => name))];
  const source = (/** @type {[string, any][]} */ list) => [
    `import type { ${names.join(", ")} } from "resend";`,
    ...list.map(([name, value], index) => `export const answer${index}: ${name} = ${JSON.stringify(value)};`),
  ].join("\n");
  assert.equal(compiled(source(answers)), "");
  const wrong = /** @type {[string, any][]} */ (answers.map(([name, value]) => [name, { ...value, odd: 1 }]));
  assert.equal(compiled(source(wrong)).match(/error TS2353/g)?.length, answers.length, "the compiler sees each");
});

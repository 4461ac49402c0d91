// The sandbox as a program:
//   node src/js/sandbox/main.mjs --port 8787 [--rate-limit 10] [--config '{"latencyMs": 50}']
//   RESEND_WEBHOOK_SECRET=whsec_… node src/js/sandbox/main.mjs --webhook http://127.0.0.1:8000/email-queue-events/resend
//   deno run --allow-net --allow-read --allow-env src/js/sandbox/main.mjs --port 0
// Prints one line of JSON, {"url": "..."}, when it is ready.
import process from "node:process";
import { parseArgs } from "node:util";
import { startSandbox } from "./server.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "rate-limit": { type: "string" },
    config: { type: "string", default: "{}" },
    webhook: { type: "string", multiple: true, default: [] },
  },
});

const whole = (name, value) => {
  if (!/^\d+$/.test(value)) throw new TypeError(`--${name} is not a whole number: ${value}`);
  return Number(value);
};

const rateLimit = values["rate-limit"] === undefined ? {} : { rateLimit: whole("rate-limit", values["rate-limit"]) };
// A secret has no place in a command line. Without one each endpoint has its own, which GET /webhooks/:id shows.
const secret = process.env.RESEND_WEBHOOK_SECRET || undefined;
const webhooks = values.webhook.map((endpoint) => ({ endpoint, signing_secret: secret }));
const sandbox = await startSandbox({ ...JSON.parse(values.config), ...rateLimit, webhooks, port: whole("port", values.port) });
console.log(JSON.stringify({ url: sandbox.url }));

const stop = async () => {
  await sandbox.close();
  process.exit(0);
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);

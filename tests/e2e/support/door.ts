// `email-queue-events` before a stand-in of the database's API, which keeps to the contract of email_queue_record_events.
import { Buffer } from "node:buffer";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { startFunction } from "../../../scripts/lib/stack.mjs";

export const SECRET = `whsec_${Buffer.from("the key of the tests, 32 bytes..").toString("base64")}`;
export const OTHER = `whsec_${Buffer.from("the other key of tests, 32 bytes").toString("base64")}`;
export const KEY = "sb_secret_of_the_tests_of_the_door";

const ENTRY = new URL("../../../supabase/functions/email-queue-events/index.ts", import.meta.url).pathname;

// deno-lint-ignore-file no-explicit-any
export interface Call {
  headers: Headers;
  path: string;
  arguments: { p_events: any[]; p_refused: number };
}

/** What the database's API answers. */
export type Answer = (call: Call) => Response | Promise<Response>;

/** Everything is recorded, once. */
export function recording(): Answer {
  const known = new Set<string>();
  return ({ arguments: { p_events } }) => Response.json({ results: p_events.map(({ id }) => ({ id, result: known.has(id) ? "known" : (known.add(id), "recorded") })) });
}

export class FakeApi {
  calls: Call[] = [];
  answer: Answer = recording();
  #server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const call = { headers: request.headers, path: new URL(request.url).pathname, arguments: await request.json() };
    this.calls.push(call);
    return await this.answer(call);
  });
  readonly url = `http://127.0.0.1:${this.#server.addr.port}`;

  events = (): any[] => this.calls.flatMap((call) => call.arguments.p_events);
  refused = (): number => this.calls.reduce((sum, call) => sum + call.arguments.p_refused, 0);
  stop = () => this.#server.shutdown();
}

export type Sent = { id?: string; at?: number; secret?: string | string[]; signature?: string; body?: BodyInit; signed?: string; headers?: Record<string, string>; method?: string; path?: string };

/** The function, and what a provider does. */
export class TestDoor {
  private constructor(readonly fn: Awaited<ReturnType<typeof startFunction>>) {}

  static async start(api: { url: string }, { env = {}, entry = ENTRY }: { env?: Record<string, string | undefined>; entry?: string } = {}): Promise<TestDoor> {
    return new TestDoor(await startFunction({ entry, env: { SUPABASE_URL: api.url, SUPABASE_SECRET_KEY: KEY, RESEND_WEBHOOK_SECRET: SECRET, ...env } }));
  }

  url = (path = "/email-queue-events/resend"): string => new URL(path, this.fn.url).href;

  async send({ id = `msg_${randomUUID()}`, at = now(), secret = SECRET, body = JSON.stringify(event()), signed, headers = {}, method = "POST", path, signature }: Sent = {}) {
    const text = signed ?? String(body);
    const signatures = signature ?? [secret].flat().map((one) => sign(one, id, at, text)).join(" ");
    const all = { "content-type": "application/json", "svix-id": id, "svix-timestamp": String(at), "svix-signature": signatures, ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    const response = await fetch(this.url(path), { method, headers: sent, body: method === "GET" ? undefined : body, signal: AbortSignal.timeout(30_000) });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: answer === "" ? null : JSON.parse(answer) };
  }

  output = () => this.fn.output();
  stop = () => this.fn.stop();
}

export const now = () => Math.floor(Date.now() / 1000);

export const sign = (secret: string, id: string, at: number, body: string): string =>
  `v1,${createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64")).update(`${id}.${at}.${body}`).digest("base64")}`;

export function event(type = "email.delivered", more: Record<string, unknown> = {}) {
  const tags = { message_id: `${randomUUID()}_${randomBytes(6).toString("hex")}` };
  return { type, created_at: new Date().toISOString(), data: { email_id: randomUUID(), from: "Shop <shop@shop.example>", to: ["Ann <Ann@Private.example>"], subject: "private-subject", tags, ...more } };
}

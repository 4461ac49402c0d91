// What must compile under exactOptionalPropertyTypes too: options that are undefined, lists that are read only, metadata and
// payloads of interfaces and classes.
import { InMemoryQueueProvider, SupabaseQueueProvider } from "email-queue";
import type { Address, Attachment, EmailPayload, NewMessage, QueueProvider } from "email-queue";
import { SupabaseQueueProvider as Same } from "email-queue/providers/supabase-queue";
import { InMemoryQueueProvider as AlsoSame } from "email-queue/providers/in-memory-queue";

interface Order {
  id: number;
  readonly lines: readonly string[];
  size?: number;
}
class Report {
  month = 1;
}

const seconds: number | undefined = undefined;
const text: string | undefined = undefined;
const provider: QueueProvider = new SupabaseQueueProvider("https://abc.supabase.co", "sb_secret_abc", { timeoutSeconds: seconds });
const same: QueueProvider = new Same("https://abc.supabase.co", "sb_secret_abc");
const memory: QueueProvider[] = [new InMemoryQueueProvider({ defaultSender: text }), new AlsoSame()];

const to: readonly Address[] = ["a@b.example", Object.freeze({ email: "c@d.example", name: text })];
const attachments: readonly Attachment[] = [{ filename: "a.txt", content: "aGk=", path: undefined, contentType: text }];
const headers: Readonly<Record<string, string>> = { "X-Note": "a" };
const tags = [{ name: "plan", value: "pro" }] as const;
const payload: Readonly<EmailPayload> = { to, cc: undefined, from: text, subject: "S", content: text, text: "", headers, attachments, tags, template: undefined };
const order: Order = { id: 7, lines: ["a"] };

export async function use(): Promise<void> {
  const email: Readonly<NewMessage> = { type: undefined, payload, priority: undefined, runAt: undefined, dedupKey: text, metadata: order, tags: undefined };
  await provider.enqueue(email);
  await same.enqueueMany([email] as const, { onProgress: undefined });
  await provider.enqueue({ type: "report", payload: new Report(), metadata: new Report(), maxAttempts: seconds });
  await provider.dequeue<Report>({ types: ["report"] as const, maxMessages: seconds, visibilityTimeout: undefined });
  await provider.getMessagesByStatus("failed", { metadata: order, before: text, since: undefined });
  await provider.listDeadLetters({ metadata: order, reason: undefined, limit: seconds });
  await provider.redrive({ ids: ["a"] as const, filter: undefined, dryRun: undefined, from: text });
  await provider.fail({ dispatchId: "a", token: "b" }, order);
  await provider.pause({ reason: "why", domain: text, seconds });
  await provider.resume({ domain: text });
  void memory;
}

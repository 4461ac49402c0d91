// What must compile under strict.
import { InMemoryQueueProvider, QueueError, QueueMessageStatus, SupabaseQueueProvider } from "email-queue";
import type { AuditEntry, EmailPayload, Enqueued, Found, LeasedMessage, NewMessage, QueueErrorCode, QueueMessage, QueueProvider, Settings, Shown, Suppression, Tags } from "email-queue";
import { SupabaseQueueProvider as Same } from "email-queue/providers/supabase-queue";

const provider: QueueProvider = new SupabaseQueueProvider("https://abc.supabase.co", "sb_secret_abc", { timeoutSeconds: 5 });
const same: SupabaseQueueProvider = new Same("https://abc.supabase.co", "sb_secret_abc");
const memory: QueueProvider = new InMemoryQueueProvider({ defaultSender: "Shop <shop@example.com>" });

const status: QueueMessageStatus = QueueMessageStatus.FAILED;
const literal: QueueMessageStatus = "failed";

const email: NewMessage = {
  payload: { to: ["a@b.example", { email: "c@d.example", name: "C" }], subject: "S", content: "<p>", attachments: [{ filename: "a.txt", content: "aGk=" }] },
  priority: 0,
  runAt: new Date(),
  sendBefore: "2999-01-01T00:00:00Z",
  metadata: { order: 7 },
  tags: [{ name: "plan", value: "pro" }],
  topic: "newsletter",
  ignoreSuppression: false,
};
const tags: Tags = { plan: "pro" };

interface Report {
  month: number;
}

export async function use(): Promise<QueueErrorCode | undefined> {
  const enqueued: Enqueued = await provider.enqueue(email);
  await provider.enqueue<Report, "report">({ type: "report", payload: { month: 1 } });
  const many: Enqueued[] = await same.enqueueMany([email], { onProgress: (done: number, all: number) => void (done / all) });
  await memory.enqueueMany([{ ...email, tags }, { type: "email", payload: { to: "a@b.example", subject: "S", text: "", tags } }]);
  await memory.enqueueMany(new Set([{ type: "report", payload: { month: 2 } }]));

  const message: QueueMessage | null = await provider.getMessage(enqueued.id);
  const subject: string | undefined = message?.payload.subject;
  const at: Date | undefined = message?.createdAt;
  const notices: (string | undefined)[] = [enqueued.notice, message?.notice];
  const failed: QueueMessage<EmailPayload>[] = await provider.getMessagesByStatus(status, { since: new Date(), limit: 10 });
  const ofAnOrder: QueueMessage[] = await provider.getMessagesByStatus(status, { metadata: { order: 7, lines: [{ sku: "a" }] } });
  const reports: QueueMessage<Report>[] = await provider.getMessagesByStatus<Report>(literal, { type: "report" });

  const leased: LeasedMessage<Report>[] = await provider.dequeue<Report>({ types: ["report"], maxMessages: 5, visibilityTimeout: 30 });
  for (const one of leased) {
    const month: number = one.payload.month;
    const settlement: "applied" | "already" | "lost" = await provider.complete(one);
    await provider.retry(one.lease, new Error(`${month} ${settlement}`), { delaySeconds: 5 });
  }
  await provider.redrive({ ids: many.map(({ id }) => id), allowDuplicates: true });
  await provider.listDeadLetters({ metadata: { order: 7 }, limit: 10 });
  await provider.redrive({ filter: {} });
  await provider.redrive({ filter: { metadata: { order: 7 } } });
  const discarded: string[] = (await provider.discard({ filter: { reason: "rejected" }, dryRun: true, limit: 10 })).discarded;
  const erased: "erased" | "pending" | "processing" | "not_found" = (await memory.erase(enqueued.id)).result;
  const named = new SupabaseQueueProvider("https://abc.supabase.co", "sb_secret_abc", { actor: "Ann" });
  const found: Found = await named.search({ recipient: "a@b.example", status, since: new Date() }, { limit: 10, before: enqueued.id });
  const last: Date | undefined = found.similar[0]?.last;
  const shown: Shown<Report> | null = await named.show<Report>(enqueued.id);
  const why: string | null | undefined = shown?.can.cancel;
  const step: Date | null | undefined = shown?.timeline[0]?.at;
  const ofEvents: Date[] = (await named.events(enqueued.id)).map(({ occurredAt }) => occurredAt);
  const ended: (Date | null)[] = (await named.runs({ limit: 1 })).map(({ endedAt }) => endedAt);
  const entriesOfAudit: AuditEntry[] = await named.audit({ actor: "Ann", action: "redrive", since: new Date(), limit: 10 });
  const settings: Settings = await named.configure({ completedRetention: "7 days", horizon: null });
  const { more }: { more: boolean } = await named.prune(100);
  const inMemory = new InMemoryQueueProvider();
  const rate: number = (await inMemory.configure({ rateLimit: 5 })).rateLimit;
  await inMemory.search({ recipient: "a@b.example" });
  void [discarded, erased, found, last, why, step, ofEvents, ended, entriesOfAudit, settings, more, rate];
  const entry: Suppression = await provider.suppress({ address: "a@b.example", reason: "unsubscribe", topic: "newsletter" });
  const { removed, left } = await provider.unsuppress({ address: "a@b.example", topic: "newsletter", reason: entry.reason });
  const entries: Suppression[] = await provider.listSuppressions({ reason: "bounce", limit: 10, after: entry.id });
  void [subject, at, notices, failed, ofAnOrder, reports, removed, left, entries];
  try {
    await provider.pause({ reason: "maintenance", domain: "example.com", seconds: 60 });
  } catch (error) {
    if (error instanceof QueueError) return error.retryable ? error.code : undefined;
  }
  return undefined;
}

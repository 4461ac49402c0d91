// What must compile under strict.
import { InMemoryQueueProvider, QueueError, QueueMessageStatus, SupabaseQueueProvider } from "email-queue";
import type { EmailPayload, Enqueued, LeasedMessage, NewMessage, QueueErrorCode, QueueMessage, QueueProvider, Suppression, Tags } from "email-queue";
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

// A consumer of one's own: reports wait in the same queue beside e-mail, under a type of their own, and come with the same
// leases, retries and dead letters. Stops when nothing is left.
import { type LeasedMessage, SupabaseQueueProvider } from "email-queue/providers/supabase-queue";

interface Report {
  month: number;
}

const queue = new SupabaseQueueProvider(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!);

/** Stands for the real work: there is no thirteenth month, and every first try of May finds the archive closed. */
async function write({ payload, attempts }: LeasedMessage<Report>): Promise<string> {
  if (payload.month > 12) throw new RangeError(`there is no month ${payload.month}`);
  if (payload.month === 5 && attempts === 1) throw new Error("the archive is closed");
  return `report of month ${payload.month}`;
}

async function handle(message: LeasedMessage<Report>): Promise<void> {
  try {
    console.log(await write(message));
    // "lost" would say that the lease was over: then another consumer has it, and this one's work must not count.
    if ((await queue.complete(message)) === "lost") console.log(`lost ${message.id}`);
  } catch (error) {
    // What can never be done fails at once; the rest is tried again until maxAttempts is used up.
    if (error instanceof RangeError) await queue.fail(message, error);
    else await queue.retry(message, error as Error, { delaySeconds: 0 });
  }
}

for (;;) {
  const messages = await queue.dequeue<Report>({ types: ["report"], maxMessages: 10, visibilityTimeout: 60 });
  if (messages.length === 0) break;
  await Promise.all(messages.map(handle));
}
for (const { payload, error } of await queue.listDeadLetters<Report>({ type: "report" })) {
  console.log(`dead letter: month ${payload.month}, ${error?.message}`);
}

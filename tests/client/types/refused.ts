// What must not compile. Each line that did would be an unused directive, which is an error.
import { InMemoryQueueProvider, QueueMessageStatus, SupabaseQueueProvider } from "email-queue/providers/supabase-queue";

const provider = new SupabaseQueueProvider("https://abc.supabase.co", "sb_secret_abc");
const payload = { to: "a@b.example", subject: "S", content: "<p>" };

// @ts-expect-error a key is needed
new SupabaseQueueProvider("https://abc.supabase.co");
// @ts-expect-error a variable that may be missing
new SupabaseQueueProvider(process.env.SUPABASE_URL, "sb_secret_abc");
// @ts-expect-error an unknown option of the provider
new SupabaseQueueProvider("https://abc.supabase.co", "sb_secret_abc", { timeout: 5 });
// @ts-expect-error an unknown option of the queue in memory
new InMemoryQueueProvider({ sender: "a@b.example" });

// @ts-expect-error `to` is missing
provider.enqueue({ payload: { subject: "S", content: "<p>" } });
// @ts-expect-error `to` is no address
provider.enqueue({ payload: { ...payload, to: 7 } });
// @ts-expect-error a field that payloads do not have
provider.enqueue({ payload: { to: "a@b.example", subject: "S", html: "<p>" } });
// @ts-expect-error a subject is a text
provider.enqueue({ payload: { ...payload, subject: 7 } });
// @ts-expect-error an attachment has a content or a path
provider.enqueue({ payload: { ...payload, attachments: [{ filename: "a.txt" }] } });
// @ts-expect-error the payload is missing
provider.enqueue({ type: "email" });
// @ts-expect-error an unknown option
provider.enqueue({ payload, attempts: 3 });
// @ts-expect-error there are four priorities
provider.enqueue({ payload, priority: 4 });
// @ts-expect-error a number
provider.enqueue({ payload, maxAttempts: "3" });
// @ts-expect-error a Date or a text
provider.enqueue({ payload, runAt: 17 });
// @ts-expect-error an object
provider.enqueue({ payload, metadata: "x" });
// @ts-expect-error tags have names
provider.enqueue({ payload, tags: ["plan"] });
// @ts-expect-error and texts as values
provider.enqueue({ payload, tags: { plan: 7 } });
// @ts-expect-error they belong to e-mail
provider.enqueue({ type: "report", payload: { month: 1 }, tags: { plan: "pro" } });
// @ts-expect-error in a list too
provider.enqueueMany([{ payload: { subject: "S" } }]);
// @ts-expect-error types are needed
provider.dequeue({ maxMessages: 5 });
// @ts-expect-error an id is no lease
provider.complete("00000000-0000-7000-8000-000000000000");
// @ts-expect-error no such status
provider.getMessagesByStatus("done");
// @ts-expect-error an unknown option of lists
provider.getMessagesByStatus(QueueMessageStatus.FAILED, { page: 2 });
// @ts-expect-error metadata is an object
provider.getMessagesByStatus(QueueMessageStatus.FAILED, { metadata: "order" });
// @ts-expect-error metadata is an object here too
provider.listDeadLetters({ metadata: 7 });
// @ts-expect-error and in a filter
provider.redrive({ filter: { metadata: ["order"] } });
// @ts-expect-error no such reason
provider.listDeadLetters({ reason: "cancelled" });
// @ts-expect-error ids or a filter
provider.redrive({ dryRun: true });
// @ts-expect-error nothing says which
provider.discard({ dryRun: true });
// @ts-expect-error a discard sends nothing
provider.discard({ ids: [], allowDuplicates: true });
// @ts-expect-error a reason is needed
provider.pause({ seconds: 60 });
// @ts-expect-error a status cannot be set
QueueMessageStatus.FAILED = "failed";
// @ts-expect-error a Map has nothing that JSON would keep
provider.enqueue({ payload, metadata: new Map() });
// @ts-expect-error nor has a Set
provider.getMessagesByStatus(QueueMessageStatus.FAILED, { metadata: new Set() });

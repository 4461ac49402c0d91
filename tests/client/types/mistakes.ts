// Each mistake with what every compiler must say of it (`says`), in the lines of its statement.
import { SupabaseQueueProvider } from "email-queue";

const provider = new SupabaseQueueProvider("https://abc.supabase.co", "sb_secret_abc");
const payload = { to: "a@b.example", subject: "S", content: "<p>" };

// says: Property 'to' is missing
provider.enqueue({ payload: { subject: "S", content: "<p>" } });
// says: Property 'to' is missing
provider.enqueue({ type: "email", payload: { subject: "S", content: "<p>" } });
// says: Type 'number' is not assignable to type 'Addresses'
provider.enqueue({ payload: { ...payload, to: 7 } });
// says: 'html' does not exist in type 'EmailPayload'
provider.enqueue({ payload: { to: "a@b.example", subject: "S", html: "<p>" } });
// says: Type 'number' is not assignable to type 'string'
provider.enqueue({ type: "email", payload: { ...payload, subject: 7 } });
// says: Property 'path' is missing
provider.enqueue({ payload: { ...payload, attachments: [{ filename: "a.txt" }] } });
// says: Property 'payload' is missing
provider.enqueue({ type: "email" });
// says: 'attempts' does not exist in type 'NewMessage'
provider.enqueue({ payload, attempts: 3 });
// says: Type '4' is not assignable to type
provider.enqueue({ payload, priority: 4 });
// says: Type 'string' is not assignable to type 'number'
provider.enqueue({ type: "email", payload, maxAttempts: "3" });
// says: Type 'number' is not assignable to type 'string | Date | undefined'
provider.enqueue({ payload, runAt: 17 });
// says: Type 'string' is not assignable to type 'Metadata
provider.enqueue({ payload, metadata: "x" });
// says: Type 'string[]' is not assignable to type 'Tags | undefined'
provider.enqueue({ payload, tags: ["plan"] });
// says: Property 'to' is missing
provider.enqueueMany([{ payload: { subject: "S" } }]);
// says: Property 'to' is missing
provider.enqueueMany([{ type: "email", payload: { subject: "S" } }]);
// says: Type '9' is not assignable to type
provider.enqueue({ type: "report", payload: { month: 1 }, priority: 9 });

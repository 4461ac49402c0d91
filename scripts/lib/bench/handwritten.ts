// The same job as a competent user would write it by hand, with the two official packages: batches of a hundred, four
// requests at a time, errors looked at, one answer for all it did. What it leaves out: leases, fencing, frozen replays, a rate
// that all runs share, pauses.
import { createClient } from "@supabase/supabase-js";
import { Resend } from "resend";

type Job = { id: string; payload: { from: string; to: string; subject: string; content: string; attachments?: { filename: string; content: string }[] } };

const BATCH = 100;
const AT_ONCE = 4;

const supabase = createClient(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_SECRET_KEY")!, {
  auth: { persistSession: false, autoRefreshToken: false },
});
const resend = new Resend(Deno.env.get("RESEND_API_KEY")!, { baseUrl: Deno.env.get("RESEND_BASE_URL")! });

Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8000), onListen: ({ port }) => console.log(`listens on http://localhost:${port}`) }, async (request) => {
  if (request.headers.get("authorization") !== `Bearer ${Deno.env.get("PROCESS_EMAIL_QUEUE_SECRET")}`) return new Response(null, { status: 401 });
  const done = { claimed: 0, accepted: 0, failed: 0 };
  await Promise.all(Array.from({ length: AT_ONCE }, () => drain(done)));
  return Response.json({ ...done, stopped: "empty" });
});

async function drain(done: { claimed: number; accepted: number; failed: number }) {
  for (;;) {
    const jobs = await rpc<Job[]>("dequeue_emails", { p_limit: BATCH });
    if (jobs.length === 0) return;
    done.claimed += jobs.length;
    const alone = jobs.filter(({ payload }) => payload.attachments?.length);
    const together = jobs.filter(({ payload }) => !payload.attachments?.length);
    if (together.length > 0) await send(together, done);
    await Promise.all(alone.map((job) => send([job], done)));
  }
}

async function send(jobs: Job[], done: { accepted: number; failed: number }) {
  const ids = jobs.map(({ id }) => id);
  const emails = jobs.map(({ payload: { content, ...rest } }) => ({ ...rest, html: content }));
  const options = { idempotencyKey: ids[0] };
  const { data, error } = await slot<{ data: { data: { id: string }[] } | { id: string } | null; error: { name: string; message: string } | null }>(() =>
    emails.length === 1 ? resend.emails.send(emails[0], options) : resend.batch.send(emails, options)
  );
  if (error) {
    done.failed += jobs.length;
    await rpc("fail_emails", { p_ids: ids, p_error: `${error.name}: ${error.message}` });
    return;
  }
  const accepted = data && "data" in data ? data.data : [data!];
  done.accepted += accepted.length;
  await rpc("complete_emails", { p_ids: ids, p_provider_ids: accepted.map(({ id }) => id) });
}

let open = 0;
const waiting: (() => void)[] = [];

/** No more than so many requests to the provider are open at a time. */
async function slot<T>(work: () => Promise<T>): Promise<T> {
  if (open < AT_ONCE) open += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else open -= 1;
  }
}

async function rpc<T>(name: string, args: object): Promise<T> {
  const { data, error } = await supabase.rpc(name, args);
  if (error) throw error;
  return data as T;
}

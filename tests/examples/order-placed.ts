// An Edge Function: called when an order is placed, it enqueues the confirmation, to go out before other mail.
import { QueueError, SupabaseQueueProvider } from "email-queue/providers/supabase-queue";

const queue = new SupabaseQueueProvider(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")!);

Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8000), hostname: "127.0.0.1" }, async (request) => {
  try {
    const { order, customer, total } = await request.json();
    const { id } = await queue.enqueue({
      type: "email",
      payload: {
        to: customer,
        subject: `Your order ${order}`,
        content: `<p>Thank you. The total is ${total}.</p>`,
        tags: { kind: "order" },
      },
      priority: 0,
      dedupKey: `order:${order}`,
      metadata: { order },
    });
    return Response.json({ mail: id }, { status: 202 });
  } catch (error) {
    const status = error instanceof QueueError && error.code === "invalid_input" ? 400 : 503;
    return Response.json({ error: error instanceof Error ? error.message : "failed" }, { status });
  }
});

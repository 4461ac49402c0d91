// supabase-js with the package's types of the database: alone, and in place of what `supabase gen types` says of the queue.
import { createClient } from "@supabase/supabase-js";
import type { EmailQueueDatabase, EmailQueueRow, WithEmailQueue } from "email-queue";

/** As `supabase gen types` prints it, shortened. */
type Generated = {
  __InternalSupabase: { PostgrestVersion: "13" };
  public: {
    Tables: { orders: { Row: { id: number; mail: string }; Insert: { id?: number; mail: string }; Update: { id?: number; mail?: string }; Relationships: [] } };
    Views: { email_queue: { Row: { id: string | null; status: string | null }; Relationships: [] } };
    Functions: { email_queue_stats: { Args: never; Returns: unknown }; theirs: { Args: { one: number }; Returns: string } };
    Enums: Record<never, never>;
    CompositeTypes: Record<never, never>;
  };
};

export async function alone(url: string, key: string): Promise<[string, string[]]> {
  const supabase = createClient<EmailQueueDatabase>(url, key);
  const { data: enqueued } = await supabase.rpc("email_queue_enqueue", {
    p_payload: { to: "user@example.com", from: "shop@example.com", subject: "Hello", content: "<p>Hi</p>" },
    p_dedup_key: "welcome:42", p_metadata: { order: 42 }, p_tags: { kind: "welcome" },
  }).throwOnError();
  const many = await supabase.rpc("email_queue_enqueue_many", { p_messages: [{ payload: 1, type: "report", delay_ms: 5 }] }).throwOnError();
  const created: boolean | undefined = many.data[0]?.created;
  const { data: rows } = await supabase.from("email_queue").select("id, status, metadata").eq("status", "pending").throwOnError();
  const status: EmailQueueRow["status"] | undefined = rows[0]?.status;
  const { data: message } = await supabase.rpc("email_queue_get", { p_id: enqueued.id }).throwOnError();
  const { data: stats } = await supabase.rpc("email_queue_stats").throwOnError();
  const depth: number | undefined = stats.types["email"]?.pending;
  if (created === undefined || depth !== 1) throw new Error(`${depth}`);
  return [`${status}`, Object.keys(message ?? {}).sort()];
}

export async function merged(url: string, key: string): Promise<void> {
  const supabase = createClient<WithEmailQueue<Generated>>(url, key);
  const { data: stats } = await supabase.rpc("email_queue_stats").throwOnError();
  const perSecond: number = stats.requests_per_second;
  const { data: rows } = await supabase.from("email_queue").select("*").throwOnError();
  const id: string | undefined = rows[0]?.id;
  const { data: orders } = await supabase.from("orders").select("mail");
  const mail: string | undefined = orders?.[0]?.mail;
  const { data: theirs } = await supabase.rpc("theirs", { one: 1 });
  const text: string | null = theirs;
  // @ts-expect-error: a number is no time
  await supabase.rpc("email_queue_enqueue", { p_payload: {}, p_run_at: 1 });
  // @ts-expect-error: no such column
  await supabase.from("email_queue").select("nope").throwOnError().then(({ data }) => data[0]?.nope.length);
  console.log(perSecond, id, mail, text);
}

// The queue's view and functions as supabase-js sees them, in the form of `supabase gen types`. Times are texts here, and names those of SQL.
import type { EmailPayload, FailureReason, Metadata, Tags } from "./messages.d.ts";
import type { QueueMessageStatus } from "./queue.d.ts";

/** Any JSON. */
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

/** A row of the view `email_queue`, and what `email_queue_get` answers. */
export type EmailQueueRow = {
  id: string;
  type: string;
  status: QueueMessageStatus;
  payload: Json;
  priority: number;
  run_at: string;
  attempts: number;
  max_attempts: number;
  dispatch_id: string | null;
  lease_expires_at: string | null;
  dedup_key: string | null;
  metadata: Json;
  error: Json;
  provider_message_id: string | null;
  created_at: string;
  updated_at: string;
  completed_at: string | null;
  send_before: string | null;
};

/** The options of an enqueue; as a message of `email_queue_enqueue_many` without `p_`. */
type EnqueueArgs = {
  p_payload: EmailPayload | Json;
  p_type?: string;
  p_priority?: number;
  p_max_attempts?: number;
  p_run_at?: string;
  p_delay_ms?: number;
  p_send_before?: string;
  p_dedup_key?: string;
  p_metadata?: Metadata;
  p_tags?: Tags;
};

/** `payload_differs`: a message with this dedup key was there, with another payload. */
type Enqueued = { id: string; created: boolean; payload_differs?: boolean };

type Filter = { type?: string; reason?: FailureReason; since?: string; until?: string; text?: string; metadata?: Metadata };

/** Their `result` says what was done, or what the message is instead. */
type Changed = { id: string; result: string; reason?: string };

type Pause = { since: string; until: string | null; reason: string | null };

type Functions = {
  email_queue_enqueue: {
    Args: EnqueueArgs;
    Returns: Enqueued;
  };
  email_queue_enqueue_many: {
    Args: { p_messages: readonly { [Name in keyof EnqueueArgs as Name extends `p_${infer Rest}` ? Rest : never]: EnqueueArgs[Name] }[] };
    Returns: Enqueued[];
  };
  email_queue_get: {
    Args: { p_id: string };
    Returns: EmailQueueRow | null;
  };
  email_queue_list: {
    Args: { p_status: string; p_type?: string; p_limit?: number; p_before?: string; p_since?: string; p_until?: string; p_metadata?: Metadata };
    Returns: EmailQueueRow[];
  };
  email_queue_cancel: {
    Args: { p_id: string };
    Returns: Changed;
  };
  email_queue_erase: {
    Args: { p_id: string };
    Returns: Changed;
  };
  email_queue_dead_letters: {
    Args: { p_filter?: Filter; p_limit?: number; p_before?: string };
    Returns: EmailQueueRow[];
  };
  email_queue_redrive: {
    Args: { p_ids?: readonly string[]; p_filter?: Filter; p_dry_run?: boolean; p_allow_duplicates?: boolean; p_limit?: number; p_from?: string };
    Returns: { dry_run: boolean; redriven: string[]; refused: { id: string; reason: string }[] };
  };
  email_queue_discard: {
    Args: { p_ids?: readonly string[]; p_filter?: Filter; p_dry_run?: boolean; p_limit?: number };
    Returns: { dry_run: boolean; discarded: string[] };
  };
  email_queue_pause: {
    Args: { p_reason: string; p_domain?: string; p_seconds?: number };
    Returns: { domain: string | null; paused_until: string | null };
  };
  email_queue_resume: {
    Args: { p_domain?: string };
    Returns: { domain: string | null; resumed: boolean };
  };
  email_queue_stats: {
    Args: Record<PropertyKey, never>;
    Returns: {
      types: Record<string, {
        pending: number;
        scheduled: number;
        retrying: number;
        processing: number;
        frozen: number;
        failed: number;
        cancelled: number;
        oldest_due_seconds: number | null;
      }>;
      paused: (Pause & { kind?: "copy" }) | null;
      paused_domains: (Pause & { domain: string })[];
      cooldown: { until: string; reason: string | null } | null;
      unknown_in_a_row: number;
      requests_per_second: number;
    };
  };
};

/** What an application reads and calls: `createClient<EmailQueueDatabase>(…)`. */
export type EmailQueueDatabase = {
  public: {
    Tables: Record<never, never>;
    Views: { email_queue: { Row: EmailQueueRow; Relationships: [] } };
    Functions: Functions;
    Enums: Record<never, never>;
    CompositeTypes: Record<never, never>;
  };
};

/** The output of `supabase gen types`, with the queue's own types in place of what it says of the queue. */
export type WithEmailQueue<Database extends { public: { Views: object; Functions: object } }> = Omit<Database, "public"> & {
  public: Omit<Database["public"], "Views" | "Functions"> & {
    Views: Omit<Database["public"]["Views"], "email_queue"> & EmailQueueDatabase["public"]["Views"];
    Functions: Omit<Database["public"]["Functions"], keyof Functions> & Functions;
  };
};

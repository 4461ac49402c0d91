// The queue's view and functions as supabase-js sees them, in the form of `supabase gen types`. Times are texts here, and names those of SQL.
import type { DeliveryState, EmailPayload, FailureReason, Metadata, Suppression, SuppressionReason, SuppressionScope, Tags } from "./messages.d.ts";
import type { QueueMessageStatus } from "./queue.d.ts";

/** Any JSON. */
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

/** A row of the view `email_queue`. `email_queue_get` answers the same, and a `notice`. */
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
  delivery: Json;
  topic: string | null;
  ignore_suppression: boolean;
  secret: boolean;
  recipients: Json;
  template: Json;
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
  p_topic?: string;
  p_ignore_suppression?: boolean;
  p_secret?: boolean;
};

/** `version` 0 is built in. */
type UsedTemplate = { name: string; language: string | null; version: number };
type Template = UsedTemplate & { created_at: string; variables: string[] };

/** `payload_differs`: a message with this dedup key was there, with another payload. `notice`: nothing calls the function. */
type Enqueued = { id: string; created: boolean; payload_differs?: boolean; notice?: string };

type Filter = { type?: string; reason?: FailureReason; since?: string; until?: string; text?: string; metadata?: Metadata };

/** Their `result` says what was done, or what the message is instead. */
type Changed = { id: string; result: string; reason?: string };

type Pause = { since: string; until: string | null; reason: string | null };

type Search = { recipient?: string; subject?: string; status?: string; reason?: string; delivery?: string; type?: string; template?: string; since?: string; until?: string; metadata?: Metadata };

/** `at` is null for what is still to come. */
type Step = { at: string | null } & (
  | { what: "enqueued"; run_at?: string }
  | { what: "claimed"; lease_expires_at?: string }
  | { what: "attempt"; attempt: number; error?: Json }
  | { what: "waits"; until: string | null; reason: "scheduled" | "backoff" | "replay" | "paused" | "domain_paused" | "cooldown" | "breaker" }
  | { what: "accepted"; provider_message_id: string; attempts: number }
  | { what: "event"; type: string; recipient: string | null; detail: Json }
  | { what: "ended"; status: string; reason: string | null });

type Functions = {
  email_queue_enqueue: {
    Args: EnqueueArgs;
    Returns: Enqueued;
  };
  email_queue_enqueue_many: {
    Args: { p_messages: readonly ({ [Name in keyof EnqueueArgs as Name extends `p_${infer Rest}` ? Rest : never]: EnqueueArgs[Name] } & { template?: string; variables?: Json; language?: string })[] };
    Returns: Enqueued[];
  };
  email_queue_enqueue_template: {
    Args: { p_template: string; p_to?: string; p_variables?: Json; p_language?: string; p_payload?: Json; p_priority?: number; p_max_attempts?: number; p_run_at?: string; p_delay_ms?: number; p_send_before?: string; p_dedup_key?: string; p_metadata?: Metadata; p_tags?: Tags; p_topic?: string; p_ignore_suppression?: boolean; p_secret?: boolean };
    Returns: Enqueued;
  };
  email_queue_template_put: {
    Args: { p_name: string; p_subject: string; p_html?: string; p_text?: string; p_language?: string };
    Returns: Template & { changed: boolean };
  };
  email_queue_template_get: {
    Args: { p_name: string; p_language?: string; p_version?: number };
    Returns: (Template & { subject: string; html: string | null; text: string | null }) | null;
  };
  email_queue_template_list: {
    Args: Record<PropertyKey, never>;
    Returns: Template[];
  };
  email_queue_template_delete: {
    Args: { p_name: string; p_language?: string };
    Returns: { deleted: boolean };
  };
  email_queue_template_preview: {
    Args: { p_name: string; p_variables?: Json; p_language?: string };
    Returns: { template: UsedTemplate; subject: string; html: string | null; text: string | null };
  };
  email_queue_get: {
    Args: { p_id: string };
    Returns: (EmailQueueRow & { notice?: string }) | null;
  };
  email_queue_list: {
    Args: { p_status: string; p_type?: string; p_limit?: number; p_before?: string; p_since?: string; p_until?: string; p_metadata?: Metadata; p_delivery?: DeliveryState | "complained" };
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
  email_queue_suppress: {
    Args: { p_address: string; p_reason?: SuppressionReason; p_topic?: string; p_note?: string; p_hash_only?: boolean };
    Returns: Suppression;
  };
  email_queue_unsuppress: {
    Args: { p_address: string; p_topic?: string; p_reason?: SuppressionReason };
    Returns: { removed: SuppressionScope[]; left: SuppressionScope[] };
  };
  email_queue_suppressions: {
    Args: { p_filter?: { address?: string; reason?: SuppressionReason; topic?: string }; p_after?: string; p_limit?: number };
    Returns: Suppression[];
  };
  email_queue_show: {
    Args: { p_id: string };
    Returns: (EmailQueueRow & { notice?: string; timeline: Step[]; can: Record<"cancel" | "redrive" | "discard" | "erase", string | null>; suppressed: { address: string | null; reason: SuppressionReason; topic: string | null; since: string }[] }) | null;
  };
  email_queue_events: {
    Args: { p_id: string };
    Returns: { type: string; recipient: string | null; occurred_at: string; received_at: string; detail: Json }[];
  };
  email_queue_runs: {
    Args: { p_limit?: number; p_before?: string };
    Returns: { id: string; cause: string; started_at: string; last_seen_at: string; ended_at: string | null; stopped: string | null; reason: string | null; counts: Json }[];
  };
  email_queue_overview: {
    Args: Record<PropertyKey, never>;
    Returns: {
      priorities: { type: string; priority: number; pending: number; scheduled: number; retrying: number; processing: number; oldest_due_seconds: number | null }[];
      hours: { at: string; enqueued: number; accepted: number; retried: number; failed: number; waiting: number | null }[];
      requests: {
        last_minute: number;
        most_in_a_second: number;
        per_second: number;
        setting: number;
        learned: number | null;
        answered: boolean;
        breaker: { scope: string; unanswered: number; next_at: string | null; requests: number; size: number }[];
      };
      reputation: Record<"day" | "week", { accepted: number; bounced: number; complained: number; all: boolean }>;
    };
  };
  email_queue_search: {
    Args: { p_filter?: Search; p_limit?: number; p_before?: string };
    Returns: { messages: EmailQueueRow[]; next: string | null; looked: number; similar: { address: string; messages: number; last: string }[] };
  };
  email_queue_audit: {
    Args: { p_filter?: { actor?: string; action?: string; since?: string; until?: string }; p_limit?: number; p_before?: string };
    Returns: { id: string; at: string; actor: string; action: string; messages: number | null; arguments: Json }[];
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

// What operators ask for and set, beyond the contract of every queue.
import type { DeadLetterFilter, EmailPayload, FailureReason, ListOptions, MessageError, QueueMessage, SuppressionReason } from "./messages.d.ts";
import type { QueueMessageStatus } from "./queue.d.ts";

/** What a project's queue has besides. The queue in memory has `search`, `configure` and `prune`. */
export interface QueueOperations {
  /** Messages in any status, newest first: by `recipient`, `subject`, `status`, `reason`, `delivery`, `type`, `template`, `since`, `until`, `metadata`. If `next` is an id, call it again with `before`. */
  search<Payload = EmailPayload>(filter?: SearchFilter, options?: PageOptions): Promise<Found<Payload>>;
  /** One message with its timeline and the actions that it allows, or null. */
  show<Payload = EmailPayload>(id: string): Promise<Shown<Payload> | null>;
  /** What the provider reported about a message, oldest first. */
  events(id: string): Promise<MessageEvent[]>;
  /** The function's runs of the last day, newest first. */
  runs(options?: PageOptions): Promise<Run[]>;
  /** Who changed what, newest first: by `actor`, `action`, `since`, `until`. */
  audit(options?: AuditOptions): Promise<AuditEntry[]>;
  /** Changes the settings that are named and answers all of them. */
  configure(settings?: Partial<Settings>): Promise<Settings>;
  /** Looks at the next `limit` messages (1000), and deletes what is past its retention. The schedule does it by itself. */
  prune(limit?: number): Promise<{ deleted: number; erased: number; more: boolean }>;
}

/** Which dead letters to delete: ids, or a filter (`{}` for all). */
export type Discard = (
  | { ids: readonly string[]; filter?: DeadLetterFilter | undefined }
  | { ids?: readonly string[] | undefined; filter: DeadLetterFilter }
) & {
  /** Only say which. */
  dryRun?: boolean | undefined;
  /** At most this many; 1000 by default. */
  limit?: number | undefined;
};

/** The answer to a discard. */
export interface Discarded {
  dryRun: boolean;
  discarded: string[];
}

/** The answer to an erase: `erased`, or the message's state and the reason. */
export interface Erased {
  result: "erased" | "pending" | "processing" | "not_found";
  reason?: string | undefined;
}

/** Which page of a list. */
export interface PageOptions {
  /** 100 by default, at most 1000. */
  limit?: number | undefined;
  /** Only what is older than this id. */
  before?: string | undefined;
}

/** Which messages to search for. */
export interface SearchFilter extends Omit<ListOptions, "limit" | "before"> {
  /** In `to`, `cc` or `bcc`: an address, or `Name <address>`. */
  recipient?: string | undefined;
  /** How the subject begins. */
  subject?: string | undefined;
  status?: QueueMessageStatus | undefined;
  reason?: FailureReason | undefined;
  /** The name of the template. */
  template?: string | undefined;
}

/** A page of what was found. A call looks at a bounded number of messages, so that a page can be short, or empty, before the last one. */
export interface Found<Payload = EmailPayload> {
  messages: QueueMessage<Payload>[];
  /** `before` of the next page; null: there is nothing more. */
  next: string | null;
  /** How many messages were looked at. */
  looked: number;
  /** If nothing was sent to `recipient`: addresses like it. */
  similar: { address: string; messages: number; last: Date }[];
}

/** A message with its timeline and the actions that it allows. */
export type Shown<Payload = EmailPayload> = QueueMessage<Payload> & {
  /** What happened and what is to come, in its order. */
  timeline: TimelineStep[];
  /** Null: it can be done. Otherwise why not. */
  can: Record<"cancel" | "redrive" | "discard" | "erase", string | null>;
  /** The entries of the suppression list that keep mail from its recipients. */
  suppressed: { address: string | null; reason: SuppressionReason; topic: string | null; since: string }[];
};

/** A step of a message's way. */
export interface TimelineStep {
  /** Null: it is still to come. */
  at: Date | null;
  what: "enqueued" | "claimed" | "attempt" | "waits" | "accepted" | "event" | "ended" | "redriven";
  /** Of `enqueued`: not before this time. */
  runAt?: Date | undefined;
  /** Of `claimed`: until when a worker holds it. */
  leaseExpiresAt?: Date | undefined;
  /** Of `attempt`: which one, from 1. */
  attempt?: number | undefined;
  /** Of an `attempt` that failed. */
  error?: Omit<MessageError, "reason" | "history" | "attempt" | "at"> | undefined;
  /** Of `waits`: until when, if that is known. */
  until?: Date | null | undefined;
  /** Of `waits` and `ended`: why. */
  reason?: string | null | undefined;
  /** Of `accepted`: the provider's id of the e-mail. */
  providerMessageId?: string | undefined;
  attempts?: number | null | undefined;
  /** Of `event`: as in {@link MessageEvent}. */
  type?: string | undefined;
  recipient?: string | null | undefined;
  detail?: Record<string, unknown> | null | undefined;
  /** Of `ended`. */
  status?: QueueMessageStatus | undefined;
}

/** What the provider reported about one recipient of a message. */
export interface MessageEvent {
  /** As in `email.delivered`. */
  type: string;
  /** Null if the message was erased. */
  recipient: string | null;
  /** By the provider's clock. */
  occurredAt: Date;
  receivedAt: Date;
  detail: Record<string, unknown> | null;
}

/** A run of the function. */
export interface Run {
  /** The `runId` of its answer and of its line in the log. */
  id: string;
  cause: "wake" | "schedule" | "hand" | "http";
  startedAt: Date;
  lastSeenAt: Date;
  /** Null while it is under way, and if it was killed. */
  endedAt: Date | null;
  stopped: string | null;
  reason: string | null;
  /** What it did, as in its answer; null if it found nothing. */
  counts: Record<string, number> | null;
}

/** Which of the operators' calls. */
export interface AuditOptions extends PageOptions {
  actor?: string | undefined;
  /** As in `redrive`. */
  action?: string | undefined;
  since?: Date | string | undefined;
  until?: Date | string | undefined;
}

/** A call that changed something. */
export interface AuditEntry {
  id: string;
  at: Date;
  actor: string;
  action: string;
  /** How many messages it changed; null if it is about none. */
  messages: number | null;
  /** Without addresses, keys and payloads. */
  arguments: Record<string, unknown>;
}

/** Lengths of time are texts, as in `"30 days"`. */
export interface Settings {
  defaultSender: string | null;
  rateLimit: number;
  horizon: string | null;
  defaultMaxAttempts: number;
  maxPayloadBytes: number;
  retryBaseMs: number;
  retryCapMs: number;
  completedRetention: string;
  failedRetention: string;
  payloadRetention: string | null;
  auditRetention: string;
  recordClients: boolean;
  softBounces: number;
  authSender: string | null;
  authUrl: string | null;
  authSiteUrl: string | null;
  authProduct: string | null;
  authLanguage: string | null;
  authLinkLifetime: string;
}

// What the queue's calls take and give.
import type { QueueMessageStatus } from "./queue.d.ts";

/** `user@example.com`, `Name <user@example.com>`, or its two parts. */
export type Address = string | { readonly email: string; readonly name?: string | undefined };

/** One, or a list. */
export type Addresses = Address | readonly Address[];

/** At most 49. Names and values have 1 to 256 characters of A-Z a-z 0-9 _ -; the provider's webhooks give them back. */
export type Tags = readonly { readonly name: string; readonly value: string }[] | Readonly<Record<string, string>>;

/** An object of your own, also of an interface or a class; no list, no Map. */
export type Metadata = Readonly<Record<string, unknown>> | (object & { readonly [Symbol.iterator]?: never });

/** An e-mail. It needs `content`, `text` or `template`. */
export interface EmailPayload {
  /** 1 to 50 addresses. */
  to: Addresses;
  cc?: Addresses | undefined;
  bcc?: Addresses | undefined;
  /** The stored default sender by default. */
  from?: Address | undefined;
  replyTo?: Addresses | undefined;
  /** Needed unless there is a `template`. */
  subject?: string | undefined;
  /** HTML. */
  content?: string | undefined;
  /** Plain text. By default it is made from the HTML; `""` leaves it out. */
  text?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  tags?: Tags | undefined;
  attachments?: readonly Attachment[] | undefined;
  /** A template stored at Resend, in place of `content` and `text`. Those of the queue are the option `template`. */
  template?: { readonly id: string; readonly variables?: Readonly<Record<string, string | number>> | undefined } | undefined;
}

/** A file: its bytes in base64, or an address that the provider fetches it from. */
export type Attachment = { readonly contentType?: string | undefined; readonly contentId?: string | undefined } & (
  | { readonly filename: string; readonly content: string; readonly path?: undefined }
  | { readonly filename?: string | undefined; readonly path: string; readonly content?: undefined }
);

/** An e-mail to enqueue. Only `payload` is needed. */
export interface NewMessage extends EnqueueOptions {
  /** `email` by default, or a type of your own. */
  type?: "email" | undefined;
  /** The e-mail; any JSON for your own types. */
  payload: EmailPayload;
  /** The same as `payload.tags`, into which they are written: give one of the two. */
  tags?: Tags | undefined;
  /** A stored template (`putTemplate`) that subject, HTML and text are made of; `payload` has none of these then. */
  template?: string | undefined;
  /** The template's variables. One that is missing is an error. */
  variables?: Readonly<Record<string, unknown>> | undefined;
  /** The template's language: of `de-AT`, `de` and the default the first that is stored. */
  language?: string | undefined;
  /** Nobody is shown the payload, and it is erased once the message has ended. */
  secret?: boolean | undefined;
}

/** A message for a consumer of your own. */
export interface CustomMessage<Payload, Type extends string = string> extends EnqueueOptions {
  /** Any name but `email`. */
  type: Type extends "email" ? "any name but email" : Type;
  payload: Payload;
}

export interface EnqueueOptions {
  /** 0 (first) to 3; 2 by default. */
  priority?: 0 | 1 | 2 | 3 | undefined;
  /** 1 to 100; by default the setting's (15). */
  maxAttempts?: number | undefined;
  /** Not before this time. */
  runAt?: Date | string | undefined;
  /** Not before this many seconds after now, or after `runAt`. */
  delaySeconds?: number | undefined;
  /** Not worth sending after this time: a message that still waits then fails as `expired`. */
  sendBefore?: Date | string | undefined;
  /** A second enqueue with the same type and key adds nothing while the first message exists. */
  dedupKey?: string | undefined;
  /** Your own data: at most 16 kB of JSON. Lists and dead letters can be searched by it. */
  metadata?: Metadata | undefined;
  /** Of an e-mail: what its recipients can unsubscribe from, as 1 to 100 characters. Mail without a topic goes to those who unsubscribed, too. */
  topic?: string | undefined;
  /** An e-mail that must go: it is sent to suppressed addresses, too. */
  ignoreSuppression?: boolean | undefined;
}

/** The answer to an enqueue. */
export interface Enqueued {
  /** The new message, or the first one with this dedup key. */
  id: string;
  /** False if the dedup key was known. */
  created: boolean;
  /** With a known dedup key: whether that message has another payload; false if its payload was erased. */
  payloadDiffers?: boolean | undefined;
  /** Of an e-mail, if nothing calls the function for this database: `not connected: …`, and what to do. */
  notice?: string | undefined;
}

/** Why a message failed: it can never go, its attempts are used up, it may have been sent, the provider does not have it (`email-queue reconcile`), `sendBefore` passed, or every recipient is suppressed. */
export type FailureReason = "rejected" | "exhausted" | "unknown_outcome" | "not_accepted" | "expired" | "suppressed";

/** Why an attempt, or a message, failed. */
export interface MessageError {
  class?: string | undefined;
  /** The provider's HTTP status. */
  status?: number | null | undefined;
  /** The provider's name for the error. */
  name?: string | null | undefined;
  /** Null: the message is secret. */
  message?: string | null | undefined;
  /** Which attempt, from 1. */
  attempt?: number | undefined;
  /** When, by the database's clock. */
  at?: string | undefined;
  /** Why the message failed; null while it is open. */
  reason: FailureReason | null;
  /** The last ten errors, oldest first. */
  history: Omit<MessageError, "reason" | "history">[] | null;
}

/** A message of the queue. */
export interface QueueMessage<Payload = EmailPayload> {
  id: string;
  type: string;
  status: QueueMessageStatus;
  payload: Payload;
  priority: number;
  runAt: Date;
  /**
   * How many provider requests it was in. This can be more than `maxAttempts`: a request that may have been sent is repeated
   * whole, as often as the message of it that allows most.
   */
  attempts: number;
  maxAttempts: number;
  /** The provider request it is or was part of. */
  dispatchId: string | null;
  /** Until when a worker holds it. */
  leaseExpiresAt: Date | null;
  dedupKey: string | null;
  metadata: Record<string, unknown> | null;
  error: MessageError | null;
  /** The provider's id of the accepted e-mail. */
  providerMessageId: string | null;
  createdAt: Date;
  updatedAt: Date;
  completedAt: Date | null;
  sendBefore: Date | null;
  /** What the provider reported after it had accepted the e-mail; null without a report. */
  delivery: Delivery | null;
  topic: string | null;
  ignoreSuppression: boolean;
  /** Its payload is null. */
  secret: boolean;
  /** Of a secret message: the `to` of its payload. */
  recipients: Addresses | null;
  /** What the payload was made of; null without a template. */
  template: UsedTemplate | null;
  /** Of an open e-mail that `getMessage` reads: as in {@link Enqueued}. */
  notice?: string | undefined;
}

/** A template in a version, from 1; 0 is built in. Its language is in lower case, null for all others. */
export interface UsedTemplate {
  name: string;
  language: string | null;
  version: number;
}

/** A template to store: `{{ name }}` is a value, `{{ if name }} … {{ else }} … {{ end }}` a condition. It needs `html`, `text` or both. */
export interface NewTemplate {
  /** 1 to 100 letters, digits, `_` or `-`. */
  name: string;
  /** As in `de` or `de-AT`; without, for all other languages. */
  language?: string | undefined;
  subject: string;
  html?: string | undefined;
  text?: string | undefined;
}

/** How far an e-mail has come; it only moves forward. `bounced`, `failed` and `suppressed` are ends. */
export type DeliveryState = "sent" | "delayed" | "delivered" | "suppressed" | "failed" | "bounced";

/** The delivery of an e-mail. Times are the provider's. */
export interface Delivery {
  /** Of the recipient that came furthest; what went wrong counts most. */
  state: DeliveryState;
  at: string;
  recipients: RecipientDelivery[];
}

/** The delivery of an e-mail to one recipient. */
export interface RecipientDelivery {
  /** Absent if none was named, or the message was erased. */
  address?: string | undefined;
  state: DeliveryState;
  at: string;
  /** Why it bounced. `type` is `Permanent`, `Transient` or `Undetermined`, `subtype` as in `General`, `NoEmail`, `MailboxFull`. */
  bounce?: { type?: string | undefined; subtype?: string | undefined; text?: string | undefined } | undefined;
  /** Why the provider did not send it. */
  reason?: string | undefined;
  openedAt?: string | undefined;
  clickedAt?: string | undefined;
  /** When it was reported as spam. */
  complainedAt?: string | undefined;
}

/** The holder of a message. Every write about the message needs it. */
export interface Lease {
  dispatchId: string;
  token: string;
}

/** A message that you have until its lease ends. */
export type LeasedMessage<Payload> = QueueMessage<Payload> & { lease: Lease };

/**
 * The result of a call with a lease: it was applied; it was applied before with the same lease; or nothing was changed, because
 * the lease is over and another worker may have the message.
 */
export type Settlement = "applied" | "already" | "lost";

/** Which page of a list. */
export interface ListOptions {
  type?: string | undefined;
  /** 100 by default, at most 1000. */
  limit?: number | undefined;
  /** Only messages older than this id: the last one of the page before. */
  before?: string | undefined;
  /** Only messages enqueued at this time or later. */
  since?: Date | string | undefined;
  /** Only messages enqueued before this time. */
  until?: Date | string | undefined;
  /**
   * Only messages whose `metadata` contains this, as Postgres' `@>` says: `{ order: 7 }` is in `{ order: 7, lines: ["a"] }`,
   * and so is `{ lines: ["a"] }`. `{}` is in all that have any.
   */
  metadata?: Metadata | undefined;
  /** Only messages that came so far, or that were reported as spam. Without `since`, `sent`, `delayed` and `delivered` are looked for among the newest 10,000. */
  delivery?: DeliveryState | "complained" | undefined;
}

/** Which failed messages. */
export interface DeadLetterFilter {
  type?: string | undefined;
  reason?: FailureReason | undefined;
  /** Failed at this time or later. */
  since?: Date | string | undefined;
  /** Failed before this time. */
  until?: Date | string | undefined;
  /** Text of the last error's status, name or message, in upper or lower case. It must not be empty. */
  text?: string | undefined;
  /** Only messages whose `metadata` contains this, as in {@link ListOptions}; a redrive must name a key. */
  metadata?: Metadata | undefined;
}

/** What to put back: ids, or a filter (`{}` for all). */
export type Redrive = (
  | { ids: readonly string[]; filter?: DeadLetterFilter | undefined }
  | { ids?: readonly string[] | undefined; filter: DeadLetterFilter }
) & {
  /** Only say which. */
  dryRun?: boolean | undefined;
  /** Also those that may have been sent (`unknown_outcome`). */
  allowDuplicates?: boolean | undefined;
  /** At most this many; 1000 by default. */
  limit?: number | undefined;
  /** Another sender for the e-mails, if theirs was refused: an address, or `Name <address>`. */
  from?: string | undefined;
};

/** The answer to a redrive. */
export interface Redriven {
  dryRun: boolean;
  redriven: string[];
  refused: { id: string; reason: string }[];
}

/** The answer to a cancel: `cancelled`, or the message's state and the reason. */
export interface Cancelled {
  result: "cancelled" | "processing" | "completed" | "failed" | "not_found";
  reason?: string | undefined;
}

/** Why an address gets no mail. `unsubscribe` counts for mail with a topic only. */
export type SuppressionReason = "bounce" | "complaint" | "unsubscribe" | "manual";

/** An address to suppress. */
export interface Suppress {
  address: string;
  /** `manual` by default. */
  reason?: SuppressionReason | undefined;
  /** For this topic only; by default for all mail. */
  topic?: string | undefined;
  /** Your own words: at most 1000 characters. */
  note?: string | undefined;
  /** No entry of the address keeps it: what stays is its keyed hash. */
  hashOnly?: boolean | undefined;
}

/** An entry of the suppression list. */
export interface Suppression {
  id: string;
  /** In lower case; null if only its hash is kept. */
  address: string | null;
  reason: SuppressionReason;
  /** Null: for all mail. */
  topic: string | null;
  since: string;
  /** The provider's event that it came with. */
  event: string | null;
  note: string | null;
}

/** What an entry counts for. */
export interface SuppressionScope {
  reason: SuppressionReason;
  topic: string | null;
}

/** Messages of one type by where they are, counted up to 100,000. */
export interface TypeStats {
  pending: number;
  scheduled: number;
  retrying: number;
  processing: number;
  /** Those of `processing` that may have been sent and wait for the replay. */
  frozen: number;
  failed: number;
  cancelled: number;
  oldestDueSeconds: number | null;
}

/** How deep the queue is, and what holds it up. */
export interface Stats {
  types: Record<string, TypeStats>;
  /** `kind: "copy"`: the database was copied with its queue. `resume` does not end that; `email_queue_adopt()` in SQL does. */
  paused: { since: string; until: string | null; reason: string | null; kind?: "copy" } | null;
  pausedDomains: { domain: string; since: string; until: string | null; reason: string }[];
  cooldown: { until: string; reason: string | null } | null;
  /** How many first requests in a row got no answer, of the lane or endpoint with the most; from three on, one at a time is tried. */
  unknownInARow: number;
  requestsPerSecond: number;
}

/** A leased message, or its lease. */
export type Leased = Lease | { lease: Lease };

export interface EnqueueManyOptions {
  /** Called after each request. If it throws, the call ends; what was enqueued by then stands. */
  onProgress?: ((enqueued: number, count: number) => void) | undefined;
}
